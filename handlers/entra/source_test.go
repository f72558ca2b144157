package entra

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

func TestNothingIsFetchedBeforeItIsNeeded(t *testing.T) {
	f := setup(t)
	if _, err := f.Verify(t.Context(), f.token(map[string]any{"aud": "somebody else"})); !errors.Is(err, ErrInvalidToken) {
		t.Fatal(err)
	}
	if n := f.entra.Count(sandbox.DiscoveryV2); n != 0 {
		t.Errorf("%d requests to Entra for a token that is not ours", n)
	}
}

// A flood of 10 000 tokens whose kid nobody knows makes two requests to Entra at most, and takes
// nothing from those who call with good tokens meanwhile.
func TestAttack5_8_UnknownKeyFlood(t *testing.T) {
	f := setup(t)
	good := f.token(nil)
	_, rest, _ := strings.Cut(good, ".")
	var wg sync.WaitGroup
	for worker := range 10 {
		wg.Go(func() {
			for i := range 1000 {
				if i%50 == 0 {
					f.mustVerify(t, good)
				}
				header := fmt.Appendf(nil, `{"alg":"RS256","kid":"unknown-%d-%d"}`, worker, i)
				if _, err := f.Verify(t.Context(), base64.RawURLEncoding.EncodeToString(header)+"."+rest); !errors.Is(err, ErrInvalidToken) {
					t.Errorf("got %v, want ErrInvalidToken", err)
				}
			}
		})
	}
	wg.Wait()
	if n := f.entra.Count(sandbox.KeysV2); n > 2 {
		t.Errorf("%d key set requests, want 2 at most", n)
	}
	f.clock.advance(unknownKeyInterval - time.Second)
	_, _ = f.Verify(t.Context(), f.token(nil, sandbox.Header("kid", "later")))
	if n := f.entra.Count(sandbox.KeysV2); n != 2 {
		t.Errorf("%d key set requests within five minutes, want 2", n)
	}
	f.clock.advance(time.Second)
	_, _ = f.Verify(t.Context(), f.token(nil, sandbox.Header("kid", "later still")))
	if n := f.entra.Count(sandbox.KeysV2); n != 3 {
		t.Errorf("%d key set requests after five minutes, want 3", n)
	}
}

func TestAttack5_7_KeyRotation(t *testing.T) {
	f := setup(t)
	old := f.token(nil)
	f.mustVerify(t, old)
	f.entra.RotateKey(true)
	f.mustVerify(t, f.token(nil))
	if _, err := f.Verify(t.Context(), old); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("token of a withdrawn key: got %v, want ErrInvalidToken", err)
	}
}

func (f *fixture) mustVerify(t *testing.T, token string) {
	t.Helper()
	if _, err := f.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
}

// outages are what may come in place of a key set.
func outages() map[string]sandbox.Fault {
	return map[string]sandbox.Fault{
		"down":            {Status: http.StatusServiceUnavailable},
		"HTML":            {Body: "<!doctype html><title>Proxy</title>"},
		"empty":           {Body: `{"keys":[]}`},
		"nothing":         {},
		"no RSA key":      {Body: `{"keys":[{"kty":"EC","kid":"a","use":"sig","crv":"P-256","x":"AA","y":"AA"}]}`},
		"short RSA key":   {Body: `{"keys":[{"kty":"RSA","kid":"a","use":"sig","n":"` + strings.Repeat("A", 100) + `","e":"AQAB"}]}`},
		"too large":       {Body: `{"keys":[` + strings.Repeat(" ", maxDocument) + `]}`},
		"cut off":         {Body: `{"keys":[{"kty":"RSA"`},
		"redirect":        {Status: http.StatusFound, Header: http.Header{"Location": {"http://127.0.0.1:1/keys"}}},
		"does not answer": {Hang: true},
	}
}

