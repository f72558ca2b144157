package atlassian

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// attemptTimeout bounds one try of a request, from the connection to the end of the answer's
// body. The context of the request bounds all tries together.
const attemptTimeout = 30 * time.Second

// maxRedirects is how many redirects within the site a read follows.
const maxRedirects = 5

type readOnlyKey struct{}

// ReadOnly marks the requests of a context as reads whatever their method, so that they are
// retried like a GET. Searches that are sent with POST need it.
func ReadOnly(ctx context.Context) context.Context {
	return context.WithValue(ctx, readOnlyKey{}, true)
}

type anonymousKey struct{}

// anonymously returns a context whose requests carry no credentials.
func anonymously(ctx context.Context) context.Context {
	return context.WithValue(ctx, anonymousKey{}, true)
}

func isAnonymous(ctx context.Context) bool {
	marked, _ := ctx.Value(anonymousKey{}).(bool)
	return marked
}

// Do sends a request to the site: it adds the credentials of the request's context or else the
// site's own, retries what can be retried without harm, and bounds time and size. It is the Doer
// that go-atlassian's clients are made with.
//
// A response is returned for a 2xx answer only. Every other outcome is an [*Error], so that no
// caller can take a refusal for an empty result; errors.Is finds a context's error in it.
// Requests to another host than the site's, or outside its path, are refused unsent.
func (s *Site) Do(req *http.Request) (*http.Response, error) {
	if err := s.checkCredentials(s.credentials(req.Context())); err != nil {
		return nil, err
	}
	deployment, err := s.Deployment(req.Context())
	if err != nil {
		return nil, err
	}
	if s.product == Confluence && deployment == DataCenter && !s.wikiInURL() {
		req = s.withoutWiki(req)
	}
	return s.send(req)
}

// withoutWiki takes the "wiki/" out of a path of go-atlassian's for a site that has none.
func (s *Site) withoutWiki(req *http.Request) *http.Request {
	rest, found := strings.CutPrefix(req.URL.EscapedPath(), s.base.EscapedPath()+"wiki/")
	if !found {
		return req
	}
	u, err := url.Parse(s.base.String() + rest)
	if err != nil {
		return req
	}
	u.RawQuery = req.URL.RawQuery
	req = req.Clone(req.Context())
	req.URL = u
	return req
}

// send is Do for a path as it is and for a site whose deployment may still be unknown.
func (s *Site) send(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	creds := s.credentials(ctx)
	if err := s.checkURL(req.URL); err != nil {
		return nil, err
	}
	if !isAnonymous(ctx) {
		if err := s.checkCredentials(creds); err != nil {
			return nil, err
		}
	}
	write := isWrite(req)
	s.retries.request(time.Now())
	for n := 0; ; n++ {
		resp, failure := s.attempt(req, creds, write)
		if failure == nil {
			return resp, nil
		}
		if !s.waitAndRetry(ctx, req, failure, write, n) {
			return nil, failure
		}
	}
}

// checkURL refuses what must not be sent: another site, another part of the host, a path with dot
// segments (which escaping leaves alone).
func (s *Site) checkURL(u *url.URL) error {
	if !s.sameOrigin(u) || !strings.HasPrefix(u.Path, s.base.Path) {
		return &Error{Product: s.product, Messages: []string{"the request does not go to the configured site"}}
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return &Error{Product: s.product, Messages: []string{"the path of the request contains a dot segment"}}
		}
	}
	return nil
}

// checkCredentials refuses calls without credentials: anonymous answers look like empty results.
func (s *Site) checkCredentials(creds Credentials) error {
	if creds.Token == "" {
		return &Error{
			Product: s.product, Status: http.StatusUnauthorized,
			Messages: []string{"no " + s.Name() + " credentials are configured for this call"},
			Hint:     "Nothing was sent. The operator of this server must set " + strings.ToUpper(s.product) + "_PERSONAL_TOKEN.",
		}
	}
	if err := creds.check(); err != nil {
		return &Error{Product: s.product, Status: http.StatusUnauthorized, Messages: []string{"the configured credentials cannot be used"}, cause: err}
	}
	return nil
}

func (s *Site) sameOrigin(u *url.URL) bool {
	return u.Scheme == s.base.Scheme && strings.EqualFold(u.Hostname(), s.base.Hostname()) && port(u) == port(s.base) && u.User == nil
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

func isWrite(req *http.Request) bool {
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return false
	}
	marked, _ := req.Context().Value(readOnlyKey{}).(bool)
	return !marked
}

// attempt sends the request once. The failure knows whether another attempt makes sense.
func (s *Site) attempt(req *http.Request, creds Credentials, write bool) (*http.Response, *Error) {
	ctx, cancel := context.WithTimeout(req.Context(), attemptTimeout)
	out := req.Clone(ctx)
	out.Host = ""
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			cancel()
			return nil, &Error{Product: s.product, Messages: []string{"the body of the request cannot be read"}, cause: err}
		}
		out.Body = body
	}
	out.Header.Del("Cookie")
	out.Header.Set("User-Agent", s.agent)
	out.Header.Del("Authorization")
	if !isAnonymous(ctx) {
		creds.set(out.Header, s.known())
	}

	resp, err := s.client.Do(out)
	if err != nil {
		cancel()
		return nil, s.transportError(req.Context(), err, write)
	}
	if failure := s.judge(resp, creds, write); failure != nil {
		_ = resp.Body.Close()
		cancel()
		return nil, failure
	}
	resp.Body = &cappedBody{site: s, body: resp.Body, left: s.max, cancel: cancel, write: write}
	return resp, nil
}

// checkRedirect follows redirects of reads within the site, where net/http keeps the credentials,
// and no others: the answer that redirects is then judged like any other refusal.
func (s *Site) checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0].Method
	if (first != http.MethodGet && first != http.MethodHead) || len(via) > maxRedirects || !s.sameOrigin(next.URL) {
		return http.ErrUseLastResponse
	}
	return nil
}

// cappedBody ends an answer at the site's limit with an error instead of a silent cut.
type cappedBody struct {
	site   *Site
	body   io.ReadCloser
	left   int64
	cancel context.CancelFunc
	write  bool
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, b.site.tooLarge(b.write)
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n + int(b.left), b.site.tooLarge(b.write)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = &Error{Product: b.site.product, Messages: []string{"the connection broke in the middle of the answer"}, Uncertain: b.write, cause: err}
	}
	return n, err
}

func (b *cappedBody) Close() error {
	defer b.cancel()
	return b.body.Close()
}

func (s *Site) tooLarge(write bool) *Error {
	e := &Error{Product: s.product, Messages: []string{fmt.Sprintf("the answer is larger than %d bytes", s.max)}}
	if write {
		e.Hint = "The change was made; only its confirmation could not be read."
		return e
	}
	e.Hint = "Ask for less: fewer results, fewer fields."
	return e
}
