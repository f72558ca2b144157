// Package cimd fetches Client ID Metadata Documents: descriptions of OAuth clients that call
// themselves by the URL under which the description can be read
// (https://datatracker.ietf.org/doc/html/draft-ietf-oauth-client-id-metadata-document-01, here "the
// draft").
//
// Whoever calls the authorization endpoint chooses such a URL. So the package fetches from public
// addresses only, little, rarely, and never anything that a document names; and it believes of a
// document only what the draft lets the client's host vouch for.
package cimd

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/publicnet"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/safego"
)

// Why there is no document. What an error that wraps ErrUnreachable says is for the log alone: it
// could tell a stranger how the network here is laid out. The text of the others is for the client's
// developer, and quotes neither the id nor the document.
var (
	// ErrInvalidID says that a client id is not a URL of the form that the draft demands.
	ErrInvalidID = errors.New("not a valid client id URL")

	// ErrUntrusted says that documents of this host are not accepted.
	ErrUntrusted = errors.New("this host's client metadata documents are not accepted here")

	// ErrDocument says that what the URL leads to is not the valid document of a client that can be
	// served. Only the client's developer can cure it.
	ErrDocument = errors.New("the client metadata document is not valid")

	// ErrUnreachable says that there was no document to judge, and nothing about the client: an
	// OAuth endpoint answers temporarily_unavailable.
	ErrUnreachable = errors.New("the client metadata document cannot be fetched")
)

const (
	// fetchTimeout bounds one fetch in all, from the name to the last byte.
	fetchTimeout = 5 * time.Second

	// failurePause is how long a failed fetch is the answer for its URL before the next is tried.
	// Section 4.4 of the draft forbids to cache errors; this is too short for anybody to notice who
	// has corrected a document, and long enough that one URL is no way to make requests.
	failurePause = 10 * time.Second

	cacheSize = 1000 // documents, and as many failures
)

// Config configures a Fetcher. The zero value fetches from every public host.
type Config struct {
	// Trusted says whether documents of a host are accepted. It is asked each time, with a name in
	// lower-case ASCII without port. Nil accepts every host.
	Trusted func(host string) bool

	// Known are client ids that assistants in use have. They are fetched from a budget of their own,
	// as are documents that were fetched before, so that nobody can keep an assistant out by asking
	// for URLs that do not exist.
	Known []string

	// Proxy chooses the outbound proxy for a request. Nil means that the environment does, see
	// [http.ProxyFromEnvironment].
	Proxy func(*http.Request) (*url.URL, error)

	// Roots vouch for the hosts. Nil means those of the system.
	Roots *x509.CertPool

	Logger *slog.Logger     // nil: nothing is logged
	Now    func() time.Time // nil: time.Now
}

// Document is what a client's metadata document says, as far as it matters here. Each of these
// clients is a public one: it authenticates with nothing but PKCE.
type Document struct {
	// ID is the client id, the document's own URL. Its host is who vouches for the rest.
	ID string

	// Name is client_name as the client wrote it: text of a stranger, possibly empty.
	Name string

	// RedirectURIs are 1 to 32 strings of at most 1024 bytes. Nothing else about them is checked.
	RedirectURIs []string
}

// Fetcher provides documents. It is safe for concurrent use.
type Fetcher struct {
	trusted func(host string) bool
	known   []string
	log     *slog.Logger
	now     func() time.Time
	network publicnet.Network
	timeout time.Duration

	mu        sync.Mutex
	documents *lru.Cache[string, cached]
	failures  *lru.Cache[string, failure]
	flights   map[string]*flight
	familiar  budget
	strangers budget
}

// cached is a document and how long it is good for.
type cached struct {
	document *Document
	fetched  time.Time
	lifetime time.Duration
}

func (c cached) fresh(now time.Time) bool {
	return !now.Before(c.fetched) && now.Sub(c.fetched) < c.lifetime
}

// failure is why the last fetch of a URL failed.
type failure struct {
	err error
	at  time.Time
}

func (f failure) recent(now time.Time) bool {
	return !now.Before(f.at) && now.Sub(f.at) < failurePause
}

