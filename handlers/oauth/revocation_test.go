package oauth

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
)

// revoke posts a form to the revocation endpoint of a node.
func revoke(t testing.TB, s *Server, form url.Values, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, testIssuer+revokePath, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	setHeaders(r, headers)
	return read(t, serve(s, r))
}

// revocation is the good request of a public client to revoke a token.
func revocation(c registration, token string, changes ...string) url.Values {
	form := url.Values{"client_id": {c.ClientID}, "token": {token}}
	change(form, changes)
	return form
}

func wantRevoked(t testing.TB, a answer) {
	t.Helper()
	if a.status != http.StatusOK || a.body != "" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("revocation: %d %q %v", a.status, a.body, a.header)
	}
}

// TestRevocationEndsTheGrant: by each of its tokens, whatever the hint says, on every node.
func TestRevocationEndsTheGrant(t *testing.T) {
	w := newWorld(t)
	other := w.addNode()
	c := w.registered("Claude", "none", claudeURI)
	for name, pick := range map[string]func(first, second tokenResponse) string{
		"refresh token":     func(_, second tokenResponse) string { return second.RefreshToken },
		"old refresh token": func(first, _ tokenResponse) string { return first.RefreshToken },
		"access token":      func(_, second tokenResponse) string { return second.AccessToken },
		"old access token":  func(first, _ tokenResponse) string { return first.AccessToken },
	} {
		for _, hint := range []string{"", "refresh_token", "access_token", "something_else"} {
			t.Run(name+"/"+hint, func(t *testing.T) {
				first := w.tokens(c)
				second := decode[tokenResponse](t, token(t, w.server, renewal(c, first.RefreshToken)).body)
				if !w.opens(second.AccessToken) {
					t.Fatal("the gate does not open before")
				}
				wantRevoked(t, revoke(t, other, revocation(c, pick(first, second), "token_type_hint", hint)))
				wantError(t, token(t, w.server, renewal(c, second.RefreshToken)), http.StatusBadRequest, "invalid_grant")
				for _, tokens := range []tokenResponse{first, second} {
					if w.opens(tokens.AccessToken) {
						t.Error("the gate still opens")
					}
				}
				if g := w.grantOf(second.AccessToken); !g.Revoked || g.EntraRefreshToken != "" {
					t.Errorf("grant %+v", g)
				}
				wantRevoked(t, revoke(t, w.server, revocation(c, pick(first, second))))
			})
		}
	}
	if !strings.Contains(w.log.String(), "the assistant revoked it") {
		t.Error("the log does not say so")
	}
}

// A token of another client stays good, and so does one whose client does not prove
// itself.
func TestAttack7_5_RevocationByAnotherClient(t *testing.T) {
	w := newWorld(t)
	public, stranger := w.registered("Claude", "none", claudeURI), w.registered("Claude", "none", claudeURI)
	post, head := w.registered("p", methodPost, claudeURI), w.registered("b", methodBasic, claudeURI)
	mine := func(c registration) tokenResponse {
		form := redemption(c, w.newBrowser().code(c).Get("code"))
		switch c.Method {
		case methodPost:
			form.Set("client_secret", c.Secret)
		case methodBasic:
			form.Del("client_id")
			return decode[tokenResponse](t, token(t, w.server, form, "Authorization", basic(c.ClientID, c.Secret)).body)
		}
		return decode[tokenResponse](t, token(t, w.server, form).body)
	}
	for _, tc := range []struct {
		name    string
		owner   registration
		changes []string
		headers []string
		status  int
		code    string
	}{
		{"a stranger", public, []string{"client_id", stranger.ClientID}, nil, 400, "invalid_grant"},
		{"a stranger with a secret", public, []string{"client_id", post.ClientID, "client_secret", post.Secret}, nil, 400, "invalid_grant"},
		{"a stranger by header", post, []string{"client_id", ""}, []string{"Authorization", basic(head.ClientID, head.Secret)}, 400, "invalid_grant"},
		{"nobody", public, []string{"client_id", ""}, nil, 401, "invalid_client"},
		{"an unknown client", public, []string{"client_id", "x"}, nil, 401, "invalid_client"},
		{"no secret", post, nil, nil, 401, "invalid_client"},
		{"a wrong secret", post, []string{"client_secret", "x"}, nil, 401, "invalid_client"},
		{"a secret of another", post, []string{"client_secret", head.Secret}, nil, 401, "invalid_client"},
		{"a secret in the wrong place", head, []string{"client_secret", head.Secret}, nil, 401, "invalid_client"},
		{"a wrong secret by header", head, []string{"client_id", ""}, []string{"Authorization", basic(head.ClientID, "x")}, 401, "invalid_client"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tokens := mine(tc.owner)
			for _, value := range []string{tokens.RefreshToken, tokens.AccessToken} {
				wantError(t, revoke(t, w.server, revocation(tc.owner, value, tc.changes...), tc.headers...), tc.status, tc.code)
			}
			if !w.opens(tokens.AccessToken) || w.grantOf(tokens.AccessToken).Revoked {
				t.Error("the grant ended")
			}
		})
	}
}

