package searchtools_test

import (
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/hostile"
)

// hostileCalls are calls to a Jira and a Confluence whose every text is an attack. Shown says that the
// result tells some of them.
var hostileCalls = []struct {
	tool, argument, value string
	failed, shown         bool
}{
	{"search", "query", "token", false, true},
	{"search", "query", "nothing of the kind", false, false},
	{"fetch", "id", "jira:PLAT-7", false, true},
	{"fetch", "id", "confluence:1310007", false, true},
	{"fetch", "id", "jira:PLAT-999", true, true},
	{"fetch", "id", "confluence:99", true, true},
}

// TestAttack9_1_HostileSearches calls both tools with each payload in every text that Jira and
// Confluence send.
func TestAttack9_1_HostileSearches(t *testing.T) {
	both(t, func(t *testing.T, deployment string) {
		for _, payload := range hostile.Payloads(t) {
			t.Run(payload.Name, func(t *testing.T) {
				a := connect(t, deployment, setup{poison: payload.Wrap})
				for _, call := range hostileCalls {
					if _, err := a.CallTool(t.Context(), &sdk.CallToolParams{Name: call.tool, Arguments: map[string]any{call.argument: call.value}}); err != nil {
						t.Errorf("%s %s: %v", call.tool, call.value, err)
						continue
					}
					text, failed, err := hostile.Check(a.wire.Last(), "Jira and Confluence")
					if err != nil {
						t.Errorf("%s %s: %v", call.tool, call.value, err)
					}
					if failed != call.failed || call.shown && !strings.Contains(text, hostile.Word) {
						t.Errorf("%s %s: failed %v: %s", call.tool, call.value, failed, text)
					}
				}
			})
		}
	})
}
