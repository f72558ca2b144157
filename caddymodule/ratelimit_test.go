package caddymodule_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

const oneRegistration = `entra {
		rate_limit {
			register 1
		}
	}
`

// behindProxy tells Caddy that requests from this machine come through a proxy.
func behindProxy(options string) string {
	return "servers {\n\t\ttrusted_proxies static 127.0.0.1/32\n\t\t" + options + "\n\t}\n"
}

// registrations sends n of them, with the headers of each, and returns how many were admitted.
func (w *world) registrations(n int, headers func(int) []string) (admitted int) {
	w.t.Helper()
	for i := range n {
		given := []string{"Content-Type", "application/json"}
		if headers != nil {
			given = append(given, headers(i)...)
		}
		resp, body := w.do(w.request("POST", "/oauth/register", fmt.Sprintf(`{"client_name":"Client %d","redirect_uris":["%s"]}`, i, redirectURI), given...))
		switch resp.StatusCode {
		case http.StatusCreated:
			admitted++
		case http.StatusTooManyRequests:
			if resp.Header.Get("Retry-After") == "" || !strings.Contains(body, `"error":"temporarily_unavailable"`) {
				w.t.Errorf("429 %v %s", resp.Header, body)
			}
		default:
			w.t.Fatalf("register: %d %s", resp.StatusCode, body)
		}
	}
	return admitted
}

func TestAttack6_2_ClientAddresses(t *testing.T) {
	w := newWorld(t)
	always := func(headers ...string) func(int) []string { return func(int) []string { return headers } }
	numbered := func(header, format string) func(int) []string {
		return func(i int) []string { return []string{header, fmt.Sprintf(format, i+1)} }
	}
	type flood struct {
		name    string
		headers func(int) []string
		want    int // of 30
	}
	for name, tc := range map[string]struct {
		global string
		floods []flood
	}{
		"no proxy": {oneRegistration, []flood{
			{"forged X-Forwarded-For", numbered("X-Forwarded-For", "203.0.113.%d"), 1},
			{"forged X-Real-IP", numbered("X-Real-Ip", "203.0.113.%d"), 0},
			{"who says to be Claude", always("X-Forwarded-For", "160.79.104.10"), 0},
		}},
		"a proxy that sets a header": {oneRegistration + behindProxy("client_ip_headers X-Real-IP"), []flood{
			{"another header", numbered("X-Forwarded-For", "203.0.113.%d"), 1},
			{"one address", always("X-Real-Ip", "203.0.113.7"), 1},
			{"addresses", numbered("X-Real-Ip", "198.51.100.%d"), 30},
			{"one /64", numbered("X-Real-Ip", "2001:db8:0:1::%x"), 1},
			{"many /64", numbered("X-Real-Ip", "2001:db8:0:%x::1"), 29}, // one was used up
			{"Claude", always("X-Real-Ip", "160.79.104.10"), 10},
			{"no address", numbered("X-Real-Ip", "nobody-%d"), 0}, // that of the proxy
		}},
		"a proxy that appends": {oneRegistration + behindProxy("trusted_proxies_strict"), []flood{
			{"forged in front", numbered("X-Forwarded-For", "198.51.100.%d, 203.0.113.7"), 1},
			{"Claude forged in front", always("X-Forwarded-For", "160.79.104.10, 203.0.113.7"), 0},
		}},
		"a list of one's own": {strings.Replace(oneRegistration, "register 1", "register 1\n\t\t\ttrusted 127.0.0.0/8", 1), []flood{
			{"one address", nil, 10},
		}},
		"off": {strings.Replace(oneRegistration, "register 1", "register off", 1), []flood{{"one address", nil, 30}}},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.load(w.caddyfile(tc.global, route))
			for _, f := range tc.floods {
				if got := w.registrations(30, f.headers); got != f.want {
					t.Errorf("%s: %d of 30 admitted, want %d", f.name, got, f.want)
				}
			}
		})
	}
}

// TestLimitsByDefault: 60 at once, and one more for each second that the test takes.
func TestLimitsByDefault(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", route))
	begin := time.Now()
	got := w.registrations(150, nil)
	if most := 61 + int(time.Since(begin)/time.Second); got < 60 || got > most {
		t.Errorf("%d registrations admitted, want 60 to %d", got, most)
	}
	if log := w.log(); strings.Count(log, `"requests refused"`) != 1 || !strings.Contains(log, `"allow_with":"rate_limit { register 120 }"`) {
		t.Error("the log has not one line with what to write")
	}
	for range 60 {
		w.do(w.request("GET", "/oauth/authorize", ""))
	}
	resp, body := w.do(w.request("GET", "/oauth/authorize", ""))
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, "<h1>Too many sign-ins at once") {
		t.Errorf("a page too many: %d %v %s", resp.StatusCode, resp.Header, body)
	}
}

// TestAReloadRefillsNothing: many a deployment reloads Caddy all the time.
func TestAReloadRefillsNothing(t *testing.T) {
	w := newWorld(t)
	config := w.caddyfile(oneRegistration, route)
	w.load(config)
	if got := w.registrations(3, nil); got != 1 {
		t.Fatalf("%d registrations admitted", got)
	}
	w.reload(strings.Replace(config, "level DEBUG", "level INFO", 1))
	if got := w.registrations(3, nil); got != 0 {
		t.Errorf("%d registrations admitted after the reload", got)
	}
}

// TestAttack8_6_ClientsMakeNoMetrics: the number of series is the same for ten clients and a hundred.
func TestAttack8_6_ClientsMakeNoMetrics(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("metrics\n\t"+oneRegistration+behindProxy("client_ip_headers X-Real-IP"), route))
	series := func(first, last int) int {
		w.registrations(last-first, func(i int) []string { return []string{"X-Real-Ip", fmt.Sprintf("203.0.113.%d", first+i)} })
		w.registrations(3, func(int) []string { return []string{"X-Real-Ip", "198.51.100.7"} }) // one is refused at least
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+w.admin+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, metrics := w.do(req)
		count := 0
		for line := range strings.Lines(metrics) {
			if strings.HasPrefix(line, "caddy_http_") {
				count++
			}
			if strings.Contains(line, "203.0.113.") || strings.Contains(line, "Client ") {
				t.Errorf("a client is in the metrics: %s", line)
			}
		}
		return count
	}
	few, many := series(0, 10), series(10, 110)
	if few == 0 || many != few {
		t.Errorf("%d series after ten clients, %d after a hundred more", few, many)
	}
}
