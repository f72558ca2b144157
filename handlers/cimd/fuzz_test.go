package cimd

import (
	"encoding/json"
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// FuzzParseID: a client id that is accepted reads the same to net/url, to a browser and to us, is
// no address, and is sent to the host as it is.
func FuzzParseID(f *testing.F) {
	for _, id := range badIDs {
		f.Add(id)
	}
	f.Add(clientID)
	f.Add("https://xn--mnchen-3ya.de/~a/b-c_d.json:@&=+,/")
	f.Fuzz(func(t *testing.T, id string) {
		host, err := parseID(id)
		if err != nil {
			if !errors.Is(err, ErrInvalidID) {
				t.Fatalf("%q: %v", id, err)
			}
			return
		}
		u, err := url.Parse(id)
		if err != nil || u.Scheme != "https" || u.Host != host || u.User != nil || u.String() != id {
			t.Fatalf("net/url reads %q as %#v, %v", id, u, err)
		}
		browser, err := whatwg.Parse(id)
		if err != nil || browser.Host() != host || browser.Href(false) != id {
			t.Fatalf("a browser reads %q as %v, %v", id, browser, err)
		}
		if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") || len(id) > maxID {
			t.Fatalf("accepted %q", id)
		}
		if "https://"+u.Hostname()+u.RequestURI() != id {
			t.Fatalf("%q is asked for as %s%s", id, u.Hostname(), u.RequestURI())
		}
	})
}

// FuzzParseDocument: a document that is accepted means the same to a plain decoder and holds what
// the caller relies on.
func FuzzParseDocument(f *testing.F) {
	f.Add(document(clientID, nil))
	f.Add(document(clientID, map[string]any{"client_secret": nil, "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_methods_supported": []string{"none"}}))
	f.Add([]byte(`{"client_id":"` + clientID + `","redirect_uris":["a"],"redirect\u005furis":["b"]}`))
	f.Add([]byte(`{"client_id":"` + clientID + `","redirect_uris":["a"],"REDIRECT_URIS":["b"],"client_name":"\ud800"}`))
	f.Add([]byte(`{"client_id":"` + clientID + `","redirect_uris":["a",null]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := parseDocument(clientID, body)
		if err != nil {
			if d != nil || !errors.Is(err, ErrDocument) {
				t.Fatalf("%q: %v, %v", body, d, err)
			}
			return
		}
		var plain map[string]any
		if json.Unmarshal(body, &plain) != nil {
			plain = nil // a number out of range in a member that is ignored
		}
		if plain != nil && (plain["client_id"] != clientID || plain["client_secret"] != nil) {
			t.Fatalf("accepted %q", body)
		}
		if d.ID != clientID || len(d.RedirectURIs) == 0 || len(d.RedirectURIs) > maxRedirectURIs {
			t.Fatalf("%q became %v", body, d)
		}
		for i, u := range d.RedirectURIs {
			if u == "" || len(u) > maxRedirectURI {
				t.Fatalf("%q became %v", body, d)
			}
			if plain != nil && plain["redirect_uris"].([]any)[i] != u {
				t.Fatalf("%q became %v", body, d)
			}
		}
	})
}
