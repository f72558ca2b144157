package atlassian

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestNewSiteChecksItsURL(t *testing.T) {
	for _, tc := range []struct {
		product, url string
		base         string // "": refused
		part         string // of the error or a warning
	}{
		{Jira, "https://x.atlassian.net", "https://x.atlassian.net/", ""},
		{Jira, " https://x.atlassian.net/ ", "https://x.atlassian.net/", ""},
		{Jira, "https://x.atlassian.net/jira/software", "https://x.atlassian.net/", "ignored"},
		{Jira, "https://IT.example.com:8443/jira//", "https://it.example.com:8443/jira/", ""},
		{Jira, "http://localhost:8080/jira", "http://localhost:8080/jira/", ""},
		{Jira, "http://127.0.0.1:8080", "http://127.0.0.1:8080/", ""},
		{Jira, "http://it.example.com", "http://it.example.com/", "unencrypted"},
		{Confluence, "https://x.atlassian.net/wiki", "https://x.atlassian.net/", ""},
		{Confluence, "https://it.example.com/tools/wiki/", "https://it.example.com/tools/", ""},
		{Confluence, "https://x.atlassian-us-gov-mod.net/wiki/home", "https://x.atlassian-us-gov-mod.net/", ""},
		{Jira, "https://api.atlassian.com/ex/jira/1324a887-45db-1bf4-1e99-ef0ff456d421", "", "address that people open"},
		{Confluence, "https://API.atlassian-us-gov-mod.com/ex/confluence/x/wiki", "", "address that people open"},
		{Jira, "", "", "JIRA_URL is not set"},
		{Confluence, "", "", "CONFLUENCE_URL is not set"},
		{Jira, "it.example.com", "", "absolute"},
		{Jira, "ftp://it.example.com", "", "absolute"},
		{Jira, "https://", "", "absolute"},
		{Jira, "https://{env.HOST}/", "", "absolute"},
		{Jira, "https://me:hunter2@it.example.com", "", "JIRA_USERNAME"},
		{Jira, "https://it.example.com/?a=b", "", "query"},
		{Jira, "https://it.example.com/jira/rest/api/2", "", "REST path"},
		{Jira, "https://it.example.com/a/../b", "", "REST path"},
	} {
		s, err := NewSite(tc.product, Config{URL: tc.url, Credentials: patOnly})
		if tc.base == "" {
			if err == nil || !strings.Contains(err.Error(), tc.part) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: %v, want %q", tc.url, err, tc.part)
			}
			continue
		}
		if err != nil || s.BaseURL() != tc.base {
			t.Errorf("%s: base %v, %v; want %s", tc.url, s, err, tc.base)
			continue
		}
		if warned := strings.Join(s.Warnings(), "\n"); (tc.part == "") != (warned == "") || !strings.Contains(warned, tc.part) {
			t.Errorf("%s: warnings %q, want %q", tc.url, warned, tc.part)
		}
	}
}

func TestNewSiteChecksTheRest(t *testing.T) {
	for _, c := range []Config{
		{URL: "https://x.example.com", Deployment: "server"},
		{URL: "https://x.example.com", CloudID: "x.atlassian.net"},
		{URL: "https://x.example.com", CloudID: "1324a887-45db-1bf4-1e99-ef0ff456d421/../x"},
		{URL: "https://x.example.com", CloudID: testCloudID, Deployment: DataCenter},
		{URL: "https://x.example.com", Headers: map[string]string{"authorization": "hunter2"}},
		{URL: "https://x.example.com", Headers: map[string]string{"Cookie": "hunter2"}},
		{URL: "https://x.example.com", Headers: map[string]string{"proxy-authorization": "hunter2"}},
		{URL: "https://x.example.com", Headers: map[string]string{"X Y": "hunter2"}},
		{URL: "https://x.example.com", Headers: map[string]string{"": "hunter2"}},
		{URL: "https://x.example.com", Headers: map[string]string{"X-Y": "hunter2\r\nX-Evil: 1"}},
		{URL: "https://x.example.com", Headers: map[string]string{"X-Y": "hunter2", "x-y": "hunter2"}},
		{URL: "https://x.example.com", Credentials: Credentials{Token: "hunter2\n"}},
		{URL: "https://x.example.com", Credentials: Credentials{Token: "hunter 2"}},
		{URL: "https://x.example.com", Credentials: Credentials{Username: "a:b", Token: "hunter2"}},
	} {
		_, err := NewSite(Jira, c)
		if err == nil || !strings.Contains(err.Error(), "JIRA_") || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%+v: %v, want an error that names the variable and no secret", c.Deployment, err)
		}
	}
	s, err := NewSite(Jira, Config{URL: "https://x.example.com"})
	if err != nil || len(s.Warnings()) != 1 {
		t.Errorf("without a token: %v, warnings %q", err, s.Warnings())
	}
	if _, err := NewSite("bamboo", Config{URL: "https://x.example.com"}); err == nil {
		t.Error("an unknown product was accepted")
	}
}

