package dnsname

import (
	"strings"
	"testing"
)

func TestValid(t *testing.T) {
	for host, want := range map[string]bool{
		"claude.ai":                      true,
		"a.b.c.example.com":              true,
		"1.example":                      true,
		"xn--mnchen-3ya.de":              true,
		strings.Repeat("a", 63) + ".com": true,
		strings.Repeat("a", 64) + ".com": false,
		strings.Repeat("a.", 126) + "a":  true,
		strings.Repeat("a.", 127) + "a":  false,
		"":                               false,
		"localhost":                      false,
		"localhost.":                     false,
		"claude.ai.":                     false,
		".claude.ai":                     false,
		"claude..ai":                     false,
		"Claude.ai":                      false,
		"-a.example":                     false,
		"a-.example":                     false,
		"a_b.example":                    false,
		"127.0.0.1":                      false,
		"127.1":                          false,
		"0x7f.1":                         false,
		"2130706433":                     false,
		"0177.0.0.01":                    false,
		"[::1]":                          false,
		"münchen.de":                     false,
		"ｃlaude.ai":                      false,
		"claude。ai":                      false,
		"xn--.ai":                        false,
		"xn--a.ai":                       false,

		// From right to left beside a label that begins with a digit: browsers refuse the whole name.
		"xn--0000000000000-07xodmmnnnnnnnnn.2-n.a": false,
		"a%2eb.example": false,
		"a.example:443": false,
		"u@a.example":   false,
	} {
		if got := Valid(host); got != want {
			t.Errorf("%.40q: got %v, want %v", host, got, want)
		}
	}
}
