package atlassian

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/safego"
)

// Deployment is who runs the product, which decides API versions, formats and identifiers.
type Deployment string

// The deployments. Server and Data Center speak the same API.
const (
	Cloud      Deployment = "cloud"
	DataCenter Deployment = "datacenter"
)

// probeTimeout bounds the look-up of the deployment, its retries included.
const probeTimeout = 20 * time.Second

// probe holds the deployment once it is known, and the look-up that is under way.
type probe struct {
	mu       sync.Mutex
	known    Deployment
	inFlight *lookup
}

type lookup struct {
	done       chan struct{}
	deployment Deployment
	err        error
}

// Deployment says what the site is. Unless it was configured, the first call asks the site; calls
// meanwhile wait for that one answer. Failures are not remembered.
func (s *Site) Deployment(ctx context.Context) (Deployment, error) {
	p := &s.probe
	p.mu.Lock()
	if p.known != "" {
		defer p.mu.Unlock()
		return p.known, nil
	}
	l := p.inFlight
	if l == nil {
		l = &lookup{done: make(chan struct{})}
		p.inFlight = l
		s.startLookup(ctx, l)
	}
	p.mu.Unlock()
	select {
	case <-l.done:
		return l.deployment, l.err
	case <-ctx.Done():
		return "", s.cancelled(ctx.Err())
	}
}

// startLookup asks the site in a goroutine of its own, because the caller that happened to be
// first may go away while others wait.
func (s *Site) startLookup(ctx context.Context, l *lookup) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
	safego.Go(s.log, "probe of the "+s.product+" deployment", func() {
		l.err = &Error{Product: s.product, Messages: []string{"the deployment could not be found out"}}
		defer func() {
			cancel()
			s.probe.mu.Lock()
			defer s.probe.mu.Unlock()
			if l.err == nil {
				s.probe.known = l.deployment
			}
			s.probe.inFlight = nil
			close(l.done)
		}()
		l.deployment, l.err = s.ask(ctx)
		if l.err == nil {
			s.log.Info("deployment found", "product", s.product, "deployment", l.deployment)
		}
	})
}

func (s *Site) ask(ctx context.Context) (Deployment, error) {
	if s.product == Confluence {
		return probeConfluence(ctx, s)
	}
	return probeJira(ctx, s)
}

func (s *Site) setDeployment(env string, d Deployment) error {
	switch d {
	case "", Cloud, DataCenter:
		s.probe.known = d
		return nil
	}
	return fmt.Errorf("%s_DEPLOYMENT is %q: write %q or %q, or leave it out to have the site asked", env, d, Cloud, DataCenter)
}

// known is the deployment, or empty while it has not been found out.
func (s *Site) known() Deployment {
	s.probe.mu.Lock()
	defer s.probe.mu.Unlock()
	return s.probe.known
}

// cloudWithoutWiki says that this is a Confluence Cloud whose configured address lacks "/wiki".
func (s *Site) cloudWithoutWiki() bool { return s.known() == Cloud && !s.wikiInURL() }

// probeJSON fetches what both deployments tell everybody, and asks again with the credentials where
// something in front of the site wants to know who asks.
func (s *Site) probeJSON(ctx context.Context, path string, out any) error {
	err := s.getJSON(anonymously(ctx), path, out)
	var failure *Error
	if errors.As(err, &failure) && isSignIn(failure.Status) {
		return s.getJSON(ctx, path, out)
	}
	return err
}

// isSignIn says that an answer may come from a gate in front of the site.
func isSignIn(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status >= 300 && status < 400
}

// getJSON fetches a path below the base URL, as it is, and decodes the answer. It is for probes:
// it needs no deployment.
func (s *Site) getJSON(ctx context.Context, path string, out any) error {
	u, err := s.base.Parse(strings.TrimPrefix(path, "/"))
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := s.send(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return &Error{Product: s.product, Status: resp.StatusCode, Messages: []string{"the answer is not JSON"},
			Hint: "Is the configured address that of " + s.Name() + "?", cause: err}
	}
	return nil
}
