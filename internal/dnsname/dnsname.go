// Package dnsname says which host names read the same to every parser.
package dnsname

import (
	"strings"

	"golang.org/x/net/idna"
)

// Valid accepts a host name of two labels or more, in lower-case ASCII, at most 253 characters long
// and without a trailing dot. Labels in Punycode must be the one spelling of a valid name (RFC
// 5891). The last label begins with a letter, so that no parser takes the name for an IPv4 address
// (0x7f.1, 2130706433).
func Valid(host string) bool {
	labels := strings.Split(host, ".")
	if last := labels[len(labels)-1]; len(host) > 253 || len(labels) < 2 || last == "" || !isLower(last[0]) {
		return false
	}
	punycode := false
	for _, label := range labels {
		if !plainLabel(label) {
			return false
		}
		punycode = punycode || strings.HasPrefix(label, "xn--")
	}
	return !punycode || oneSpelling(host)
}

func plainLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := range len(label) {
		if !isLower(label[i]) && !isDigit(label[i]) && label[i] != '-' {
			return false
		}
	}
	return true
}

// oneSpelling judges the labels together, as browsers do: one with letters that are written from
// right to left puts conditions on all the others (RFC 5893 section 2).
func oneSpelling(host string) bool {
	name, err := idna.Lookup.ToUnicode(host)
	if err != nil {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if strings.HasPrefix(label, "xn--") {
			return false
		}
	}
	back, err := idna.Lookup.ToASCII(name)
	return err == nil && back == host
}

func isLower(b byte) bool { return 'a' <= b && b <= 'z' }
func isDigit(b byte) bool { return '0' <= b && b <= '9' }
