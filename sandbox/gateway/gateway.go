// Package gateway is a stand-in for api.atlassian.com, the only place where Atlassian Cloud takes API
// tokens that have scopes. The sites behind it refuse them.
package gateway

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// CloudID is the id of the one site, which it tells everybody at /_edge/tenant_info.
const CloudID = "3f6f2a70-4a1b-4f0a-9c1d-5e2b8a7d9c10"

// Config says what is behind the gateway, and which token it takes.
type Config struct {
	// Username and Token are the token with scopes: both as Basic, or, of a service account, the token
	// alone as Bearer. It is none that a site takes.
	Username, Token string

	// Lacks says which requests the token has no scope for. Nil is none.
	Lacks func(*http.Request) bool

	// Jira and Confluence are the site's products.
	Jira, Confluence Product
}

// Product is a stand-in for a product of the site, and a token without scopes for it.
type Product struct {
	Handler         http.Handler
	Username, Token string
}

// New returns the gateway.
func New(c Config) http.Handler {
	mux := http.NewServeMux()
	for name, product := range map[string]Product{"jira": c.Jira, "confluence": c.Confluence} {
		if product.Handler != nil {
			mux.Handle("/ex/"+name+"/{cloudID}/", c.forward(product, "/ex/"+name+"/"+CloudID))
		}
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "Not Found") })
	return mux
}

// forward lets through what the token may do.
func (c Config) forward(p Product, prefix string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !c.authenticated(r):
			refuse(w, http.StatusUnauthorized, "Unauthorized")
			return
		case r.PathValue("cloudID") != CloudID || !isAPI(strings.TrimPrefix(r.URL.Path, prefix)):
			refuse(w, http.StatusNotFound, "Not Found")
			return
		case c.Lacks != nil && c.Lacks(r):
			refuse(w, http.StatusUnauthorized, "Unauthorized; scope does not match")
			return
		}
		inner := r.Clone(r.Context())
		inner.SetBasicAuth(p.Username, p.Token)
		http.StripPrefix(prefix, p.Handler).ServeHTTP(w, inner)
	})
}

// isAPI says that a path is not that of a page for people, which the gateway does not have.
func isAPI(path string) bool {
	path = strings.TrimPrefix(path, "/wiki")
	return strings.HasPrefix(path, "/rest/") || strings.HasPrefix(path, "/api/")
}

func (c Config) authenticated(r *http.Request) bool {
	if c.Username == "" {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		return ok && same(token, c.Token)
	}
	username, token, ok := r.BasicAuth()
	return ok && same(username, c.Username) && same(token, c.Token)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": status, "message": message}) // the caller went away
}

// TenantInfo answers /_edge/tenant_info of a site.
func TenantInfo(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"cloudId": CloudID}) // as above
}

// Transport carries requests for hosts to the stand-ins that listen at these origins, and no others. The
// product has no setting for the address of the gateway, because it is where credentials go.
type Transport map[string]string

// RoundTrip implements http.RoundTripper.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	to, err := url.Parse(t[r.URL.Host])
	if err != nil || to.Host == "" {
		return nil, fmt.Errorf("no stand-in for %s", r.URL.Host)
	}
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host = to.Scheme, to.Host
	resp, err := http.DefaultTransport.RoundTrip(out)
	if resp != nil {
		resp.Request = r
	}
	return resp, err
}
