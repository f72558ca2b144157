package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

// step is one request of a sign-in or a refresh. begin does all that comes before it, and returns
// the request, which can be made again.
type step struct {
	name  string
	begin func(w *world) func() answer
	done  func(a answer) bool
}

func pageShown(a answer) bool { return a.status == http.StatusOK }
func movedOn(a answer) bool {
	return a.status == http.StatusSeeOther && a.location != nil && !a.location.Query().Has("error")
}

var steps = []step{
	{"register", func(w *world) func() answer {
		return func() answer {
			return w.register(`{"redirect_uris":["` + claudeURI + `"],"token_endpoint_auth_method":"client_secret_post"}`)
		}
	}, func(a answer) bool { return a.status == http.StatusCreated }},
	{"authorize", func(w *world) func() answer {
		c := w.registered("Claude", "none", claudeURI)
		b := w.newBrowser()
		return func() answer { return b.authorize(request(c)) }
	}, pageShown},
	{"approve", func(w *world) func() answer {
		b := w.newBrowser()
		form := b.consent(w.registered("Claude", "none", claudeURI))
		return func() answer { return b.post(testIssuer+authorizePath, form, ownPage...) }
	}, movedOn},
	{"callback", func(w *world) func() answer {
		b := w.newBrowser()
		callback := b.signIn(b.approve(w.registered("Claude", "none", claudeURI)), ada)
		return func() answer { return b.get(callback.String()) }
	}, movedOn},
	{"redeem", func(w *world) func() answer {
		c := w.registered("Claude", "none", claudeURI)
		form := redemption(c, w.newBrowser().code(c).Get("code"))
		return func() answer { return token(w.t, w.server, form) }
	}, pageShown},
	{"refresh", func(w *world) func() answer {
		c := w.registered("Claude", "none", claudeURI)
		form := renewal(c, w.tokens(c).RefreshToken)
		return func() answer { return token(w.t, w.server, form) }
	}, pageShown},
}

// faultyStorage breaks at one of its calls.
type faultyStorage struct {
	records.Storage
	calls, first int
	lasting      bool // every later call breaks too
	applied      bool // a call that breaks does its work all the same; only its answer is lost
}

func (f *faultyStorage) call(do func() error) error {
	f.calls++
	if f.calls != f.first && (!f.lasting || f.calls < f.first) {
		return do()
	}
	if f.applied {
		_ = do()
	}
	return errors.New("out of order")
}

func (f *faultyStorage) Lock(ctx context.Context, name string) error {
	if err := f.call(func() error { return nil }); err != nil {
		return err
	}
	return f.Storage.Lock(ctx, name)
}

// Unlock always does its work: in real storage a lock that nobody holds ends by itself.
func (f *faultyStorage) Unlock(ctx context.Context, name string) error {
	return errors.Join(f.Storage.Unlock(ctx, name), f.call(func() error { return nil }))
}

func (f *faultyStorage) Store(ctx context.Context, key string, value []byte) error {
	return f.call(func() error { return f.Storage.Store(ctx, key, value) })
}

func (f *faultyStorage) Delete(ctx context.Context, key string) error {
	return f.call(func() error { return f.Storage.Delete(ctx, key) })
}

func (f *faultyStorage) Load(ctx context.Context, key string) (value []byte, err error) {
	err = f.call(func() error {
		value, err = f.Storage.Load(ctx, key)
		return err
	})
	return value, err
}

// grants counts the grants in storage.
func (w *world) grants() (n int) {
	for key := range w.storage.Dump() {
		if strings.Contains(key, "/grant/") {
			n++
		}
	}
	return n
}

// checkUsable goes on with what a step gave.
func (w *world) checkUsable(t *testing.T, s step, a answer) {
	t.Helper()
	switch s.name {
	case "redeem", "refresh":
		tokens := decode[tokenResponse](t, a.body)
		if !w.opens(tokens.AccessToken) {
			t.Errorf("the access token that was given out does not open the gate")
		}
		if g := w.grantOf(tokens.AccessToken); string(g.Current) != string(hashToken(tokens.RefreshToken)) || g.EntraRefreshToken == "" {
			t.Errorf("the refresh token that was given out is not that of the grant")
		}
	case "callback":
		code := a.location.Query().Get("code")
		if rec, err := records.Codes.Get(t.Context(), w.server.cfg.Store, code); err != nil || rec.AccessToken == "" {
			t.Errorf("the code that was given out is not good: %v", err)
		}
	}
}

// checkOutage checks an answer to trouble that is not the client's: it says so, says when to come
// again, and holds nothing else.
func checkOutage(t *testing.T, a answer) (retryAfter time.Duration) {
	t.Helper()
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if a.status != http.StatusServiceUnavailable || err != nil || seconds < 1 {
		t.Errorf("status %d, Retry-After %q: %s", a.status, a.header.Get("Retry-After"), a.body)
	}
	if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		wantPage(t, a, http.StatusServiceUnavailable)
	} else {
		wantError(t, a, http.StatusServiceUnavailable, "temporarily_unavailable")
	}
	if strings.Contains(a.body, "access_token") || a.location != nil {
		t.Errorf("more than an error: %v %s", a.location, a.body)
	}
	return time.Duration(seconds) * time.Second
}

