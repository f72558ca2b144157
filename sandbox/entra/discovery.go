package entra

import (
	"encoding/json"
	"maps"
	"net/http"
)

// tenantIn is how a document names the tenant: by its id, or by a placeholder when it was asked for
// tenant-independently.
func (s *Server) tenantIn(r *http.Request) string {
	if t := r.PathValue("tenant"); t == "organizations" || t == "common" {
		return "{tenantid}"
	}
	return s.cfg.TenantID
}

// discoveryV2 has no code_challenge_methods_supported, as Entra has none, although S256 works.
func (s *Server) discoveryV2(w http.ResponseWriter, r *http.Request) {
	base := s.cfg.BaseURL + "/" + r.PathValue("tenant")
	s.writeDiscovery(w, map[string]any{
		"issuer":                                s.cfg.BaseURL + "/" + s.tenantIn(r) + "/v2.0",
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"end_session_endpoint":                  base + "/oauth2/v2.0/logout",
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"userinfo_endpoint":                     "https://graph.microsoft.com/oidc/userinfo",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"response_modes_supported":              []string{"query"},
		"response_types_supported":              []string{"code"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"request_uri_parameter_supported":       false,
		"claims_supported":                      []string{"sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver", "email"},
	})
}

func (s *Server) discoveryV1(w http.ResponseWriter, r *http.Request) {
	base := s.cfg.BaseURL + "/" + r.PathValue("tenant")
	s.writeDiscovery(w, map[string]any{
		"issuer":                                s.cfg.BaseURL + "/sts/" + s.tenantIn(r) + "/",
		"authorization_endpoint":                base + "/oauth2/authorize",
		"token_endpoint":                        base + "/oauth2/token",
		"jwks_uri":                              s.cfg.BaseURL + "/common/discovery/keys",
		"userinfo_endpoint":                     base + "/openid/userinfo",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"response_types_supported":              []string{"code"},
		"scopes_supported":                      []string{"openid"},
		"microsoft_multi_refresh_token":         true,
	})
}

func (s *Server) writeDiscovery(w http.ResponseWriter, document map[string]any) {
	maps.Copy(document, map[string]any{
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"tenant_region_scope":                   "EU",
		"cloud_instance_name":                   "microsoftonline.com",
		"msgraph_host":                          "graph.microsoft.com",
	})
	maps.Copy(document, s.behaves().DiscoveryChanges)
	writeJSON(w, http.StatusOK, document)
}

func (s *Server) keysV2(w http.ResponseWriter, r *http.Request) {
	issuer := s.cfg.BaseURL + "/" + s.tenantIn(r) + "/v2.0"
	switch changed := s.behaves().KeyIssuer; changed {
	case "":
	case "-":
		issuer = ""
	default:
		issuer = changed
	}
	writeJSON(w, http.StatusOK, s.keySet(issuer))
}

func (s *Server) keysV1(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.keySet(""))
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
