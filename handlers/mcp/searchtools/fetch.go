package searchtools

import (
	"context"
	"errors"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

const (
	// maxDocument bounds in bytes of JSON what is read of an issue or page.
	maxDocument = 128 << 10
	// maxComments is how many of the newest comments belong to the text of an issue.
	maxComments = 50
)

type fetchArguments struct {
	ID string `json:"id"`
}

// about reports whether a call may be about a product: one whose id cannot be read is refused with the
// reason, whatever is open.
func (in *fetchArguments) about(p policy.Product) bool {
	product, _, err := parseID(in.ID)
	return err != nil || product == p
}

// document is an issue or a page. It is written after it was judged, so that nothing of what was left
// out of it is in its text.
type document struct {
	issue *jira.Issue
	page  *confluence.Page
}

// written is a document in the form that OpenAI asks for.
type written struct {
	ID       string            `json:"id"`
	Title    string            `json:"title"`
	Text     string            `json:"text"` // Markdown
	URL      string            `json:"url"`
	Metadata map[string]string `json:"metadata"`
}

// MarshalJSON implements json.Marshaler.
func (d *document) MarshalJSON() ([]byte, error) {
	switch {
	case d.issue != nil:
		return marshal(writeIssue(d.issue))
	case d.page != nil:
		return marshal(writePage(d.page))
	}
	return nil, errors.New("an empty document")
}

// Within says whether the document's project or space is open, and drops what it names of others.
func (d *document) Within(allowed func(policy.Object) bool) bool {
	if d.issue != nil {
		return d.issue.KeepProjects(func(key string) bool { return allowed(policy.Object{Kind: policy.Project, ID: key}) })
	}
	return d.page.Space != "" && allowed(policy.Object{Kind: policy.Space, ID: d.page.Space})
}

func fetch(clients Clients) mcp.Spec[fetchArguments, document] {
	return mcp.Spec[fetchArguments, document]{
		Name:        "fetch",
		Title:       "Read what a search found",
		Description: "Read a Jira issue or a Confluence page that search found, as Markdown.",
		Access:      policy.Read,
		Structured:  true,
		Facets:      facets(clients, "jira_get_issue", "confluence_get_page", (*fetchArguments).about),
		Touches: func(in *fetchArguments) []policy.Object {
			switch product, key, err := parseID(in.ID); {
			case err != nil:
				return nil
			case product == policy.Jira:
				return []policy.Object{{Kind: policy.Issue, ID: key}}
			default:
				return []policy.Object{{Kind: policy.Page, ID: key}}
			}
		},
		Run: func(ctx context.Context, in *fetchArguments) (*document, error) {
			product, key, err := parseID(in.ID)
			if err != nil {
				return nil, err
			}
			if product == policy.Jira {
				issue, err := clients.Jira.GetIssue(ctx, jira.GetIssueRequest{Key: key, Comments: maxComments, Budget: maxDocument})
				return &document{issue: issue}, err
			}
			page, err := clients.Confluence.GetPage(ctx, confluence.PageRequest{ID: key, Budget: maxDocument})
			return &document{page: page}, err
		},
	}
}
