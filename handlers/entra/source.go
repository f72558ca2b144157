package entra

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/safego"
)

// How the documents of one token version are kept fresh
// (https://learn.microsoft.com/entra/identity-platform/signing-key-rollover).
const (
	// refreshAfter is the age at which they are fetched again in the background.
	refreshAfter = 24 * time.Hour
	// unknownKeyInterval is how often a token with an unknown kid may cause a fetch. Anybody can
	// send such tokens.
	unknownKeyInterval = 5 * time.Minute
	// retryAfterFailure is how long a failed fetch is the answer before the next is tried.
	retryAfterFailure = 5 * time.Second
	// backgroundRetry is the same for a refresh in the background, where old documents serve.
	backgroundRetry = time.Minute
)

// documents are a discovery document and the usable keys of the set it names, of one version and of
// one fetch. They never change.
type documents struct {
	metadata *metadata
	keys     []signingKey
	fetched  time.Time
}

// wantedKey is what a token says of the key it is signed with. Its issuer is that of its tenant.
type wantedKey struct{ id, issuer, tenantID string }

// find returns the keys that are meant. One with the id that may not sign for the issuer is as good
// as none: the right one may be found in newer documents.
func (d *documents) find(w wantedKey) (found []signingKey) {
	for _, k := range d.keys {
		if k.id == w.id && k.signs(w.issuer, w.tenantID) {
			found = append(found, k)
		}
	}
	return found
}

// source provides the documents of one version. Nothing is fetched before it is needed. A fetch
// that fails leaves what there was: only documents that were read whole and hold a usable key
// replace others.
type source struct {
	version version
	p       *Provider

	mu          sync.Mutex
	current     *documents
	flight      *flight
	failed      error // of the last fetch, nil when it succeeded
	attempted   time.Time
	unknownKeys time.Time // when an unknown kid last caused a fetch
}

// flight is a fetch that several callers may wait for.
type flight struct {
	done chan struct{}
	docs *documents
	err  error
}

func newSource(p *Provider, v version) *source { return &source{p: p, version: v} }

// documents returns what there is, and fetches it the first time. The error wraps [ErrUnavailable].
func (s *source) documents(ctx context.Context) (*documents, error) {
	s.mu.Lock()
	now := s.p.now()
	if d := s.current; d != nil {
		stale := now.Sub(d.fetched) >= refreshAfter
		if stale && s.flight == nil && (s.failed == nil || now.Sub(s.attempted) >= backgroundRetry) {
			s.start(now)
		}
		s.mu.Unlock()
		return d, nil
	}
	if s.flight == nil && s.failed != nil && now.Sub(s.attempted) < retryAfterFailure {
		defer s.mu.Unlock()
		return nil, s.failed
	}
	f := s.start(now)
	s.mu.Unlock()
	return f.wait(ctx)
}

// keysFor returns the keys that are meant. Where there are none, the documents are fetched again, at
// most once in five minutes. The error is errUnknownKey, or wraps [ErrUnavailable] when the
// fetch failed, because the token may then be signed with a key that we could not get.
func (s *source) keysFor(ctx context.Context, w wantedKey) ([]signingKey, error) {
	d, err := s.documents(ctx)
	if err != nil {
		return nil, err
	}
	if found := d.find(w); len(found) > 0 {
		return found, nil
	}
	if d, err = s.documentsForUnknownKey(ctx, d); err != nil {
		return nil, err
	}
	if found := d.find(w); len(found) > 0 {
		return found, nil
	}
	return nil, errUnknownKey
}

// documentsForUnknownKey returns newer documents than old where that is possible now.
func (s *source) documentsForUnknownKey(ctx context.Context, old *documents) (*documents, error) {
	s.mu.Lock()
	now := s.p.now()
	if s.current != old { // somebody else's fetch ended in between
		defer s.mu.Unlock()
		return s.current, nil
	}
	f := s.flight
	if f == nil {
		if !s.unknownKeys.IsZero() && now.Sub(s.unknownKeys) < unknownKeyInterval {
			defer s.mu.Unlock()
			return old, s.failed
		}
		s.unknownKeys = now
		f = s.start(now)
	}
	s.mu.Unlock()
	return f.wait(ctx)
}

// start begins a fetch, or returns the one under way. The caller holds the lock. The fetch belongs
// to no request: it ends when it has the documents or at its own deadline.
func (s *source) start(now time.Time) *flight {
	if s.flight != nil {
		return s.flight
	}
	f := &flight{done: make(chan struct{})}
	s.flight = f
	s.attempted = now
	safego.Go(s.p.log, "fetching entra keys", func() {
		f.err = fmt.Errorf("%w: the fetch was abandoned", ErrUnavailable)
		defer s.land(f)
		ctx, cancel := context.WithTimeout(context.Background(), 2*s.p.client.Timeout)
		defer cancel()
		f.docs, f.err = s.fetch(ctx)
	})
	return f
}

func (s *source) fetch(ctx context.Context) (*documents, error) {
	m, err := fetchMetadata(ctx, s.p.client, s.p.authority, s.version)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	keys, err := fetchKeys(ctx, s.p.client, m.KeysURI)
	if err == nil {
		keys, err = s.p.authority.usableKeys(keys, m, s.version)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return &documents{metadata: m, keys: keys, fetched: s.p.now()}, nil
}

// land makes the outcome of a fetch known.
func (s *source) land(f *flight) {
	s.mu.Lock()
	s.flight = nil
	s.failed = f.err
	if f.err == nil {
		s.current = f.docs
	}
	servingOld := s.current != nil
	s.mu.Unlock()
	defer close(f.done)
	if f.err != nil {
		s.p.log.Error("cannot fetch entra's discovery document and keys", "version", s.version, "serving_old", servingOld, "error", f.err)
	}
}

func (f *flight) wait(ctx context.Context) (*documents, error) {
	select {
	case <-f.done:
		return f.docs, f.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
}
