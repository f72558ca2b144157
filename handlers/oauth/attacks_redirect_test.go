package oauth

import (
	"net/http"
	"strings"
	"testing"
)

// One odd thing at every place of every good redirect URI: what is still accepted reads the same to
// us, to net/url and to a browser, even where every https address may register.
func TestAttack3_1_ParserDifferential(t *testing.T) {
	everything := everyClient(t)
	odd := []string{
		"@", ":", "/", "//", `\`, "?", "#", "%", "%2f", "%40", "%00", "%0d%0a", "\t", "\n", "\x00", " ", ".", "..", ";", "&", "+", "[", "]", "*",
		"。", "\u200d", "\u00ad", "ⓒ", "с", "A", "xn--", "evil.com", "@evil.com", ":80@evil.com", "0x7f.1", "127.1",
	}
	for _, raw := range acceptedRedirects {
		checkOneReading(t, everything, raw)
		for at := range len(raw) + 1 {
			for _, o := range odd {
				checkOneReading(t, everything, raw[:at]+o+raw[at:])
			}
		}
	}
	for _, raw := range refusedRedirects {
		checkOneReading(t, everything, raw)
	}
}

// Of two registered redirect URIs, the code is good for the one that it was sent to.
func TestAttack3_3_SwappedAtTheTokenEndpoint(t *testing.T) {
	w := newWorld(t)
	uris := []string{claudeURI, "https://claude.com/api/mcp/auth_callback", "http://127.0.0.1:1/cb"}
	c := w.registered("Claude", "none", uris...)
	for _, tc := range []struct{ sent, redeemed string }{
		{uris[0], uris[1]}, {uris[0], ""}, {uris[0], uris[0] + "?x=y"}, {uris[0], strings.ToUpper(uris[0])}, {uris[2], "http://127.0.0.1:2/cb"},
	} {
		code := w.newBrowser().code(c, "redirect_uri", tc.sent).Get("code")
		wantError(t, token(t, w.server, redemption(c, code, "redirect_uri", tc.redeemed)), http.StatusBadRequest, "invalid_grant")
		if a := token(t, w.server, redemption(c, code, "redirect_uri", tc.sent)); a.status != http.StatusOK {
			t.Errorf("sent to %s, after a try with %q: %d %s", tc.sent, tc.redeemed, a.status, a.body)
		}
	}
}

func TestAttack3_4_ResponseParametersInTheRedirectURI(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Clients.Any = true })
	for _, name := range reservedParameters {
		for _, query := range []string{name + "=evil", "a=b&" + name + "=evil", name, strings.ReplaceAll(name, "e", "%65") + "=evil", name + "=x&" + name + "=y"} {
			a := w.register(`{"redirect_uris":[` + quote("https://client.example.com/cb?"+query) + `]}`)
			wantError(t, a, http.StatusBadRequest, "invalid_redirect_uri")
		}
	}
	const uri = "https://client.example.com/cb?app=1&Code=x&codes=y&app=2"
	got := w.newBrowser().code(w.registered("x", "none", uri))
	for _, name := range []string{"code", "state", "iss"} {
		if len(got[name]) != 1 {
			t.Errorf("%s occurs %d times", name, len(got[name]))
		}
		delete(got, name)
	}
	if want := "Code=x&app=1&app=2&codes=y"; got.Encode() != want {
		t.Errorf("the query of the redirect URI became %s, want %s", got.Encode(), want)
	}
}
