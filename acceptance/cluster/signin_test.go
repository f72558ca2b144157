//go:build acceptance

package cluster

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/person"
)

const redirectURI = "http://127.0.0.1:33418/callback"

// signIn is one assistant's way through the authorization server.
type signIn struct {
	c                  *cluster
	clientID, verifier string
	code               string
	tokens             tokens
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Error   string `json:"error"`
}

func (c *cluster) register() *signIn {
	c.t.Helper()
	body, _ := json.Marshal(map[string]any{"client_name": "Cluster test", "redirect_uris": []string{redirectURI}})
	resp, err := http.Post(c.public+"/oauth/register", "application/json", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		ClientID string `json:"client_id"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusCreated {
		c.t.Fatalf("registration: %d, %v", resp.StatusCode, err)
	}
	return &signIn{c: c, clientID: answer.ClientID, verifier: rand.Text() + rand.Text()}
}

func (s *signIn) authorizeURL() string {
	sum := sha256.Sum256([]byte(s.verifier))
	return s.c.public + "/oauth/authorize?" + url.Values{
		"client_id": {s.clientID}, "redirect_uri": {redirectURI}, "response_type": {"code"}, "state": {"st"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
		"resource": {s.c.public + "/mcp"},
	}.Encode()
}

// authorize goes through consent and Entra and keeps the code.
func (s *signIn) authorize() {
	s.c.t.Helper()
	back, err := person.New("Ada Keller").Follow(s.c.t.Context(), s.authorizeURL(), redirectURI)
	if err != nil {
		s.c.t.Fatal(err)
	}
	if s.code = back.Query().Get("code"); s.code == "" {
		s.c.t.Fatalf("no code: %s", back)
	}
}

// approve goes as far as Entra's sign-in page, and returns what ends the sign-in there.
func (s *signIn) approve() (finish func()) {
	s.c.t.Helper()
	ada := person.New("Ada Keller")
	callback := s.c.public + "/oauth/callback"
	back, err := ada.Follow(s.c.t.Context(), s.authorizeURL(), callback)
	if err != nil {
		s.c.t.Fatal(err)
	}
	return func() {
		s.c.t.Helper()
		last, err := ada.Follow(s.c.t.Context(), back.String(), redirectURI)
		if err != nil {
			s.c.t.Fatal(err)
		}
		if s.code = last.Query().Get("code"); s.code == "" {
			s.c.t.Fatalf("no code: %s", last)
		}
	}
}

func (s *signIn) redeem() (status int, answer tokens) {
	return s.token(url.Values{"grant_type": {"authorization_code"}, "code": {s.code}, "redirect_uri": {redirectURI}, "code_verifier": {s.verifier}})
}

func (s *signIn) refresh(token string) (status int, answer tokens) {
	return s.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

func (s *signIn) token(form url.Values) (status int, answer tokens) {
	form.Set("client_id", s.clientID)
	resp, err := http.PostForm(s.c.public+"/oauth/token", form)
	if err != nil {
		return 0, tokens{Error: err.Error()}
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		answer.Error = err.Error()
	}
	return resp.StatusCode, answer
}

// complete signs in and redeems the code.
func (s *signIn) complete() *signIn {
	s.c.t.Helper()
	s.authorize()
	s.take()
	return s
}

func (s *signIn) take() {
	s.c.t.Helper()
	status, answer := s.redeem()
	if status != http.StatusOK || answer.Access == "" || answer.Refresh == "" {
		s.c.t.Fatalf("redemption: %d %s", status, answer.Error)
	}
	s.tokens = answer
}

// call calls a tool and returns the status, and what the server says.
func (s *signIn) call() (status int, body string) {
	s.c.t.Helper()
	req, err := http.NewRequestWithContext(s.c.t.Context(), http.MethodPost, s.c.public+"/mcp",
		strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"jira_get_issue","arguments":{"issue_key":"PLAT-1"}}}`))
	if err != nil {
		s.c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.tokens.Access)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	req.Header.Set("Mcp-Protocol-Version", "2025-11-25")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.c.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		s.c.t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// works says that the access token opens the MCP route and a tool answers.
func (s *signIn) works(t *testing.T) {
	t.Helper()
	if status, body := s.call(); status != http.StatusOK || !strings.Contains(body, "PLAT-1") {
		t.Errorf("calling a tool: %d %s", status, body)
	}
}
