package entra

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/keypair"
)

// jwt is an assertion before it is signed.
type jwt struct {
	alg    jose.SignatureAlgorithm
	key    any
	header map[string]any
	claims map[string]any
}

func (j jwt) signed(t *testing.T) string {
	t.Helper()
	options := new(jose.SignerOptions)
	for name, value := range j.header {
		options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: j.alg, Key: j.key}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(j.claims)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

// changed returns j with other claims; nil takes one away.
func (j jwt) changed(claims map[string]any) jwt {
	j.claims = maps.Clone(j.claims)
	for name, value := range claims {
		if j.claims[name] = value; value == nil {
			delete(j.claims, name)
		}
	}
	return j
}

func thumbprint(pair *keypair.Pair) string {
	sum := sha256.Sum256(pair.Certificate.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// tryAssertion sends an assertion with a code that does not exist, so that an accepted one ends in
// AADSTS70000, and returns Entra's number.
func (f *fixture) tryAssertion(t *testing.T, assertion string, changes url.Values) float64 {
	t.Helper()
	form := url.Values{"client_secret": nil, "client_assertion_type": {assertionType}, "client_assertion": {assertion}}
	merge(form, changes)
	status, answer := f.post(t, codeForm("x"), form)
	codes, _ := answer["error_codes"].([]any)
	if len(codes) != 1 {
		t.Fatalf("%d %v", status, answer)
	}
	if invalidClient := status == http.StatusUnauthorized; invalidClient != (answer["error"] == "invalid_client") {
		t.Errorf("%v: status %d with %v", codes, status, answer["error"])
	}
	return codes[0].(float64)
}

const accepted = 70000

func TestCertificateAssertions(t *testing.T) {
	now := time.Now()
	pair, stranger, expired := keypair.New(t, now), keypair.New(t, now), keypair.New(t, now.AddDate(-3, 0, 0))
	f := start(t, func(c *Config) {
		c.ClientSecret = ""
		c.Certificates = append(c.Certificates, pair.Certificate, expired.Certificate)
	})
	good := jwt{jose.PS256, pair.Key, map[string]any{"typ": "JWT", "x5t#S256": thumbprint(pair)}, map[string]any{
		"aud": f.cfg.BaseURL + "/" + DemoTenantID + "/oauth2/v2.0/token", "iss": DemoClientID, "sub": DemoClientID, "jti": "1",
		"nbf": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
	}}
	as := func(pair *keypair.Pair, header map[string]any) jwt {
		return jwt{jose.PS256, pair.Key, header, good.claims}
	}
	sum := sha1.Sum(pair.Certificate.Raw)
	for name, tc := range map[string]struct {
		jwt  jwt
		want float64
	}{
		"good":                      {good, accepted},
		"RS256":                     {jwt{jose.RS256, pair.Key, good.header, good.claims}, accepted},
		"no typ":                    {as(pair, map[string]any{"x5t#S256": thumbprint(pair)}), accepted},
		"another algorithm":         {jwt{jose.PS384, pair.Key, good.header, good.claims}, 50027},
		"HMAC with the certificate": {jwt{jose.HS256, pair.CertificatePEM(), good.header, good.claims}, 50027},
		"another typ":               {as(pair, map[string]any{"typ": "at+jwt", "x5t#S256": thumbprint(pair)}), 5002727},
		"a stranger's":              {as(stranger, map[string]any{"x5t#S256": thumbprint(stranger)}), 700027},
		"signed by a stranger":      {as(stranger, good.header), 700027},
		"an expired certificate":    {as(expired, map[string]any{"x5t#S256": thumbprint(expired)}), 700027},
		"the SHA-1 thumbprint":      {as(pair, map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])}), 700027},
		"no thumbprint":             {as(pair, nil), 7000226},
		"another iss":               {good.changed(map[string]any{"iss": DemoTenantID}), 700021},
		"another sub":               {good.changed(map[string]any{"sub": nil}), 700021},
		"another aud":               {good.changed(map[string]any{"aud": f.Authority()}), 700023},
		"aud of another tenant":     {good.changed(map[string]any{"aud": f.cfg.BaseURL + "/common/oauth2/v2.0/token"}), 700023},
		"two aud":                   {good.changed(map[string]any{"aud": []any{good.claims["aud"], "x"}}), 700023},
		"no jti":                    {good.changed(map[string]any{"jti": nil}), 50027},
		"expired":                   {good.changed(map[string]any{"exp": now.Add(-assertionSkew).Unix()}), 700024},
		"no exp":                    {good.changed(map[string]any{"exp": nil}), 700024},
		"not yet":                   {good.changed(map[string]any{"nbf": now.Add(2 * assertionSkew).Unix()}), 700024},
		"iss not a string":          {good.changed(map[string]any{"iss": 1}), 50027},
	} {
		if got := f.tryAssertion(t, tc.jwt.signed(t), nil); got != tc.want {
			t.Errorf("%s: AADSTS%.0f, want AADSTS%.0f", name, got, tc.want)
		}
	}
	for name, tc := range map[string]struct {
		assertion string
		changes   url.Values
		want      float64
	}{
		"not a JWT":             {"x", nil, 50027},
		"empty":                 {"", nil, 50027},
		"no type":               {good.signed(t), url.Values{"client_assertion_type": nil}, 900144},
		"SAML":                  {good.signed(t), url.Values{"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}}, 900144},
		"another application":   {good.signed(t), url.Values{"client_id": {DemoTenantID}}, 700016},
		"a secret instead":      {"", url.Values{"client_assertion": nil, "client_secret": {secret}}, 7000215},
		"neither":               {"", url.Values{"client_assertion": nil}, 7000218},
		"an empty secret as it": {"", url.Values{"client_assertion": nil, "client_secret": {""}}, 7000218},
	} {
		if got := f.tryAssertion(t, tc.assertion, tc.changes); got != tc.want {
			t.Errorf("%s: AADSTS%.0f, want AADSTS%.0f", name, got, tc.want)
		}
	}
}

func TestFederatedAssertions(t *testing.T) {
	now := time.Now()
	issuer, stranger := keypair.New(t, now), keypair.New(t, now)
	f := start(t, func(c *Config) {
		c.ClientSecret = ""
		c.Federated = []FederatedCredential{
			{Issuer: "https://oidc.example.com/other", Subject: "repo:contoso/mcp", Audience: "api://other", Key: &stranger.Key.PublicKey},
			{Issuer: "https://oidc.example.com/cluster", Subject: "system:serviceaccount:mcp:caddy", Key: &issuer.Key.PublicKey},
		}
	})
	good := jwt{jose.RS256, issuer.Key, map[string]any{"kid": "k"}, map[string]any{
		"aud": []string{"api://AzureADTokenExchange"}, "iss": "https://oidc.example.com/cluster", "sub": "system:serviceaccount:mcp:caddy",
		"exp": now.Add(time.Hour).Unix(),
	}}
	other := jwt{jose.RS256, stranger.Key, nil, map[string]any{
		"aud": "api://other", "iss": "https://oidc.example.com/other", "sub": "repo:contoso/mcp", "exp": now.Add(time.Hour).Unix(),
	}}
	for name, tc := range map[string]struct {
		jwt  jwt
		want float64
	}{
		"good":                      {good, accepted},
		"another credential's":      {other, accepted},
		"a slash more":              {good.changed(map[string]any{"iss": "https://oidc.example.com/cluster/"}), 700211},
		"another subject":           {good.changed(map[string]any{"sub": "system:serviceaccount:mcp:Caddy"}), 700213},
		"the subject of another":    {good.changed(map[string]any{"sub": "repo:contoso/mcp"}), 700213},
		"another audience":          {good.changed(map[string]any{"aud": "https://kubernetes.default.svc"}), 700212},
		"the audience of another":   {other.changed(map[string]any{"aud": "api://AzureADTokenExchange"}), 700212},
		"no audience":               {good.changed(map[string]any{"aud": nil}), 700212},
		"signed by another issuer":  {jwt{jose.RS256, stranger.Key, good.header, good.claims}, 50027},
		"expired":                   {good.changed(map[string]any{"exp": now.Add(-time.Hour).Unix()}), 700024},
		"one of Entra's own tokens": {good.changed(map[string]any{"iss": f.Authority()}), 700229},
		"a certificate's assertion": {jwt{jose.PS256, issuer.Key, map[string]any{"x5t#S256": thumbprint(issuer)}, good.claims}, 700027},
	} {
		if got := f.tryAssertion(t, tc.jwt.signed(t), nil); got != tc.want {
			t.Errorf("%s: AADSTS%.0f, want AADSTS%.0f", name, got, tc.want)
		}
	}
}

// TestRefusalsOfAssertionsAreKnown: what is refused has words of its own.
func TestRefusalsOfAssertionsAreKnown(t *testing.T) {
	numbers := []string{"50027", "5002727", "700021", "700023", "700024", "700027", "700211", "700212", "700213", "7000226", "700229", "900144"}
	if i := slices.IndexFunc(numbers, func(n string) bool { return refusals[n].text == "" }); i >= 0 {
		t.Errorf("AADSTS%s has no text", numbers[i])
	}
}