func TestAttack5_7_LastKnownGoodKeys(t *testing.T) {
	for name, fault := range outages() {
		t.Run(name, func(t *testing.T) {
			f := setup(t)
			token := f.token(map[string]any{"exp": f.clock.Now().Add(time.Hour * 100).Unix()})
			f.mustVerify(t, token)
			f.breakDown(sandbox.KeysV2, fault)
			f.clock.advance(refreshAfter)
			for range 5 {
				f.mustVerify(t, token)
			}
			f.waitForFetch()
			f.mustVerify(t, token)
			if n := f.entra.Count(sandbox.KeysV2); n != 2 {
				t.Errorf("%d key set requests, want one at first and one in the background", n)
			}
			// An unknown key may be a new one that we could not get: nobody's fault, so no 401.
			for range 2 {
				if _, err := f.Verify(t.Context(), f.token(nil, sandbox.Header("kid", "new"))); !errors.Is(err, ErrUnavailable) {
					t.Errorf("unknown key during the outage: got %v, want ErrUnavailable", err)
				}
			}
			f.mend()
			f.clock.advance(backgroundRetry)
			f.mustVerify(t, token)
			f.waitForFetch()
			if age := f.clock.Now().Sub(f.v2.current.fetched); age != 0 {
				t.Errorf("the key set was not refreshed after the outage: it is %v old", age)
			}
		})
	}
}

// The key endpoint is down for an hour when the keys are due: everybody goes on working, Entra is
// asked once a minute at most, and once it is back the keys are new.
func TestAttack5_7_AnHourWithoutEntra(t *testing.T) {
	f := setup(t)
	token := f.token(map[string]any{"exp": f.clock.Now().Add(time.Hour * 100).Unix()})
	f.mustVerify(t, token)
	f.clock.advance(refreshAfter)
	f.breakDown(sandbox.KeysV2, sandbox.Fault{Status: http.StatusServiceUnavailable})
	before := f.entra.Count(sandbox.KeysV2)
	for range 360 {
		f.mustVerify(t, token)
		f.waitForFetch()
		f.clock.advance(10 * time.Second)
	}
	if n := f.entra.Count(sandbox.KeysV2) - before; n < 1 || n > 61 {
		t.Errorf("%d key set requests in an hour, want one a minute at most", n)
	}
	f.mend()
	f.entra.RotateKey(false)
	f.mustVerify(t, token)
	f.waitForFetch()
	f.mustVerify(t, f.token(nil))
}

// A key document that is well formed and wrong. Keys of somebody else beside Entra's do no harm, nor
// does a document without any key of our issuer. Where other keys stand in place of Entra's, nobody
// gets in with them, and Entra's own are back when an unknown kid may cause a request again.
func TestAttack5_7_PoisonedKeyDocument(t *testing.T) {
	const evil = "https://login.microsoftonline.com/evil/v2.0"
	for name, tc := range map[string]struct {
		poison func(genuine, stranger map[string]any) []any
		harm   bool
		back   time.Duration
	}{
		"a stranger's key under the kid": {func(g, s map[string]any) []any { s["kid"] = g["kid"]; return []any{s, g} }, false, 0},
		"a key without a modulus":        {func(g, _ map[string]any) []any { return []any{map[string]any{"kty": "RSA", "kid": g["kid"]}, g} }, false, 0},
		"an even exponent":               {func(g, _ map[string]any) []any { bad := maps.Clone(g); bad["e"] = "AA"; return []any{bad, g} }, false, 0},
		"a symmetric key": {func(g, _ map[string]any) []any {
			return []any{map[string]any{"kty": "oct", "kid": g["kid"], "k": g["n"]}, g}
		}, false, 0},
		"a thousand keys": {func(g, _ map[string]any) []any { return slices.Repeat([]any{g}, 1000) }, false, backgroundRetry},
		"another issuer":  {func(g, _ map[string]any) []any { g["issuer"] = evil; return []any{g} }, false, backgroundRetry},
		"another issuer, and a stranger's key under the kid with it": {func(g, s map[string]any) []any {
			s["kid"], s["issuer"], g["issuer"] = g["kid"], evil, evil
			return []any{s, g}
		}, false, backgroundRetry},
		"a stranger's key of another issuer": {func(g, s map[string]any) []any { s["issuer"] = evil; return []any{s, g} }, false, 0},
		"another issuer beside a stranger's key of ours": {func(g, s map[string]any) []any {
			g["issuer"] = evil
			return []any{s, g}
		}, true, unknownKeyInterval},
		"a stranger's keys only": {func(_, s map[string]any) []any { return []any{s} }, true, unknownKeyInterval},
	} {
		t.Run(name, func(t *testing.T) {
			f := setup(t)
			token := f.token(map[string]any{"exp": f.clock.Now().Add(time.Hour * 100).Unix()})
			f.mustVerify(t, token)
			genuine, stranger := f.publishedKey(t), f.publishedKey(t)
			stranger["kid"], stranger["n"] = "stranger", base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{0xf1}, 256))
			body, err := json.Marshal(map[string]any{"keys": tc.poison(genuine, stranger)})
			if err != nil {
				t.Fatal(err)
			}
			f.breakDown(sandbox.KeysV2, sandbox.Fault{Body: string(body)})
			f.refreshInBackground(t)
			if _, err := f.Verify(t.Context(), f.token(nil, sandbox.Stranger())); err == nil {
				t.Error("a stranger's token was accepted")
			}
			if _, err := f.Verify(t.Context(), token); (err != nil) != tc.harm {
				t.Errorf("a good token: %v", err)
			}
			f.mend()
			f.clock.advance(tc.back)
			_, _ = f.Verify(t.Context(), token)
			f.waitForFetch()
			f.mustVerify(t, token)
			if age := f.clock.Now().Sub(f.v2.current.fetched); age != 0 {
				t.Errorf("the keys that serve are %v old", age)
			}
		})
	}
}

