package caddymodule_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/person"
)

// answer is what came of a request in the background.
type answer struct {
	status int
	body   string
	err    error
}

// callInBackground starts a tool call that Jira holds back, and waits until Jira has it.
func (w *world) callInBackground(token string) (answers <-chan answer, release func()) {
	w.t.Helper()
	hold := make(chan struct{})
	w.slow.Store(&hold)
	before := w.upstream.Load()
	done := make(chan answer, 1)
	req := w.mcpRequest(w.t.Context(), token, getIssue)
	go func() {
		resp, err := noRedirects.Do(req)
		if err != nil {
			done <- answer{err: err}
			return
		}
		defer resp.Body.Close()
		var body strings.Builder
		buf := make([]byte, 4096)
		for {
			n, err := resp.Body.Read(buf)
			body.Write(buf[:n])
			if err != nil {
				break
			}
		}
		done <- answer{status: resp.StatusCode, body: body.String()}
	}()
	for deadline := time.Now().Add(10 * time.Second); w.upstream.Load() == before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatal("the call did not reach Jira")
		}
	}
	w.slow.Store(nil)
	return done, func() { close(hold) }
}

func receive(t *testing.T, answers <-chan answer, within time.Duration) answer {
	t.Helper()
	select {
	case a := <-answers:
		return a
	case <-time.After(within):
		t.Fatalf("no answer within %s", within)
		return answer{}
	}
}

// TestReloadLosesNothing: a reload keeps sign-ins, and neither cuts a running call nor waits for it.
func TestReloadLosesNothing(t *testing.T) {
	w := newWorld(t)
	config := w.caddyfile("", route)
	w.load(config)
	s := w.signIn(person.New("Ada Keller"))
	answers, release := w.callInBackground(s.AccessToken)
	started := time.Now()
	w.reload(strings.Replace(config, "level DEBUG", "level INFO", 1))
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("the reload took %s: it waited for the call", took)
	}
	if resp, body := w.mcp(s.AccessToken, getIssue); resp.StatusCode != http.StatusOK {
		t.Errorf("a call after the reload: %d %s", resp.StatusCode, body)
	}
	release()
	if a := receive(t, answers, 10*time.Second); a.err != nil || a.status != http.StatusOK || !strings.Contains(a.body, "PLAT-1") {
		t.Errorf("the call that ran over the reload: %+v", a)
	}
}

// TestSignInOverAReload: a person who is at Entra while Caddy reloads comes back to a server that
// knows them.
func TestSignInOverAReload(t *testing.T) {
	w := newWorld(t)
	config := w.caddyfile("", route)
	w.load(config)
	before := w.signIn(person.New("Ada Keller"))
	w.reload(strings.Replace(config, "level DEBUG", "level INFO", 1))
	if resp, _ := w.mcp(before.AccessToken, getIssue); resp.StatusCode != http.StatusOK {
		t.Errorf("a token from before the reload: %d", resp.StatusCode)
	}
	after := w.signIn(person.New("Ben Okafor"))
	if resp, _ := w.mcp(after.AccessToken, getIssue); resp.StatusCode != http.StatusOK {
		t.Errorf("a token from after the reload: %d", resp.StatusCode)
	}
}

// TestRestartForgetsNothing: with a client secret, keys and records outlive the process's
// configuration altogether.
func TestRestartForgetsNothing(t *testing.T) {
	w := newWorld(t)
	config := w.caddyfile("", route)
	w.load(config)
	s := w.signIn(person.New("Ada Keller"))
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	w.load(config)
	if resp, _ := w.mcp(s.AccessToken, getIssue); resp.StatusCode != http.StatusOK {
		t.Errorf("after a stop and a start: %d", resp.StatusCode)
	}
}

// TestStopWaitsForACallAndEnds: a call that ends in time is answered, and one that would not is
// ended by its deadline, which is never longer than grace_period.
func TestStopWaitsForACallAndEnds(t *testing.T) {
	for name, tc := range map[string]struct {
		release bool
		want    string
	}{
		"a call that ends":       {true, "PLAT-1"},
		"a call that would hang": {false, "isError"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.load(w.caddyfile("grace_period 3s", route))
			s := w.signIn(person.New("Ada Keller"))
			answers, release := w.callInBackground(s.AccessToken)
			if tc.release {
				time.AfterFunc(300*time.Millisecond, release)
			} else {
				defer release()
			}
			stopped := make(chan error, 1)
			go func() { stopped <- caddy.Stop() }()
			a := receive(t, answers, 10*time.Second)
			if a.err != nil || a.status != http.StatusOK || !strings.Contains(a.body, tc.want) {
				t.Errorf("the running call: %+v; want %s", a, tc.want)
			}
			select {
			case err := <-stopped:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("Caddy does not stop")
			}
		})
	}
}
