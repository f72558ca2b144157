// Package jira is a stand-in for Jira Cloud and Jira Data Center with believable data: it keeps
// state in memory, demands credentials, and refuses what the real product refuses.
package jira

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/gateway"
)

// Cloud and DataCenter are the deployments that can be played.
const (
	Cloud      = "cloud"
	DataCenter = "datacenter"
)

// Config says which Jira to play.
type Config struct {
	// Deployment is Cloud or DataCenter.
	Deployment string
	// Username and Token are what a caller must present: both as Basic on Cloud, Token alone as
	// Bearer on Data Center. Empty are svc-mcp@contoso.example and "sandbox-jira-token".
	Username, Token string
	// BaseURL is where the server is reached, for links in answers. Its path is the context path.
	BaseURL string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Server is the stand-in. It is safe for concurrent use.
type Server struct {
	cfg    Config
	base   string
	prefix string
	mux    *http.ServeMux
	meta   *http.ServeMux // of createmeta

	mu     sync.RWMutex
	state  *state
	lastID int
	moves  map[string]*moveTask
	denied map[string]bool // project key and permission that the token's owner lacks there
}

// New makes a server with its data.
func New(cfg Config) (*Server, error) {
	if cfg.Deployment != Cloud && cfg.Deployment != DataCenter {
		return nil, fmt.Errorf("sandbox jira: deployment is %q, not %q or %q", cfg.Deployment, Cloud, DataCenter)
	}
	u, err := url.Parse(cfg.BaseURL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("sandbox jira: the base URL is not absolute")
	}
	if cfg.Username == "" {
		cfg.Username = "svc-mcp@contoso.example"
	}
	if cfg.Token == "" {
		cfg.Token = "sandbox-jira-token"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Server{cfg: cfg, base: strings.TrimRight(cfg.BaseURL, "/"), prefix: strings.TrimRight(u.Path, "/"), lastID: 20000}
	s.state = seed(cfg.Now(), s.cloud())
	s.mux = s.routes()
	return s, nil
}

func (s *Server) cloud() bool { return s.cfg.Deployment == Cloud }

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	v := "/rest/api/2"
	if s.cloud() {
		v = "/rest/api/3"
		mux.HandleFunc("GET /rest/api/2/serverInfo", s.serverInfo)
		mux.HandleFunc("GET /_edge/tenant_info", gateway.TenantInfo)
		mux.HandleFunc("POST "+v+"/search/jql", s.searchByToken)
		mux.HandleFunc("POST "+v+"/search/approximate-count", s.count)
		mux.HandleFunc(v+"/search", s.searchRemoved)
		mux.HandleFunc("GET "+v+"/project/search", s.projectPage)
		mux.HandleFunc("POST "+v+"/issue/bulkfetch", s.bulkFetch)
		mux.HandleFunc("POST "+v+"/bulk/issues/move", s.moveIssues)
		mux.HandleFunc("GET "+v+"/bulk/queue/{task}", s.moveProgress)
		mux.HandleFunc("POST "+v+"/changelog/bulkfetch", s.bulkChangelogs)
		mux.HandleFunc("GET "+v+"/field/{field}/context", s.fieldContexts)
		mux.HandleFunc("GET "+v+"/field/{field}/context/{context}/option", s.fieldContextOptions)
	} else {
		mux.HandleFunc("POST "+v+"/search", s.searchByOffset)
		mux.HandleFunc("GET "+v+"/project", s.projectList)
	}
	mux.HandleFunc("GET /rest/agile/1.0/board", s.boardList)
	mux.HandleFunc("GET /rest/agile/1.0/board/{id}/sprint", s.boardSprints)
	mux.HandleFunc("GET "+v+"/serverInfo", s.serverInfo)
	mux.HandleFunc("GET "+v+"/myself", s.myself)
	mux.HandleFunc("GET "+v+"/field", s.fieldList)
	mux.HandleFunc("GET "+v+"/project/{key}", s.project)
	mux.HandleFunc("GET "+v+"/issue/{key}", s.getIssue)
	mux.HandleFunc("GET "+v+"/issue/{key}/comment", s.getComments)
	mux.HandleFunc("POST "+v+"/issue/{key}/comment", s.addComment)
	mux.HandleFunc("GET "+v+"/issue/{key}/comment/{id}", s.getComment)
	mux.HandleFunc("PUT "+v+"/issue/{key}/comment/{id}", s.editComment)
	mux.HandleFunc("DELETE "+v+"/issue/{key}/comment/{id}", s.deleteComment)
	// A mux of its own: to http.ServeMux these patterns conflict with those of issues.
	s.meta = http.NewServeMux()
	s.meta.HandleFunc("GET "+v+"/issue/createmeta/{project}/issuetypes", s.createTypes)
	s.meta.HandleFunc("GET "+v+"/issue/createmeta/{project}/issuetypes/{type}", s.createFields)
	mux.HandleFunc("POST "+v+"/issue", s.createIssue)
	mux.HandleFunc("POST "+v+"/issue/bulk", s.createIssues)
	mux.HandleFunc("PUT "+v+"/issue/{key}", s.editIssue)
	mux.HandleFunc("DELETE "+v+"/issue/{key}", s.deleteIssue)
	mux.HandleFunc("POST "+v+"/issue/{key}/worklog", s.addWorklog)
	mux.HandleFunc("GET "+v+"/user", s.getUser)
	mux.HandleFunc("GET "+v+"/user/search", s.searchUsers)
	mux.HandleFunc("GET "+v+"/user/assignable/search", s.searchAssignable)
	mux.HandleFunc("PUT "+v+"/issue/{key}/assignee", s.assign)
	mux.HandleFunc("GET "+v+"/issue/{key}/transitions", s.getTransitions)
	mux.HandleFunc("POST "+v+"/issue/{key}/transitions", s.doTransition)
	mux.HandleFunc("/rest/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml;charset=UTF-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><status><status-code>404</status-code><message>null for uri</message></status>`)
	})
	mux.HandleFunc("GET /browse/{key}", s.issuePage)
	mux.HandleFunc("GET /{$}", s.startPage)
	return mux
}