// A key document that names another issuer for the key of everybody's token, and would be kept for a
// day: the tokens make one request in five minutes, all together, and the first that gets the right
// document ends the trouble.
func TestAttack5_8_KeyOfAnotherIssuer(t *testing.T) {
	f := setup(t)
	genuine, stranger := f.publishedKey(t), f.publishedKey(t)
	stranger["kid"], stranger["n"] = "stranger", base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{0xf1}, 256))
	genuine["issuer"] = strings.Replace(f.entra.Authority(), tenantID, "11111111-2222-4333-8444-555555555555", 1)
	body, err := json.Marshal(map[string]any{"keys": []any{stranger, genuine}})
	if err != nil {
		t.Fatal(err)
	}
	f.breakDown(sandbox.KeysV2, sandbox.Fault{Body: string(body)})
	f.refreshInBackground(t)
	token := f.token(nil)
	before := f.entra.Count(sandbox.KeysV2)
	flood := func() {
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				for range 100 {
					if _, err := f.Verify(t.Context(), token); !errors.Is(err, errUnknownKey) || !errors.Is(err, ErrInvalidToken) {
						t.Errorf("got %v, want errUnknownKey", err)
					}
				}
			})
		}
		wg.Wait()
	}
	flood()
	f.clock.advance(unknownKeyInterval - time.Second)
	flood()
	if n := f.entra.Count(sandbox.KeysV2) - before; n != 1 {
		t.Errorf("%d key set requests within five minutes, want 1", n)
	}
	f.mend()
	f.clock.advance(time.Second)
	f.mustVerify(t, token)
	f.mustVerify(t, token)
	if n := f.entra.Count(sandbox.KeysV2) - before; n != 2 {
		t.Errorf("%d key set requests, want the second to end it", n)
	}
}

// publishedKey is the key that the sandbox publishes.
func (f *fixture) publishedKey(t *testing.T) map[string]any {
	t.Helper()
	var set struct{ Keys []map[string]any }
	docs, err := f.v2.documents(t.Context())
	if err == nil {
		err = fetchJSON(t.Context(), f.client, docs.metadata.KeysURI, &set)
	}
	if err != nil {
		t.Fatal(err)
	}
	return set.Keys[0]
}

// breakDown makes an endpoint fail. We wait for an answer that never comes for a short time only,
// and for others as long as ever, so that a busy machine does not fail the test.
func (f *fixture) breakDown(e sandbox.Endpoint, fault sandbox.Fault) {
	f.entra.Misbehave(func(b *sandbox.Behaviour) { b.Faults[e] = fault })
	if fault.Hang {
		f.client.Timeout = 50 * time.Millisecond
	}
}

func (f *fixture) mend() {
	f.entra.Misbehave(func(b *sandbox.Behaviour) { clear(b.Faults) })
	f.client.Timeout = requestTimeout
}

