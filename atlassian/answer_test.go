package atlassian

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAnswersBecomeErrors(t *testing.T) {
	header := func(kv ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(kv); i += 2 {
			h.Set(kv[i], kv[i+1])
		}
		return h
	}
	for _, tc := range []struct {
		name    string
		product string
		answer  step
		is      error
		want    []string
	}{
		{"Jira's fields", Jira, step{status: 400, body: `{"errorMessages":["Bad."],"errors":{"summary":"is required","priority":"unknown"}}`}, nil,
			[]string{"Jira answered 400 Bad Request: Bad; priority: unknown; summary: is required"}},
		{"nested field errors", Jira, step{status: 400, body: `{"errors":{"a":{"b":1}}}`}, nil, []string{`a: {"b":1}`}},
		{"Confluence v1", Confluence, step{status: 404, body: `{"statusCode":404,"data":{"authorized":false,"errors":[{"message":{"translation":"No space","key":"k"}}]},"message":"com.atlassian.confluence.api.service.exceptions.NotFoundException: No content found with id: 1"}`}, ErrNotFound,
			[]string{"Confluence answered 404", "No space; No content found with id: 1", "may not see it"}},
		{"Confluence v2", Confluence, step{status: 409, body: `{"errors":[{"status":409,"code":"CONFLICT","title":"Version must be 3","detail":"got 2"}]}`}, ErrConflict,
			[]string{"Version must be 3: got 2", "changed meanwhile"}},
		{"errors of another type", Jira, step{status: 400, body: `{"errorMessages":"odd","errors":7,"message":"text"}`}, nil, []string{"text"}},
		{"a page", Jira, step{status: 502, body: "<html><head><title>Bad \n gateway</title></head>", header: header("Content-Type", "text/html")}, nil, []string{"Bad gateway", "not the cause"}},
		{"nothing", Jira, step{status: 403}, ErrForbidden, []string{"signing in again does not change it"}},
		{"missing, as Jira says it", Jira, step{status: 404, body: `{"errorMessages":["Issue does not exist or you do not have permission to see it."]}`}, ErrNotFound,
			[]string{"Issue does not exist or you do not have permission to see it"}},
		{"bad token", Jira, step{status: 401, body: `{"message":"Client must be authenticated to access this resource.","status-code":401}`}, ErrBadCredentials,
			[]string{"Client must be authenticated", "JIRA_PERSONAL_TOKEN", "not yours"}},
		{"captcha", Jira, step{status: 403, header: header("X-Authentication-Denied-Reason", "CAPTCHA_CHALLENGE; login-url=https://x/login")}, ErrForbidden, []string{"CAPTCHA", "in a browser"}},
		{"captcha by Seraph", Jira, step{status: 401, header: header("X-Seraph-LoginReason", "AUTHENTICATION_DENIED")}, ErrBadCredentials, []string{"CAPTCHA"}},
		{"sign-in page", Jira, step{status: 200, body: "<html>", header: header("Content-Type", "text/html;charset=UTF-8")}, ErrBadCredentials, []string{"web page", "JIRA_PERSONAL_TOKEN"}},
		{"anonymous on Data Center", Jira, step{status: 200, body: "[]", header: header("X-AUSERNAME", "anonymous")}, ErrBadCredentials, []string{"anonymous"}},
		{"anonymous on Cloud", Jira, step{status: 200, body: "[]", header: header("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")}, ErrBadCredentials, []string{"anonymous"}},
		{"missing, to an anonymous visitor", Jira, step{status: 404, body: `{"errorMessages":["Issue does not exist or you do not have permission to see it."],"errors":{}}`, header: header("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")}, ErrBadCredentials, []string{"anonymous", "JIRA_PERSONAL_TOKEN"}},
		{"a name that visitors cannot see", Jira, step{status: 400, body: `{"errorMessages":["The value 'PLAT' does not exist for the field 'project'."]}`, header: header("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")}, ErrBadCredentials, []string{"anonymous"}},
		{"a scope that the token lacks", Jira, step{status: 401, body: `{"code":401,"message":"Unauthorized; scope does not match"}`}, nil, []string{"scope does not match", "all the scopes"}},
		{"redirect to another host", Jira, step{status: 302, header: header("Location", "https://sso.example.com/login?secret=1")}, nil, []string{"leads to sso.example.com"}},
		{"hidden characters", Jira, step{status: 400, body: `{"errorMessages":["a\u202eb\u0007c\u{E0041}\nd"]}`}, nil, nil},
		{"hidden characters in JSON", Jira, step{status: 400, body: "{\"errorMessages\":[\"a\\u202eb\\u0007c\U000E0041\\nd\"]}"}, nil, []string{": abc d"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newTestSite(t, tc.product, &script{steps: []step{tc.answer, tc.answer, tc.answer, tc.answer}}, nil)
			_, err := s.Do(newRequest(t, t.Context(), s, "DELETE"))
			var e *Error
			if !errors.As(err, &e) || (tc.is != nil && !errors.Is(err, tc.is)) {
				t.Fatalf("error = %v, want %v", err, tc.is)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error = %q, want %q in it", err, want)
				}
			}
			if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "secret=") || strings.Contains(err.Error(), "..") {
				t.Errorf("error = %q", err)
			}
		})
	}
}

