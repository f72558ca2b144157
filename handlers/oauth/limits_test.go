package oauth

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
)

// limited gives a world the limits that an operator gets without saying anything, or others.
func limited(t *testing.T, change ...func(*LimitConfig)) *world {
	t.Helper()
	return newWorld(t, func(c *Config) {
		l := LimitConfig{Register: 60, Authorize: 60, Token: 600, Trusted: []netip.Prefix{netip.MustParsePrefix("160.79.104.0/21")}, Now: c.Now}
		for _, f := range change {
			f(&l)
		}
		c.Limits = NewLimits(l)
	})
}

// from sends a request over a connection from this address.
func (w *world) from(address, method, target, body string, headers ...string) answer {
	w.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = net.JoinHostPort(address, "50000")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	return read(w.t, rec.Result())
}

const aRegistration = `{"client_name":"Claude","redirect_uris":["` + claudeURI + `"]}`

func (w *world) registerFrom(address string, headers ...string) answer {
	w.t.Helper()
	return w.from(address, http.MethodPost, testIssuer+registerPath, aRegistration, append(headers, "Content-Type", "application/json")...)
}

// admitted is how many of n registrations are not refused for their number.
func (w *world) admitted(n int, address func(int) string, headers ...string) (count int) {
	w.t.Helper()
	for i := range n {
		switch a := w.registerFrom(address(i), headers...); a.status {
		case http.StatusCreated:
			count++
		case http.StatusTooManyRequests:
		default:
			w.t.Fatalf("%d %s", a.status, a.body)
		}
	}
	return count
}

func always(address string) func(int) string { return func(int) string { return address } }

func retryAfter(t *testing.T, a answer) int {
	t.Helper()
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || seconds < 1 || seconds > 60 {
		t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
	}
	return seconds
}

func TestAttack6_1_RegistrationsOfOneAddress(t *testing.T) {
	w := limited(t)
	before := decode[registration](t, w.registerFrom("203.0.113.7").body)
	stored := len(w.storage.Dump())
	if got := w.admitted(10_000, always("203.0.113.7")); got != 59 {
		t.Errorf("%d of 10000 registrations were admitted", got)
	}
	if got := len(w.storage.Dump()); got != stored {
		t.Errorf("%d records in storage, %d before the flood", got, stored)
	}
	refused := w.registerFrom("203.0.113.7")
	wantError(t, refused, http.StatusTooManyRequests, "temporarily_unavailable")
	if refused.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("a browser's page cannot read the refusal")
	}
	w.clock.advance(time.Duration(retryAfter(t, refused)) * time.Second)
	if a := w.registerFrom("203.0.113.7"); a.status != http.StatusCreated {
		t.Errorf("after Retry-After: %d", a.status)
	}
	if a := w.registerFrom("203.0.113.8"); a.status != http.StatusCreated {
		t.Errorf("from elsewhere: %d", a.status)
	}
	w.tokens(before)
}

func TestAttack6_2_ForgedHeadersAndHoppingAddresses(t *testing.T) {
	numbered := func(prefix string) func(int) string {
		return func(i int) string { return prefix + strconv.FormatInt(int64(i+1), 16) }
	}
	for name, tc := range map[string]struct {
		address func(int) string
		headers func(int) []string
		want    int
	}{
		"one address": {address: always("203.0.113.7"), want: 60},
		"forged headers": {address: always("203.0.113.7"), want: 60, headers: func(i int) []string {
			forged := "198.51.100." + strconv.Itoa(i%256)
			return []string{"X-Forwarded-For", forged, "Forwarded", "for=" + forged, "X-Real-Ip", forged, "Cf-Connecting-Ip", forged, "True-Client-Ip", forged}
		}},
		"headers that claim to be Claude": {address: always("203.0.113.7"), want: 60, headers: func(int) []string {
			return []string{"X-Forwarded-For", "160.79.104.10", "User-Agent", "Claude-User"}
		}},
		"one /64":                {address: numbered("2001:db8:0:1::"), want: 60},
		"many /64":               {address: func(i int) string { return "2001:db8:0:" + strconv.FormatInt(int64(i), 16) + "::1" }, want: 1000},
		"IPv4 in two spellings":  {address: func(i int) string { return []string{"", "::ffff:"}[i%2] + "203.0.113.7" }, want: 60},
		"no addresses":           {address: func(i int) string { return "nonsense-" + strconv.Itoa(i) }, want: 60},
		"Claude":                 {address: always("160.79.104.10"), want: 600},
		"just beside of Claude":  {address: always("160.79.112.0"), want: 60},
		"Claude, mapped to IPv6": {address: always("::ffff:160.79.111.255"), want: 600},
	} {
		t.Run(name, func(t *testing.T) {
			w := limited(t)
			got := 0
			for i := range 1000 {
				var headers []string
				if tc.headers != nil {
					headers = tc.headers(i)
				}
				got += w.admitted(1, func(int) string { return tc.address(i) }, headers...)
			}
			if got != tc.want {
				t.Errorf("%d of 1000 were admitted, want %d", got, tc.want)
			}
		})
	}
}