// refreshInBackground lets the documents become due, and waits until they were fetched again.
func (f *fixture) refreshInBackground(t *testing.T) {
	t.Helper()
	f.clock.advance(refreshAfter)
	if _, err := f.v2.documents(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.waitForFetch()
}

// waitForFetch waits for the fetch in the background, if there is one.
func (f *fixture) waitForFetch() {
	f.v2.mu.Lock()
	flight := f.v2.flight
	f.v2.mu.Unlock()
	if flight != nil {
		<-flight.done
	}
}

func TestAttack5_7_NoKeysEver(t *testing.T) {
	for name, fault := range outages() {
		for _, endpoint := range []sandbox.Endpoint{sandbox.KeysV2, sandbox.DiscoveryV2} {
			t.Run(name+" "+string(endpoint), func(t *testing.T) {
				f := setup(t)
				f.breakDown(endpoint, fault)
				token := f.token(nil)
				for range 3 {
					if _, err := f.Verify(t.Context(), token); !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrInvalidToken) {
						t.Fatalf("got %v, want ErrUnavailable", err)
					}
				}
				if n := f.entra.Count(endpoint); n != 1 {
					t.Errorf("%d requests while Entra is down, want 1", n)
				}
				f.mend()
				f.clock.advance(retryAfterFailure)
				f.mustVerify(t, token)
			})
		}
	}
}

func TestOneFetchServesAllAndOutlivesItsCaller(t *testing.T) {
	f := setup(t)
	token := f.token(nil)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Verify(cancelled, token); err != nil && !errors.Is(err, ErrUnavailable) {
		t.Errorf("cancelled caller: got %v, want ErrUnavailable or success", err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { f.mustVerify(t, token) })
	}
	wg.Wait()
	if n := f.entra.Count(sandbox.KeysV2); n != 1 {
		t.Errorf("%d key set requests, want 1", n)
	}
}

// TestDiscoveryIsBelievedWithinTheAuthority changes one member of the discovery document.
func TestDiscoveryIsBelievedWithinTheAuthority(t *testing.T) {
	for name, changes := range map[string]map[string]any{
		"keys elsewhere":         {"jwks_uri": "https://evil.example/keys"},
		"keys on another port":   {"jwks_uri": "http://127.0.0.1:1/keys"},
		"token endpoint":         {"token_endpoint": "http://169.254.169.254/token"},
		"authorization endpoint": {"authorization_endpoint": "https://evil.example/authorize"},
		"no keys":                {"jwks_uri": ""},
		"user in an endpoint":    {"token_endpoint": "http://a:b@127.0.0.1/token"},
		"file":                   {"jwks_uri": "file:///etc/passwd"},
		"issuer elsewhere":       {"issuer": "https://evil.example/" + tenantID + "/v2.0"},
		"issuer not a string":    {"issuer": 1},
	} {
		f := setup(t)
		f.entra.Misbehave(func(b *sandbox.Behaviour) { b.DiscoveryChanges = changes })
		_, err := f.Verify(t.Context(), f.token(nil))
		if !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: got %v, want ErrUnavailable", name, err)
		}
		if n := f.entra.Count(sandbox.KeysV2); n != 0 {
			t.Errorf("%s: keys were fetched nevertheless", name)
		}
	}
}

// TestKeysOfOneVersionDoNotVerifyTheOther withdraws a key from the v2 set after the v1 set was
// fetched.
func TestKeysOfOneVersionDoNotVerifyTheOther(t *testing.T) {
	f := setup(t, withTokenVersion(1))
	v1Token := f.token(nil)
	f.mustVerify(t, v1Token)
	f.entra.Misbehave(func(b *sandbox.Behaviour) { b.TokenVersion = 2 })
	v2Token := f.token(nil)
	f.entra.RotateKey(true)
	if _, err := f.Verify(t.Context(), v2Token); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("v2 token by a key of the v1 set alone: got %v, want ErrInvalidToken", err)
	}
	f.mustVerify(t, v1Token)
}

func TestOnlyStatus200IsADocument(t *testing.T) {
	f := setup(t)
	f.breakDown(sandbox.DiscoveryV2, sandbox.Fault{Status: http.StatusNotFound, Body: `{"issuer":"x"}`})
	var m metadata
	if err := fetchJSON(t.Context(), f.client, f.authority.discoveryURL(v2), &m); err == nil {
		t.Errorf("a document that was not found was read: %+v", m)
	}
}
