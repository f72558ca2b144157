package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

// Whatever comes after a consent, the very same request included, is asked anew.
func TestAttack1_4_NoConsentIsRemembered(t *testing.T) {
	w := newWorld(t)
	uris := []string{claudeURI, "https://claude.com/api/mcp/auth_callback"}
	c, other := w.registered("Claude", "none", uris...), w.registered("Claude", "none", uris...)
	for _, w.server = range []*Server{w.server, w.addNode()} {
		b := w.newBrowser()
		b.code(c, "scope", "openid")
		asked := w.entra.Count(sandbox.Authorize)
		for name, q := range map[string]url.Values{
			"the same request":     request(c, "scope", "openid"),
			"another client":       request(other, "scope", "openid"),
			"another redirect URI": request(c, "scope", "openid", "redirect_uri", uris[1]),
			"a wider scope":        request(c, "scope", "openid access_as_user"),
		} {
			if a := b.authorize(q); a.status != http.StatusOK || a.location != nil {
				t.Errorf("%s: status %d, location %v", name, a.status, a.location)
			}
		}
		if w.entra.Count(sandbox.Authorize) != asked {
			t.Error("Entra was asked")
		}
	}
}

// A page of somebody else's opens the authorization URL in the browser of a person who agreed to
// the same client before: they see the page, and nothing goes on without them.
func TestAttack1_5_EmbeddedNavigation(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	b := w.newBrowser()
	b.code(c)
	asked, stored := w.entra.Count(sandbox.Authorize), len(w.storage.Dump())
	for _, site := range []string{"cross-site", "same-site", "same-origin", "none"} {
		for _, dest := range []string{"document", "iframe", "empty", "image"} {
			a := b.get(testIssuer+authorizePath+"?"+request(c).Encode(), "Sec-Fetch-Site", site, "Sec-Fetch-Dest", dest)
			wantPage(t, a, http.StatusOK)
		}
	}
	if w.entra.Count(sandbox.Authorize) != asked || len(w.storage.Dump()) != stored {
		t.Error("a navigation alone was taken for consent")
	}
}

func TestAttack1_9_Clickjacking(t *testing.T) {
	for name, a := range newWorld(t).everyPage() {
		if !strings.Contains(a.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") ||
			a.header.Get("X-Frame-Options") != "DENY" || a.header.Get("Cross-Origin-Opener-Policy") != "same-origin" {
			t.Errorf("%s can be framed: %v", name, a.header)
		}
	}
}

// Chrome applies form-action to the whole chain of redirects that a form starts, which ends at the
// client. A policy with it looks safer, and no sign-in would finish.
func TestAttack1_10_FormActionStopsTheRedirect(t *testing.T) {
	for name, a := range newWorld(t).everyPage() {
		if policy := a.header.Get("Content-Security-Policy"); policy == "" || strings.Contains(policy, "form-action") {
			t.Errorf("%s has the policy %q", name, policy)
		}
	}
}