// TestLimitsOfTheRoutes: what each route allows, what it answers then, and that the others are not
// concerned.
func TestLimitsOfTheRoutes(t *testing.T) {
	w := limited(t)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for _, tc := range []struct {
		method, path string
		want         int
		page         bool
	}{
		{http.MethodGet, authorizePath, 60, true},
		{http.MethodPost, authorizePath, 0, true}, // shares with GET
		{http.MethodGet, "/oauth/callback", 60, true},
		{http.MethodPost, tokenPath, 600, false},
		{http.MethodPost, revokePath, 0, false}, // shares with tokenPath
		{http.MethodPost, registerPath, 60, false},
	} {
		got := 0
		var refused answer
		for range 700 {
			a := w.from("203.0.113.7", tc.method, testIssuer+tc.path, "", form...)
			if a.status == http.StatusTooManyRequests {
				refused = a
				continue
			}
			got++
		}
		if got != tc.want {
			t.Errorf("%s %s: %d admitted, want %d", tc.method, tc.path, got, tc.want)
		}
		retryAfter(t, refused)
		if tc.page {
			wantPage(t, refused, http.StatusTooManyRequests)
		} else {
			wantError(t, refused, http.StatusTooManyRequests, "temporarily_unavailable")
		}
	}
	for path, method := range map[string]string{jwksPath: http.MethodGet, "/.well-known/oauth-authorization-server": http.MethodGet, tokenPath: http.MethodOptions} {
		if a := w.from("203.0.113.7", method, testIssuer+path, ""); a.status >= 300 {
			t.Errorf("%s %s: %d", method, path, a.status)
		}
	}
}

// TestARefusedRenewalLosesNothing: the same refresh token works later.
func TestARefusedRenewalLosesNothing(t *testing.T) {
	w := limited(t, func(l *LimitConfig) { l.Token = 2 })
	c := w.registered("Claude", methodNone, claudeURI)
	had := w.tokens(c)
	token(t, w.server, renewal(c, "wrong"))
	refused := token(t, w.server, renewal(c, had.RefreshToken))
	wantError(t, refused, http.StatusTooManyRequests, "temporarily_unavailable")
	w.clock.advance(time.Duration(retryAfter(t, refused)) * time.Second)
	if a := token(t, w.server, renewal(c, had.RefreshToken)); a.status != http.StatusOK {
		t.Errorf("after Retry-After: %d %s", a.status, a.body)
	}
}

// TestRefusalsAreLoggedOnceAMinute: for each address, with what would help.
func TestRefusalsAreLoggedOnceAMinute(t *testing.T) {
	w := limited(t)
	lines := func() int { return strings.Count(w.log.String(), "requests refused") }
	w.admitted(1000, always("203.0.113.7"))
	for range 100 {
		w.from("203.0.113.7", http.MethodGet, testIssuer+authorizePath, "")
	}
	if got := lines(); got != 1 {
		t.Errorf("%d lines about one address", got)
	}
	for _, part := range []string{"client=203.0.113.7", `allow_with="rate_limit { register 120 }"`, "path=/oauth/register"} {
		if !strings.Contains(w.log.String(), part) {
			t.Errorf("the log lacks %s", part)
		}
	}
	if strings.Contains(w.log.String(), "trusted_proxies") {
		t.Error("an address elsewhere is taken for a proxy of the operator's")
	}
	w.clock.advance(time.Minute)
	w.admitted(1000, always("203.0.113.7"))
	w.admitted(1000, always("2001:db8::1"))
	w.admitted(1000, always("10.0.0.1"))
	if got := lines(); got != 4 {
		t.Errorf("%d lines", got)
	}
	for _, part := range []string{"client=2001:db8::/64", "client=10.0.0.1", "set trusted_proxies"} {
		if !strings.Contains(w.log.String(), part) {
			t.Errorf("the log lacks %s", part)
		}
	}
}

