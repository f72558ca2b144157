package caddymodule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/certmagic"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/bearer"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
)

// pool holds what outlives a reload, by a hash of the settings that define it.
var pool = caddy.NewUsagePool()

// shared is the state of one registration with Entra: its keys, caches and locks. It holds nothing
// of one configuration's lifetime; storage and log are looked up when they are used.
type shared struct {
	entra *entra.Provider // nil when Entra is not configured
	keys  *records.Keyring
	store *records.Store
	cache *bearer.Cache
}

// Destruct implements caddy.Destructor. Nothing in shared runs on its own.
func (*shared) Destruct() error { return nil }

// sharedKey is what two configurations must agree on to share state. It is a hash, because the
// keys of a pool are no place for secrets.
func sharedKey(settings any) (string, error) {
	raw, err := json.Marshal(settings)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// surroundings are what one configuration lends to the state that outlives it.
type surroundings struct {
	storage certmagic.Storage
	log     slog.Handler
}

// live holds the surroundings of the configurations that are provisioned now, the newest last. A
// reload closes the old configuration's storage while its requests still run, so nobody may hold
// on to one.
var live liveSurroundings

type liveSurroundings struct {
	mu      sync.RWMutex
	entries []*surroundings
	latest  *surroundings
}

// push makes s the surroundings to use and returns what ends that.
func (l *liveSurroundings) push(s *surroundings) (remove func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries, l.latest = append(l.entries, s), s
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.entries = slices.DeleteFunc(l.entries, func(e *surroundings) bool { return e == s })
		if n := len(l.entries); n > 0 {
			l.latest = l.entries[n-1]
		}
	}
}

// current returns the newest surroundings. When the last configuration has ended they are still
// its own, for the requests that are being drained.
func (l *liveSurroundings) current() *surroundings {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.latest
}

func currentStorage() records.Storage { return live.current().storage }

// currentLogger writes to the log of the configuration that is the newest when a record is made.
func currentLogger() *slog.Logger { return slog.New(currentHandler{}) }

type currentHandler struct {
	with []func(slog.Handler) slog.Handler
}

func (h currentHandler) handler() slog.Handler {
	handler := live.current().log
	for _, w := range h.with {
		handler = w(handler)
	}
	return handler
}

func (h currentHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return live.current().log.Enabled(ctx, l)
}

func (h currentHandler) Handle(ctx context.Context, r slog.Record) error {
	return h.handler().Handle(ctx, r)
}

func (h currentHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.adding(func(s slog.Handler) slog.Handler { return s.WithAttrs(attrs) })
}

func (h currentHandler) WithGroup(group string) slog.Handler {
	return h.adding(func(s slog.Handler) slog.Handler { return s.WithGroup(group) })
}

func (h currentHandler) adding(w func(slog.Handler) slog.Handler) slog.Handler {
	return currentHandler{append(slices.Clone(h.with), w)}
}
