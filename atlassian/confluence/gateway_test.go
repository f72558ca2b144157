package confluence

import (
	"slices"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/contract"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/confluence"
)

// TestThroughTheGateway does everything with a token that has scopes: the site itself sees what finds
// that out and nothing else, and links lead to it all the same.
func TestThroughTheGateway(t *testing.T) {
	check := contract.Load(t, contract.ConfluenceCloud...)
	w := connect(t, sandbox.Cloud, "", check, scopedToken)
	page, err := w.GetPage(t.Context(), PageRequest{Title: "Token life cycle", SpaceKey: "DOCS"})
	if err != nil {
		t.Fatal(err)
	}
	if page.URL != w.url+"/spaces/DOCS/pages/"+page.ID {
		t.Errorf("link = %s", page.URL)
	}
	if sent := w.sent(); !slices.Equal(sent, []string{"GET /wiki/rest/api/user/current"}) {
		t.Errorf("the site itself was asked %q, beside its tenant information", sent)
	}
	exercise(t, w)
	if sent := w.sent(); len(sent) > 0 {
		t.Errorf("the site itself was asked %q", sent)
	}
	if lacking := check.Lacking(contract.DocumentedScopes(t, "../../docs/operations.md")); lacking != nil {
		t.Errorf("the documented scopes do not open: %s", strings.Join(lacking, "\n"))
	}
}
