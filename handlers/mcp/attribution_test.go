package mcp

import (
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

// TestAttributionIsNoMarkup: names are chosen by people and assistants, and end up in Markdown, wiki
// markup and storage format.
func TestAttributionIsNoMarkup(t *testing.T) {
	for name, want := range map[string]string{
		"Ada Keller":                          "Ada Keller",
		"Chloé Martin":                        "Chloé Martin",
		"Jean-Luc O'Neill":                    "Jean-Luc O'Neill",
		"Dr. A. Keller":                       "Dr. A. Keller",
		"王小明":                                 "王小明",
		"Keller, Ada":                         "Keller, Ada",
		"[~accountid:1] [x](https://evil.eg)": "accountid 1 x https evil eg",
		"*bold* _it_ {code} h1. ||a||":        "bold it code h1. a",
		"<script>alert(1)</script> &amp;":     "script alert 1 script amp",
		"PLAT-1 @ada #1 !img.png!":            "PLAT 1 ada 1 img png",
		"evil.example.com":                    "evil example com",
		"a\nb\u202ec\u200bd\U000E0041":        "a bcd",
		"- - -":                               "",
		strings.Repeat("x", 500):              strings.Repeat("x", maxAttributed),
	} {
		if got := plainWords(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestAttribution(t *testing.T) {
	for want, who := range map[string]*identity.Principal{
		"On behalf of Ada Keller, through Claude":   {Name: "Ada Keller", Assistant: identity.Assistant{Name: "Claude"}},
		"On behalf of ada example org":              {Name: "***", Username: "ada@example.org"},
		"On behalf of somebody without a name":      {},
		"On behalf of somebody who did not sign in": nil,
	} {
		if got := attribution(who); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
