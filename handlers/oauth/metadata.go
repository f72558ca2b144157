package oauth

import (
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
)

const (
	serverMetadataPath = "/.well-known/oauth-authorization-server"
	openIDPath         = "/.well-known/openid-configuration"
)

// metadataMaxAge is how long a metadata document may be cached.
const metadataMaxAge = "public, max-age=300"

// wellKnown reports whether path is one of the three well-known URIs or one with a path inserted,
// whether or not there is a document.
func wellKnown(path string) bool {
	for _, base := range []string{serverMetadataPath, openIDPath, resource.WellKnown} {
		if rest, ok := strings.CutPrefix(path, base); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// appendedMetadata reports whether path is that of a resource followed by a well-known URI of an
// authorization server. OpenID Connect Discovery section 4 puts it there, and clients of the first
// MCP revisions look for it.
func (s *Server) appendedMetadata(path string) bool {
	for _, info := range s.cfg.Resources() {
		if p := resourcePath(info); p != "" && (path == p+serverMetadataPath || path == p+openIDPath) {
			return true
		}
	}
	return false
}

// resourcePath is the path of a resource's URL, empty for a whole origin.
func resourcePath(info ResourceInfo) string {
	return strings.TrimPrefix(info.MetadataPath(), resource.WellKnown)
}

// metadata answers the well-known URIs. A client finds the authorization server's document at the
// root, and also, although the issuer has no path, with the path of a resource inserted or
// appended, where older clients look. A resource's own document is at its own place and nowhere
// else; at the root it is that of the only or default resource (RFC 9728 section 3.1).
func (s *Server) metadata(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case path == resource.WellKnown || strings.HasPrefix(path, resource.WellKnown+"/"):
		if info := s.describedAt(r.Host, path); info != nil {
			s.resourceMetadata(w, r, *info)
			return
		}
	case s.metadataOf(path, serverMetadataPath):
		writeDocument(w, r, s.serverMetadata())
		return
	case s.metadataOf(path, openIDPath):
		writeDocument(w, r, s.openIDMetadata())
		return
	}
	writeError(w, &oauthError{status: http.StatusNotFound, code: "not_found", description: "There is no such document."})
}

// describedAt finds the resource whose document is at this path. Several hosts may have a resource
// at the same path each; a host that none of them has, as behind a proxy that renames it, is shown
// the first.
func (s *Server) describedAt(host, path string) (found *ResourceInfo) {
	for _, info := range s.cfg.Resources() {
		switch {
		case info.MetadataPath() != path:
		case info.CoversHost(host):
			return &info
		case found == nil:
			found = &info
		}
	}
	if found == nil && path == resource.WellKnown {
		return s.defaultResource()
	}
	return found
}

func (s *Server) metadataOf(path, base string) bool {
	if path == base {
		return true
	}
	for _, info := range s.cfg.Resources() {
		if p := resourcePath(info); p != "" && (path == base+p || path == p+base) {
			return true
		}
	}
	return false
}

func (s *Server) resourceMetadata(w http.ResponseWriter, r *http.Request, info ResourceInfo) {
	doc := info.Metadata(s.cfg.Issuer, s.cfg.Entra.ShortScopes(), r.Host)
	if doc.Name == "" {
		doc.Name = info.Name
	}
	writeDocument(w, r, doc)
}

// serverMetadata is RFC 8414 section 2.
type serverMetadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	RegistrationEndpoint  string   `json:"registration_endpoint"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	Scopes                []string `json:"scopes_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	AuthMethods           []string `json:"token_endpoint_auth_methods_supported"`
	RevocationAuthMethods []string `json:"revocation_endpoint_auth_methods_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	IssParameter          bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
	ClientDocuments       bool     `json:"client_id_metadata_document_supported,omitempty"`
}

// openIDMetadata adds what OpenID Connect Discovery section 3 requires. Clients that know nothing
// else read it; what it says of ID tokens never matters, since none is issued.
type openIDMetadata struct {
	serverMetadata
	JWKS              string   `json:"jwks_uri"`
	SubjectTypes      []string `json:"subject_types_supported"`
	IDTokenAlgorithms []string `json:"id_token_signing_alg_values_supported"`
	RequestParameter  bool     `json:"request_parameter_supported"`
	RequestURI        bool     `json:"request_uri_parameter_supported"` // true by default
}

func (s *Server) serverMetadata() serverMetadata {
	return serverMetadata{
		Issuer:                s.cfg.Issuer,
		AuthorizationEndpoint: s.cfg.Issuer + authorizePath,
		TokenEndpoint:         s.cfg.Issuer + tokenPath,
		RegistrationEndpoint:  s.cfg.Issuer + registerPath,
		RevocationEndpoint:    s.cfg.Issuer + revokePath,
		Scopes:                append(slices.Clone(s.cfg.Entra.ShortScopes()), "offline_access"),
		ResponseTypes:         []string{"code"},
		ResponseModes:         []string{"query"},
		GrantTypes:            []string{"authorization_code", "refresh_token"},
		AuthMethods:           authMethods,
		RevocationAuthMethods: authMethods,
		ChallengeMethods:      []string{"S256"},
		IssParameter:          true,
		ClientDocuments:       s.cfg.Documents != nil,
	}
}

func (s *Server) openIDMetadata() openIDMetadata {
	return openIDMetadata{
		serverMetadata:    s.serverMetadata(),
		JWKS:              s.cfg.Issuer + jwksPath,
		SubjectTypes:      []string{"public"},
		IDTokenAlgorithms: []string{"RS256"},
	}
}

// jwks answers the jwks_uri that OpenID Connect Discovery requires. The set is empty: this server
// signs nothing that a client should verify.
func (s *Server) jwks(w http.ResponseWriter, r *http.Request) {
	writeDocument(w, r, struct {
		Keys []string `json:"keys"`
	}{[]string{}})
}

func writeDocument(w http.ResponseWriter, r *http.Request, v any) {
	w.Header().Set("Cache-Control", metadataMaxAge)
	if r.Method == http.MethodHead {
		w = bodyless{w}
	}
	writeJSON(w, http.StatusOK, v)
}

// bodyless answers HEAD with the headers of GET.
type bodyless struct{ http.ResponseWriter }

// Write implements http.ResponseWriter.
func (bodyless) Write(b []byte) (int, error) { return len(b), nil }

// defaultResource is the one that is meant when none is named: the only one, else the default.
func (s *Server) defaultResource() *ResourceInfo {
	all := s.cfg.Resources()
	if len(all) == 1 {
		return &all[0]
	}
	for i := range all {
		if all[i].Default {
			return &all[i]
		}
	}
	return nil
}

// resolveResource finds the resource that a request's resource parameter (RFC 8707) names.
func (s *Server) resolveResource(param string) *ResourceInfo {
	if param == "" {
		return s.defaultResource()
	}
	for _, info := range s.cfg.Resources() {
		if info.Matches(param) {
			return &info
		}
	}
	return nil
}
