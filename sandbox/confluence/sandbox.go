// Package confluence is a stand-in for Confluence, Cloud or Data Center, with believable content,
// for the demo and the tests. State is in memory.
package confluence

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/gateway"
)

// The deployments that a Server can play.
const (
	Cloud      = "cloud"
	DataCenter = "datacenter"
)

// Config says what a Server plays. The zero value of each field has a usable meaning.
type Config struct {
	// Deployment is Cloud or DataCenter. Empty means Cloud.
	Deployment string
	// Username is whom Basic authentication on Cloud expects. Empty means "svc-mcp@contoso.example".
	Username string
	// Token is the API token (Cloud) or personal access token (Data Center). Empty means
	// "sandbox-confluence-token".
	Token string
	// BaseURL is where browsers reach the site, without "/wiki". Its path is the context path on
	// Data Center. Empty means the host of each request.
	BaseURL string
	// ReadOnly are the keys of spaces that the token's owner may read and not change.
	ReadOnly []string
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// Server answers Confluence's REST API and shows its pages to browsers. It is safe for concurrent
// use.
type Server struct {
	cloud    bool
	username string
	token    string
	base     *url.URL // nil: the host of each request
	context  string   // path prefix of everything: "/wiki" on Cloud, the context path on Data Center
	api      http.Handler

	mu    sync.RWMutex // guards store
	store *store
}

// New returns a Server with the demo's content in it.
func New(config Config) (*Server, error) {
	s := &Server{
		username: orElse(config.Username, "svc-mcp@contoso.example"),
		token:    orElse(config.Token, "sandbox-confluence-token"),
	}
	switch config.Deployment {
	case Cloud, "":
		s.cloud = true
	case DataCenter:
	default:
		return nil, fmt.Errorf("deployment %q is neither %q nor %q", config.Deployment, Cloud, DataCenter)
	}
	if config.BaseURL != "" {
		base, err := url.Parse(config.BaseURL)
		if err != nil || base.Host == "" {
			return nil, fmt.Errorf("base URL %q is not absolute", config.BaseURL)
		}
		s.base = base
		s.context = strings.TrimSuffix(base.Path, "/")
	}
	if s.cloud {
		if s.context != "" {
			return nil, errors.New("a Cloud site has no context path; leave it out of the base URL")
		}
		s.context = "/wiki"
	}
	now := config.Now
	if now == nil {
		now = time.Now
	}
	s.store = newStore(now, s.cloud)
	for _, sp := range s.store.spaces {
		sp.readOnly = slices.Contains(config.ReadOnly, sp.key)
	}
	s.api = s.routes()
	return s, nil
}

func orElse(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// routes are the operations below the context path. What Confluence does not have on this
// deployment is not here, and so answers 404.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h func(http.ResponseWriter, *http.Request)) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+s.context+path, h)
	}
	handle("GET /rest/api/search", s.search)
	handle("GET /rest/api/user/current", s.currentUser)
	handle("GET /rest/api/content/{id}/restriction/byOperation", s.getRestrictions)
	handle("PUT /rest/api/content/{id}/restriction", s.setRestrictions)
	handle("POST /rest/api/content/{id}/label", s.contentLabels)
	handle("DELETE /rest/api/content/{id}/label", s.contentLabels)
	if s.cloud {
		handle("GET /rest/api/search/user", s.search)
		handle("GET /api/v2/pages", s.v2Pages)
		handle("POST /api/v2/pages", s.v2CreatePage)
		handle("GET /api/v2/pages/{id}", s.v2Page)
		handle("PUT /api/v2/pages/{id}", s.v2UpdatePage)
		handle("DELETE /api/v2/pages/{id}", s.v2DeletePage)
		handle("PUT /rest/api/content/{id}/move/{position}/{target}", s.movePage)
		handle("POST /rest/api/content/{id}/copy", s.copyPage)
		handle("GET /api/v2/pages/{id}/ancestors", s.v2Ancestors)
		handle("GET /api/v2/pages/{id}/direct-children", s.v2Children)
		handle("GET /api/v2/pages/{id}/labels", s.v2Labels)
		handle("GET /api/v2/spaces/{id}/pages", s.v2SpacePages)
		handle("GET /api/v2/pages/{id}/footer-comments", s.v2Comments(false))
		handle("GET /api/v2/pages/{id}/inline-comments", s.v2Comments(true))
		handle("POST /api/v2/footer-comments", s.v2CreateComment(false))
		handle("POST /api/v2/inline-comments", s.v2CreateComment(true))
		handle("GET /api/v2/footer-comments/{id}", s.v2Comment(false))
		handle("GET /api/v2/inline-comments/{id}", s.v2Comment(true))
		handle("GET /api/v2/footer-comments/{id}/children", s.v2Replies(false))
		handle("GET /api/v2/inline-comments/{id}/children", s.v2Replies(true))
		handle("GET /api/v2/spaces", s.v2Spaces)
		handle("GET /api/v2/spaces/{id}", s.v2Space)
		handle("POST /api/v2/users-bulk", s.v2Users)
	} else {
		handle("GET /rest/api/user", s.getUser)
		handle("GET /rest/api/content", s.findContent)
		handle("POST /rest/api/content", s.createContent)
		handle("GET /rest/api/content/{id}", s.getContent)
		handle("PUT /rest/api/content/{id}", s.updateContent)
		handle("DELETE /rest/api/content/{id}", s.deleteContent)
		handle("GET /rest/api/content/{id}/child/comment", s.contentComments)
		handle("GET /rest/api/content/{id}/child/page", s.contentChildren)
		handle("GET /rest/api/content/{id}/label", s.contentLabels)
		handle("GET /rest/api/space", s.spacesV1)
		handle("GET /rest/api/space/{key}", s.getSpace)
	}
	return mux
}

// ServeHTTP answers a request. REST requests must carry the credentials of the deployment; the
// pages for browsers need none, so that links in the demo open.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		s.mu.RLock()
		defer s.mu.RUnlock()
	} else {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	path, ours := strings.CutPrefix(r.URL.Path, s.context)
	switch {
	case s.cloud && r.URL.Path == "/_edge/tenant_info":
		gateway.TenantInfo(w, r)
	case !ours:
		http.Error(w, "Page not found", http.StatusNotFound)
	case !strings.HasPrefix(path, "/rest/") && !strings.HasPrefix(path, "/api/"):
		s.view(w, r, path)
	case !s.authenticated(r):
		s.refuseCredentials(w)
	default:
		s.api.ServeHTTP(&notFoundAsJSON{ResponseWriter: w, server: s, uri: r.URL.String()}, r)
	}
}

func (s *Server) authenticated(r *http.Request) bool {
	if s.cloud {
		username, token, ok := r.BasicAuth()
		return ok && same(username, s.username) && same(token, s.token)
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && same(token, s.token)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// origin is scheme and host under which browsers reach the site.
func (s *Server) origin(r *http.Request) string {
	if s.base != nil {
		return s.base.Scheme + "://" + s.base.Host
	}
	return "http://" + r.Host
}

// baseURL is what Confluence calls its base URL: origin and context path.
func (s *Server) baseURL(r *http.Request) string { return s.origin(r) + s.context }