// Who probes for tokens learns nothing, RFC 7009 section 2.2.
func TestAttack7_5_ProbingForTokens(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	for _, unknown := range []string{
		"x", "camr_x", newRefreshToken(randomToken(grantIDSize)), "a.b.c", strings.Repeat("x", 50000), "\x00", c.ClientID, c.Secret + " ",
	} {
		wantRevoked(t, revoke(t, w.server, revocation(c, unknown)))
	}
}

func TestRevocationRequests(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	wantError(t, revoke(t, w.server, revocation(c, "")), http.StatusBadRequest, "invalid_request")
	wantError(t, revoke(t, w.server, url.Values{"client_id": {c.ClientID}, "token": {"a", "b"}}), http.StatusBadRequest, "invalid_request")
	wantError(t, revoke(t, w.server, revocation(c, "x"), "Content-Type", "application/json"), http.StatusUnsupportedMediaType, "invalid_request")
	wantError(t, fetch(t, w.server, http.MethodGet, revokePath+"?token=x"), http.StatusMethodNotAllowed, "invalid_request")
	a := fetch(t, w.server, http.MethodOptions, revokePath, "Origin", "https://app.example.com", "Access-Control-Request-Method", "POST")
	if a.status != http.StatusNoContent || a.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("preflight: %d %v", a.status, a.header)
	}
	if !w.server.Owns(revokePath) || w.server.Private(revokePath) {
		t.Error("the path is not owned, or is private")
	}
}

// TestStorageFailingAtAnyPointOfARevocation: 200 is said of a grant that has ended and of no other.
func TestStorageFailingAtAnyPointOfARevocation(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	for n := 1; ; n++ {
		tokens := w.tokens(c)
		calls := 0
		w.storage.Fault = func(operation, _ string) error {
			if operation == "unlock" {
				return nil
			}
			if calls++; calls == n {
				return errors.New("out of order")
			}
			return nil
		}
		a := revoke(t, w.server, revocation(c, tokens.RefreshToken))
		w.storage.Fault = nil
		revoked := w.grantOf(tokens.AccessToken).Revoked
		if calls < n {
			if a.status != http.StatusOK || n < 5 {
				t.Fatalf("without a fault: %d after %d calls", a.status, calls)
			}
			return
		}
		if a.status == http.StatusOK && revoked {
			continue // the list of the person's grants is put right later
		}
		wantError(t, a, http.StatusServiceUnavailable, "temporarily_unavailable")
		if a.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		wantRevoked(t, revoke(t, w.server, revocation(c, tokens.RefreshToken)))
		if !w.grantOf(tokens.AccessToken).Revoked {
			t.Errorf("call %d failed, and the next try did not revoke", n)
		}
	}
}

// TestTheOldestSignInMakesRoom: a person has 50 grants, whichever assistants and nodes they are of.
func TestTheOldestSignInMakesRoom(t *testing.T) {
	w := newWorld(t)
	other := w.addNode()
	c := w.registered("Claude", "none", claudeURI)
	var all []tokenResponse
	for i := range records.MaxGrants + 2 {
		a := token(t, []*Server{w.server, other}[i%2], redemption(c, w.newBrowser().code(c).Get("code")))
		if a.status != http.StatusOK {
			t.Fatalf("sign-in %d: %d %s", i+1, a.status, a.body)
		}
		all = append(all, decode[tokenResponse](t, a.body))
	}
	for i, tokens := range all {
		want := http.StatusOK
		if i < 2 {
			want = http.StatusBadRequest
		}
		if a := token(t, w.server, renewal(c, tokens.RefreshToken)); a.status != want {
			t.Errorf("refresh of sign-in %d: %d, want %d", i+1, a.status, want)
		}
	}
	if strings.Count(w.log.String(), "as many as one may have") != 2 {
		t.Error("the log does not say what ended")
	}
}