// Whichever call to the storage breaks, on a node that has just been started: nobody gets what does
// not work, trouble is told as trouble, and the next try works. Where the very request cannot be
// made again, because the answer that was lost had used something up, a new sign-in works.
func TestAttack8_10_StorageFaults(t *testing.T) {
	for mode, as := range map[string]faultyStorage{
		"one call fails": {}, "one answer is lost": {applied: true}, "all calls fail from one on": {lasting: true},
	} {
		for _, s := range steps {
			t.Run(s.name+"/"+mode, func(t *testing.T) {
				w := newWorld(t)
				for n := 1; ; n++ {
					again := s.begin(w)
					grants := w.grants()
					w.server = w.restarted()
					faulty := as
					faulty.Storage, faulty.first = w.storage, n
					w.shared = &faulty
					a := again()
					w.shared = w.storage
					if faulty.calls < n {
						if !s.done(a) || n == 1 {
							t.Fatalf("without a fault: %d after %d calls", a.status, faulty.calls)
						}
						return
					}
					if s.done(a) { // a failed unlock is no trouble
						w.checkUsable(t, s, a)
						continue
					}
					checkOutage(t, a)
					a = again()
					if !s.done(a) && (as.applied || s.name == "callback") && a.status < 500 {
						a = s.begin(w)()
					}
					if !s.done(a) {
						t.Fatalf("call %d broke, and the next try answers %d %s", n, a.status, a.body)
					}
					if more := w.grants() - grants; s.name == "redeem" && more != 1 && as == (faultyStorage{}) {
						t.Errorf("call %d broke, and one code gave %d grants", n, more)
					}
					w.checkUsable(t, s, a)
				}
			})
		}
	}
}

// However Entra fails, at whichever of its endpoints, on a node that has fetched nothing from it yet:
// the answer comes in time, is temporarily_unavailable with Retry-After, and takes nothing away.
func TestAttack7_8_EntraFaults(t *testing.T) {
	faults := map[string]sandbox.Fault{
		"500": {Status: 500}, "503": {Status: 503, RetryAfter: 9}, "429": {Status: 429, RetryAfter: 9}, "garbage": {Body: "<html>"}, "nothing": {},
		"half an answer": {Body: `{"token_type":"Bearer","access_token":"`}, "a redirect": {Status: 302, Header: http.Header{"Location": {"https://evil.example.com/"}}},
		"not found": {Status: 404}, "too late": {Hang: true}, "no connection": {},
	}
	endpoints := []sandbox.Endpoint{sandbox.DiscoveryV1, sandbox.DiscoveryV2, sandbox.KeysV1, sandbox.KeysV2, sandbox.Token}
	for _, s := range steps {
		if s.name != "approve" && s.name != "callback" && s.name != "refresh" {
			continue // Entra has no part in it
		}
		for _, endpoint := range endpoints {
			for name, fault := range faults {
				t.Run(fmt.Sprintf("%s/%s/%s", s.name, endpoint, name), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { entraFault(t, s, endpoint, name, fault) })
				})
			}
		}
	}
}

func entraFault(t *testing.T, s step, endpoint sandbox.Endpoint, name string, fault sandbox.Fault) {
	w := newWorld(t)
	again := s.begin(w)
	w.server = w.restarted()
	w.lineDown.Store(name == "no connection")
	w.entra.Misbehave(func(b *sandbox.Behaviour) {
		b.Faults[endpoint] = fault
		if endpoint == sandbox.DiscoveryV1 || endpoint == sandbox.KeysV1 {
			b.TokenVersion = 1
		}
	})
	asked := w.entra.Count(endpoint)
	began := time.Now()
	a := again()
	took := time.Since(began)
	w.lineDown.Store(false)
	unasked := w.entra.Count(endpoint) == asked && name != "no connection"
	w.entra.Misbehave(func(b *sandbox.Behaviour) { *b = sandbox.Behaviour{} })
	if unasked {
		if !s.done(a) {
			t.Errorf("without being asked: %d %s", a.status, a.body)
		}
		return
	}
	wait := checkOutage(t, a)
	if fault.RetryAfter != 0 && endpoint == sandbox.Token && wait != 9*time.Second {
		t.Errorf("Retry-After is %s", wait)
	}
	if took > exchangeTimeout+time.Second {
		t.Errorf("the answer came after %s", took)
	}
	if s.name != "refresh" && !strings.Contains(a.body, claudeURI+"?error=temporarily_unavailable") {
		t.Errorf("the page does not lead back: %s", a.body)
	}
	w.clock.advance(wait)
	time.Sleep(wait)
	if s.name == "callback" { // a state and a code of Entra's are for one use
		again = s.begin(w)
	}
	if a = again(); !s.done(a) {
		t.Fatalf("after %s: %d %s", wait, a.status, a.body)
	}
	w.checkUsable(t, s, a)
	time.Sleep(time.Minute) // until what was begun in the background has ended
}
