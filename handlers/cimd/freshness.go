package cimd

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How long a document is fresh. The draft (section 4.4) lets the server set bounds. The lower one
// holds for no-store as well: the steps of one sign-in should see one document.
const (
	minLifetime     = 5 * time.Minute
	defaultLifetime = time.Hour
	maxLifetime     = 24 * time.Hour
)

// lifetime is how long an answer is fresh, RFC 9111 section 4.2, within the bounds above.
func lifetime(h http.Header, now time.Time) time.Duration {
	d, declared := declaredLifetime(h, now)
	if !declared {
		return defaultLifetime
	}
	if age := h.Get("Age"); age != "" {
		d -= seconds(age)
	}
	return min(max(d, minLifetime), maxLifetime)
}

// declaredLifetime reads Cache-Control, and Expires when that says nothing about it.
func declaredLifetime(h http.Header, now time.Time) (d time.Duration, declared bool) {
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return 0, true
		case "max-age":
			d, declared = seconds(strings.Trim(value, `"`)), true
		}
	}
	if declared || h.Get("Expires") == "" {
		return d, declared
	}
	expires, err := http.ParseTime(h.Get("Expires"))
	if err != nil {
		return 0, true // RFC 9111 section 5.3: an invalid date, such as 0, has passed
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return expires.Sub(now), true
}

// seconds reads delta-seconds, RFC 9111 section 1.2.2: too large a number counts as 2^31. What is
// not a number is 0.
func seconds(text string) time.Duration {
	n, err := strconv.ParseUint(text, 10, 31)
	switch {
	case err == nil:
		return time.Duration(n) * time.Second
	case n > 0:
		return 1 << 31 * time.Second
	default:
		return 0
	}
}
