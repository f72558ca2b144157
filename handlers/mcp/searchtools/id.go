package searchtools

import (
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// idOf is what search calls an issue, by its key, or a page, by its id: jira:PROJ-123, confluence:12345.
func idOf(p policy.Product, key string) string { return string(p) + ":" + key }

// parseID reads what idOf makes, with the key in any case.
func parseID(id string) (p policy.Product, key string, err error) {
	product, key, _ := strings.Cut(strings.TrimSpace(id), ":")
	switch p = policy.Product(product); p {
	case policy.Jira:
		key, err = atlassian.CheckIssueKey("id", key)
	case policy.Confluence:
		key, err = atlassian.CheckID("id", key)
	default:
		err = &atlassian.InputError{Argument: "id", Problem: "it is none of search", Hint: "Pass the id of a result of search, such as jira:PROJ-123 or confluence:12345."}
	}
	if err != nil {
		return "", "", err
	}
	return p, key, nil
}
