package caddymodule_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

const tenantIssuer = "https://login.microsoftonline.com/5f1c8a3e-2b7d-4c9a-9e10-6d2f4b8a7c31/v2.0"

// complete is an environment with nothing missing.
var complete = map[string]string{
	"ENTRA_ID_EXPECTED_ISSUER":  tenantIssuer,
	"ENTRA_ID_CLIENT_ID":        "0b8e6f52-93d4-4a1b-8c7e-1f5a2d3c4b69",
	"ENTRA_ID_CLIENT_SECRET":    "abc~secret.value_0123456789",
	"OAUTH_DCR_REDIRECT_URI":    "https://mcp.example.com/oauth/callback",
	"OAUTH_DCR_SCOPE":           "access_as_user openid profile email",
	"JIRA_URL":                  "https://example.atlassian.net",
	"JIRA_USERNAME":             "svc@example.com",
	"JIRA_PERSONAL_TOKEN":       "jira-token",
	"CONFLUENCE_URL":            "https://example.atlassian.net/wiki",
	"CONFLUENCE_USERNAME":       "svc@example.com",
	"CONFLUENCE_PERSONAL_TOKEN": "confluence-token",
}

// setEnvironment sets complete with changes; an empty value unsets.
func setEnvironment(t *testing.T, changes map[string]string) {
	t.Helper()
	for name, value := range complete {
		t.Setenv(name, value)
	}
	for name, value := range changes {
		t.Setenv(name, value)
	}
}

// validate does what `caddy validate` does.
func validate(t *testing.T, global, site string) error {
	t.Helper()
	adapted, err := adapt("{\nadmin off\nlog {\nlevel ERROR\n}\nstorage file_system " + t.TempDir() + "\n" + global + "\n}\nhttps://mcp.example.com {\n" + site + "\n}\n")
	if err != nil {
		return err
	}
	var config caddy.Config
	if err := json.Unmarshal(adapted, &config); err != nil {
		t.Fatal(err)
	}
	return caddy.Validate(&config)
}

