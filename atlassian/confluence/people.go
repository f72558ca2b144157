package confluence

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// maxBulkUsers is how many users one request can ask for.
const maxBulkUsers = 250

// names resolves account ids to display names, at most one request for 250 that are not known yet.
// A name that cannot be had is the account id itself: a page is worth reading without it.
func (c *Client) names(ctx context.Context, accountIDs ...string) func(accountID string) string {
	found := make(map[string]string)
	var missing []string
	for _, id := range accountIDs {
		if name, known := c.people.get(id); known {
			found[id] = name
		} else if id != "" && !slices.Contains(missing, id) {
			missing = append(missing, id)
		}
	}
	for chunk := range slices.Chunk(missing, maxBulkUsers) {
		if err := c.lookUp(ctx, chunk, found); err != nil {
			c.log.Warn("names of users could not be looked up", "users", len(chunk), "error", err)
		}
	}
	return func(id string) string {
		if name := found[id]; name != "" {
			return name
		}
		return id
	}
}

func (c *Client) lookUp(ctx context.Context, ids []string, found map[string]string) error {
	var answer struct {
		Results []struct {
			AccountID   string `json:"accountId"`
			DisplayName string `json:"displayName"`
			PublicName  string `json:"publicName"`
		} `json:"results"`
	}
	body := map[string]any{"accountIds": ids}
	if err := c.call(atlassian.ReadOnly(ctx), http.MethodPost, path(cloudV2, nil, "users-bulk"), body, &answer); err != nil {
		return err
	}
	for _, user := range answer.Results {
		name := strings.TrimSpace(oneLine(user.DisplayName))
		if name == "" {
			name = oneLine(user.PublicName)
		}
		found[user.AccountID] = name
		c.people.put(user.AccountID, name)
	}
	return nil
}

var (
	// mentionInStorage is a person in a text of Cloud, and mentionInMarkdown what markup makes of it.
	mentionInStorage  = regexp.MustCompile(`<ri:user[^>]* ri:account-id="([A-Za-z0-9:_-]{1,128})"`)
	mentionInMarkdown = regexp.MustCompile(`\[@[^\]\n]*\]\(mention:([A-Za-z0-9:_-]{1,128})\)`)
)

// maxMentions bounds how many people of one text are looked up.
const maxMentions = 100

// mentioned are the account ids of the people whom a text names.
func mentioned(storage string) []string {
	var ids []string
	for _, match := range mentionInStorage.FindAllStringSubmatch(storage, maxMentions) {
		ids = append(ids, match[1])
	}
	return ids
}

// withNames puts names in the place of the account ids that are shown for people. The targets stay,
// so that the text can be sent back.
func withNames(markdown string, name func(accountID string) string) string {
	return mentionInMarkdown.ReplaceAllStringFunc(markdown, func(mention string) string {
		id := mentionInMarkdown.FindStringSubmatch(mention)[1]
		return "[@" + strings.NewReplacer("[", "", "]", "", `\`, "").Replace(name(id)) + "](mention:" + id + ")"
	})
}
