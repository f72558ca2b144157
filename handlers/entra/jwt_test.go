package entra

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// TestHeaderIsJudgedBeforeAnyLibrary holds that we do not rely on how a library treats extensions.
func TestHeaderIsJudgedBeforeAnyLibrary(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	parse := func(member string) error {
		_, err := parseJWT(encode([]byte(`{"alg":"RS256","kid":"k"`+member+`}`)) + "." + encode([]byte(`{}`)) + ".AAAA")
		return err
	}
	if err := parse(`,"x5t":"k","typ":"JWT"`); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"crit", "b64", "jku", "jwk", "x5u", "x5c", "zip", "enc"} {
		if parse(`,"`+name+`":null`) == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// FuzzParseJWT holds that what we read strictly is read the same by go-jose, which verifies it.
func FuzzParseJWT(f *testing.F) {
	encode := base64.RawURLEncoding.EncodeToString
	for _, seed := range [][2]string{
		{`{"alg":"RS256","kid":"a","typ":"JWT"}`, `{"aud":"x","exp":1}`},
		{`{"alg":"none","kid":"a"}`, `{}`},
		{`{"alg":"RS256","kid":"a","crit":["x"]}`, `{}`},
		{`{"alg":"RS256","kid":"a"}`, `{"a":1,"a":2}`},
		{`{"alg":"RS256","kid":"a"}`, `[[[[]]]]`},
		{"", ""},
	} {
		f.Add(encode([]byte(seed[0])) + "." + encode([]byte(seed[1])) + ".AAAA")
	}
	f.Add(strings.Repeat(".", 100))
	f.Fuzz(func(t *testing.T, raw string) {
		parsed, err := parseJWT(raw)
		if err != nil {
			return
		}
		jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatalf("go-jose does not read %q: %v", raw, err)
		}
		if string(jws.UnsafePayloadWithoutVerification()) != string(parsed.payload) || jws.Signatures[0].Header.KeyID != parsed.keyID {
			t.Fatalf("go-jose reads %q differently", raw)
		}
		var claims map[string]json.RawMessage
		if err := json.Unmarshal(parsed.payload, &claims); err != nil || len(claims) != len(parsed.claims) {
			t.Fatalf("encoding/json reads the claims of %q differently", raw)
		}
	})
}

// FuzzClaims holds that no claims make the checks panic, and that none without aud gets through.
func FuzzClaims(f *testing.F) {
	p, err := New(Config{
		Issuer: "https://login.microsoftonline.com/" + tenantID + "/v2.0", ClientID: clientID, ClientSecrets: []string{secret}, RedirectURI: redirectURI,
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"aud":"` + clientID + `","tid":"` + tenantID + `","ver":"2.0","azp":"` + clientID + `","exp":99999999999,"oid":"` + tenantID + `"}`))
	f.Add([]byte(`{"_claim_names":{"groups":"a"},"idp":1,"acct":"1","roles":[null]}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := decodeObject(payload)
		if err != nil {
			return
		}
		_, _ = newPrincipal(c)
		if p.checkAccessToken(c) == nil && !c.has("aud") {
			t.Fatal("accepted without aud")
		}
		_ = p.checkIDToken(c, "n")
	})
}