func TestErrorsAreBounded(t *testing.T) {
	many := strings.Repeat(`"`+strings.Repeat("x", 2000)+`",`, 50)
	s := newTestSite(t, Jira, &script{steps: []step{{status: 400, body: `{"errorMessages":[` + strings.TrimSuffix(many, ",") + `]}`}}}, nil)
	_, err := s.Do(newRequest(t, t.Context(), s, "GET"))
	if len(err.Error()) > 2*maxMessages*maxMessageLength {
		t.Errorf("the error has %d bytes", len(err.Error()))
	}
}

func TestRedirectsLeakNoCredentials(t *testing.T) {
	var stolen atomic.Value
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		stolen.Store(r.Header.Get("Authorization"))
	}))
	defer thief.Close()
	var kept atomic.Value
	here := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, thief.URL+"/rest", http.StatusFound)
		case "/near":
			http.Redirect(w, r, "/end", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		default:
			kept.Store(r.Header.Get("Authorization"))
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, "{}")
		}
	}))
	defer here.Close()
	s := newTestSite(t, Jira, nil, func(c *Config) { c.URL = here.URL })
	do := func(method, path string) error {
		req, _ := http.NewRequestWithContext(t.Context(), method, here.URL+path, nil)
		resp, err := s.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	for _, tc := range []struct {
		method, path string
		ok           bool
	}{{"GET", "/away", false}, {"POST", "/away", false}, {"POST", "/near", false}, {"GET", "/loop", false}, {"GET", "/near", true}} {
		if err := do(tc.method, tc.path); (err == nil) != tc.ok {
			t.Errorf("%s %s: %v", tc.method, tc.path, err)
		}
	}
	if got := stolen.Load(); got != nil {
		t.Errorf("another host was asked, with credentials %q", got)
	}
	if got := kept.Load(); got != "Bearer s3cret-token" {
		t.Errorf("the redirect within the site had credentials %v", got)
	}
}

func TestOneSiteServesManyCallers(t *testing.T) {
	var mixed atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+r.URL.Query().Get("who") {
			mixed.Add(1)
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"deploymentType":"Server"}`)
	}))
	defer server.Close()
	s := newTestSite(t, Jira, nil, func(c *Config) { c.URL, c.Deployment, c.Credentials = server.URL, DataCenter, Credentials{} })
	var wait sync.WaitGroup
	for n := range 200 {
		wait.Go(func() {
			who := []string{"ada", "ben"}[n%2]
			ctx := WithCredentials(t.Context(), Credentials{Token: who})
			req, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/rest?who="+who, nil)
			resp, err := s.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		})
	}
	wait.Wait()
	if n := mixed.Load(); n != 0 {
		t.Errorf("%d requests had another caller's credentials", n)
	}
}

func TestDeploymentIsAskedOnce(t *testing.T) {
	var asked atomic.Int32
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := asked.Add(1); n == 1 {
			<-release
			http.Error(w, "no", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"deploymentType":"Cloud"}`)
	}))
	defer server.Close()
	s := newTestSite(t, Jira, nil, func(c *Config) { c.URL, c.Deployment = server.URL, "" })
	var wait sync.WaitGroup
	var failed atomic.Int32
	for range 50 {
		wait.Go(func() {
			if _, err := s.Deployment(t.Context()); err != nil {
				failed.Add(1)
			}
		})
	}
	for asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	close(release)
	wait.Wait()
	if failed.Load() == 0 {
		t.Error("nobody heard of the failure")
	}
	for range 3 {
		if d, err := s.Deployment(t.Context()); err != nil || d != Cloud {
			t.Errorf("Deployment = %q, %v", d, err)
		}
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("the site was asked %d times, want a failure and a success", n)
	}
}

// TestProbeSendsNoPassword: a site of unknown deployment sees no credentials, or, where something
// in front of it asks for them, the token as Bearer. As a password it could lock the account.
func TestProbeSendsNoPassword(t *testing.T) {
	for name, tc := range map[string]struct {
		deployment string
		gated      bool
		want       []string
	}{
		"Data Center":         {"Server", false, []string{"", "Bearer pat"}},
		"Data Center, gated":  {"Server", true, []string{"", "Bearer pat", "Bearer pat"}},
		"Cloud":               {"Cloud", false, []string{"", "Basic bWU6cGF0"}},
		"Cloud behind a gate": {"Cloud", true, []string{"", "Bearer pat", "Basic bWU6cGF0"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = append(got, r.Header.Get("Authorization"))
				if tc.gated && got[len(got)-1] == "" {
					http.Error(w, "who is there?", http.StatusUnauthorized)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				if got[len(got)-1] == "" {
					w.Header().Set("X-Ausername", "anonymous")
				}
				fmt.Fprintf(w, `{"deploymentType":%q}`, tc.deployment)
			}))
			defer server.Close()
			s := newTestSite(t, Jira, nil, func(c *Config) {
				c.URL, c.Deployment, c.Credentials = server.URL, "", Credentials{"me", "pat"}
			})
			resp, err := s.Do(newRequest(t, t.Context(), s, "GET"))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("Authorization (-want +got):\n%s", diff)
			}
		})
	}
}
