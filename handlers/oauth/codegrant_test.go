package oauth

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/certmagic"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
)

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

// A wrong try is refused, and the code stays good for whom it was made.
func TestAttack4_2_CodeInjection(t *testing.T) {
	w := newWorld(t)
	uris := []string{claudeURI, "https://claude.com/api/mcp/auth_callback"}
	c, other := w.registered("Claude", "none", uris...), w.registered("Other", "none", uris...)
	tests := []struct {
		parameter, value, code string
	}{
		{"client_id", other.ClientID, "invalid_grant"},
		{"redirect_uri", uris[1], "invalid_grant"},
		{"redirect_uri", "", "invalid_grant"},
		{"code_verifier", strings.Repeat("x", 43), "invalid_grant"},
		{"code_verifier", challenge(testVerifier), "invalid_grant"},
		{"code_verifier", testVerifier[:42], "invalid_grant"},
		{"code_verifier", strings.Repeat("x", 129), "invalid_grant"},
		{"code_verifier", testVerifier + "!", "invalid_grant"},
		{"code_verifier", "", "invalid_request"},
		{"code", "", "invalid_request"},
		{"code", randomToken(32), "invalid_grant"},
		{"code", "short", "invalid_grant"},
		{"resource", testIssuer + "/other", "invalid_target"},
		{"grant_type", "", "invalid_request"},
		{"grant_type", "client_credentials", "unsupported_grant_type"},
		{"grant_type", "password", "unsupported_grant_type"},
	}
	for _, tc := range tests {
		code := w.newBrowser().code(c).Get("code")
		for range maxWrongTries - 1 {
			wantError(t, token(t, w.server, redemption(c, code, tc.parameter, tc.value)), http.StatusBadRequest, tc.code)
		}
		if a := token(t, w.server, redemption(c, code)); a.status != http.StatusOK {
			t.Errorf("after a wrong %s: %d %s", tc.parameter, a.status, a.body)
		}
	}
}

func TestAttack4_2_WrongTriesAreCounted(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	code := w.newBrowser().code(c).Get("code")
	for range maxWrongTries {
		wantError(t, token(t, w.server, redemption(c, code, "code_verifier", strings.Repeat("x", 43))), http.StatusBadRequest, "invalid_grant")
	}
	wantError(t, token(t, w.server, redemption(c, code)), http.StatusBadRequest, "invalid_grant")
	rec, err := records.Codes.Get(t.Context(), w.server.cfg.Store, code)
	if err != nil || rec.AccessToken != "" || rec.RefreshToken != "" {
		t.Errorf("the code still holds tokens: %v", err)
	}
}

func TestCodesExpire(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	code := w.newBrowser().code(c).Get("code")
	w.clock.advance(codeLifetime)
	wantError(t, token(t, w.server, redemption(c, code)), http.StatusBadRequest, "invalid_grant")
}

func (w *world) grantOf(accessToken string) *records.Grant {
	w.t.Helper()
	issuance, err := records.Issuances.Get(w.t.Context(), w.server.cfg.Store, accessToken)
	if err != nil {
		w.t.Fatal(err)
	}
	g, err := records.Grants.Get(w.t.Context(), w.server.cfg.Store, issuance.Grant)
	if err != nil {
		w.t.Fatal(err)
	}
	return g
}

func TestAttack4_4_ReplayWithoutProof(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	code := w.newBrowser().code(c).Get("code")
	tokens := decode[tokenResponse](t, token(t, w.server, redemption(c, code)).body)
	wantError(t, token(t, w.server, redemption(c, code, "code_verifier", strings.Repeat("x", 43))), http.StatusBadRequest, "invalid_grant")
	if w.grantOf(tokens.AccessToken).Revoked {
		t.Fatal("a stranger revoked the grant")
	}
	wantError(t, token(t, w.server, redemption(c, code)), http.StatusBadRequest, "invalid_grant")
	if g := w.grantOf(tokens.AccessToken); !g.Revoked || g.EntraRefreshToken != "" {
		t.Errorf("the replay left the grant %+v", g)
	}
	wantError(t, token(t, w.server, renewal(c, tokens.RefreshToken)), http.StatusBadRequest, "invalid_grant")
}

func TestAttack4_3_ParallelRedemption(t *testing.T) { synctest.Test(t, parallelRedemption) }