func TestHintsKnowTheDeployment(t *testing.T) {
	for _, tc := range []struct {
		deployment Deployment
		creds      Credentials
		want       string
	}{
		{Cloud, Credentials{Token: "t"}, "set JIRA_USERNAME, which Cloud needs"},
		{DataCenter, Credentials{Token: "t"}, "may have expired"},
	} {
		s := newTestSite(t, Jira, &script{steps: []step{{status: 401, header: http.Header{}}}}, func(c *Config) { c.Deployment, c.Credentials = tc.deployment, tc.creds })
		_, err := s.Do(newRequest(t, t.Context(), s, "GET"))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %+v: %v, want %q", tc.deployment, tc.creds, err, tc.want)
		}
	}
}

func TestIdentifiers(t *testing.T) {
	check := func(f func(string, string) (string, error), in, want string) {
		t.Helper()
		got, err := f("arg", in)
		if want == "" {
			var input *InputError
			if !errors.As(err, &input) || input.Argument != "arg" || len(err.Error()) > 300 {
				t.Errorf("%q: %q, %v; want an InputError", in, got, err)
			}
			return
		}
		if err != nil || got != want {
			t.Errorf("%q = %q, %v; want %q", in, got, err, want)
		}
	}
	check(CheckIssueKey, " plat-12 ", "PLAT-12")
	check(CheckIssueKey, "A1_B-1", "A1_B-1")
	for _, bad := range []string{"", "PLAT", "PLAT-", "-1", "1A-1", "PLAT-1/../x", "PLAT-1?x", "PLAT-1\n", "PLÄT-1", "../x-1", strings.Repeat("A", 9000) + "-1", "PLAT-\u0661"} {
		if bad == "PLAT-1\n" {
			check(CheckIssueKey, bad, "PLAT-1")
			continue
		}
		check(CheckIssueKey, bad, "")
	}
	check(CheckProjectKey, "plat", "PLAT")
	check(CheckProjectKey, `A" OR 1=1`, "")
	check(CheckSpaceKey, "DOCS", "DOCS")
	check(CheckSpaceKey, "~ada.keller@contoso.example", "~ada.keller@contoso.example")
	for _, bad := range []string{"", "..", "~..", "a/b", "a b", "~"} {
		check(CheckSpaceKey, bad, "")
	}
	check(CheckID, "10042", "10042")
	for _, bad := range []string{"", "1a", "-1", "1/2", "..", "1234567890123456789"} {
		check(CheckID, bad, "")
	}
	if got := ProjectOf("A_B-12"); got != "A_B" {
		t.Errorf("ProjectOf = %q", got)
	}
}

func TestCursor(t *testing.T) {
	c := Cursor{Start: 3, Token: "abc+/="}
	text := c.Encode("project = A")
	got, err := DecodeCursor("cursor", "project = A", text)
	if err != nil || got != c {
		t.Errorf("%+v, %v; want %+v", got, err, c)
	}
	if got, err := DecodeCursor("cursor", "x", ""); err != nil || got != (Cursor{}) {
		t.Errorf("empty: %+v, %v", got, err)
	}
	for _, bad := range []string{"!", "e30", "bm8", text + "A", text[:10], strings.Repeat("A", maxCursor+1)} {
		if _, err := DecodeCursor("cursor", "project = A", bad); err == nil {
			t.Errorf("%.20q was accepted", bad)
		}
	}
	if _, err := DecodeCursor("cursor", "project = B", text); err == nil || !strings.Contains(err.Error(), "another query") {
		t.Errorf("another query: %v", err)
	}
}

func FuzzDecodeCursor(f *testing.F) {
	f.Add("", "q")
	f.Add(Cursor{Start: 1, Token: "t"}.Encode("q"), "q")
	f.Add("eyJzIjotMX0", "q")
	f.Fuzz(func(t *testing.T, text, list string) {
		c, err := DecodeCursor("cursor", list, text)
		if err != nil {
			return
		}
		if c.Start < 0 {
			t.Errorf("start %d", c.Start)
		}
		if again, err := DecodeCursor("cursor", list, c.Encode(list)); err != nil || again != c {
			t.Errorf("%+v comes back as %+v, %v", c, again, err)
		}
	})
}

func FuzzParseErrorBody(f *testing.F) {
	f.Add([]byte(`{"errorMessages":["a"],"errors":{"b":"c"}}`))
	f.Add([]byte(`{"errors":[{"title":"t","detail":"d"}],"message":"m","data":{"errors":[{"message":{"key":"k"}}]}}`))
	f.Add([]byte(`<title>x</title>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e := parseErrorBody(body)
		if len(e.Messages)+len(e.Fields) > 2*maxMessages || len(e.Error()) > 3*maxMessages*maxMessageLength+1000 {
			t.Errorf("%d messages, %d bytes", len(e.Messages), len(e.Error()))
		}
		if strings.ContainsAny(e.Error(), "\n\r\x00\u202e") {
			t.Errorf("%q", e.Error())
		}
	})
}
