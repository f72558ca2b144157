package atlassian

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Deployment is who runs the product, which decides API versions, formats and identifiers.
type Deployment string

// The deployments. Server and Data Center speak the same API.
const (
	Cloud      Deployment = "cloud"
	DataCenter Deployment = "datacenter"
)

// Deployment says what the site is. Unless it was configured, the first call asks the site; calls
// meanwhile wait for that one answer. Failures are not remembered.
func (s *Site) Deployment(ctx context.Context) (Deployment, error) {
	return s.deployment.get(ctx, s, func(ctx context.Context) (d Deployment, err error) {
		if s.product == Confluence {
			d, err = probeConfluence(ctx, s)
		} else {
			d, err = probeJira(ctx, s)
		}
		if err == nil {
			s.log.Info("deployment found", "product", s.product, "deployment", d)
		}
		return d, err
	})
}

func (s *Site) setDeployment(env string, d Deployment) error {
	switch d {
	case Cloud, DataCenter:
		s.deployment.set(d)
	case "":
	default:
		return fmt.Errorf("%s_DEPLOYMENT is %q: write %q or %q, or leave it out to have the site asked", env, d, Cloud, DataCenter)
	}
	return nil
}

// known is the deployment, or empty while it has not been found out.
func (s *Site) known() Deployment { return s.deployment.peek() }

// cloudWithoutWiki says that this is a Confluence Cloud whose configured address lacks "/wiki".
func (s *Site) cloudWithoutWiki() bool { return s.known() == Cloud && !s.wikiInURL() }

// probeJSON fetches what both deployments tell everybody, and asks again with the credentials where
// something in front of the site wants to know who asks.
func (s *Site) probeJSON(ctx context.Context, path string, out any) error {
	err := s.getJSON(anonymously(ctx), s.base, path, out)
	var failure *Error
	if errors.As(err, &failure) && isSignIn(failure.Status) {
		return s.getJSON(ctx, s.base, path, out)
	}
	return err
}

// isSignIn says that an answer may come from a gate in front of the site.
func isSignIn(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status >= 300 && status < 400
}

// getJSON fetches a path below a root, as it is, and decodes the answer. It is for look-ups: it
// needs nothing that they find out.
func (s *Site) getJSON(ctx context.Context, root *url.URL, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, root.String()+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := s.send(req, root)
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