// TestWrongConfigurationsSayWhatToChange: each fails at load with a message that names the
// directive, the variable and the cure, and that repeats no secret.
func TestWrongConfigurationsSayWhatToChange(t *testing.T) {
	none := map[string]string{}
	for name := range complete {
		none[name] = ""
	}
	for name, tc := range map[string]struct {
		env    map[string]string
		global string
		site   string
		want   []string
	}{
		"half configured":             {env: map[string]string{"ENTRA_ID_CLIENT_SECRET": ""}, want: []string{"entra", "half configured", "ENTRA_ID_CLIENT_SECRET"}},
		"two names, two values":       {env: map[string]string{"OAUTH_DCR_CLIENT_ID": "1b8e6f52-93d4-4a1b-8c7e-1f5a2d3c4b69"}, want: []string{"entra: client_id", "ENTRA_ID_CLIENT_ID", "OAUTH_DCR_CLIENT_ID", "remove one"}},
		"two secrets":                 {env: map[string]string{"OAUTH_DCR_CLIENT_SECRET": "another-secret"}, want: []string{"client_secret", "ENTRA_ID_CLIENT_SECRET", "OAUTH_DCR_CLIENT_SECRET"}},
		"unset placeholder":           {global: "entra {\nclient_secret {env.NOT_SET_ANYWHERE}\n}", want: []string{"entra: client_secret", "env.NOT_SET_ANYWHERE", "ENTRA_ID_CLIENT_SECRET"}},
		"placeholder in a variable":   {env: map[string]string{"ENTRA_ID_CLIENT_SECRET": "{env.OTHER}"}, want: []string{"client_secret", "ENTRA_ID_CLIENT_SECRET", "placeholder"}},
		"secret id":                   {env: map[string]string{"ENTRA_ID_CLIENT_SECRET": "7c1f0c52-93d4-4a1b-8c7e-1f5a2d3c4b69"}, want: []string{"ENTRA_ID_CLIENT_SECRET", "Value"}},
		"foreign authority":           {env: map[string]string{"ENTRA_ID_EXPECTED_ISSUER": "https://login.evil.example/t/v2.0"}, want: []string{"ENTRA_ID_EXPECTED_ISSUER", "allow_authority"}},
		"common without tenants":      {env: map[string]string{"ENTRA_ID_EXPECTED_ISSUER": "https://login.microsoftonline.com/common/v2.0"}, want: []string{"ENTRA_ID_EXPECTED_ISSUER", "tenants"}},
		"http public URL":             {global: "entra {\npublic_url http://mcp.example.com\n}", want: []string{"public_url", "https"}},
		"public URL with a path":      {global: "entra {\npublic_url https://mcp.example.com/x\n}", want: []string{"public_url", "without a path"}},
		"http redirect URI":           {env: map[string]string{"OAUTH_DCR_REDIRECT_URI": "http://mcp.example.com/oauth/callback"}, want: []string{"https"}},
		"relative redirect URI":       {env: map[string]string{"OAUTH_DCR_REDIRECT_URI": "/oauth/callback"}, want: []string{"OAUTH_DCR_REDIRECT_URI", "absolute"}},
		"a limit that is none":        {global: "entra {\nrate_limit {\nregister many\n}\n}", want: []string{"entra: rate_limit: register", "minute", "off"}},
		"a limit below zero":          {global: "entra {\nrate_limit {\ntoken -1\n}\n}", want: []string{"entra: rate_limit: token", "600"}},
		"a limit by a placeholder":    {env: map[string]string{"JIRA_USERNAME": "many"}, global: "entra {\nrate_limit {\ntoken {env.JIRA_USERNAME}\n}\n}", want: []string{"entra: rate_limit: token", "minute", "off"}},
		"a call limit by one":         {env: map[string]string{"JIRA_USERNAME": "many"}, site: "atlassian_mcp {\nlimit {\nperson_at_once {env.JIRA_USERNAME}\n}\n}", want: []string{"atlassian_mcp: limit: person_at_once", "calls", "off"}},
		"a call limit that is unset":  {site: "atlassian_mcp {\nlimit {\nperson {env.NOT_SET_ANYWHERE}\n}\n}", want: []string{"atlassian_mcp: limit: person", "env.NOT_SET_ANYWHERE"}},
		"a range that is none":        {global: "entra {\nrate_limit {\ntrusted office\n}\n}", want: []string{"entra: rate_limit: trusted", "203.0.113.0/24"}},
		"a range from its middle":     {global: "entra {\nrate_limit {\ntrusted 203.0.113.7/24\n}\n}", want: []string{"entra: rate_limit: trusted", "write 203.0.113.0/24"}},
		"ranges and none":             {global: "entra {\nrate_limit {\ntrusted claude off\n}\n}", want: []string{"entra: rate_limit: trusted", "off` alone"}},
		"short master key":            {global: "entra {\nmaster_key short\n}", want: []string{"master_key", "32"}},
		"bad origin":                  {global: "entra {\nallow_origin example.com\n}", want: []string{"allow_origin"}},
		"unknown client":              {global: "entra {\nallow_clients clod\n}", want: []string{"allow_clients", "clod"}},
		"entra twice":                 {global: "entra {\n}\nentra {\n}", want: []string{"entra", "twice"}},
		"unknown option":              {global: "entra {\ntypo x\n}", want: []string{"entra", "typo"}},
		"option twice":                {global: "entra {\nissuer a\nissuer b\n}", want: []string{"issuer", "twice"}},
		"entra_oauth with a block":    {site: "entra_oauth {\nissuer x\n}", want: []string{"entra_oauth", "global option"}},
		"entra_auth with a word":      {site: "entra_auth /mcp", want: nil},
		"entra_auth with two words":   {site: "entra_auth * mcp", want: []string{"entra_auth resource"}},
		"entra_auth with http":        {site: "entra_auth resource ftp://x/mcp", want: []string{"entra_auth", "/mcp"}},
		"two default gates":           {site: "entra_auth resource /a {\ndefault\n}\nhandle /b {\nentra_auth resource /b {\ndefault\n}\n}", want: []string{"default", "mark one"}},
		"Jira without token":          {env: map[string]string{"JIRA_PERSONAL_TOKEN": ""}, site: "atlassian_mcp", want: []string{"atlassian_mcp jira", "JIRA_PERSONAL_TOKEN"}},
		"Jira without address":        {env: map[string]string{"JIRA_URL": ""}, site: "atlassian_mcp", want: []string{"atlassian_mcp jira", "JIRA_URL"}},
		"two Jira tokens":             {env: map[string]string{"JIRA_API_TOKEN": "another"}, site: "atlassian_mcp", want: []string{"JIRA_PERSONAL_TOKEN", "JIRA_API_TOKEN"}},
		"Jira address":                {env: map[string]string{"JIRA_URL": "example.atlassian.net"}, site: "atlassian_mcp", want: []string{"JIRA_URL"}},
		"Confluence without token":    {env: map[string]string{"CONFLUENCE_PERSONAL_TOKEN": ""}, site: "atlassian_mcp", want: []string{"CONFLUENCE_PERSONAL_TOKEN"}},
		"unknown tool":                {env: map[string]string{"ENABLED_TOOLS": "jira_get_isue"}, site: "atlassian_mcp", want: []string{"atlassian_mcp", "jira_get_isue"}},
		"unknown toolset":             {env: map[string]string{"TOOLSETS": "jira_isues"}, site: "atlassian_mcp", want: []string{"jira_isues"}},
		"read-only is neither":        {env: map[string]string{"READ_ONLY_MODE": "perhaps"}, site: "atlassian_mcp", want: []string{"READ_ONLY_MODE"}},
		"unknown deployment":          {site: "atlassian_mcp {\njira https://example.atlassian.net {\ndeployment server\n}\n}", want: []string{"JIRA_DEPLOYMENT", "datacenter"}},
		"bad timeout":                 {site: "atlassian_mcp {\ntimeout soon\n}", want: []string{"soon", "duration"}},
		"issuer that is no URL":       {env: map[string]string{"ENTRA_ID_EXPECTED_ISSUER": "my-tenant"}, want: []string{"ENTRA_ID_EXPECTED_ISSUER", "{tenant-id}"}},
		"client id that is none":      {env: map[string]string{"ENTRA_ID_CLIENT_ID": "my-app"}, want: []string{"ENTRA_ID_CLIENT_ID", "GUID"}},
		"three client secrets":        {global: "entra {\nclient_secret one~12345678 two~12345678 three~12345678\n}", want: []string{"ENTRA_ID_CLIENT_SECRET", "at most two"}},
		"empty client secret":         {global: "entra {\nclient_secret \"\"\n}", want: []string{"half configured", "ENTRA_ID_CLIENT_SECRET"}},
		"secret in a missing file":    {global: "entra {\nclient_secret {file./not/there}\n}", want: []string{"entra: client_secret", "{file./not/there}", "ENTRA_ID_CLIENT_SECRET"}},
		"misspelt placeholder":        {global: "entra {\nclient_secret {ENTRA_ID_CLIENT_SECRET}\n}", want: []string{"entra: client_secret", "{ENTRA_ID_CLIENT_SECRET}", "placeholder"}},
		"two scopes":                  {env: map[string]string{"ENTRA_ID_SCOPE": "openid"}, want: []string{"entra: scope", "OAUTH_DCR_SCOPE", "ENTRA_ID_SCOPE", "remove one"}},
		"two redirect URIs":           {env: map[string]string{"ENTRA_ID_REDIRECT_URI": "https://mcp.example.com/callback"}, want: []string{"entra: redirect_uri", "OAUTH_DCR_REDIRECT_URI", "ENTRA_ID_REDIRECT_URI", "remove one"}},
		"redirect URI with a query":   {env: map[string]string{"OAUTH_DCR_REDIRECT_URI": "https://mcp.example.com/oauth/callback?x=y"}, want: []string{"OAUTH_DCR_REDIRECT_URI", "without a query"}},
		"redirect URI that is taken":  {env: map[string]string{"OAUTH_DCR_REDIRECT_URI": "https://mcp.example.com/oauth/token"}, want: []string{"redirect_uri", "/oauth/token", "/oauth/callback"}},
		"public URL with a fragment":  {global: "entra {\npublic_url https://mcp.example.com#x\n}", want: []string{"public_url", "not an origin"}},
		"tenant that is no GUID":      {global: "entra {\ntenants example.com\n}", want: []string{"tenants", "example.com", "GUID"}},
		"audience that is no URI":     {global: "entra {\naudience mcp\n}", want: []string{"audience", "mcp", "api://"}},
		"client with a bad id":        {global: "entra {\nclient \"my app\" {\nredirect https://app.example.com/cb\n}\n}", want: []string{`entra: client "my app"`, "client id", "letters"}},
		"client without redirect":     {global: "entra {\nclient app {\n}\n}", want: []string{"entra: client app", "redirect is missing"}},
		"client's plain http":         {global: "entra {\nclient app {\nredirect http://app.example.com/cb\n}\n}", want: []string{"entra: client app: redirect", "localhost"}},
		"client's short secret":       {global: "entra {\nclient app {\nsecret hunter2\nredirect https://app.example.com/cb\n}\n}", want: []string{"entra: client app: secret", "32", "openssl rand -hex 32"}},
		"client's secret not set":     {global: "entra {\nclient app {\nsecret {env.NOT_SET_ANYWHERE}\nredirect https://app.example.com/cb\n}\n}", want: []string{"entra: client app: secret", "env.NOT_SET_ANYWHERE"}},
		"client's secret of blanks":   {env: map[string]string{"JIRA_USERNAME": "   "}, global: "entra {\nclient app {\nsecret {env.JIRA_USERNAME}\nredirect https://app.example.com/cb\n}\n}", want: []string{"entra: client app: secret", "empty"}},
		"clients of one id by env":    {global: "entra {\nclient app {\nredirect https://app.example.com/cb\n}\nclient \"app \" {\nredirect https://app.example.com/cb\n}\n}", want: []string{"entra: client app", "given twice"}},
		"redirect to plain http":      {global: "entra {\nallow_redirect http://app.example.com/callback\n}", want: []string{"allow_redirect", "http is allowed for localhost"}},
		"resource without a slash":    {site: "entra_auth resource mcp", want: []string{"entra_auth", `"mcp"`, "/mcp"}},
		"Confluence without address":  {env: map[string]string{"CONFLUENCE_URL": ""}, site: "atlassian_mcp", want: []string{"atlassian_mcp confluence", "CONFLUENCE_URL"}},
		"Confluence address":          {env: map[string]string{"CONFLUENCE_URL": "example.atlassian.net/wiki"}, site: "atlassian_mcp", want: []string{"atlassian_mcp confluence", "CONFLUENCE_URL", "https://"}},
		"two Confluence tokens":       {env: map[string]string{"CONFLUENCE_API_TOKEN": "another"}, site: "atlassian_mcp", want: []string{"CONFLUENCE_PERSONAL_TOKEN", "CONFLUENCE_API_TOKEN", "remove one"}},
		"password in an address":      {env: map[string]string{"JIRA_URL": "https://svc:secret@example.atlassian.net"}, site: "atlassian_mcp", want: []string{"atlassian_mcp jira", "JIRA_URL", "JIRA_USERNAME", "JIRA_PERSONAL_TOKEN"}},
		"deployment by environment":   {env: map[string]string{"CONFLUENCE_DEPLOYMENT": "server"}, site: "atlassian_mcp", want: []string{"atlassian_mcp confluence", "CONFLUENCE_DEPLOYMENT", "datacenter"}},
		"project that is no key":      {env: map[string]string{"JIRA_PROJECTS_FILTER": "PLAT,the-other!"}, site: "atlassian_mcp", want: []string{"atlassian_mcp", "JIRA_PROJECTS_FILTER", "the-other!"}},
		"space that is no key":        {env: map[string]string{"CONFLUENCE_SPACES_FILTER": "!"}, site: "atlassian_mcp", want: []string{"atlassian_mcp", "CONFLUENCE_SPACES_FILTER", `"!"`}},
		"a complete one":              {site: route},
		"nothing configured":          {env: none, site: "entra_oauth\nhandle /mcp {\nentra_auth resource http://localhost:8000/mcp\natlassian_mcp\n}"},
		"organizations with tenants":  {env: map[string]string{"ENTRA_ID_EXPECTED_ISSUER": "https://login.microsoftonline.com/organizations/v2.0"}, global: "entra {\ntenants 5f1c8a3e-2b7d-4c9a-9e10-6d2f4b8a7c31\n}", site: route},
		"predecessor's other names":   {env: map[string]string{"ENTRA_ID_CLIENT_ID": "", "OAUTH_DCR_CLIENT_ID": complete["ENTRA_ID_CLIENT_ID"], "ENTRA_ID_CLIENT_SECRET": "", "OAUTH_DCR_CLIENT_SECRET": "abc~secret", "OAUTH_DCR_REDIRECT_URI": "", "ENTRA_ID_REDIRECT_URI": complete["OAUTH_DCR_REDIRECT_URI"], "OAUTH_DCR_SCOPE": "", "ENTRA_ID_SCOPE": "openid profile email"}, site: route},
		"mcp-atlassian's other names": {env: map[string]string{"JIRA_PERSONAL_TOKEN": "", "JIRA_API_TOKEN": "x", "CONFLUENCE_PERSONAL_TOKEN": "", "CONFLUENCE_API_TOKEN": "x", "READ_ONLY_MODE": "true", "TOOLSETS": "default", "JIRA_PROJECTS_FILTER": "PLAT,OPS", "CONFLUENCE_SPACES_FILTER": "DOCS"}, site: route},
	} {
		t.Run(name, func(t *testing.T) {
			setEnvironment(t, tc.env)
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
			if err == nil {
				t.Fatal("accepted")
			}
			for _, part := range tc.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("message lacks %q: %v", part, err)
				}
			}
			for _, name := range []string{"ENTRA_ID_CLIENT_SECRET", "JIRA_PERSONAL_TOKEN", "CONFLUENCE_PERSONAL_TOKEN"} {
				if value := os.Getenv(name); value != "" && strings.Contains(err.Error(), value) {
					t.Errorf("the message repeats the value of %s: %v", name, err)
				}
			}
		})
	}
}