// TestABlockedPerson gets no code, no token and no refresh, at whatever point the block comes.
func TestABlockedPerson(t *testing.T) {
	w := newWorld(t)
	other := w.addNode()
	c := w.registered("Claude", "none", claudeURI)
	tokens, code := w.tokens(c), w.newBrowser().code(c).Get("code")
	b := w.newBrowser()
	atEntra := b.signIn(b.approve(c), ada)
	if _, ended, err := other.cfg.Store.Block(t.Context(), w.grantOf(tokens.AccessToken).TenantID, ada); err != nil || len(ended) != 1 {
		t.Fatalf("block: %v, %v", ended, err)
	}
	if w.opens(tokens.AccessToken) {
		t.Error("the gate still opens")
	}
	wantError(t, token(t, w.server, renewal(c, tokens.RefreshToken)), http.StatusBadRequest, "invalid_grant")
	wantError(t, token(t, w.server, redemption(c, code)), http.StatusBadRequest, "invalid_grant")
	a := b.get(atEntra.String())
	wantPage(t, a, http.StatusForbidden)
	for _, part := range []string{"Your access has been ended", "error=access_denied"} {
		if !strings.Contains(a.body, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	live := 0
	for g, err := range records.Grants.All(t.Context(), w.server.cfg.Store) {
		if err != nil || !g.Revoked {
			live++
		}
	}
	if live != 0 {
		t.Errorf("%d grants live", live)
	}

	bens := w.newBrowser()
	if a := bens.get(bens.signIn(bens.approve(c), ben).String()); a.status != http.StatusSeeOther {
		t.Errorf("somebody else: %d", a.status)
	}
	if _, err := other.cfg.Store.Unblock(t.Context(), w.grantOf(tokens.AccessToken).TenantID, ada); err != nil {
		t.Fatal(err)
	}
	if again := w.tokens(c); !w.opens(again.AccessToken) || w.opens(tokens.AccessToken) {
		t.Error("after the block was lifted: a new sign-in must open, and an old one must not")
	}
}

// TestABlockReachesAGrantThatOutlivedIt: one that the node that blocks did not see.
func TestABlockReachesAGrantThatOutlivedIt(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	tokens := w.tokens(c)
	g := w.grantOf(tokens.AccessToken)
	err := records.Persons.Put(t.Context(), w.server.cfg.Store, records.PersonID(g.TenantID, g.ObjectID),
		&records.Person{TenantID: g.TenantID, ObjectID: g.ObjectID, Blocked: w.clock.Now(), Expires: w.clock.Now().Add(grantLifetime)})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, token(t, w.server, renewal(c, tokens.RefreshToken)), http.StatusBadRequest, "invalid_grant")
	if !w.grantOf(tokens.AccessToken).Revoked {
		t.Error("the grant was not ended")
	}
}

// TestADeniedClient gets no page to approve, no code, no token and no refresh, and hears nothing
// that would make it register again.
func TestADeniedClient(t *testing.T) {
	w := newWorld(t)
	c, other := w.registered("Claude", "none", claudeURI), w.registered("Claude", "none", claudeURI)
	tokens, code := w.tokens(c), w.newBrowser().code(c).Get("code")
	b := w.newBrowser()
	form := b.consent(c)
	w.config.Clients.Deny = []string{"x", c.ClientID}
	w.server = w.addNode()
	for name, a := range map[string]answer{
		"the page":     b.get(testIssuer + authorizePath + "?" + request(c).Encode()),
		"its approval": b.post(testIssuer+authorizePath, form, "Origin", testIssuer),
	} {
		wantPage(t, a, http.StatusForbidden)
		if !strings.Contains(a.body, "may not be used here") || transactionField.MatchString(a.body) {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	for _, form := range []url.Values{redemption(c, code), renewal(c, tokens.RefreshToken)} {
		wantError(t, token(t, w.server, form), http.StatusBadRequest, "invalid_grant")
	}
	if !strings.Contains(w.log.String(), "deny_client names this client") {
		t.Error("the log does not say why")
	}
	wantRevoked(t, revoke(t, w.server, revocation(c, tokens.RefreshToken)))
	if tokens := w.tokens(other); tokens.AccessToken == "" {
		t.Error("another client of that name is denied as well")
	}
}