// New returns a Fetcher. It does not touch the network.
func New(c Config) *Fetcher {
	f := &Fetcher{
		trusted: c.Trusted, known: c.Known, log: c.Logger, now: c.Now,
		network: publicnet.New(c.Proxy), timeout: fetchTimeout,
		documents: newCache[cached](), failures: newCache[failure](), flights: make(map[string]*flight),
		familiar: familiarBudget, strangers: strangerBudget,
	}
	f.network.TLS.RootCAs = c.Roots
	if f.trusted == nil {
		f.trusted = func(string) bool { return true }
	}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	if f.now == nil {
		f.now = time.Now
	}
	return f
}

func newCache[V any]() *lru.Cache[string, V] {
	c, err := lru.New[string, V](cacheSize)
	if err != nil {
		panic(err) // the size is a positive constant
	}
	return c
}

// Check reports whether a client id could have a document that is accepted: nil, or an error that
// wraps [ErrInvalidID] or [ErrUntrusted]. It fetches nothing.
func (f *Fetcher) Check(clientID string) error {
	_, err := f.check(clientID)
	return err
}

func (f *Fetcher) check(clientID string) (host string, err error) {
	host, err = parseID(clientID)
	if err == nil && !f.trusted(host) {
		err = ErrUntrusted
	}
	return host, err
}

// Get returns the document of a client. The error wraps one of the four of this package. A document
// that is no longer fresh is never the answer, so that a redirect URI that its client has withdrawn
// is not used on.
func (f *Fetcher) Get(ctx context.Context, clientID string) (*Document, error) {
	host, err := f.check(clientID)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	now := f.now()
	c, seen := f.documents.Get(clientID)
	if seen && c.fresh(now) {
		f.mu.Unlock()
		return c.document.clone(), nil
	}
	if failed, ok := f.failures.Get(clientID); ok && failed.recent(now) {
		f.mu.Unlock()
		return nil, failed.err
	}
	fl := f.flights[clientID]
	if fl == nil {
		b := &f.strangers
		if seen || slices.Contains(f.known, clientID) {
			b = &f.familiar
		}
		if !b.take(host, now) {
			f.mu.Unlock()
			return nil, fmt.Errorf("%w: too many were asked for within a minute", ErrUnreachable)
		}
		fl = f.start(clientID, host)
	}
	f.mu.Unlock()
	return fl.wait(ctx)
}

// flight is a fetch that several callers may wait for.
type flight struct {
	done     chan struct{}
	document *Document
	lifetime time.Duration
	err      error
}

// start begins a fetch. The caller holds the lock. The fetch belongs to no request: a caller that
// goes away takes it from nobody else.
func (f *Fetcher) start(clientID, host string) *flight {
	fl := &flight{done: make(chan struct{}), err: fmt.Errorf("%w: the fetch was abandoned", ErrUnreachable)}
	f.flights[clientID] = fl
	safego.Go(f.log, "fetching a client metadata document", func() {
		defer f.land(clientID, fl)
		ctx, cancel := context.WithTimeout(context.Background(), f.timeout)
		defer cancel()
		fl.document, fl.lifetime, fl.err = f.fetch(ctx, clientID, host)
	})
	return fl
}

// land makes the outcome of a fetch known.
func (f *Fetcher) land(clientID string, fl *flight) {
	defer close(fl.done)
	f.mu.Lock()
	delete(f.flights, clientID)
	if fl.err == nil {
		f.documents.Add(clientID, cached{fl.document, f.now(), fl.lifetime})
		f.failures.Remove(clientID)
	} else {
		f.failures.Add(clientID, failure{fl.err, f.now()})
	}
	f.mu.Unlock()
	if fl.err != nil {
		f.log.Warn("no client metadata document", "client_id", clientID, "error", fl.err)
		return
	}
	f.log.Info("client metadata document fetched", "client_id", clientID, "fresh_for", fl.lifetime)
}

func (fl *flight) wait(ctx context.Context) (*Document, error) {
	select {
	case <-fl.done:
		if fl.err != nil {
			return nil, fl.err
		}
		return fl.document.clone(), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, ctx.Err())
	}
}

func (d *Document) clone() *Document {
	c := *d
	c.RedirectURIs = slices.Clone(d.RedirectURIs)
	return &c
}
