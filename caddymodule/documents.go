package caddymodule

import (
	"fmt"
	"slices"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/cimd"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/oauth"
)

// sharedDocuments are the metadata documents of clients, and what may still be fetched. A reload is
// no reason to fetch anew.
type sharedDocuments struct{ *cimd.Fetcher }

// Destruct implements caddy.Destructor. Nothing in a Fetcher runs on its own.
func (sharedDocuments) Destruct() error { return nil }

// shareDocuments joins the documents of an earlier configuration that trusts the same hosts, or
// makes room for them.
func (a *App) shareDocuments(clients oauth.ClientPolicy, out outbound) (*cimd.Fetcher, error) {
	hosts, known, err := clients.Documents()
	if err != nil {
		return nil, fmt.Errorf("entra: %w", err)
	}
	key, err := sharedKey([]any{"documents", hosts, known, out.pem})
	if err != nil {
		return nil, err
	}
	value, _, err := pool.LoadOrNew(key, func() (caddy.Destructor, error) {
		return sharedDocuments{cimd.New(cimd.Config{
			Trusted: func(host string) bool { return slices.Contains(hosts, host) },
			Known:   known, Roots: out.roots, Logger: currentLogger(),
		})}, nil
	})
	if err != nil {
		return nil, err
	}
	a.leaveDocuments = func() error { _, err := pool.Delete(key); return err }
	return value.(sharedDocuments).Fetcher, nil
}