// TestValidateTouchesNoNetwork: provisioning asks neither Entra nor Atlassian nor the storage.
func TestValidateTouchesNoNetwork(t *testing.T) {
	w := newWorld(t)
	adapted, err := adapt(w.caddyfile("", route))
	if err != nil {
		t.Fatal(err)
	}
	var config caddy.Config
	if err := json.Unmarshal(adapted, &config); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Validate(&config); err != nil {
		t.Fatal(err)
	}
	if n := w.upstream.Load(); n != 0 {
		t.Errorf("%d requests to Atlassian", n)
	}
	for _, e := range []string{"discovery v1", "discovery v2", "keys v1", "keys v2"} {
		if n := w.sandbox.Entra.Count(endpoint(e)); n != 0 {
			t.Errorf("%d requests to %s of Entra", n, e)
		}
	}
	if _, err := os.Stat(w.dir + "/storage/caddy_atlassian_mcp"); err == nil {
		t.Error("something was stored")
	}
}

func TestExampleValidates(t *testing.T) {
	example, err := os.ReadFile("../Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	setEnvironment(t, map[string]string{"OAUTH_DCR_REDIRECT_URI": "http://localhost:8000/oauth/callback", "SITE_ADDRESS": "", "BIND_ADDRESS": ""})
	os.Unsetenv("SITE_ADDRESS")
	os.Unsetenv("BIND_ADDRESS")
	adapted, err := adapt("{\nadmin off\nstorage file_system " + t.TempDir() + "\n}\n" + string(example))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{`"listen":["127.0.0.1:8000"]`, `"host":["localhost","127.0.0.1"]`} {
		if !strings.Contains(string(adapted), host) {
			t.Errorf("the example does not name %s: %s", host, adapted)
		}
	}
	var config caddy.Config
	if err := json.Unmarshal(adapted, &config); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Validate(&config); err != nil {
		t.Error(err)
	}
}
