package resource

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t testing.TB, raw string) *Resource {
	t.Helper()
	r, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParseCanonicalises(t *testing.T) {
	for raw, want := range map[string]string{
		"https://mcp.example.com/mcp":         "https://mcp.example.com/mcp",
		"HTTPS://MCP.Example.com:443/mcp/":    "https://mcp.example.com/mcp",
		"http://localhost:8000/mcp":           "http://localhost:8000/mcp",
		"https://mcp.example.com":             "https://mcp.example.com",
		"https://mcp.example.com/":            "https://mcp.example.com",
		"https://[2001:DB8::1]:443/mcp":       "https://[2001:db8::1]/mcp",
		"https://mcp.example.com:8443/a/B%20": "https://mcp.example.com:8443/a/B%20",
	} {
		if got := mustParse(t, raw).String(); got != want {
			t.Errorf("Parse(%q) = %q, want %q", raw, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, raw := range []string{
		"", "/mcp", "mcp.example.com/mcp", "ftp://mcp.example.com/mcp", "https:///mcp",
		"https://user@mcp.example.com/mcp", "https://mcp.example.com/mcp#x", "https://mcp.example.com/mcp?x=1",
		"https://mcp.example.com/mcp?", "https:mcp.example.com", "https://mcp.example.com/%zz",
	} {
		if r, err := Parse(raw); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", raw, r)
		}
	}
}

func TestMatchesTheSpellingsOfClients(t *testing.T) {
	public := mustParse(t, "https://mcp.example.com/mcp")
	local := mustParse(t, "http://localhost:8000/mcp")
	for _, tc := range []struct {
		r     *Resource
		param string
		want  bool
	}{
		{public, "https://mcp.example.com/mcp", true},
		{public, "https://mcp.example.com/mcp/", true},
		{public, "HTTPS://MCP.example.com:443/mcp", true},
		{public, "https://mcp.example.com/mcp?connector=1", true},
		{public, "https://mcp.example.com/mcp//", false},
		{public, "https://mcp.example.com/MCP", false},
		{public, "https://mcp.example.com/mcp/x", false},
		{public, "https://mcp.example.com/", false},
		{public, "http://mcp.example.com/mcp", false},
		{public, "https://mcp.example.com:8443/mcp", false},
		{public, "https://mcp.example.com/mcp#x", false},
		{public, "https://mcp.example.com/mcp#", false},
		{public, "https://mcp.example.com@evil.example/mcp", false},
		{public, "https://user@mcp.example.com/mcp", false},
		{public, "https://mcp.example.com.evil.example/mcp", false},
		{public, "", false},
		{local, "http://127.0.0.1:8000/mcp", true},
		{local, "http://[::1]:8000/mcp/", true},
		{local, "http://127.0.0.1:8001/mcp", false},
		{local, "http://localhost.evil.example:8000/mcp", false},
		{local, "http://[::ffff:127.0.0.1]:8000/mcp", false},
	} {
		if got := tc.r.Matches(tc.param); got != tc.want {
			t.Errorf("%v.Matches(%q) = %v, want %v", tc.r, tc.param, got, tc.want)
		}
	}
}

func TestCovers(t *testing.T) {
	public := mustParse(t, "https://mcp.example.com/mcp")
	local := mustParse(t, "http://localhost:8000/mcp")
	for _, tc := range []struct {
		r          *Resource
		host, path string
		want       bool
	}{
		{public, "mcp.example.com", "/mcp", true},
		{public, "MCP.example.com:443", "/mcp/", true},
		{public, "mcp.example.com", "//MCP/./x", true},
		{public, "mcp.example.com", "/mcp-other", false},
		{public, "mcp.example.com", "/mcp/../admin", false},
		{public, "other.example.com", "/mcp", false},
		{public, "mcp.example.com:8443", "/mcp", false},
		{public, "", "/mcp", false},
		{local, "127.0.0.1:8000", "/mcp", true},
		{local, "[::1]:8000", "/mcp", true},
		{local, "evil.example:8000", "/mcp", false},
		{mustParse(t, "https://mcp.example.com"), "mcp.example.com", "/anything", true},
	} {
		if got := tc.r.Covers(tc.host, tc.path); got != tc.want {
			t.Errorf("%v.Covers(%q, %q) = %v, want %v", tc.r, tc.host, tc.path, got, tc.want)
		}
	}
}

func TestMetadataNeverRepeatsAForeignHost(t *testing.T) {
	public := mustParse(t, "https://mcp.example.com/mcp")
	want := Metadata{
		Resource:             "https://mcp.example.com/mcp",
		AuthorizationServers: []string{"https://mcp.example.com"},
		Scopes:               []string{"access_as_user"},
		BearerMethods:        []string{"header"},
	}
	for _, host := range []string{"mcp.example.com", "evil.example", "", "localhost", "127.0.0.1:8000"} {
		if diff := cmp.Diff(want, public.Metadata("https://mcp.example.com", []string{"access_as_user"}, host)); diff != "" {
			t.Errorf("Metadata for host %q (-want +got):\n%s", host, diff)
		}
		if got := public.MetadataURL(host); got != "https://mcp.example.com/.well-known/oauth-protected-resource/mcp" {
			t.Errorf("MetadataURL(%q) = %q", host, got)
		}
	}
}

func TestMetadataSpellsLoopbackAsAsked(t *testing.T) {
	local := mustParse(t, "http://localhost:8000/mcp")
	for host, want := range map[string]string{
		"localhost:8000":      "http://localhost:8000/mcp",
		"127.0.0.1:8000":      "http://127.0.0.1:8000/mcp",
		"[::1]:8000":          "http://[::1]:8000/mcp",
		"127.0.0.2:8000":      "http://localhost:8000/mcp",
		"127.0.0.1:9000":      "http://localhost:8000/mcp",
		"evil.example:8000":   "http://localhost:8000/mcp",
		"localhost:8000/evil": "http://localhost:8000/mcp",
	} {
		if got := local.Metadata("http://localhost:8000", nil, host).Resource; got != want {
			t.Errorf("resource for host %q = %q, want %q", host, got, want)
		}
	}
}

func FuzzMatches(f *testing.F) {
	for _, s := range []string{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp?x", "//mcp", "https://[::1"} {
		f.Add(s)
	}
	r := mustParse(f, "https://mcp.example.com/mcp")
	f.Fuzz(func(t *testing.T, param string) {
		if !r.Matches(param) {
			return
		}
		if other, err := Parse(param); err == nil && other.String() != r.String() {
			t.Errorf("%q matched but is %v", param, other)
		}
	})
}
