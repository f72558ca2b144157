package atlassian

import (
	"context"
	"maps"
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
	req, root, err := s.locate(req)
	if err != nil {
		return nil, err
	}
	return s.send(req, root)
}

// locate addresses a request to the root of the site's API for its credentials, which are looked up
// where they are not known.
func (s *Site) locate(req *http.Request) (*http.Request, *url.URL, error) {
	ctx := req.Context()
	creds := s.credentials(ctx)
	if err := s.checkCredentials(creds); err != nil {
		return nil, nil, err
	}
	deployment, err := s.Deployment(ctx)
	if err != nil {
		return nil, nil, err
	}
	root, err := s.root(ctx, deployment, creds)
	if err != nil {
		return nil, nil, err
	}
	req, err = s.readdress(req, deployment, root)
	return req, root, err
}

// readdress moves a request from the address that go-atlassian was made with to where the site's API
// answers, and takes the "wiki/" out of its path for a Confluence that has none.
func (s *Site) readdress(req *http.Request, d Deployment, root *url.URL) (*http.Request, error) {
	if err := s.checkURL(req.URL, s.base); err != nil {
		return nil, err
	}
	path, found := strings.CutPrefix(req.URL.EscapedPath(), s.base.EscapedPath())
	if !found {
		return nil, s.notTheSite()
	}
	if s.product == Confluence && d == DataCenter && !s.wikiInURL() {
		path = strings.TrimPrefix(path, "wiki/")
	}
	u, err := url.Parse(root.String() + path)
	if err != nil {
		return nil, s.notTheSite()
	}
	u.RawQuery = req.URL.RawQuery
	req = req.Clone(req.Context())
	req.URL = u
	return req, s.checkURL(u, root)
}

// send is Do for an address as it is, below a root of the site's API.
func (s *Site) send(req *http.Request, root *url.URL) (*http.Response, error) {
	ctx := req.Context()
	creds := s.credentials(ctx)
	if err := s.checkURL(req.URL, root); err != nil {
		return nil, err
	}
	if !isAnonymous(ctx) {
		if err := s.checkCredentials(creds); err != nil {
			return nil, err
		}
	}
	write := isWrite(req)
	return s.persist(req, write, func() (*http.Response, *Error) { return s.attempt(req, root, creds, write) })
}

// persist makes attempts until one succeeds or another makes no sense.
func (s *Site) persist(req *http.Request, write bool, attempt func() (*http.Response, *Error)) (*http.Response, error) {
	s.retries.request(time.Now())
	for n := 0; ; n++ {
		resp, failure := attempt()
		if failure == nil {
			return resp, nil
		}
		if !s.waitAndRetry(req.Context(), req, failure, write, n) {
			return nil, failure
		}
	}
}

// checkURL refuses what must not be sent: another host, another part of it than the root, a path with
// dot segments (which escaping leaves alone).
func (s *Site) checkURL(u, root *url.URL) error {
	if !within(u, root) {
		return s.notTheSite()
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return &Error{Product: s.product, Messages: []string{"the path of the request contains a dot segment"}}
		}
	}
	return nil
}

func (s *Site) notTheSite() *Error {
	return &Error{Product: s.product, Messages: []string{"the request does not go to the configured site"}}
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

// within says whether an address is below a root.
func within(u, root *url.URL) bool {
	return u.Scheme == root.Scheme && strings.EqualFold(u.Hostname(), root.Hostname()) && port(u) == port(root) && u.User == nil &&
		strings.HasPrefix(u.Path, root.Path)
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
func (s *Site) attempt(req *http.Request, root *url.URL, creds Credentials, write bool) (*http.Response, *Error) {
	ctx, cancel := context.WithTimeout(req.Context(), attemptTimeout)
	out := s.outgoing(ctx, req, creds)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			cancel()
			return nil, &Error{Product: s.product, Messages: []string{"the body of the request cannot be read"}, cause: err}
		}
		out.Body = body
	}
	var h handshake
	client := http.Client{Transport: s.transport, CheckRedirect: followWithin(root)}
	resp, err := client.Do(out.WithContext(h.watch(ctx)))
	if err != nil {
		cancel()
		return nil, s.transportError(req.Context(), err, write && !h.failed())
	}
	if failure := s.judge(resp, creds, write); failure != nil {
		_ = resp.Body.Close()
		cancel()
		return nil, failure
	}
	resp.Body = &cappedBody{site: s, body: resp.Body, left: s.max, cancel: cancel, write: write, over: s.tooLarge}
	return resp, nil
}

// outgoing is a copy of the request for one attempt, with what all requests to the site carry.
func (s *Site) outgoing(ctx context.Context, req *http.Request, creds Credentials) *http.Request {
	out := req.Clone(ctx)
	out.Host = ""
	out.Header.Del("Cookie")
	out.Header.Set("User-Agent", s.agent)
	if out.URL.Host == s.base.Host { // they are for what stands in front of the site, and the gateway does not
		maps.Copy(out.Header, s.headers)
	}
	out.Header.Del("Authorization")
	if !isAnonymous(ctx) {
		creds.set(out.Header, s.known())
	}
	return out
}

// followWithin follows redirects of reads below the root, where net/http keeps the credentials, and no
// others: the answer that redirects is then judged like any other refusal.
func followWithin(root *url.URL) func(next *http.Request, via []*http.Request) error {
	return func(next *http.Request, via []*http.Request) error {
		first := via[0].Method
		if (first != http.MethodGet && first != http.MethodHead) || len(via) > maxRedirects || !within(next.URL, root) {
			return http.ErrUseLastResponse
		}
		return nil
	}
}
