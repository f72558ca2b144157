package caddymodule_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/go-jose/go-jose/v4"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/caddymodule"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
	entrasandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/keypair"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/person"
)

const masterKey = "0123456789-master-key-0123456789"

// withoutSecret registers what change adds in place of the client secret.
func withoutSecret(change func(*entrasandbox.Config)) func(*sandbox.Config) {
	return func(c *sandbox.Config) {
		c.Entra = func(c *entrasandbox.Config) {
			c.ClientSecret = ""
			change(c)
		}
	}
}

func TestSignInWithACertificate(t *testing.T) {
	first, second := keypair.New(t, time.Now()), keypair.New(t, time.Now())
	w := newWorld(t, withoutSecret(func(c *entrasandbox.Config) {
		c.Certificates = append(c.Certificates, first.Certificate, second.Certificate)
	}))
	t.Setenv("ENTRA_ID_CLIENT_SECRET", "")
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", filepath.Join(w.dir, "of-somebody-else"))
	t.Setenv("MASTER_KEY", masterKey)
	cert, key := first.Write(t, w.dir)
	w.load(w.caddyfile("entra {\nclient_certificate "+cert+" "+key+"\nmaster_key {env.MASTER_KEY}\n}", route))
	for _, pair := range []*keypair.Pair{first, second} {
		pair.Write(t, w.dir)
		s := w.signIn(person.New("Ada Keller"))
		if resp, body := w.mcp(s.AccessToken, getIssue); resp.StatusCode != http.StatusOK {
			t.Errorf("tools/call: %d %s", resp.StatusCode, body)
		}
		form := w.sandbox.Entra.Last(entrasandbox.Token)
		jws, err := jose.ParseSignedCompact(form.Get("client_assertion"), []jose.SignatureAlgorithm{jose.PS256})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jws.Verify(pair.Certificate.PublicKey); err != nil {
			t.Error(err)
		}
		for where, text := range map[string]string{"log": w.log(), "storage": dump(t, filepath.Join(w.dir, "storage"))} {
			if strings.Contains(text, form.Get("client_assertion")) || strings.Contains(text, "PRIVATE KEY") || strings.Contains(text, masterKey) {
				t.Errorf("a secret is in the %s", where)
			}
		}
	}
}

func TestSignInWithAFederatedToken(t *testing.T) {
	issuer := keypair.New(t, time.Now())
	w := newWorld(t, withoutSecret(func(c *entrasandbox.Config) {
		c.Federated = []entrasandbox.FederatedCredential{{Issuer: "https://oidc.example.com", Subject: "caddy", Key: &issuer.Key.PublicKey}}
	}))
	file := filepath.Join(w.dir, "token")
	t.Setenv("ENTRA_ID_CLIENT_SECRET", "")
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
	keypair.WriteFile(t, file, []byte(federatedToken(t, issuer, time.Now().Add(-time.Hour))))
	w.load(w.caddyfile("entra {\nmaster_key "+masterKey+"\n}", route))
	fresh := federatedToken(t, issuer, time.Now().Add(time.Hour))
	keypair.WriteFile(t, file, []byte(fresh))
	s := w.signIn(person.New("Ada Keller"))
	if resp, body := w.mcp(s.AccessToken, getIssue); resp.StatusCode != http.StatusOK {
		t.Errorf("tools/call: %d %s", resp.StatusCode, body)
	}
	if strings.Contains(w.log(), fresh) {
		t.Error("the token is in the log")
	}
}