// The storage is Caddy's own: whoever waits for one of its locks asks once a second.
func parallelRedemption(t *testing.T) {
	w := newWorld(t)
	w.shared = &certmagic.FileStorage{Path: t.TempDir()}
	defer time.Sleep(time.Minute) // until what certmagic began for its locks has ended
	c := w.registered("Claude", "none", claudeURI)
	form := redemption(c, w.newBrowser().code(c).Get("code"))
	answers, took := w.inParallel(50, form)
	if took > 3*time.Second {
		t.Errorf("the last answer came after %s", took)
	}
	var won tokenResponse
	count := map[int]int{}
	for _, a := range answers {
		if count[a.status]++; a.status == http.StatusOK {
			won = decode[tokenResponse](t, a.body)
		}
	}
	if count[http.StatusOK] != 1 || count[http.StatusBadRequest] != 49 {
		t.Fatalf("answers by status: %v", count)
	}
	if !w.grantOf(won.AccessToken).Revoked || w.opens(won.AccessToken) {
		t.Error("the grant outlived 49 replays")
	}
}

func TestAttack7_4_ClientAuthentication(t *testing.T) {
	w := newWorld(t)
	none, post, head := w.registered("n", "none", claudeURI), w.registered("p", methodPost, claudeURI), w.registered("b", methodBasic, claudeURI)
	tests := []struct {
		name    string
		client  registration
		secret  string // in the body
		headers []string
		status  int
		code    string
	}{
		{"none", none, "", nil, 200, ""},
		{"none with a secret", none, post.Secret, nil, 401, "invalid_client"},
		{"none with Basic", none, "", []string{"Authorization", basic(none.ClientID, "")}, 401, "invalid_client"},
		{"post", post, post.Secret, nil, 200, ""},
		{"post without secret", post, "", nil, 401, "invalid_client"},
		{"post with another's secret", post, head.Secret, nil, 401, "invalid_client"},
		{"post with Basic", post, "", []string{"Authorization", basic(post.ClientID, post.Secret)}, 401, "invalid_client"},
		{"basic", head, "", []string{"Authorization", basic(head.ClientID, head.Secret)}, 200, ""},
		{"basic in lower case", head, "", []string{"Authorization", "basic" + strings.TrimPrefix(basic(head.ClientID, head.Secret), "Basic")}, 200, ""},
		{"basic with a wrong secret", head, "", []string{"Authorization", basic(head.ClientID, "x")}, 401, "invalid_client"},
		{"basic in the body", head, head.Secret, nil, 401, "invalid_client"},
		{"both", head, head.Secret, []string{"Authorization", basic(head.ClientID, head.Secret)}, 400, "invalid_request"},
		{"two headers", head, "", []string{"Authorization", basic(head.ClientID, head.Secret), "Authorization", "Basic x"}, 400, "invalid_request"},
		{"two clients", post, "", []string{"Authorization", basic(head.ClientID, head.Secret)}, 400, "invalid_request"},
		{"bearer", head, "", []string{"Authorization", "Bearer x"}, 401, "invalid_client"},
		{"not base64", head, "", []string{"Authorization", "Basic !!"}, 401, "invalid_client"},
		{"no colon", head, "", []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("x"))}, 401, "invalid_client"},
		{"unknown", registration{ClientID: "nobody", RedirectURIs: []string{claudeURI}}, "", nil, 401, "invalid_client"},
		{"nobody", registration{RedirectURIs: []string{claudeURI}}, "", nil, 401, "invalid_client"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			code := strings.Repeat("x", stateLength)
			if tc.status == http.StatusOK {
				code = w.newBrowser().code(tc.client).Get("code")
			}
			form := redemption(tc.client, code)
			change(form, []string{"client_secret", tc.secret, "client_id", tc.client.ClientID})
			a := token(t, w.server, form, tc.headers...)
			if tc.status == http.StatusOK {
				if a.status != http.StatusOK {
					t.Errorf("%d %s", a.status, a.body)
				}
				return
			}
			wantError(t, a, tc.status, tc.code)
			challenged := a.header.Get("WWW-Authenticate") != ""
			if want := tc.status == 401 && tc.headers != nil; challenged != want {
				t.Errorf("WWW-Authenticate: %q", a.header.Get("WWW-Authenticate"))
			}
		})
	}
	form := redemption(none, "x")
	form.Set("client_assertion", "x")
	wantError(t, token(t, w.server, form), http.StatusUnauthorized, "invalid_client")
}

