package oauth

import (
	"errors"
	"log/slog"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

// TestRefusalsNameThePerson: what is brought to the token or the revocation endpoint is refused to
// the assistant that brings it, and the audit says whose it is, wherever that is known.
func TestRefusalsNameThePerson(t *testing.T) {
	wrong := strings.Repeat("x", 43)
	for name, tc := range map[string]struct {
		// refused does what is needed, ends with what is refused, and returns its answer.
		refused func(w *world, c, other registration) answer
		want    string // the reason
		members map[string]any
	}{
		"PKCE mismatch": {func(w *world, c, _ registration) answer {
			return token(w.t, w.server, redemption(c, w.code(c), "code_verifier", wrong))
		}, "invalid_grant: code_verifier does not match", nil},
		"too many tries": {func(w *world, c, _ registration) answer {
			code := w.code(c)
			for range maxWrongTries {
				token(w.t, w.server, redemption(c, code, "code_verifier", wrong))
			}
			return token(w.t, w.server, redemption(c, code))
		}, "invalid_grant: too many wrong tries for this code", nil},
		"another resource": {func(w *world, c, _ registration) answer {
			return token(w.t, w.server, redemption(c, w.code(c), "resource", testIssuer+"/other"))
		}, "invalid_target: The resource is not that of the authorization request.", nil},
		"another client's code": {func(w *world, c, other registration) answer {
			return token(w.t, w.server, redemption(other, w.code(c)))
		}, "invalid_grant: the code belongs to another client", map[string]any{"assistant": "Other"}},
		"replayed code": {func(w *world, c, _ registration) answer {
			code := w.code(c)
			token(w.t, w.server, redemption(c, code))
			return token(w.t, w.server, redemption(c, code))
		}, "invalid_grant: the authorization code was used already", nil},
		"replayed code without proof": {func(w *world, c, _ registration) answer {
			code := w.code(c)
			token(w.t, w.server, redemption(c, code))
			return token(w.t, w.server, redemption(c, code, "code_verifier", wrong))
		}, "invalid_grant: code_verifier does not match", nil},
		"code of somebody blocked": {func(w *world, c, _ registration) answer {
			code := w.code(c)
			w.block()
			return token(w.t, w.server, redemption(c, code))
		}, "invalid_grant: the person is blocked", nil},
		"replayed refresh token": {func(w *world, c, _ registration) answer {
			first := w.tokens(c)
			token(w.t, w.server, renewal(c, first.RefreshToken))
			w.clock.advance(rotationWindow + time.Second)
			return token(w.t, w.server, renewal(c, first.RefreshToken))
		}, "invalid_grant: an old refresh token was used again", nil},
		"revoked grant": {func(w *world, c, _ registration) answer {
			tokens := w.tokens(c)
			revoke(w.t, w.server, revocation(c, tokens.RefreshToken))
			return token(w.t, w.server, renewal(c, tokens.RefreshToken))
		}, "invalid_grant: the grant is revoked", nil},
		"another client's refresh token": {func(w *world, c, other registration) answer {
			return token(w.t, w.server, renewal(other, w.tokens(c).RefreshToken))
		}, "invalid_grant: the refresh token belongs to another client", map[string]any{"assistant": "Other"}},
		"too much at a refresh": {func(w *world, c, _ registration) answer {
			return token(w.t, w.server, renewal(c, w.tokens(c, "scope", "access_as_user").RefreshToken, "scope", "access_as_user openid"))
		}, "invalid_scope: The scope exceeds what was granted.", nil},
		"refresh while Entra is down": {func(w *world, c, _ registration) answer {
			tokens := w.tokens(c)
			w.lineDown.Store(true)
			return token(w.t, w.server, renewal(c, tokens.RefreshToken))
		}, "temporarily_unavailable: *", map[string]any{"outcome": "error"}},
		"storage that fails at a code": {func(w *world, c, _ registration) answer {
			code := w.code(c)
			w.storage.Fault = func(operation, _ string) error {
				if operation == "store" {
					return errors.New("disk full")
				}
				return nil
			}
			return token(w.t, w.server, redemption(c, code))
		}, "temporarily_unavailable: *", map[string]any{"outcome": "error"}},
		"revocation of another client's refresh token": {func(w *world, c, other registration) answer {
			return revoke(w.t, w.server, revocation(other, w.tokens(c).RefreshToken))
		}, "invalid_grant: the token belongs to another client", map[string]any{"msg": "revocation refused", "assistant": "Other"}},
		"revocation of another client's access token": {func(w *world, c, other registration) answer {
			return revoke(w.t, w.server, revocation(other, w.tokens(c).AccessToken))
		}, "invalid_grant: the token belongs to another client", map[string]any{"msg": "revocation refused", "assistant": "Other"}},

		"unknown code": {func(w *world, c, _ registration) answer {
			return token(w.t, w.server, redemption(c, randomToken(32)))
		}, "invalid_grant: no such record", nobody},
		"unknown refresh token": {func(w *world, c, _ registration) answer {
			return token(w.t, w.server, renewal(c, newRefreshToken(randomToken(grantIDSize))))
		}, "invalid_grant: no such record", nobody},
		"expired code": {func(w *world, c, _ registration) answer {
			code := w.code(c)
			w.clock.advance(codeLifetime)
			return token(w.t, w.server, redemption(c, code))
		}, "invalid_grant: no such record", nobody},
		"no code": {func(w *world, c, _ registration) answer {
			return token(w.t, w.server, redemption(c, ""))
		}, "invalid_request: code is missing.", nobody},
		"unknown client": {func(w *world, c, _ registration) answer {
			return token(w.t, w.server, url.Values{"client_id": {"nobody"}, "grant_type": {"authorization_code"}, "code": {w.code(c)}})
		}, "invalid_client: unknown or expired client id", map[string]any{"user": nil, "tid": nil, "oid": nil, "resource": nil, "assistant": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			log := &logBuffer{}
			w := newWorld(t, func(c *Config) { c.Audit = slog.New(slog.NewJSONHandler(log, nil)) })
			a := tc.refused(w, w.registered("Claude", "none", claudeURI), w.registered("Other", "none", claudeURI))
			if a.status < 400 {
				t.Fatalf("%d %s", a.status, a.body)
			}
			lines := strings.Split(strings.TrimSpace(log.String()), "\n")
			got := decode[map[string]any](t, lines[len(lines)-1])
			delete(got, "time")
			want := map[string]any{
				"level": "INFO", "msg": "token refused", "event": "refusal", "user": "Ada Keller", "tid": sandbox.DemoTenantID, "oid": ada,
				"application": sandbox.DemoClientID, "assistant": "Claude", "resource": testResource, "outcome": "refused", "reason": tc.want,
			}
			for member, value := range tc.members {
				want = with(want, member, value)
			}
			if reason, _ := got["reason"].(string); strings.HasSuffix(tc.want, "*") && strings.HasPrefix(reason, strings.TrimSuffix(tc.want, "*")) {
				got["reason"] = tc.want
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
}

// nobody is what a record lacks of what is not known to be anybody's.
var nobody = map[string]any{"user": nil, "tid": nil, "oid": nil, "resource": nil}

// with returns a record with one member changed; nil removes it.
func with(record map[string]any, member string, value any) map[string]any {
	record = maps.Clone(record)
	if record[member] = value; value == nil {
		delete(record, member)
	}
	return record
}

// code signs Ada in and returns the code that the assistant gets.
func (w *world) code(c registration) string {
	w.t.Helper()
	return w.newBrowser().code(c).Get("code")
}

// block shuts Ada out.
func (w *world) block() {
	w.t.Helper()
	if _, _, err := w.server.cfg.Store.Block(w.t.Context(), sandbox.DemoTenantID, ada); err != nil {
		w.t.Fatal(err)
	}
}
