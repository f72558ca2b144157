// Package bench measures what decisions of the design cost, each against the other way to do it, in
// one run. README.md holds the figures.
package bench

import (
	"crypto/rand"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/certmagic"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/oauth"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records/recordstest"
)

// visualStudioCode is the registration of a client in wide use.
const visualStudioCode = `{"client_name":"Visual Studio Code","client_uri":"https://code.visualstudio.com",` +
	`"grant_types":["authorization_code","refresh_token"],"response_types":["code"],` +
	`"redirect_uris":["https://insiders.vscode.dev/redirect","https://vscode.dev/redirect","http://127.0.0.1/","http://127.0.0.1:33418/"],` +
	`"scope":"openid profile email access_as_user","token_endpoint_auth_method":"none","application_type":"native"}`

// storage is a records.Storage and how many values and bytes are in it.
type storage struct {
	records.Storage
	size func() (values, bytes int)
}

func inMemory(*testing.B) storage {
	m := new(recordstest.Memory)
	return storage{m, func() (values, bytes int) {
		for _, v := range m.Dump() {
			values, bytes = values+1, bytes+len(v)
		}
		return values, bytes
	}}
}

// inFiles is what Caddy does unless it is configured otherwise.
func inFiles(b *testing.B) storage {
	dir := b.TempDir()
	return storage{&certmagic.FileStorage{Path: dir}, func() (values, bytes int) {
		err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			values, bytes = values+1, bytes+int(info.Size())
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			b.Fatal(err)
		}
		return values, bytes
	}}
}

// sealed is the registration of this project: the client id holds all of it.
func sealed(b *testing.B, st storage) http.Handler {
	const issuer = "https://mcp.example.com"
	current := func() records.Storage { return st }
	keys := records.NewKeyring(records.KeyringConfig{Issuer: issuer, MasterKeys: [][]byte{[]byte(rand.Text())}, Storage: current})
	s, err := oauth.New(oauth.Config{
		Issuer: issuer, CallbackPath: "/oauth/callback", Resources: func() []oauth.ResourceInfo { return nil },
		Keys: keys, Store: records.New(records.Config{Storage: current, Keys: keys}),
	})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// record is the other way: a random client id, and a record under it. It checks nothing and logs
// nothing, so that what it costs is a lower bound.
func record(b *testing.B, st storage) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var client struct {
			ID           string   `json:"client_id"`
			Name         string   `json:"client_name"`
			RedirectURIs []string `json:"redirect_uris"`
			Method       string   `json:"token_endpoint_auth_method"`
		}
		if err := json.NewDecoder(r.Body).Decode(&client); err != nil {
			b.Error(err)
		}
		client.ID = rand.Text()
		raw, err := json.Marshal(client)
		if err != nil {
			b.Error(err)
		}
		if err := st.Store(r.Context(), "clients/"+client.ID, raw); err != nil {
			b.Error(err)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(raw)
	})
}

// BenchmarkRegistration registers clients and reports what each left in storage.
func BenchmarkRegistration(b *testing.B) {
	for _, way := range []struct {
		name string
		new  func(*testing.B, storage) http.Handler
	}{{"sealed", sealed}, {"record", record}} {
		for _, place := range []struct {
			name string
			new  func(*testing.B) storage
		}{{"memory", inMemory}, {"files", inFiles}} {
			b.Run(way.name+"/"+place.name, func(b *testing.B) {
				st := place.new(b)
				h := way.new(b, st)
				register(b, h) // makes the keys
				values, bytes := st.size()
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					register(b, h)
					n++
				}
				valuesAfter, bytesAfter := st.size()
				b.ReportMetric(float64(valuesAfter-values)/float64(n), "values/op")
				b.ReportMetric(float64(bytesAfter-bytes)/float64(n), "stored-B/op")
			})
		}
	}
}

func register(b *testing.B, h http.Handler) {
	r := httptest.NewRequest(http.MethodPost, "https://mcp.example.com/oauth/register", strings.NewReader(visualStudioCode))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusCreated {
		b.Fatalf("status %d: %s", w.Code, w.Body)
	}
}