func federatedToken(t *testing.T, issuer *keypair.Pair, expires time.Time) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: issuer.Key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(map[string]any{"iss": "https://oidc.example.com", "sub": "caddy", "aud": "api://AzureADTokenExchange", "exp": expires.Unix()})
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestSecretFileChanges: what Entra gets is new at once, and a restart with the new secret alone
// loses nothing, whether or not a reload came in between.
func TestSecretFileChanges(t *testing.T) {
	const newer = "brand-new~secret.value_0123456789"
	for name, reload := range map[string]bool{"alone": false, "with a reload": true} {
		t.Run(name, func(t *testing.T) {
			caddymodule.SetMasterInterval(50 * time.Millisecond)
			t.Cleanup(func() { caddymodule.SetMasterInterval(15 * time.Second) })
			w := newWorld(t, func(c *sandbox.Config) {
				c.Entra = func(c *entrasandbox.Config) { c.ExtraSecrets = []string{newer} }
			})
			t.Setenv("ENTRA_ID_CLIENT_SECRET", "")
			file := filepath.Join(w.dir, "secret")
			keypair.WriteFile(t, file, []byte(sandbox.ClientSecret+"\n"))
			config := w.caddyfile("entra {\nclient_secret {file."+file+"}\n}", route)
			w.load(config)
			before := w.signIn(person.New("Ada Keller"))
			wrapped := w.wrappedKeys()

			keypair.WriteFile(t, file, []byte(newer+"\n"))
			if reload {
				w.reload(strings.Replace(config, "level DEBUG", "level INFO", 1))
			}
			after := w.signIn(person.New("Ben Okafor"))
			if got := w.sandbox.Entra.Last(entrasandbox.Token).Get("client_secret"); got != newer {
				t.Error("Entra got the secret of before")
			}
			for deadline := time.Now().Add(10 * time.Second); w.wrappedKeys() == wrapped; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the keys were not wrapped anew")
				}
			}
			if err := caddy.Stop(); err != nil {
				t.Fatal(err)
			}
			w.load(config)
			for who, s := range map[string]signedIn{"before": before, "after": after} {
				if resp, body := w.mcp(s.AccessToken, getIssue); resp.StatusCode != http.StatusOK {
					t.Errorf("a token from %s: %d %s", who, resp.StatusCode, body)
				}
			}
			for _, hidden := range []string{newer, sandbox.ClientSecret} {
				if strings.Contains(w.log(), hidden) || strings.Contains(dump(t, filepath.Join(w.dir, "storage")), hidden) {
					t.Error("a secret is in the log or the storage")
				}
			}
		})
	}
}

// wrappedKeys is the key set as it is in storage.
func (w *world) wrappedKeys() string {
	w.t.Helper()
	paths, err := filepath.Glob(filepath.Join(w.dir, "storage", "caddy_atlassian_mcp", "v1", "*", "keys"))
	if err != nil || len(paths) != 1 {
		w.t.Fatalf("the keys are at %v, %v", paths, err)
	}
	return read(w.t, paths[0])
}

// TestBrokenSecretFile: a file that is gone or broken changes nothing, and the log says so.
func TestBrokenSecretFile(t *testing.T) {
	caddymodule.SetMasterInterval(20 * time.Millisecond)
	t.Cleanup(func() { caddymodule.SetMasterInterval(15 * time.Second) })
	w := newWorld(t)
	file := filepath.Join(w.dir, "secret")
	keypair.WriteFile(t, file, []byte(sandbox.ClientSecret))
	w.load(w.caddyfile("entra {\nclient_secret {file."+file+"}\n}", route))
	w.signIn(person.New("Ada Keller"))
	wrapped := w.wrappedKeys()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	w.signIn(person.New("Ada Keller"))
	if w.wrappedKeys() != wrapped {
		t.Error("the keys were wrapped with nothing")
	}
	for _, want := range []string{"cannot be read again", "does not protect the keys in storage"} {
		if n := strings.Count(w.log(), want); n != 1 {
			t.Errorf("the log says %d times %q", n, want)
		}
	}
}

