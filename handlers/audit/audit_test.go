package audit

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

// full is a record that says everything.
var full = Record{
	Event: ToolCall, Message: "what happened", Request: "V6PMEQ2ZLXOA", TenantID: "t", ObjectID: "o", User: "Ada Keller", Username: "ada@contoso.example",
	Application: "app", Assistant: "Claude", Resource: "https://mcp.example.com/mcp", Tool: "jira_update_issue", Uses: []string{"jira_add_comment"}, Objects: []string{"issue:PLAT-1", "issue:PLAT-2"},
	Outcome: Refused, Status: 404, Reason: "why", Duration: 1500 * time.Millisecond,
}

// written returns the line that a record makes, without the time.
func written(t *testing.T, r Record) (line string, members map[string]any) {
	t.Helper()
	var out bytes.Buffer
	r.Write(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo})))
	if err := json.Unmarshal(out.Bytes(), &members); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	delete(members, "time")
	return out.String(), members
}

func TestWrite(t *testing.T) {
	for name, tc := range map[string]struct {
		record Record
		want   map[string]any
	}{
		"everything": {full, map[string]any{
			"level": "INFO", "msg": "what happened", "event": "tool call", "request": "V6PMEQ2ZLXOA", "user": "Ada Keller", "username": "ada@contoso.example",
			"tid": "t", "oid": "o", "application": "app", "assistant": "Claude", "resource": "https://mcp.example.com/mcp", "tool": "jira_update_issue",
			"uses": []any{"jira_add_comment"}, "objects": []any{"issue:PLAT-1", "issue:PLAT-2"}, "outcome": "refused", "status": 404.0, "reason": "why", "duration": 1.5e9,
		}},
		"nothing but what happened": {Record{Event: Block, Outcome: OK}, map[string]any{"level": "INFO", "msg": "block", "event": "block", "outcome": "ok"}},
		"a user name alone": {Record{Event: SignIn, Username: "ada@contoso.example", Outcome: OK}, map[string]any{
			"level": "INFO", "msg": "sign-in", "event": "sign-in", "user": "ada@contoso.example", "username": "ada@contoso.example", "outcome": "ok",
		}},
		"a user name, and a name of nothing visible": {Record{Event: SignIn, User: "\u200b", Username: "ada@contoso.example", Outcome: OK}, map[string]any{
			"level": "INFO", "msg": "sign-in", "event": "sign-in", "user": "ada@contoso.example", "username": "ada@contoso.example", "outcome": "ok",
		}},
		"names of nothing visible": {Record{Event: Refusal, User: "\u202e\u2800\n", Assistant: "\x00\x1b", Outcome: Refused}, map[string]any{
			"level": "INFO", "msg": "refusal", "event": "refusal", "outcome": "refused",
		}},
	} {
		if _, got := written(t, tc.record); !cmp.Equal(tc.want, got) {
			t.Errorf("%s (-want +got):\n%s", name, cmp.Diff(tc.want, got))
		}
	}
}

// TestEveryMemberIsDocumented: what a full record has is what docs/audit.md explains, and no field of
// a Record is forgotten.
func TestEveryMemberIsDocumented(t *testing.T) {
	for field, value := range reflect.ValueOf(full).Fields() {
		if value.IsZero() {
			t.Errorf("full has no %s", field.Name)
		}
	}
	_, members := written(t, full)
	delete(members, "level")
	delete(members, "msg")
	doc, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "| member | meaning |")
	table, _, _ = strings.Cut(table, "\n\n")
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*?`) \\|").FindAllStringSubmatch(table, -1) {
		documented = append(documented, strings.Split(strings.Trim(row[1], "`"), "`, `")...)
	}
	slices.Sort(documented)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(members)), documented); diff != "" {
		t.Errorf("members (-written +documented):\n%s", diff)
	}
}

// TestForeignTextIsCleaned: a name that somebody chose, or a reason that quotes another server, begins
// no line, colours no terminal, turns no text around, and is no longer than its share.
func TestForeignTextIsCleaned(t *testing.T) {
	const evil = " Ada\r\n{\"level\":\"info\",\"msg\":\"signed in\"}\t\x1b[31m\x00\u0085\u2028\u202eadA\u200b\U000E0041\xff "
	const clean = `Ada {"level":"info","msg":"signed in"} [31m adA`
	for name, fill := range map[string]func(r *Record, text string){
		"user":      func(r *Record, text string) { r.User = text },
		"username":  func(r *Record, text string) { r.User, r.Username = "Ada", text },
		"assistant": func(r *Record, text string) { r.Assistant = text },
		"reason":    func(r *Record, text string) { r.Reason = text },
	} {
		var r Record
		fill(&r, evil)
		line, got := written(t, r)
		if got[name] != clean {
			t.Errorf("%s: got %q, want %q", name, got[name], clean)
		}
		if strings.Count(line, "\n") != 1 || strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Errorf("%s: the line is %q", name, line)
		}
		most := maxName
		if name == "reason" {
			most = maxReason
		}
		fill(&r, strings.Repeat("é", 1000))
		if _, got := written(t, r); got[name] != strings.Repeat("é", most/2) {
			t.Errorf("%s: %d bytes of a long text", name, len(got[name].(string)))
		}
	}
}

// TestOf: of a caller the record takes who it is and through what, and leaves what belongs into no
// log: ids of grants are as secret as tokens, and roles and groups are nobody's business.
func TestOf(t *testing.T) {
	who := &identity.Principal{
		TenantID: "t", ObjectID: "o", Name: "Ada Keller", Username: "ada@contoso.example", Application: "app",
		Assistant: identity.Assistant{Name: "Claude", ClientID: "hidden-client"},
		Grant:     "hidden-grant",
		Roles:     []string{"hidden-role"}, Groups: []string{"hidden-group"}, Scopes: []string{"hidden-scope"},
	}
	line, got := written(t, Record{Event: ToolCall, Tool: "jira_get_issue", Outcome: OK, TenantID: "x", Assistant: "x"}.Of(who))
	want := map[string]any{
		"level": "INFO", "msg": "tool call", "event": "tool call", "user": "Ada Keller", "username": "ada@contoso.example", "tid": "t", "oid": "o",
		"application": "app", "assistant": "Claude", "tool": "jira_get_issue", "outcome": "ok",
	}
	if diff := cmp.Diff(want, got); diff != "" || strings.Contains(line, "hidden") {
		t.Errorf("record (-want +got):\n%s\n%s", diff, line)
	}
}

// TestWriteIsNotFilteredByOutcome: who reads the audit at level info gets failures and refusals on
// the same level as what went well.
func TestWriteIsNotFilteredByOutcome(t *testing.T) {
	for _, outcome := range []string{OK, Refused, Failed, "panic"} {
		if _, got := written(t, Record{Event: ToolCall, Outcome: outcome}); got["level"] != "INFO" || got["outcome"] != outcome {
			t.Errorf("%s: %v", outcome, got)
		}
	}
}