// ServeHTTP answers below the context path of the base URL. REST paths need credentials; the pages
// for people do not.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, s.prefix)
	if !ok || (path != "" && path[0] != '/') {
		http.NotFound(w, r)
		return
	}
	if path == "" {
		path = "/"
	}
	if strings.HasPrefix(path, "/rest/") {
		w.Header().Set("Cache-Control", "no-cache, no-store, no-transform")
		if !s.authenticated(w, r, path) {
			return
		}
	}
	inner := r.Clone(r.Context())
	inner.URL.Path, inner.URL.RawPath = path, ""
	if strings.Contains(path, "/issue/createmeta/") {
		s.meta.ServeHTTP(w, inner)
		return
	}
	s.mux.ServeHTTP(w, inner)
}

// authenticated answers 401 the way Jira does unless the credentials are right. The server
// information alone is open to anonymous callers.
func (s *Server) authenticated(w http.ResponseWriter, r *http.Request, path string) bool {
	given := r.Header.Get("Authorization")
	if given == "" && strings.HasSuffix(path, "/serverInfo") {
		return true
	}
	if s.credentialsMatch(r) {
		w.Header().Set("X-Ausername", "svc-mcp")
		return true
	}
	if s.cloud() && strings.HasPrefix(given, "Bearer ") {
		writeJSON(w, http.StatusForbidden, map[string]string{"error": "Failed to parse Connect Session Auth Token"})
		return false
	}
	if given != "" {
		w.Header().Set("X-Seraph-Loginreason", "AUTHENTICATED_FAILED")
	}
	if s.cloud() && r.Method == http.MethodGet && strings.HasPrefix(path, "/rest/api/3/issue/") {
		writeError(w, errNoIssue) // what may be public is answered as to anybody
		return false
	}
	w.Header().Set("WWW-Authenticate", `OAuth realm="`+url.PathEscape(s.base)+`"`)
	writeJSON(w, http.StatusUnauthorized, map[string]any{
		"message": "Client must be authenticated to access this resource.", "status-code": 401,
	})
	return false
}

func (s *Server) credentialsMatch(r *http.Request) bool {
	if s.cloud() {
		user, token, _ := r.BasicAuth()
		return equal(user, s.cfg.Username) && equal(token, s.cfg.Token)
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && equal(token, s.cfg.Token)
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller went away
}

// refusal is an error in the form that Jira answers with.
type refusal struct {
	status   int
	messages []string
	errors   map[string]string
}

func (e *refusal) Error() string { return fmt.Sprint(e.status, e.messages, e.errors) }

func refuse(status int, message string) *refusal {
	return &refusal{status: status, messages: []string{message}}
}

func refuseField(field, message string) *refusal {
	return &refusal{status: http.StatusBadRequest, errors: map[string]string{field: message}}
}

func writeError(w http.ResponseWriter, err error) {
	var e *refusal
	if !errors.As(err, &e) {
		e = refuse(http.StatusInternalServerError, "Internal server error")
	}
	writeJSON(w, e.status, e.body())
}

func (e *refusal) body() map[string]any {
	messages, fields := e.messages, e.errors
	if messages == nil {
		messages = []string{}
	}
	if fields == nil {
		fields = map[string]string{}
	}
	return map[string]any{"errorMessages": messages, "errors": fields}
}

// readJSON decodes a request's body, refusing members that Jira would not know.
func readJSON(r *http.Request, out any) error {
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(out); err != nil {
		return refuse(http.StatusBadRequest, "Invalid request payload. Refer to the REST API documentation and try again.")
	}
	return nil
}

func (s *Server) self(parts ...string) string {
	version := "2"
	if s.cloud() {
		version = "3"
	}
	return s.base + "/rest/api/" + version + "/" + strings.Join(parts, "/")
}
