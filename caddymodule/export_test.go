package caddymodule

import (
	"context"
	"net/http"
	"time"
)

// What the tests, which see this package as Caddy does, need of its inside.
var (
	CheckEnv  = checkEnv
	Variables = variables
)

// SetMasterInterval makes changed secrets be noticed sooner, in what is loaded from now on.
func SetMasterInterval(d time.Duration) { masterInterval = d }

// ProxyFor is the proxy through which a Jira site's requests for an address go, empty for none.
func ProxyFor(site Site, address string) (string, error) {
	s := newSettings("")
	transport := site.transport(s, "JIRA")
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, http.NoBody)
	if err != nil || s.err() != nil {
		return "", s.err()
	}
	proxy, err := transport.Proxy(req)
	if err != nil || proxy == nil {
		return "", err
	}
	return proxy.String(), nil
}
