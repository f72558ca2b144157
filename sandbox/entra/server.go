package entra

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Endpoint names what of the server is asked, for counting and for faults.
type Endpoint string

// The endpoints.
const (
	DiscoveryV1 Endpoint = "discovery v1"
	DiscoveryV2 Endpoint = "discovery v2"
	KeysV1      Endpoint = "keys v1"
	KeysV2      Endpoint = "keys v2"
	Authorize   Endpoint = "authorize"
	Login       Endpoint = "login"
	Token       Endpoint = "token"
	Graph       Endpoint = "graph" // GET /v1.0/me/transitiveMemberOf
)

// Server is the stand-in. It is safe for concurrent use. Its state is in memory.
type Server struct {
	cfg Config
	mux *http.ServeMux

	mu        sync.Mutex
	behaviour Behaviour
	counts    map[Endpoint]int
	last      map[Endpoint]url.Values
	keys      keyRing
	sessions  map[string]Person
	codes     map[string]*grant
	refresh   map[string]*grant
	graph     map[string]*graphAccess
}

// grant is what a code or a refresh token stands for.
type grant struct {
	person    Person
	redirect  string
	scope     string
	nonce     string
	challenge string
	method    string
	issued    time.Time
	redeemed  bool
	revoked   bool
}

// New checks the configuration. It opens no socket and starts no goroutine.
func New(c Config) (*Server, error) {
	if err := c.setDefaults(); err != nil {
		return nil, err
	}
	s := &Server{
		cfg:      c,
		counts:   map[Endpoint]int{},
		last:     map[Endpoint]url.Values{},
		sessions: map[string]Person{},
		codes:    map[string]*grant{},
		refresh:  map[string]*grant{},
		graph:    map[string]*graphAccess{},
		keys:     newKeyRing(),
	}
	s.mux = http.NewServeMux()
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /{tenant}/v2.0/.well-known/openid-configuration": s.at(DiscoveryV2, s.discoveryV2),
		"GET /{tenant}/.well-known/openid-configuration":      s.at(DiscoveryV1, s.discoveryV1),
		"GET /{tenant}/discovery/v2.0/keys":                   s.at(KeysV2, s.keysV2),
		"GET /{tenant}/discovery/keys":                        s.at(KeysV1, s.keysV1),
		"GET /{tenant}/oauth2/v2.0/authorize":                 s.at(Authorize, s.authorize),
		"POST /{tenant}/login":                                s.at(Login, s.login),
		"GET /{tenant}/oauth2/v2.0/logout":                    s.logout,
		"/{tenant}/oauth2/v2.0/token":                         s.at(Token, s.token),
		"GET /v1.0/me/transitiveMemberOf":                     s.at(Graph, s.memberships),
	} {
		s.mux.HandleFunc(pattern, h)
	}
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// at counts a request, plays the fault that is set for the endpoint, and checks the tenant of a
// path that has one.
func (s *Server) at(e Endpoint, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		parsed := r.ParseForm()
		s.mu.Lock()
		s.counts[e]++
		s.last[e] = r.Form
		fault, faulty := s.behaviour.Faults[e]
		s.mu.Unlock()
		switch {
		case faulty:
			fault.serve(w, r)
		case parsed != nil:
			http.Error(w, "unreadable request", http.StatusBadRequest)
		case e != Graph && !s.knows(r.PathValue("tenant")):
			s.writeError(w, newRefusal("90002"))
		default:
			h(w, r)
		}
	}
}

// knows says whether a tenant in a path is ours; the tenant-independent names stand for it too.
func (s *Server) knows(tenant string) bool {
	return strings.EqualFold(tenant, s.cfg.TenantID) || tenant == "organizations" || tenant == "common"
}

// Count returns how often an endpoint was asked.
func (s *Server) Count(e Endpoint) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[e]
}

// Last returns the parameters of the last request to an endpoint, secrets included.
func (s *Server) Last(e Endpoint) url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last[e]
}

// Authority is the issuer that an application is configured with.
func (s *Server) Authority() string { return s.cfg.BaseURL + "/" + s.cfg.TenantID + "/v2.0" }

// IssuerV1 is the issuer of v1 tokens.
func (s *Server) IssuerV1() string { return s.cfg.BaseURL + "/sts/" + s.cfg.TenantID + "/" }

// RevokeSessions ends what a person has: their browser sessions and refresh tokens, as Entra does
// when an administrator revokes sessions or a password changes. Access tokens live on.
func (s *Server) RevokeSessions(objectID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, p := range s.sessions {
		if p.ObjectID == objectID {
			delete(s.sessions, id)
		}
	}
	for _, g := range s.refresh {
		g.revoked = g.revoked || g.person.ObjectID == objectID
	}
}

func (s *Server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg.Now().Add(s.behaviour.ClockOffset)
}
