package alltools_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
)

// TestBadInput makes every mistake with every argument of every tool, one at a time in an example that
// is right. The answer says just what is wrong, and nothing reaches Jira or Confluence.
func TestBadInput(t *testing.T) {
	examples := readExamples(t)
	for _, deployment := range []string{sandbox.Cloud, sandbox.DataCenter} {
		w := newWorld(t, deployment)
		for name, definition := range w.definitions(t) {
			t.Run(deployment+"/"+name, func(t *testing.T) {
				valid, _ := unordered(t, examples[name].on(deployment).Arguments).(map[string]any)
				schema := definition.get("inputSchema").(object)
				before := w.requests.Load()
				for _, m := range wrongMembers("", schema, valid) {
					w.refuses(t, name, m)
				}
				for _, p := range schema.get("properties").(object) {
					arguments := maps.Clone(valid)
					arguments[p.name] = strings.Repeat("a", 2_000_000)
					w.refusesUnread(t, name, arguments, http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB\n")
					arguments[p.name] = nested(1000)
					w.refusesUnread(t, name, arguments, http.StatusBadRequest,
						`{"jsonrpc":"2.0","error":{"code":-32700,"message":"it nests too deep: more than 128 levels"}}`)
				}
				if sent := w.requests.Load() - before; sent > 0 {
					t.Errorf("%d requests to Atlassian", sent)
				}
			})
		}
	}
}

// refuses makes a call that has to end in a tool error about one mistake.
func (w *world) refuses(t *testing.T, tool string, m mistake) {
	t.Helper()
	result, err := w.session.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: m.value})
	if err != nil {
		t.Fatalf("%.200s: %v", plain(m.value), err)
	}
	text, _ := result.Content[0].(*sdk.TextContent)
	if want := "the arguments do not fit: " + m.want; !result.IsError || len(result.Content) != 1 || text.Text != want {
		t.Errorf("%.200s: %.300s, want %s", plain(m.value), text.Text, want)
	}
}

// refusesUnread makes a call that is refused as a message, whatever tool it is of.
func (w *world) refusesUnread(t *testing.T, tool string, arguments map[string]any, status int, want string) {
	t.Helper()
	body := plain(map[string]any{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": map[string]any{"name": tool, "arguments": arguments}})
	if got, answer := w.post(t, body); got != status || string(answer) != want {
		t.Errorf("%.200s: %d %.300s, want %d %s", body, got, answer, status, want)
	}
}

// unordered decodes JSON with numbers as they are.
func unordered(t *testing.T, text json.RawMessage) (value any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
