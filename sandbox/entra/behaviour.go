package entra

import (
	"maps"
	"net/http"
	"strconv"
	"time"
)

// Behaviour is how the server departs from its usual self. The zero value is the usual self.
type Behaviour struct {
	// Faults make an endpoint fail before it looks at the request.
	Faults map[Endpoint]Fault

	// AuthorizeError and TokenError are the number of an AADSTS code, such as 50105, that every
	// otherwise good request gets.
	AuthorizeError string
	TokenError     string

	// DefaultScope is what {client id}/.default is answered with.
	DefaultScope DefaultScope

	// TokenVersion overrides the configured version of access tokens, 1 or 2.
	TokenVersion int

	// Issuer and Nonce, when set, stand in issued tokens in place of the right ones.
	Issuer string
	Nonce  string

	// Application is who access tokens say they were issued to, in place of the right one.
	Application string

	// IDTokenOf is the object id of somebody else whose ID token is issued.
	IDTokenOf string

	// Groups, when not nil, are those that everybody is in, in place of their own.
	Groups []string

	// GroupOverage leaves the groups out of access tokens, however few there are. GroupsEndpoint
	// is the address that then stands in their place, where it is not the usual one; "-" means that
	// hasgroups does, as in tokens of the implicit flow.
	GroupOverage   bool
	GroupsEndpoint string

	// GraphDenies makes Microsoft Graph tell nobody their groups, as guests whose access to the
	// directory is restricted.
	GraphDenies bool

	// NoIDToken and NoRefreshToken leave them out of the answer.
	NoIDToken      bool
	NoRefreshToken bool

	// KeyIssuer replaces the issuer member of v2 keys; "-" leaves it out.
	KeyIssuer string

	// DiscoveryChanges overrides members of both discovery documents.
	DiscoveryChanges map[string]any

	// ClockOffset moves the server's clock.
	ClockOffset time.Duration
}

// DefaultScope is an answer to {client id}/.default. Microsoft does not promise which one it is.
type DefaultScope int

// The answers.
const (
	DefaultWithScopes    DefaultScope = iota // a token for the application, scp holds the exposed scopes
	DefaultWithoutScopes                     // a token for the application without scp
	DefaultGraph                             // a token for Microsoft Graph
	DefaultNoToken                           // an ID token only
)

// Fault is an answer that is not Entra's.
type Fault struct {
	Status     int // zero means 200
	Header     http.Header
	Body       string
	RetryAfter int  // seconds
	Hang       bool // no answer until the caller goes away
}

func (f Fault) serve(w http.ResponseWriter, r *http.Request) {
	if f.Hang {
		<-r.Context().Done()
		return
	}
	maps.Copy(w.Header(), f.Header)
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	if f.Status != 0 {
		w.WriteHeader(f.Status)
	}
	_, _ = w.Write([]byte(f.Body))
}

// Misbehave changes how the server behaves from the next request on. Misbehave with
// func(b *Behaviour) { *b = Behaviour{} } ends it.
func (s *Server) Misbehave(change func(*Behaviour)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.behaviour.Faults == nil {
		s.behaviour.Faults = map[Endpoint]Fault{}
	}
	change(&s.behaviour)
}

func (s *Server) behaves() Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behaviour
}