func TestWrongCredentialsSayWhatToChange(t *testing.T) {
	dir := t.TempDir()
	cert, key := keypair.New(t, time.Now()).Write(t, dir)
	file := func(name, content string) string {
		keypair.WriteFile(t, filepath.Join(dir, name), []byte(content))
		return filepath.Join(dir, name)
	}
	token := file("token", "a.b.c")
	const master = "\nmaster_key " + masterKey + "\n}"
	noSecret := map[string]string{"ENTRA_ID_CLIENT_SECRET": ""}
	azure := func(file string) map[string]string {
		env := maps.Clone(noSecret)
		env["AZURE_FEDERATED_TOKEN_FILE"] = file
		return env
	}
	unconfigured := azure(token)
	for name := range complete {
		unconfigured[name] = ""
	}
	jira := func(option string) string {
		return "atlassian_mcp {\njira https://jira.example.com {\n" + option + "\n}\n}"
	}
	for name, tc := range map[string]struct {
		env          map[string]string
		global, site string
		want         []string
	}{
		"certificate":                  {env: noSecret, global: "entra {\nclient_certificate " + cert + " " + key + master},
		"federated token":              {env: noSecret, global: "entra {\nfederated_token_file " + token + master},
		"federated token by Azure":     {env: azure(token), global: "entra {" + master},
		"Azure's beside a secret":      {env: map[string]string{"AZURE_FEDERATED_TOKEN_FILE": "/not/there"}},
		"Azure's beside a certificate": {env: azure("/not/there"), global: "entra {\nclient_certificate " + cert + " " + key + master},
		"Azure's and nothing else":     {env: unconfigured, site: "entra_oauth\nhandle /mcp {\nentra_auth resource http://localhost:8000/mcp\n}"},
		"trusted_ca":                   {global: "entra {\ntrusted_ca testdata/ca.pem\n}", site: jira("trusted_ca testdata/ca.pem")},

		"certificate, no master key":   {env: noSecret, global: "entra {\nclient_certificate " + cert + " " + key + "\n}", want: []string{"entra: master_key", "client_certificate", "openssl rand"}},
		"token, no master key":         {env: noSecret, global: "entra {\nfederated_token_file " + token + "\n}", want: []string{"entra: master_key", "federated_token_file", "openssl rand"}},
		"Azure's, no master key":       {env: azure(token), want: []string{"entra: master_key", "AZURE_FEDERATED_TOKEN_FILE", "ENTRA_ID_CLIENT_SECRET"}},
		"certificate and secret":       {global: "entra {\nclient_certificate " + cert + " " + key + master, want: []string{"client_certificate", "ENTRA_ID_CLIENT_SECRET", "remove"}},
		"token and secret":             {global: "entra {\nfederated_token_file " + token + master, want: []string{"federated_token_file", "ENTRA_ID_CLIENT_SECRET", "remove"}},
		"certificate without key":      {env: noSecret, global: "entra {\nclient_certificate " + cert + master, want: []string{"wrong argument count", "Caddyfile:"}},
		"certificate is missing":       {env: noSecret, global: "entra {\nclient_certificate /not/there " + key + master, want: []string{"entra: client_certificate", "/not/there"}},
		"key is missing":               {env: noSecret, global: "entra {\nclient_certificate " + cert + " /not/there" + master, want: []string{"entra: client_certificate", "/not/there"}},
		"files the other way round":    {env: noSecret, global: "entra {\nclient_certificate " + key + " " + cert + master, want: []string{"entra: client_certificate", "PEM"}},
		"placeholder in the key":       {env: noSecret, global: "entra {\nclient_certificate " + cert + " {env.NOT_SET_ANYWHERE}" + master, want: []string{"entra: client_certificate", "env.NOT_SET_ANYWHERE"}},
		"token is missing":             {env: azure("/not/there"), global: "entra {" + master, want: []string{"federated_token_file", "AZURE_FEDERATED_TOKEN_FILE", "/not/there"}},
		"no token in the file":         {env: noSecret, global: "entra {\nfederated_token_file " + cert + master, want: []string{"federated_token_file", "JWT"}},
		"nothing at all":               {env: noSecret, want: []string{"half configured", "ENTRA_ID_CLIENT_SECRET"}},
		"no CA for Entra":              {global: "entra {\ntrusted_ca /not/there\n}", want: []string{"entra: trusted_ca", "/not/there", "PEM"}},
		"no certificate in the CA":     {global: "entra {\ntrusted_ca testdata/ca.pem " + key + "\n}", want: []string{"entra: trusted_ca", key, "no certificate"}},
		"no CA for Jira":               {site: jira("trusted_ca /not/there"), want: []string{"atlassian_mcp jira: trusted_ca", "/not/there"}},
		"secret file with the id":      {env: noSecret, global: "entra {\nclient_secret {file." + file("id", "7c1f0c52-93d4-4a1b-8c7e-1f5a2d3c4b69") + "}\n}", want: []string{"ENTRA_ID_CLIENT_SECRET", "Value"}},
		"master key file is too short": {global: "entra {\nmaster_key {file." + file("short", "abc") + "}\n}", want: []string{"entra: master_key", "32"}},
	} {
		t.Run(name, func(t *testing.T) {
			setEnvironment(t, map[string]string{"AZURE_FEDERATED_TOKEN_FILE": ""})
			for name, value := range tc.env {
				t.Setenv(name, value)
			}
			site := tc.site
			if site == "" {
				site = route
			}
			err := validate(t, tc.global, site)
			if len(tc.want) == 0 {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			wantError(t, name, err, tc.want...)
			for _, hidden := range []string{masterKey, complete["ENTRA_ID_CLIENT_SECRET"], "-----", "7c1f0c52"} {
				if err != nil && strings.Contains(err.Error(), hidden) {
					t.Errorf("the message repeats a secret: %v", err)
				}
			}
		})
	}
}
