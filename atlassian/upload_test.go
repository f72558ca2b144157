package atlassian

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// received is what came with one upload, in order.
type received struct {
	Headers http.Header
	Length  int64
	Parts   [][3]string // name, disposition and type, content
}

// attachments takes files as Jira and Confluence do: not without the credentials, not without the header
// against cross-site requests, and only whole forms.
func attachments(t *testing.T, got *received) (s *Site, end func()) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+patOnly.Token {
			http.Error(w, `{"message":"who are you"}`, http.StatusUnauthorized)
			return
		}
		if r.Method != http.MethodPost || r.Header.Get("X-Atlassian-Token") != "no-check" {
			http.Error(w, "XSRF check failed", http.StatusForbidden)
			return
		}
		*got = received{Headers: r.Header, Length: r.ContentLength}
		form, err := r.MultipartReader()
		for err == nil {
			var part *multipart.Part
			if part, err = form.NextRawPart(); err == nil {
				var content []byte
				content, err = io.ReadAll(part)
				got.Parts = append(got.Parts, [3]string{part.Header.Get("Content-Disposition"), part.Header.Get("Content-Type"), string(content)})
			}
		}
		if !errors.Is(err, io.EOF) {
			got.Parts = nil
			http.Error(w, `{"message":"Stream ended unexpectedly"}`, http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `[{"id":"10001"}]`)
	}))
	t.Cleanup(server.Close)
	return newTestSite(t, Jira, nil, func(c *Config) { c.URL = server.URL + "/jira" }), server.Close
}

const attachmentsPath = "rest/api/2/issue/PLAT-1/attachments"

func TestUpload(t *testing.T) {
	var got received
	s, _ := attachments(t, &got)
	for _, size := range []int64{5, -1} {
		resp, err := s.Upload(t.Context(), attachmentsPath, Attachment{
			Name: `Zürich "plan".txt`, MediaType: "Text/Plain; charset=utf-8", Content: strings.NewReader("hello"), Size: size,
			Fields: map[string]string{"minorEdit": "true", "comment": "line\r\n--x"},
		})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(answer) != `[{"id":"10001"}]` {
			t.Errorf("%q, %v", answer, err)
		}
		want := [][3]string{
			{`form-data; name="comment"`, "", "line\r\n--x"},
			{`form-data; name="minorEdit"`, "", "true"},
			{multipart.FileContentDisposition("file", `Zürich "plan".txt`), "text/plain; charset=utf-8", "hello"},
		}
		if diff := cmp.Diff(want, got.Parts); diff != "" || (size < 0) != (got.Length < 0) || got.Headers.Get("Accept") != "application/json" {
			t.Errorf("length %d, headers %v, parts (-want +got):\n%s", got.Length, got.Headers, diff)
		}
	}
}

// TestAttack8_15_NamesOfUploads: nothing that would be read as more than a name is sent.
func TestAttack8_15_NamesOfUploads(t *testing.T) {
	transport := &script{steps: []step{{status: 200, body: "[]"}}}
	s := newTestSite(t, Jira, transport, nil)
	for _, a := range []Attachment{
		{Name: ""}, {Name: "."}, {Name: ".."}, {Name: "../a"}, {Name: `a\b`}, {Name: "C:a"}, {Name: "a\r\nX-Evil: 1\r\n\r\nx"}, {Name: "a\x00"},
		{Name: "cod\u202efdp.exe"}, {Name: "a\u2028b"}, {Name: "\xff"}, {Name: strings.Repeat("x", 256)},
		{Name: "a", MediaType: "text/plain\r\nX-Evil: 1"}, {Name: "a", MediaType: "text"}, {Name: "a", MediaType: "/"},
	} {
		a.Content = strings.NewReader("x")
		var input *InputError
		if _, err := s.Upload(t.Context(), attachmentsPath, a); !errors.As(err, &input) || strings.ContainsAny(err.Error(), "\r\n\x00") {
			t.Errorf("%q %q: %v", a.Name, a.MediaType, err)
		}
	}
	if transport.calls.Load() != 0 {
		t.Error("something was sent")
	}
}

