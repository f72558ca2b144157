package entra

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// assertionType is the only client_assertion_type (RFC 7523 section 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// assertionSkew is how far the clocks may differ.
const assertionSkew = 5 * time.Minute

// assertionClaims are what is read of a client assertion.
type assertionClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
	ID       string   `json:"jti"`
	Expires  int64    `json:"exp"`
	Before   int64    `json:"nbf"`
}

// audience is a string or a list of them (RFC 7519 section 4.1.3).
type audience []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// checkAssertion checks what stands in the place of a secret: a JWT that the application signed
// with its certificate, or one of an issuer that its registration trusts. Which of the two it is
// meant to be, the header says: only the first names a certificate.
func (s *Server) checkAssertion(tenant string, form url.Values) *refusal {
	if form.Get("client_assertion_type") != assertionType {
		return newRefusal("900144")
	}
	jws, err := jose.ParseSignedCompact(form.Get("client_assertion"), []jose.SignatureAlgorithm{jose.PS256, jose.RS256})
	if err != nil {
		return newRefusal("50027")
	}
	var c assertionClaims
	if err := json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &c); err != nil {
		return newRefusal("50027")
	}
	header := jws.Signatures[0].Protected
	if typ, present := header.ExtraHeaders[jose.HeaderType]; present && typ != "JWT" {
		return newRefusal("5002727")
	}
	if thumbprint, found := header.ExtraHeaders["x5t#S256"].(string); found {
		return s.checkOwnAssertion(jws, thumbprint, tenant, &c)
	}
	return s.checkFederated(jws, &c)
}

// checkOwnAssertion applies
// https://learn.microsoft.com/entra/identity-platform/certificate-credentials.
func (s *Server) checkOwnAssertion(jws *jose.JSONWebSignature, thumbprint, tenant string, c *assertionClaims) *refusal {
	i := slices.IndexFunc(s.cfg.Certificates, func(known *x509.Certificate) bool {
		sum := sha256.Sum256(known.Raw)
		return base64.RawURLEncoding.EncodeToString(sum[:]) == thumbprint
	})
	now := s.now()
	if i < 0 || now.After(s.cfg.Certificates[i].NotAfter) || now.Before(s.cfg.Certificates[i].NotBefore) {
		return newRefusal("700027")
	}
	if _, err := jws.Verify(s.cfg.Certificates[i].PublicKey); err != nil {
		return newRefusal("700027")
	}
	switch {
	case c.Issuer != s.cfg.ClientID, c.Subject != s.cfg.ClientID:
		return newRefusal("700021")
	case !slices.Equal(c.Audience, audience{s.cfg.BaseURL + "/" + tenant + "/oauth2/v2.0/token"}):
		return newRefusal("700023")
	case c.ID == "":
		return newRefusal("50027")
	}
	return c.checkTimes(now)
}

// checkFederated applies
// https://learn.microsoft.com/entra/workload-id/workload-identity-federation.
func (s *Server) checkFederated(jws *jose.JSONWebSignature, c *assertionClaims) *refusal {
	if len(s.cfg.Federated) == 0 {
		return newRefusal("7000226")
	}
	if c.Issuer == s.Authority() { // one of this tenant's own tokens, which stands for a person
		return newRefusal("700229")
	}
	fitting := slices.Clone(s.cfg.Federated)
	for _, step := range []struct {
		number string
		fits   func(FederatedCredential) bool
	}{
		{"700211", func(f FederatedCredential) bool { return f.Issuer == c.Issuer }},
		{"700213", func(f FederatedCredential) bool { return f.Subject == c.Subject }},
		{"700212", func(f FederatedCredential) bool {
			return slices.Contains(c.Audience, cmp.Or(f.Audience, "api://AzureADTokenExchange"))
		}},
		{"50027", func(f FederatedCredential) bool { _, err := jws.Verify(f.Key); return err == nil }},
	} {
		fitting = slices.DeleteFunc(fitting, func(f FederatedCredential) bool { return !step.fits(f) })
		if len(fitting) == 0 {
			return newRefusal(step.number)
		}
	}
	return c.checkTimes(s.now())
}

// checkTimes demands an exp.
func (c *assertionClaims) checkTimes(now time.Time) *refusal {
	if now.Add(-assertionSkew).Unix() >= c.Expires || now.Add(assertionSkew).Unix() < c.Before {
		return newRefusal("700024")
	}
	return nil
}
