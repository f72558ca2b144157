package origin

import (
	"net/http"
	"testing"
)

func TestAllows(t *testing.T) {
	public, err := New("https://mcp.example.com", []string{"https://inspector.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	local, err := New("http://localhost:8000", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name    string
		p       *Policy
		origins []string
		want    bool
	}{
		{"absent", public, nil, true},
		{"own", public, []string{"https://mcp.example.com"}, true},
		{"own with default port", public, []string{"https://mcp.example.com:443"}, true},
		{"listed", public, []string{"https://inspector.example.com"}, true},
		{"other", public, []string{"https://evil.example"}, false},
		{"own over http", public, []string{"http://mcp.example.com"}, false},
		{"suffix", public, []string{"https://mcp.example.com.evil.example"}, false},
		{"null", public, []string{"null"}, false},
		{"empty", public, []string{""}, false},
		{"two headers", public, []string{"https://mcp.example.com", "https://evil.example"}, false},
		{"with path", public, []string{"https://mcp.example.com/x"}, false},
		{"loopback on a public server", public, []string{"http://localhost:6274"}, false},
		{"loopback on loopback", local, []string{"http://127.0.0.1:6274"}, true},
		{"lookalike of loopback", local, []string{"http://localhost.evil.example"}, false},
		{"public on loopback", local, []string{"https://evil.example"}, false},
		{"zero policy", &Policy{}, []string{"https://mcp.example.com"}, false},
	} {
		r := &http.Request{Header: http.Header{}}
		for _, o := range tc.origins {
			r.Header.Add("Origin", o)
		}
		if got := tc.p.Allows(r); got != tc.want {
			t.Errorf("%s: Allows = %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, raw := range []string{"", "mcp.example.com", "null", "*", "ftp://x"} {
		if _, err := New("https://mcp.example.com", []string{raw}); err == nil {
			t.Errorf("New accepted the origin %q", raw)
		}
	}
}
