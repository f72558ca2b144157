package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/plaintext"
)

var correlationID = regexp.MustCompile(`[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}`)

// elements counts the elements of a page by name.
func elements(t *testing.T, page string) map[string]int {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			count[n.Data]++
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || (a.Key == "src" && a.Val != "") {
					t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
				}
			}
		}
	}
	return count
}

func TestAttack2_1_MarkupInNames(t *testing.T) {
	w := newWorld(t)
	plain := elements(t, w.newBrowser().authorize(request(w.registered("Claude", "none", claudeURI))).body)
	for _, name := range []string{
		`<script>alert(1)</script>`, `"><svg onload=alert(1)>`, `</h1><img src=x onerror=x>`, "</style><b>", "{{.Host}}", "Cl\u202eedua\u2066\u200b",
		"a\x00b\nc", strings.Repeat("W", 5000), "\U000E0041\U000E0042", "&lt;b&gt;", "<!--", "javascript:alert(1)",
	} {
		a := w.newBrowser().authorize(request(w.registered(name, "none", claudeURI), "state", `"><script>x</script>`, "scope", "<script>", "login_hint", "<b>"))
		if got := elements(t, a.body); len(got) != len(plain) || got["script"] != 0 || got["h1"] != 1 || got["section"] != plain["section"] {
			t.Errorf("%q changes the page: %v, plain %v", name, got, plain)
		}
		if strings.ContainsAny(a.body, "\u202e\u2066\u200b\x00\U000E0041") || strings.Contains(a.body, "<script") {
			t.Errorf("%q reaches the page", name)
		}
	}
}

func TestAttack1_6_FamousName(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Clients.Any = true })
	for uri, want := range map[string]string{
		"https://evil.example/cb":                      `<span class="domain">evil.example</span>`,
		"https://claude.ai.login.evil.co.uk:8443/cb":   `<span class="sub">claude.<wbr>ai.<wbr>login.<wbr></span><span class="domain">evil.co.uk</span><span class="sub">:8443</span>`,
		"https://xn--mnchen-3ya.de/cb":                 "xn--mnchen-3ya.de",
		"http://localhost:3118/callback":               "Any program on it can call itself",
		"cursor://anysphere.cursor-mcp/oauth/callback": "<strong>cursor://</strong>",
	} {
		a := w.newBrowser().authorize(request(w.registered("Claude", "none", uri)))
		if !strings.Contains(a.body, want) {
			t.Errorf("%s: the page does not show %q", uri, want)
		}
		for _, part := range []string{"Claude", "mcp.example.com", "Search and read Jira issues", "Microsoft", "access_as_user", uri} {
			if !strings.Contains(a.body, part) {
				t.Errorf("%s: the page does not show %q", uri, part)
			}
		}
		if warned := strings.Contains(a.body, `class="panel warning"`); warned != strings.HasPrefix(uri, "http:") {
			t.Errorf("%s: warning %v", uri, warned)
		}
	}
}

func TestThePageSaysWhoseNameIsOnWhatIsWritten(t *testing.T) {
	for _, shared := range []bool{false, true} {
		w := newWorld(t, func(c *Config) {
			resources := c.Resources()
			resources[0].SharedAccount = shared
			c.Resources = func() []ResourceInfo { return resources }
		})
		a := w.newBrowser().authorize(request(w.registered("Claude", "none", claudeURI)))
		if says := strings.Contains(a.body, "the name of this server’s account"); says != shared {
			t.Errorf("shared %v: said %v", shared, says)
		}
	}
}

// everyPage returns one of each sort of page that a browser can be shown.
func (w *world) everyPage() map[string]answer {
	w.t.Helper()
	c := w.registered("Claude", "none", claudeURI)
	b := w.newBrowser()
	refused := b.signIn(b.approve(c), ada)
	w.lineDown.Store(true)
	defer w.lineDown.Store(false)
	return map[string]answer{
		"consent": b.authorize(request(c)),
		"unknown": b.authorize(url.Values{}),
		"forged":  b.post(testIssuer+authorizePath, url.Values{}),
		"state":   b.get(testCallback + "?state=x"),
		"method":  b.post(testCallback, url.Values{}),
		"refused": b.get(refused.String()),
	}
}

func TestHeadersOfPages(t *testing.T) {
	w := newWorld(t)
	for name, a := range w.everyPage() {
		for header, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "X-Frame-Options": "DENY",
			"X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin",
			"Access-Control-Allow-Origin": "", "Content-Security-Policy": pagePolicy,
		} {
			if got := a.header.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
		referrer := "no-referrer"
		if name == "consent" {
			referrer = "same-origin"
		}
		if got := a.header.Get("Referrer-Policy"); got != referrer {
			t.Errorf("%s: Referrer-Policy is %q", name, got)
		}
		if got := elements(t, a.body); got["script"]+got["img"]+got["link"]+got["iframe"] != 0 {
			t.Errorf("%s holds %v", name, got)
		}
		if !strings.Contains(a.body, `<html lang="en">`) || !strings.Contains(a.body, `name="viewport"`) {
			t.Errorf("%s has no language or viewport", name)
		}
	}
	a := fetch(t, w.server, http.MethodOptions, authorizePath, "Origin", "https://evil.example.com")
	if a.status != http.StatusMethodNotAllowed || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("preflight of a page: %d %v", a.status, a.header)
	}
}

func TestThePolicyAllowsTheStyleOfThePage(t *testing.T) {
	w := newWorld(t)
	a := w.newBrowser().authorize(url.Values{})
	_, rest, _ := strings.Cut(a.body, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	if want := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(pagePolicy, want) {
		t.Errorf("the policy %s does not hold %s", pagePolicy, want)
	}
	if strings.Contains(pagePolicy, "form-action") {
		t.Error("form-action stops the redirect to the client in Chrome")
	}
}

func FuzzPlainText(f *testing.F) {
	f.Add("Claude", 48)
	f.Add("a \u202e\t\n b\u200d", 3)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = min(max(limit, 0), 1000)
		got := plaintext.Line(s, limit)
		if len(got) > limit || got != plaintext.Line(got, limit) || strings.TrimSpace(got) != got {
			t.Errorf("%q becomes %q", s, got)
		}
	})
}
