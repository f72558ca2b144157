package oauth

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

// trap is an address inside the network that nobody may ask, and how often somebody did.
func trap(t *testing.T) (address string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// A logo would tell whoever serves it who looks at the consent page, and make us ask addresses of a
// stranger's choice.
func TestAttack2_2_LogoIsNeitherFetchedNorShown(t *testing.T) {
	w := newWorld(t)
	address, asked := trap(t)
	a := w.register(`{"client_name":"Claude","redirect_uris":["` + claudeURI + `"],"logo_uri":"` + address + `/logo.png","client_uri":"` + address +
		`/","policy_uri":"` + address + `/policy","tos_uri":"` + address + `/tos"}`)
	page := w.newBrowser().authorize(request(decode[registration](t, a.body)))
	wantPage(t, page, http.StatusOK)
	if strings.Contains(page.body, address) || strings.Contains(a.body, address) {
		t.Error("the address is passed on")
	}
	if got := elements(t, page.body); got["img"]+got["a"]+got["link"]+got["object"] != 0 {
		t.Errorf("the page holds %v", got)
	}
	if n := asked.Load() + w.outside.Load(); n != 0 {
		t.Errorf("%d requests went out", n)
	}
}

func TestAttack2_3_MarkupFromEntra(t *testing.T) {
	const markup = `AADSTS50105: <svg onload=alert(1)><script>x</script>"'><img src=x>`
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	b := w.newBrowser()
	atCallback := b.signIn(b.approve(c), ada)
	q := url.Values{"state": atCallback.Query()["state"], "error": {"access_denied<b>"}, "error_description": {markup}, "error_uri": {"javascript:alert(1)"}}
	atCallback.RawQuery = q.Encode()
	atExchange := b.signIn(b.approve(c), ada)
	w.entra.Misbehave(func(b *sandbox.Behaviour) {
		b.Faults[sandbox.Token] = sandbox.Fault{Status: 400, Body: `{"error":"x<b>","error_description":` + quote(markup) + `,"trace_id":"<svg>","correlation_id":"<svg>"}`}
	})
	for name, callback := range map[string]*url.URL{"callback": atCallback, "exchange": atExchange} {
		a := b.get(callback.String())
		if a.status < 400 || a.location != nil {
			t.Fatalf("%s: status %d, location %v", name, a.status, a.location)
		}
		if got := elements(t, a.body); got["svg"] != 1 || got["script"]+got["img"]+got["b"] != 0 {
			t.Errorf("%s: the page holds %v", name, got)
		}
		if strings.Contains(a.body, "alert(1)") {
			t.Errorf("%s: the page repeats what Entra said: %s", name, a.body)
		}
		if strings.Contains(w.log.String(), "alert(1)") {
			t.Errorf("%s: the log repeats what Entra said", name)
		}
	}
}

// Every way back to the client is a plain 303: a page that redirects by script or by meta would run
// javascript: addresses.
func TestAttack2_4_ScriptRedirects(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	b := w.newBrowser()
	form := b.consent(c)
	form.Set("decision", "cancel")
	approved := b.post(testIssuer+authorizePath, b.consent(c), ownPage...)
	for name, a := range map[string]answer{
		"approval": approved,
		"cancel":   b.post(testIssuer+authorizePath, form, ownPage...),
		"error":    b.authorize(request(c, "response_type", "token")),
		"callback": b.get(b.signIn(approved.location, ada).String()),
	} {
		if a.status != http.StatusSeeOther || a.location == nil || a.location.Scheme != "https" && a.location.Host != "localhost:1" {
			t.Errorf("%s: status %d, location %v", name, a.status, a.location)
		}
		if a.body != "" || a.header.Get("Content-Type") != "" || a.header.Get("Refresh") != "" {
			t.Errorf("%s: a redirect with a page: %v %q", name, a.header, a.body)
		}
	}
	_, link, _ := strings.Cut(w.everyPage()["refused"].body, `class="button primary" href="`)
	if !strings.HasPrefix(link, claudeURI+"?error=") {
		t.Errorf("the page with an error leads to %.80s", link)
	}
}
