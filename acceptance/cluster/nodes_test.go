//go:build acceptance

package cluster

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sandboxentra "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

func TestEveryStepOnAnotherNode(t *testing.T) {
	over(t, func(t *testing.T, c *cluster) {
		c.send(alternately())
		s := c.register().complete()
		for range 2 {
			s.works(t)
		}
		status, renewed := s.refresh(s.tokens.Refresh)
		if status != http.StatusOK {
			t.Fatalf("refresh: %d %s", status, renewed.Error)
		}
		s.tokens = renewed
		s.works(t)
	})
}

func TestFiftyRedemptionsOfOneCode(t *testing.T) {
	over(t, func(t *testing.T, c *cluster) {
		c.send(alternately())
		s := c.register()
		s.authorize()
		var won, lost atomic.Int32
		var wg sync.WaitGroup
		began := time.Now()
		for range 50 {
			wg.Go(func() {
				switch status, answer := s.redeem(); {
				case status == http.StatusOK:
					won.Add(1)
				case status == http.StatusBadRequest && answer.Error == "invalid_grant":
					lost.Add(1)
				default:
					t.Errorf("%d %s", status, answer.Error)
				}
			})
		}
		wg.Wait()
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("the last answer took %v", took)
		}
		if won.Load() != 1 || lost.Load() != 49 {
			t.Errorf("%d redeemed the code, %d were refused", won.Load(), lost.Load())
		}
	})
}

func TestTwentyRefreshesAtOnce(t *testing.T) {
	over(t, func(t *testing.T, c *cluster) {
		c.send(alternately())
		s := c.register().complete()
		asked := c.sandbox.Entra.Count(sandboxentra.Token)
		var successors sync.Map
		var wg sync.WaitGroup
		began := time.Now()
		for range 20 {
			wg.Go(func() {
				status, answer := s.refresh(s.tokens.Refresh)
				if status != http.StatusOK {
					t.Errorf("%d %s", status, answer.Error)
				}
				successors.Store(answer.Refresh+answer.Access, true)
			})
		}
		wg.Wait()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the last answer took %v", took)
		}
		different := 0
		successors.Range(func(any, any) bool { different++; return true })
		if calls := c.sandbox.Entra.Count(sandboxentra.Token) - asked; different != 1 || calls != 1 {
			t.Errorf("%d different answers, %d calls to Entra", different, calls)
		}
	})
}

// TestANodeIsKilled: whatever one node had accepted, the other brings to its end.
func TestANodeIsKilled(t *testing.T) {
	over(t, func(t *testing.T, c *cluster) {
		c.send(to(0))
		var approved, coded, done []*signIn
		var finish []func()
		for range 5 {
			s := c.register()
			finish = append(finish, s.approve())
			approved = append(approved, s)
			s = c.register()
			s.authorize()
			coded = append(coded, s)
			done = append(done, c.register().complete())
		}
		c.nodes[0].kill()
		c.send(to(1))
		for i, s := range approved {
			finish[i]()
			s.take()
			s.works(t)
		}
		for _, s := range coded {
			s.take()
			s.works(t)
		}
		for _, s := range done {
			s.works(t)
			if status, answer := s.refresh(s.tokens.Refresh); status != http.StatusOK {
				t.Errorf("refresh: %d %s", status, answer.Error)
			}
		}
	})
}

// TestKilledWhileRedeeming: a node that dies at any moment of a redemption leaves the code to the
// other, or took it; nobody gets two answers.
func TestKilledWhileRedeeming(t *testing.T) {
	over(t, func(t *testing.T, c *cluster) {
		var all []*signIn
		c.send(to(0))
		for range 8 {
			s := c.register()
			s.authorize()
			all = append(all, s)
		}
		var first [8]int
		var wg sync.WaitGroup
		for i, s := range all {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				first[i], s.tokens = s.redeem()
			})
		}
		time.Sleep(3 * time.Millisecond)
		c.nodes[0].kill()
		wg.Wait()
		c.send(to(1))
		for i, s := range all {
			status, answer := s.redeem()
			switch {
			case first[i] == http.StatusOK && status == http.StatusOK:
				t.Errorf("code %d was redeemed twice", i)
			case first[i] != http.StatusOK && status == http.StatusOK:
				s.tokens = answer
				s.works(t)
			case status != http.StatusOK && answer.Error != "invalid_grant":
				t.Errorf("code %d: %d %s", i, status, answer.Error)
			}
		}
	})
}