func TestAttack7_7_TokenRequestForms(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	good := redemption(c, w.newBrowser().code(c).Get("code"))
	post := func(contentType, query, body string) answer {
		r := httptest.NewRequest(http.MethodPost, testIssuer+tokenPath+query, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		return read(t, serve(w.server, r))
	}
	const formType = "application/x-www-form-urlencoded"
	wantError(t, post("application/json", "", `{"grant_type":"authorization_code"}`), http.StatusUnsupportedMediaType, "invalid_request")
	wantError(t, post("multipart/form-data; boundary=x", "", ""), http.StatusUnsupportedMediaType, "invalid_request")
	wantError(t, post("", "", good.Encode()), http.StatusUnsupportedMediaType, "invalid_request")
	wantError(t, post(formType, "", good.Encode()+"&code=x"), http.StatusBadRequest, "invalid_request")
	wantError(t, post(formType, "", good.Encode()+"&unknown=1&unknown=2"), http.StatusBadRequest, "invalid_request")
	wantError(t, post(formType, "", "a=%zz"), http.StatusBadRequest, "invalid_request")
	wantError(t, post(formType, "", strings.Repeat("a", maxBody+1)), http.StatusRequestEntityTooLarge, "invalid_request")
	wantError(t, post(formType, "?"+good.Encode(), ""), http.StatusUnauthorized, "invalid_client")
	wantError(t, fetch(t, w.server, http.MethodGet, tokenPath+"?"+good.Encode()), http.StatusMethodNotAllowed, "invalid_request")
	if a := post(formType+"; charset=utf-8", "?x=y", good.Encode()); a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-store" ||
		a.header.Get("Pragma") != "no-cache" || a.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("the good form: %d %v", a.status, a.header)
	}
}

func TestStorageOutOfOrderIsNobodysFault(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	b := w.newBrowser()
	form := b.consent(c)
	callback := b.signIn(b.approve(c), ada)
	fresh := w.addNode()
	w.storage.Fault = func(string, string) error { return errors.New("out of order") }
	wantPage(t, b.post(testIssuer+authorizePath, form, "Origin", testIssuer), http.StatusServiceUnavailable)
	wantPage(t, b.get(callback.String()), http.StatusServiceUnavailable)
	w.server = fresh
	wantPage(t, b.authorize(request(c)), http.StatusServiceUnavailable)
	wantError(t, w.register(`{"redirect_uris":["`+claudeURI+`"]}`), http.StatusServiceUnavailable, "temporarily_unavailable")
	wantError(t, token(t, w.server, redemption(c, randomToken(32))), http.StatusServiceUnavailable, "temporarily_unavailable")
	w.storage.Fault = nil
	if a := b.get(callback.String()); a.location == nil || a.location.Query().Get("code") == "" {
		t.Errorf("the callback, once storage is back: %d", a.status)
	}
}

func FuzzTokenRequest(f *testing.F) {
	f.Add("grant_type=authorization_code&code=x&client_id=y&code_verifier=z", "Basic eDp5")
	f.Add("a=1&a=2&=", "basic ")
	f.Add("client_secret=x&client_id=%ff", "")
	f.Fuzz(func(t *testing.T, body, header string) {
		r := httptest.NewRequest(http.MethodPost, tokenPath, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		form, oe := readForm(httptest.NewRecorder(), r)
		if oe != nil {
			if oe.status != http.StatusBadRequest && oe.status != http.StatusRequestEntityTooLarge {
				t.Errorf("status %d", oe.status)
			}
			return
		}
		_, secret, method, err := credentials(r, form)
		if err == nil && (method == methodNone) != (secret == "" && header == "") {
			t.Errorf("%q with %q authenticates by %s", body, header, method)
		}
		if id, ok := grantOf(form.get("refresh_token")); ok && !strings.HasPrefix(newRefreshToken(id), form.get("refresh_token")[:len(refreshPrefix)+21]) {
			t.Errorf("grant id %q of %q", id, form.get("refresh_token"))
		}
	})
}

// FuzzTokenEndpoint sends any body with any Authorization header, when the only code there is has
// been used: nothing gives tokens, and nothing is taken for trouble of ours.
func FuzzTokenEndpoint(f *testing.F) {
	w := newWorld(f)
	c := w.registered("Claude", methodBasic, claudeURI)
	good := redemption(c, w.newBrowser().code(c).Get("code"))
	tokens := decode[tokenResponse](f, token(f, w.server, good, "Authorization", basic(c.ClientID, c.Secret)).body)
	f.Add(good.Encode(), basic(c.ClientID, c.Secret))
	f.Add(renewal(c, tokens.AccessToken).Encode(), basic(c.ClientID, c.Secret))
	f.Add(renewal(c, newRefreshToken(randomToken(grantIDSize))).Encode(), basic(c.ClientID, c.Secret))
	f.Add("grant_type=refresh_token&refresh_token=camr_x&client_id=y", "")
	f.Add("a=%zz", "Basic")
	f.Fuzz(func(t *testing.T, body, header string) {
		r := httptest.NewRequest(http.MethodPost, testIssuer+tokenPath, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		rec := httptest.NewRecorder()
		w.server.ServeHTTP(rec, r)
		switch rec.Code {
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusRequestEntityTooLarge:
			a := read(t, rec.Result())
			wantError(t, a, rec.Code, decode[errorBody](t, a.body).Error)
		default:
			t.Errorf("%q with %q: %d %s", body, header, rec.Code, rec.Body)
		}
	})
}
