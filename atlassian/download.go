package atlassian

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/publicnet"
)

// File is the content of an attachment on its way. Whoever asked for it closes it. Reading fails beyond
// the limit, when nothing comes for 30 seconds, and when the context of the call ends.
//
// Name and MediaType are what the answer claims, fit to be shown and otherwise not to be trusted. Name
// may be empty. Size is in bytes, and -1 where the answer does not say it.
type File struct {
	io.ReadCloser
	Name      string
	MediaType string
	Size      int64
}

// Download opens the content of an attachment: below BaseURL at the path of a site that go-atlassian
// would use (for Confluence with "wiki/" before it, on both deployments), or at an address that the site
// names. Limit is how many bytes the caller takes.
//
// At most one redirect is followed, without credentials, headers and client certificate of the site: to
// the site's own origin, or with https to a host of the public Internet, such as that on which Cloud
// keeps files (Jira REST API v3, GET /rest/api/3/attachment/content/{id}). It is tried again as reads
// are, but not once a File is there. Its errors are those of [Site.Do].
func (s *Site) Download(ctx context.Context, address string, limit int64) (*File, error) {
	req, err := s.fileRequest(ctx, http.MethodGet, address)
	if err != nil {
		return nil, err
	}
	s.plain(req.Header)
	req, _, err = s.locate(req)
	if err != nil {
		return nil, err
	}
	creds := s.credentials(ctx)
	resp, err := s.persist(req, false, func() (*http.Response, *Error) { return s.open(req, creds, limit) }) //nolint:bodyclose // File has it
	if err != nil {
		return nil, err
	}
	return &File{
		ReadCloser: resp.Body,
		Name:       dispositionName(resp.Header.Get("Content-Disposition")),
		MediaType:  mediaTypeOf(resp.Header.Get("Content-Type")),
		Size:       resp.ContentLength,
	}, nil
}

// fileRequest is a request to a path or an address of the site.
func (s *Site) fileRequest(ctx context.Context, method, address string) (*http.Request, error) {
	if !strings.Contains(address, "://") {
		address = s.base.String() + strings.TrimLeft(address, "/")
	}
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, s.notTheSite()
	}
	return req, nil
}

// plain asks for the bytes as they are kept, so that their number is that of the file.
func (s *Site) plain(h http.Header) {
	h.Set("Accept", "*/*")
	h.Set("Accept-Encoding", "identity")
}

// open makes one attempt, redirect included. No http.Client makes it: that reads every redirect, and puts
// an address that it cannot read into its error, token and all.
func (s *Site) open(req *http.Request, creds Credentials, limit int64) (*http.Response, *Error) {
	w := newWatch(req.Context(), s.log)
	resp, err := s.transport.RoundTrip(s.outgoing(w.ctx, req, creds))
	var failure *Error
	switch {
	case err != nil:
		failure = s.transportError(req.Context(), w.cause(err), false)
	case isRedirect(resp) && !s.tookForAnonymous(resp):
		_ = resp.Body.Close()
		if resp, failure = s.follow(w, resp); failure == nil {
			failure = s.judgeElsewhere(resp)
		}
	case resp.StatusCode < 200 || resp.StatusCode >= 300 || s.tookForAnonymous(resp):
		failure = s.judge(resp, creds, false)
	}
	if failure == nil {
		failure = s.judgeFile(resp, creds, limit)
	}
	if failure != nil {
		if resp != nil {
			_ = resp.Body.Close()
		}
		w.stop()
		return nil, failure
	}
	w.timer.Stop()
	over := func(bool) *Error { return s.fileTooLarge(limit) }
	resp.Body = &cappedBody{site: s, body: watchedBody{resp.Body, w}, left: limit, cancel: w.stop, over: over}
	return resp, nil
}

func isRedirect(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return resp.Header.Get("Location") != ""
	}
	return false
}

// follow goes where a redirect leads, with nothing of what the site is asked with.
func (s *Site) follow(w *watch, redirect *http.Response) (*http.Response, *Error) {
	from := redirect.Request.URL
	to, err := redirect.Location()
	if err != nil || to.User != nil {
		return nil, s.redirected(redirect)
	}
	header := http.Header{"User-Agent": {s.agent}}
	s.plain(header)
	var resp *http.Response
	if to.Scheme == from.Scheme && strings.EqualFold(to.Hostname(), from.Hostname()) && port(to) == port(from) {
		next := (&http.Request{Method: http.MethodGet, URL: to, Header: header}).WithContext(w.ctx)
		resp, err = s.bare.RoundTrip(next)
	} else {
		resp, err = s.public.Get(w.ctx, to, header)
	}
	if err == nil {
		return resp, nil
	}
	return nil, s.unreachable(w, to, err)
}

// unreachable is the Error of a redirect to where no answer came from.
func (s *Site) unreachable(w *watch, to *url.URL, err error) *Error {
	err = w.cause(err)
	s.log.Warn("a redirect of a file led nowhere", "product", s.product, "host", to.Host, "error", withoutURL(err))
	e := &Error{Product: s.product, cause: err, retry: retryReads}
	switch {
	case errors.Is(err, errIdle):
		e.Messages = []string{"the host to which the site redirects did not answer in time"}
	case w.ctx.Err() != nil:
		return s.cancelled(err)
	case errors.Is(err, publicnet.ErrAddress):
		e.retry = retryNever
		e.Messages = []string{"the site redirects to an address that is not https on a host of the public Internet"}
	default:
		e.Messages = []string{"the host to which the site redirects cannot be reached"}
		e.Hint = "The operator of this server finds the reason in its log."
	}
	return e
}

// judgeElsewhere is judge for the answer behind a redirect, whose status says nothing of our credentials.
func (s *Site) judgeElsewhere(resp *http.Response) *Error {
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	known := s.judge(resp, Credentials{}, false)
	e := &Error{Product: s.product, RetryAfter: known.RetryAfter, retry: known.retry}
	e.Messages = []string{strings.TrimSpace(fmt.Sprintf("where the site redirects, the answer is %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))}
	if isRedirect(resp) {
		e.Messages = []string{"a second redirect is not followed"}
		e.Hint = "The site may demand a sign-in in the browser, and not have accepted the credentials of this server."
	}
	return e
}

// judgeFile looks at a success: a sign-in page is none, and neither is a part of a file. A page that is
// an attachment has a Content-Disposition.
func (s *Site) judgeFile(resp *http.Response, creds Credentials, limit int64) *Error {
	encoding := resp.Header.Get("Content-Encoding")
	switch mediaType := mediaTypeOf(resp.Header.Get("Content-Type")); {
	case resp.StatusCode != http.StatusOK:
		return &Error{Product: s.product, Status: resp.StatusCode, Messages: []string{"the answer is not a whole file"}}
	case isPage(mediaType) && resp.Header.Get("Content-Disposition") == "":
		return s.signInPage(resp, creds)
	case encoding != "" && !strings.EqualFold(encoding, "identity"):
		return &Error{Product: s.product, Messages: []string{"the file comes in an encoding that was not asked for"}}
	case resp.ContentLength > limit:
		return s.fileTooLarge(limit)
	}
	return nil
}

func (s *Site) fileTooLarge(limit int64) *Error {
	return &Error{Product: s.product, Messages: []string{fmt.Sprintf("the file is larger than %d bytes", limit)}}
}