func FuzzUploadName(f *testing.F) {
	for _, name := range []string{"a.txt", "a\"; name=\"evil", "a\r\n", "%0d%0a", `a\"b`} {
		f.Add(name, "text/plain")
	}
	f.Add("a", "text/plain; x=\"\r\n\"")
	f.Fuzz(func(t *testing.T, name, mediaType string) {
		head, tail, contentType, err := Attachment{Name: name, MediaType: mediaType}.envelope()
		if err != nil {
			return
		}
		_, parameters, err := mime.ParseMediaType(contentType)
		if err != nil {
			t.Fatal(err)
		}
		r := multipart.NewReader(strings.NewReader(string(head)+"content"+string(tail)), parameters["boundary"])
		part, err := r.NextRawPart()
		if err != nil || part.FormName() != "file" || len(part.Header) != 2 {
			t.Fatalf("%q %q: %v, %v", name, mediaType, part, err)
		}
		if content, err := io.ReadAll(part); err != nil || string(content) != "content" {
			t.Fatalf("%q %q: %q, %v", name, mediaType, content, err)
		}
		if _, err := r.NextRawPart(); !errors.Is(err, io.EOF) {
			t.Fatalf("%q %q: more than one part: %v", name, mediaType, err)
		}
	})
}

// TestUploadRetries: only while nothing was taken of the content.
func TestUploadRetries(t *testing.T) {
	ok := step{status: 200, body: "[]"}
	for name, tc := range map[string]struct {
		steps     []step
		untouched bool // by the transport, as where no connection comes about
		calls     int
		uncertain bool
	}{
		"refused, then not":   {steps: []step{{err: refused()}, ok}, untouched: true, calls: 2},
		"refused for ever":    {steps: []step{{err: refused()}}, untouched: true, calls: 4},
		"429 after a byte":    {steps: []step{{status: 429}, ok}, calls: 1},
		"503 after a byte":    {steps: []step{{status: 503}, ok}, calls: 1, uncertain: true},
		"broken after a byte": {steps: []step{{err: broken()}, ok}, calls: 1, uncertain: true},
		"no answer":           {steps: []step{{hang: true}, ok}, calls: 1, uncertain: true},
		"redirected":          {steps: []step{{status: 307, header: http.Header{"Location": {"/x"}}}, ok}, calls: 1},
		"sign-in page":        {steps: []step{{status: 200, header: http.Header{"Content-Type": {"text/html"}}}, ok}, calls: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := &script{steps: tc.steps}
				s := newTestSite(t, Jira, roundTripper(func(r *http.Request) (*http.Response, error) {
					if n := int(transport.calls.Load()); tc.untouched && tc.steps[min(n, len(tc.steps)-1)].err != nil {
						r.Body.Close()
						r = r.Clone(r.Context())
						r.Body = nil
					}
					return transport.RoundTrip(r)
				}), nil)
				content := strings.NewReader("hello")
				resp, err := s.Upload(t.Context(), attachmentsPath, Attachment{Name: "a", Content: content, Size: 5})
				if err == nil {
					resp.Body.Close()
				}
				var e *Error
				if errors.As(err, &e) && e.Uncertain != tc.uncertain || int(transport.calls.Load()) != tc.calls || (err == nil) != (name == "refused, then not") {
					t.Errorf("%d requests, %v", transport.calls.Load(), err)
				}
				if err == nil && content.Len() != 0 {
					t.Errorf("%d bytes were not sent", content.Len())
				}
			})
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestUploadOfBadContent: what cannot be read to its end, or is not as long as it was said, arrives as no
// file, and the error blames no site.
func TestUploadOfBadContent(t *testing.T) {
	broken := errors.New("the disk is broken")
	for name, a := range map[string]Attachment{
		"broken":            {Content: io.MultiReader(strings.NewReader("hel"), failing{broken}), Size: 5},
		"broken, no size":   {Content: io.MultiReader(strings.NewReader("hel"), failing{broken}), Size: -1},
		"broken at once":    {Content: failing{broken}, Size: -1},
		"shorter than said": {Content: strings.NewReader("hell"), Size: 5},
		"longer than said":  {Content: strings.NewReader("hello!"), Size: 5},
		"much longer":       {Content: zeros(1 << 20), Size: 5},
	} {
		var got received
		a.Name = "a"
		s, end := attachments(t, &got)
		_, err := s.Upload(t.Context(), attachmentsPath, a)
		end()
		var e *Error
		if !errors.As(err, &e) || e.Uncertain || e.Status != 0 || !strings.Contains(err.Error(), "nothing was attached") || strings.HasPrefix(name, "broken") != errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
		if got.Parts != nil {
			t.Errorf("%s: attached %q", name, got.Parts)
		}
	}
}

// TestUploadEndsReading: once Upload has returned, the content is its owner's again.
func TestUploadEndsReading(t *testing.T) {
	var after atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"message":"too large"}`, http.StatusRequestEntityTooLarge)
	}))
	defer server.Close()
	s := newTestSite(t, Jira, nil, func(c *Config) { c.URL = server.URL })
	owned := readerFunc(func(p []byte) (int, error) {
		if after.Load() {
			t.Error("read after the end")
		}
		return len(p), nil
	})
	_, err := s.Upload(t.Context(), attachmentsPath, Attachment{Name: "a", Content: owned, Size: -1})
	after.Store(true)
	if err == nil {
		t.Error("an endless file was taken")
	}
	server.CloseClientConnections()
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestUploadMayTakeLong: as long as it moves.
func TestUploadMayTakeLong(t *testing.T) {
	for name, tc := range map[string]struct {
		waits []time.Duration
		want  error
	}{
		"moves": {[]time.Duration{29 * time.Second, 29 * time.Second, 29 * time.Second, 29 * time.Second}, nil},
		"stops": {[]time.Duration{29 * time.Second, time.Hour}, errIdle},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newTestSite(t, Jira, roundTripper(func(r *http.Request) (*http.Response, error) {
					p := make([]byte, 1<<10)
					for _, wait := range tc.waits {
						if _, err := r.Body.Read(p); err != nil {
							return nil, err
						}
						select {
						case <-time.After(wait):
						case <-r.Context().Done():
							return nil, r.Context().Err()
						}
					}
					return (&script{steps: []step{{status: 200, body: "[]"}}}).RoundTrip(r)
				}), nil)
				resp, err := s.Upload(t.Context(), attachmentsPath, Attachment{Name: "a", Content: zeros(1 << 20), Size: 1 << 20})
				if !errors.Is(err, tc.want) {
					t.Error(err)
				}
				if err == nil {
					resp.Body.Close()
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := newTestSite(t, Jira, &script{steps: []step{{hang: true}}}, nil).Upload(ctx, attachmentsPath, Attachment{Name: "a", Content: zeros(9), Size: 9})
		var e *Error
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || !e.Uncertain {
			t.Errorf("its call ended: %v", err)
		}
	})
}

func TestUploadHoldsNothing(t *testing.T) {
	for _, size := range []int64{bigFile, -1} {
		var n int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, "[]")
		}))
		s := newTestSite(t, Jira, nil, func(c *Config) { c.URL = server.URL })
		used := allocated(func() {
			resp, err := s.Upload(t.Context(), attachmentsPath, Attachment{Name: "a", Content: zeros(bigFile), Size: size})
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		})
		server.Close()
		if n < bigFile || used > bigFile/2 {
			t.Errorf("size %d: %d bytes sent with %d bytes of memory, both ends together", size, n, used)
		}
	}
}
