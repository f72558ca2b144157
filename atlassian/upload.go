package atlassian

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"sync"
)

// Attachment is a file to attach. Content is read once, while Upload runs and no longer; its reads must
// end with the context of the call. MediaType may be empty.
type Attachment struct {
	Name      string
	MediaType string
	Content   io.Reader
	// Size is that of Content in bytes, negative where it is not known. Other than so many bytes are
	// not sent as a file.
	Size int64
	// Fields go before the file, such as Confluence's comment and minorEdit.
	Fields map[string]string
}

// Upload sends a file as the part "file" of a form (multipart/form-data, RFC 7578) to an address as
// [Site.Download] takes it, with the header that spares it the products' check against cross-site
// requests. The answer is what [Site.Do] returns. Once the content has been read from, it is not tried
// again, and the [*Error] says where the fate of the file is open. A name that cannot be one is an
// [*InputError].
func (s *Site) Upload(ctx context.Context, address string, a Attachment) (*http.Response, error) {
	head, tail, contentType, err := a.envelope()
	if err != nil {
		return nil, err
	}
	req, err := s.fileRequest(ctx, http.MethodPost, address)
	if err != nil {
		return nil, err
	}
	if req, _, err = s.locate(req); err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-Atlassian-Token", "no-check")
	length := int64(-1)
	if a.Size >= 0 {
		length = int64(len(head)) + a.Size + int64(len(tail))
	}
	creds := s.credentials(ctx)
	body := &form{rest: io.MultiReader(bytes.NewReader(head), &content{from: a.Content, size: a.Size}, bytes.NewReader(tail))}
	defer body.end()
	return s.persist(req, true, func() (*http.Response, *Error) { return s.post(req, creds, body, length) })
}

// envelope is what stands before and after the content.
func (a Attachment) envelope() (head, tail []byte, contentType string, err error) {
	if a.Name == "" || cleanName(a.Name) != a.Name {
		return nil, nil, "", &InputError{Argument: "file name", Problem: quoted(a.Name) + " is not the name of a file", Hint: "Write a name without slashes, colons and characters that are not seen, of at most 255 bytes."}
	}
	mediaType, parameters, err := mime.ParseMediaType(cmp.Or(a.MediaType, "application/octet-stream"))
	formatted := mime.FormatMediaType(mediaType, parameters)
	if err != nil || formatted == "" || !strings.Contains(mediaType, "/") {
		return nil, nil, "", &InputError{Argument: "media type", Problem: quoted(a.MediaType) + " is not a media type", Hint: "One looks like text/plain."}
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(a.Fields)) {
		_ = w.WriteField(name, a.Fields[name]) // a buffer takes everything
	}
	_, _ = w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("file", a.Name)},
		"Content-Type":        {formatted},
	})
	before := b.Len()
	_ = w.Close()
	return b.Bytes()[:before], b.Bytes()[before:], w.FormDataContentType(), nil
}

// post makes one attempt. Every failure after a part of the form was taken is the last.
func (s *Site) post(req *http.Request, creds Credentials, body *form, length int64) (*http.Response, *Error) {
	w := newWatch(req.Context(), s.log)
	body.start(w)
	var h handshake
	out := s.outgoing(h.watch(w.ctx), req, creds)
	out.Body, out.ContentLength = body, length
	resp, err := s.transport.RoundTrip(out)
	failure := body.failure(s)
	switch {
	case failure != nil && (err != nil || resp.StatusCode < 300): // else the site's own refusal says more
	case err != nil:
		failure = s.transportError(req.Context(), w.cause(err), body.taken() && !h.failed())
	default:
		failure = s.judge(resp, creds, true)
	}
	if failure == nil {
		w.timer.Stop()
		resp.Body = &cappedBody{site: s, body: watchedBody{resp.Body, w}, left: s.max, cancel: w.stop, write: true, over: s.tooLarge}
		return resp, nil
	}
	if err == nil {
		_ = resp.Body.Close()
	}
	w.stop()
	if body.taken() {
		failure.retry = retryNever
	}
	return nil, failure
}

// content is the file itself, which must have the size that was said.
type content struct {
	from io.Reader
	size int64 // what is left of it; negative: not known
}

// errContent wraps what is wrong with the content and not with the site.
var errContent = errors.New("the content of the file")

func (c *content) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // as io.Reader demands it
		return n, errors.Join(errContent, err)
	}
	if c.size >= 0 {
		c.size -= int64(n)
		if c.size < 0 || err != nil && c.size > 0 {
			return 0, errors.Join(errContent, errors.New("it has another size than was said"))
		}
	}
	return n, err
}

// form is the body of an upload. The transport may go on reading it for a moment after it answered, and
// closes it after attempts that took nothing of it, so its end is a matter of its own.
type form struct {
	mu    sync.Mutex
	rest  io.Reader
	watch *watch
	begun bool
	ended bool
	err   error // of the content
}

func (f *form) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return 0, http.ErrBodyReadAfterClose
	}
	f.begun = true
	f.watch.moved()
	n, err := f.rest.Read(p)
	if errors.Is(err, errContent) {
		f.err = err
	}
	return n, err
}

// Close does nothing: see end.
func (f *form) Close() error { return nil }

func (f *form) start(w *watch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watch = w
}

func (f *form) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
}

func (f *form) taken() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.begun
}

// failure is an Error over the content, if it failed. No site takes a form without its end.
func (f *form) failure(s *Site) *Error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		return nil
	}
	return &Error{Product: s.product, Messages: []string{"the content of the file could not be read, and nothing was attached"}, cause: f.err}
}
