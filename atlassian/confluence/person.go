package confluence

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/people"
)

// maxPeople is how many people a search reads to find the one that is meant.
const maxPeople = "50"

// userKey is how Data Center's keys of users look.
var userKey = regexp.MustCompile(`^[0-9a-f]{32}$`)

// rawPerson is a user in the v1 API of either deployment.
type rawPerson struct {
	AccountID   string `json:"accountId"`
	Username    string `json:"username"`
	UserKey     string `json:"userKey"`
	DisplayName string `json:"displayName"`
	PublicName  string `json:"publicName"`
	Email       string `json:"email"`
}

// findPerson is the way from what a caller calls somebody to the id that the deployment knows them by:
// from an account id (Cloud), a user name or key (Data Center), a display name or an e-mail address.
// Confluence searches people by their names only, so an address finds somebody whose name is like it
// and who shows it. It takes one request, or two for a name on Data Center, and none for an account id.
func (c *Client) findPerson(ctx context.Context, cloud bool, argument, who string) (string, error) {
	who, err := people.Plain(argument, who)
	switch {
	case err != nil:
		return "", err
	case strings.EqualFold(who, "me"):
		return c.self(ctx)
	case cloud && people.IsAccountID(who):
		return who, nil
	}
	if !cloud {
		name, err := c.username(ctx, who)
		if name != "" || err != nil {
			return name, err
		}
	}
	found, err := c.searchPeople(ctx, cloud, nameIn(who))
	if err != nil {
		return "", err
	}
	i, err := people.Choose(argument, who, found, false)
	if err != nil {
		return "", err
	}
	return found[i].ID, nil
}

// username is the name of the user of Data Center with a name or key, or empty when there is none.
func (c *Client) username(ctx context.Context, who string) (string, error) {
	parameter := "username"
	if userKey.MatchString(who) {
		parameter = "key"
	}
	var answer rawPerson
	err := c.call(ctx, http.MethodGet, path(restAPI, url.Values{parameter: {who}}, "user"), nil, &answer)
	if errors.Is(err, atlassian.ErrNotFound) {
		return "", nil
	}
	return answer.Username, err
}

// nameIn is the name that an e-mail address is likely to hold: "ada.keller@…" is Ada Keller's.
func nameIn(who string) string {
	name, _, isAddress := strings.Cut(who, "@")
	if !isAddress {
		return who
	}
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("._-+", r) }), " ")
}

func (c *Client) searchPeople(ctx context.Context, cloud bool, name string) ([]people.Person, error) {
	cql, segments := "user.fullname ~ "+quoteCQL(name), []string{"search", "user"}
	if !cloud {
		cql, segments = "type = user AND "+cql, []string{"search"}
	}
	var answer struct {
		Results []struct {
			User rawPerson `json:"user"`
		} `json:"results"`
	}
	if err := c.call(ctx, http.MethodGet, path(restAPI, url.Values{"cql": {cql}, "limit": {maxPeople}}, segments...), nil, &answer); err != nil {
		return nil, err
	}
	var found []people.Person
	for _, result := range answer.Results {
		u := result.User
		if id := u.AccountID + u.Username; id != "" {
			found = append(found, people.Person{ID: id, Key: u.UserKey, Name: strings.TrimSpace(u.DisplayName), Email: u.Email})
		}
	}
	return found, nil
}
