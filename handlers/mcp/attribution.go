package mcp

import (
	"cmp"
	"context"
	"strings"
	"unicode"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/plaintext"
)

// maxAttributed is the length, in bytes, of a name in what is written.
const maxAttributed = 80

type attributionKey struct{}

// Attribution is the line that a tool adds to what it writes: on whose behalf, and through which
// assistant, since Jira and Confluence see only the owner of the token. It is plain text that is no
// markup in any of their formats. It is empty unless Config.Attribution asks for it.
func Attribution(ctx context.Context) string {
	line, _ := ctx.Value(attributionKey{}).(string)
	return line
}

// attributed makes the line known to tools.
func attributed(next sdk.MethodHandler) sdk.MethodHandler {
	return func(ctx context.Context, method string, req sdk.Request) (sdk.Result, error) {
		who, _ := identity.FromContext(ctx)
		return next(context.WithValue(ctx, attributionKey{}, attribution(who)), method, req)
	}
}

func attribution(who *identity.Principal) string {
	if who == nil {
		return "On behalf of somebody who did not sign in"
	}
	line := "On behalf of " + cmp.Or(plainWords(who.Name), plainWords(who.Username), "somebody without a name")
	if assistant := plainWords(who.Assistant.Name); assistant != "" {
		line += ", through " + assistant
	}
	return line
}

// plainWords is a name without what could be read as markup, a link, a mention or the key of an
// issue: people can choose their name, and an assistant's is anything.
func plainWords(name string) string {
	runes := []rune(plaintext.Line(name, maxAttributed))
	for i, r := range runes {
		inside := i > 0 && i < len(runes)-1 && unicode.IsLetter(runes[i-1]) && unicode.IsLetter(runes[i+1])
		switch {
		case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsDigit(r), r == ' ', r == ',':
		case r == '-' || r == '\'' || r == '’':
			if !inside {
				runes[i] = ' '
			}
		case r == '.':
			// A dot before a blank is an abbreviation, one inside a word may be a host's.
			if i < len(runes)-1 && runes[i+1] != ' ' {
				runes[i] = ' '
			}
		default:
			runes[i] = ' '
		}
	}
	return strings.Join(strings.Fields(string(runes)), " ")
}