func TestReloadInTheMiddleOfASignIn(t *testing.T) {
	over(t, func(t *testing.T, c *cluster) {
		c.send(to(0))
		s := c.register()
		finish := s.approve()
		c.caddyCommand("reload", "--config", c.nodes[0].config, "--adapter", "caddyfile", "--address", c.nodes[0].admin, "--force")
		finish()
		c.caddyCommand("reload", "--config", c.nodes[0].config, "--adapter", "caddyfile", "--address", c.nodes[0].admin, "--force")
		s.take()
		s.works(t)
	})
}

// TestNothingReadableIsLeft: neither storage nor a log at debug level holds a secret of a whole
// journey.
func TestNothingReadableIsLeft(t *testing.T) {
	over(t, func(t *testing.T, c *cluster) {
		c.send(alternately())
		s := c.register().complete()
		s.works(t)
		_, renewed := s.refresh(s.tokens.Refresh)
		traces := map[string]string{"storage": c.dump(), "log of node 1": c.nodes[0].log.String(), "log of node 2": c.nodes[1].log.String()}
		secrets := map[string]string{
			"code": s.code, "verifier": s.verifier, "access token": s.tokens.Access, "refresh token": s.tokens.Refresh,
			"new access token": renewed.Access, "new refresh token": renewed.Refresh,
		}
		for _, setting := range c.sandbox.Environment() {
			if strings.HasSuffix(setting.Name, "_SECRET") || strings.HasSuffix(setting.Name, "_TOKEN") {
				secrets[setting.Name] = setting.Value
			}
		}
		for where, text := range traces {
			if len(text) < 500 {
				t.Errorf("%s holds %d bytes, which cannot be all", where, len(text))
			}
			for what, secret := range secrets {
				if secret == "" {
					t.Fatalf("no %s", what)
				}
				if strings.Contains(text, secret) {
					t.Errorf("%s holds the %s", where, what)
				}
			}
		}
	})
}

// TestABlockHoldsOnEveryNode: who is shut out at one node is refused by another that has just let
// them in, within 30 seconds, and cannot come back.
func TestABlockHoldsOnEveryNode(t *testing.T) {
	over(t, func(t *testing.T, c *cluster) {
		c.send(to(1))
		s := c.register().complete()
		s.works(t)
		person := sandboxentra.DemoTenantID + "/" + personID(t, "Ada Keller")
		c.caddyCommand("atlassian-mcp", "users", "block", person, "--address", c.nodes[0].admin)
		if status, answer := s.refresh(s.tokens.Refresh); status != http.StatusBadRequest || answer.Error != "invalid_grant" {
			t.Errorf("refresh: %d %s", status, answer.Error)
		}
		began := time.Now()
		for {
			status, _ := s.call()
			if status == http.StatusUnauthorized {
				break
			}
			if time.Since(began) > 31*time.Second {
				t.Fatalf("after %v the other node still answers %d", time.Since(began), status)
			}
			time.Sleep(500 * time.Millisecond)
		}
		if list := c.caddyCommand("atlassian-mcp", "users", "list", "--address", c.nodes[1].admin); !strings.Contains(list, person) {
			t.Errorf("users list: %s", list)
		}
		c.caddyCommand("atlassian-mcp", "users", "unblock", person, "--address", c.nodes[1].admin)
		c.register().complete().works(t)
	})
}

func personID(t *testing.T, name string) string {
	t.Helper()
	for _, p := range sandboxentra.DemoPeople() {
		if p.Name == name {
			return p.ObjectID
		}
	}
	t.Fatalf("there is no %s", name)
	return ""
}