// approveOnly is what a browser gets that approves, and goes no further.
func (w *world) approveOnly(c registration) answer {
	w.t.Helper()
	b := w.newBrowser()
	return b.post(testIssuer+authorizePath, b.consent(c), "Origin", testIssuer)
}

// unlimitedPages makes a server count open sign-ins, and not the requests that lead there.
func unlimitedPages(w *world) {
	rt := w.server.routes[authorizePath]
	rt.limit = limit{}
	w.server.routes[authorizePath] = rt
}

func TestAttack8_3_OpenSignIns(t *testing.T) {
	w := limited(t)
	unlimitedPages(w)
	c := w.registered("Claude", methodNone, claudeURI)
	waiting := w.newBrowser()
	at := waiting.approve(c)
	for range 29 {
		if a := w.approveOnly(c); a.status != http.StatusSeeOther {
			t.Fatalf("refused before the limit: %d", a.status)
		}
	}
	stored := len(w.storage.Dump())
	for range 10 {
		refused := w.approveOnly(c)
		wantPage(t, refused, http.StatusTooManyRequests)
		retryAfter(t, refused)
	}
	if got := len(w.storage.Dump()); got != stored {
		t.Errorf("refused sign-ins left %d records", got-stored)
	}
	if !strings.Contains(w.log.String(), "too many sign-ins are open") {
		t.Error("the log does not say so")
	}
	if a := waiting.get(waiting.signIn(at, ada).String()); a.status != http.StatusSeeOther {
		t.Errorf("a sign-in that was open: %d", a.status)
	}
	if a := w.approveOnly(c); a.status != http.StatusSeeOther {
		t.Errorf("after one was finished: %d", a.status)
	}
	if a := w.approveOnly(c); a.status != http.StatusTooManyRequests {
		t.Errorf("one more than that: %d", a.status)
	}
	w.clock.advance(transactionLifetime)
	if a := w.approveOnly(c); a.status != http.StatusSeeOther {
		t.Errorf("after all have expired: %d", a.status)
	}
}

func TestAttack8_3_OpenSignInsInAll(t *testing.T) {
	w := limited(t)
	c := w.registered("Claude", methodNone, claudeURI)
	for i := range maxOpenSignIns {
		address := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).String()
		r := httptest.NewRequest(http.MethodPost, testIssuer+authorizePath, nil)
		r.RemoteAddr = address + ":50000"
		if !w.server.openSignIn(httptest.NewRecorder(), r, strconv.Itoa(i)) {
			t.Fatalf("refused at %d", i)
		}
	}
	refused := w.approveOnly(c)
	wantPage(t, refused, http.StatusServiceUnavailable)
	retryAfter(t, refused)
}

// TestFailedSignInsAreNotOpen: what did not go to Entra takes no place.
func TestFailedSignInsAreNotOpen(t *testing.T) {
	w := limited(t, func(l *LimitConfig) { l.Authorize = 2 })
	unlimitedPages(w)
	c := w.registered("Claude", methodNone, claudeURI)
	w.storage.Fault = func(operation, key string) error {
		if operation == "store" && strings.Contains(key, "transaction") {
			return errors.New("disk full")
		}
		return nil
	}
	for range 3 {
		wantPage(t, w.approveOnly(c), http.StatusServiceUnavailable)
	}
	w.storage.Fault = nil
	if a := w.approveOnly(c); a.status != http.StatusSeeOther {
		t.Errorf("with storage again: %d", a.status)
	}
}

// TestNoLimits: the zero value of every number, and no Limits at all.
func TestNoLimits(t *testing.T) {
	none := limited(t, func(l *LimitConfig) { l.Register, l.Authorize, l.Token = 0, 0, 0 })
	for name, w := range map[string]*world{"zero": none, "nil": newWorld(t)} {
		if got := w.admitted(200, always("203.0.113.7")); got != 200 {
			t.Errorf("%s: %d of 200 registrations were admitted", name, got)
		}
		c := w.registered("Claude", methodNone, claudeURI)
		for range 100 {
			if a := w.approveOnly(c); a.status != http.StatusSeeOther {
				t.Fatalf("%s: %d", name, a.status)
			}
		}
	}
}
