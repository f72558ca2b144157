package entra

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// refusal is an error of Entra's: its own number, the OAuth error beside it, and its words.
type refusal struct {
	number string
	oauth  string
	status int
	text   string
}

// refusals holds what this server refuses of itself, and what tests most often ask for.
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
var refusals = map[string]refusal{
	"16000":   {oauth: "interaction_required", text: "User account does not exist in tenant and cannot access the application. The account needs to be added as an external user in the tenant first."},
	"50011":   {oauth: "invalid_request", text: "The redirect URI specified in the request does not match the redirect URIs configured for the application."},
	"50020":   {oauth: "invalid_request", text: "User account from identity provider does not exist in tenant 'Contoso' and cannot access the application in that tenant."},
	"50027":   {oauth: "invalid_request", text: "JWT token is invalid or malformed."},
	"5002727": {oauth: "invalid_request", text: "Invalid JWT header type specified. Allowed types: 'JWT','http://openid.net/specs/jwt/1.0'."},
	"50057":   {oauth: "invalid_grant", text: "The user account is disabled."},
	"50058":   {oauth: "login_required", text: "A silent sign-in request was sent but no user is signed in."},
	"50076":   {oauth: "invalid_grant", text: "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource."},
	"50105":   {oauth: "access_denied", text: "Your administrator has configured the application to block users unless they are specifically granted ('assigned') access to the application."},
	"50173":   {oauth: "invalid_grant", text: "The provided grant has expired due to it being revoked, a fresh auth token is needed."},
	"50196":   {oauth: "invalid_grant", text: "The server terminated an operation because it encountered a client request loop."},
	"500011":  {oauth: "invalid_resource", text: "The resource principal was not found in the tenant named Contoso."},
	"500112":  {oauth: "invalid_client", text: "The reply address does not match the reply address provided when requesting Authorization code."},
	"501481":  {oauth: "invalid_grant", text: "The Code_Verifier does not match the code_challenge supplied in the authorization request."},
	"53003":   {oauth: "access_denied", text: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."},
	"54005":   {oauth: "invalid_grant", text: "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."},
	"65001":   {oauth: "consent_required", text: "The user or administrator has not consented to use the application. Send an interactive authorization request for this user and resource."},
	"65004":   {oauth: "access_denied", text: "User declined to consent to access the app."},
	"650053":  {oauth: "invalid_client", text: "The application asked for a scope that doesn't exist on the resource. Contact the app vendor."},
	"70000":   {oauth: "invalid_grant", text: "Provided grant is invalid or malformed."},
	"70003":   {oauth: "unsupported_grant_type", text: "The app requested an unsupported grant type."},
	"70007":   {oauth: "invalid_request", text: "The app requested an unsupported value for response_mode."},
	"70008":   {oauth: "invalid_grant", text: "The provided authorization code or refresh token has expired due to inactivity."},
	"70011":   {oauth: "invalid_scope", text: "The provided request must include a 'scope' input parameter that is valid. .default scope can't be combined with resource-specific scopes."},
	"700016":  {oauth: "unauthorized_client", text: "Application was not found in the directory 'Contoso'. This can happen if the application has not been installed by the administrator of the tenant."},
	"700021":  {oauth: "invalid_client", status: http.StatusUnauthorized, text: "Client assertion application identifier doesn't match 'client_id' parameter."},
	"700023":  {oauth: "invalid_client", status: http.StatusUnauthorized, text: "Client assertion audience claim does not match Realm issuer."},
	"700024":  {oauth: "invalid_client", status: http.StatusUnauthorized, text: "Client assertion is not within its valid time range."},
	"700027":  {oauth: "invalid_client", status: http.StatusUnauthorized, text: "Client assertion contains an invalid signature."},
	"700211":  {oauth: "invalid_client", status: http.StatusUnauthorized, text: "No matching federated identity record found for presented assertion issuer."},
	"700212":  {oauth: "invalid_client", status: http.StatusUnauthorized, text: "No matching federated identity record found for presented assertion audience."},
	"700213":  {oauth: "invalid_client", status: http.StatusUnauthorized, text: "No matching federated identity record found for presented assertion subject."},
	"7000226": {oauth: "invalid_client", status: http.StatusUnauthorized, text: "No federated identity credential policy found on application."},
	"700229":  {oauth: "invalid_client", status: http.StatusUnauthorized, text: "Only app-only tokens can be used as Federated Identity Credentials for AAD issuer."},
	"700054":  {oauth: "unsupported_response_type", text: "response_type is not enabled for the application."},
	"700082":  {oauth: "invalid_grant", text: "The refresh token has expired due to inactivity."},
	"7000215": {oauth: "invalid_client", status: http.StatusUnauthorized, text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app."},
	"7000218": {oauth: "invalid_client", status: http.StatusUnauthorized, text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."},
	"7000222": {oauth: "invalid_client", status: http.StatusUnauthorized, text: "The provided client secret keys for app are expired."},
	"28000":   {oauth: "invalid_request", text: "Provided value for the input parameter scope is not valid because it contains more than one resource."},
	"90002":   {oauth: "invalid_request", text: "Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."},
	"90009":   {oauth: "invalid_request", text: "Application is requesting a token for itself. This scenario is supported only if resource is specified using the GUID based App Identifier."},
	"90033":   {oauth: "temporarily_unavailable", status: http.StatusServiceUnavailable, text: "A transient error has occurred. Please try again."},
	"900144":  {oauth: "invalid_request", text: "The request body must contain the required parameters."},
	"90014":   {oauth: "invalid_request", text: "The required field is missing from the credential."},
	"900561":  {oauth: "invalid_request", text: "The endpoint only accepts POST requests. Received a GET request."},
	"90094":   {oauth: "access_denied", text: "Admin consent is required for the permissions requested by this application."},
	"901002":  {oauth: "invalid_request", text: "The 'resource' request parameter is not supported."},
	"9010010": {oauth: "invalid_target", text: "The resource parameter provided in the request doesn't match with the requested scopes."},
}

func newRefusal(number string) *refusal {
	r := refusals[number]
	r.number = number
	r.oauth = cmp.Or(r.oauth, "invalid_request")
	r.text = cmp.Or(r.text, "The request was refused.")
	r.status = cmp.Or(r.status, http.StatusBadRequest)
	return &r
}

// describe is the error_description, in three lines with ids as Entra writes them.
func (r *refusal) describe(trace, correlation string, at time.Time) string {
	return fmt.Sprintf("AADSTS%s: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s", r.number, r.text, trace, correlation, timestamp(at))
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// writeError answers at the token endpoint and at discovery.
func (s *Server) writeError(w http.ResponseWriter, r *refusal) {
	number, _ := strconv.Atoi(r.number)
	trace, correlation, now := newGUID(), newGUID(), s.now()
	s.cfg.Logger.Warn("refused", "code", "AADSTS"+r.number, "error", r.oauth)
	writeJSON(w, r.status, map[string]any{
		"error":             r.oauth,
		"error_description": r.describe(trace, correlation, now),
		"error_codes":       []int{number},
		"timestamp":         timestamp(now),
		"trace_id":          trace,
		"correlation_id":    correlation,
		"error_uri":         s.cfg.BaseURL + "/error?code=" + r.number,
	})
}

// newGUID returns a random GUID (RFC 9562 version 4).
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
