package confluence

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// Restrictions are who alone may see and edit a page. An operation that is missing is restricted by
// the pages above and the space only.
type Restrictions struct {
	Page string  `json:"page_id"`
	Read *Holder `json:"read,omitempty"`
	Edit *Holder `json:"edit,omitempty"`
	Note string  `json:"note,omitempty"`
}

// Holder are the people and groups that an operation is left to.
type Holder struct {
	Users  []Person `json:"users,omitempty"`
	Groups []string `json:"groups,omitempty"`
}

// Person is somebody whom a restriction names. ID is what SetRestrictions takes: an account id on
// Cloud, a user name on Data Center.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

const noRestrictionsNote = "The page itself keeps nobody out; pages above it and the space may."

// The operations that can be restricted.
const (
	readOperation = "read"
	editOperation = "update"
)

// rawRestriction is one operation's restrictions. Its lists are pointers: one that was not told is
// not the same as an empty one.
type rawRestriction struct {
	Operation    string `json:"operation"`
	Restrictions struct {
		User *struct {
			Results []struct {
				user
				AccountID string `json:"accountId"`
			} `json:"results"`
		} `json:"user"`
		Group *struct {
			Results []struct {
				Name string `json:"name"`
			} `json:"results"`
		} `json:"group"`
	} `json:"restrictions"`
}

var restrictionQuery = url.Values{"expand": {"restrictions.user,restrictions.group"}}

// GetRestrictions reads who may see and edit a page, in one request.
func (c *Client) GetRestrictions(ctx context.Context, pageID string) (*Restrictions, error) {
	id, err := atlassian.CheckID("page_id", pageID)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Read   *rawRestriction `json:"read"`
		Update *rawRestriction `json:"update"`
	}
	if err := c.call(ctx, http.MethodGet, path(restAPI, restrictionQuery, "content", id, "restriction", "byOperation"), nil, &answer); err != nil {
		return nil, hint(err, http.StatusNotFound, noSuchPage)
	}
	if answer.Read == nil || answer.Update == nil {
		return nil, notTold()
	}
	answer.Read.Operation, answer.Update.Operation = readOperation, editOperation
	return restrictionsOf(id, []rawRestriction{*answer.Read, *answer.Update})
}

func notTold() error {
	return &atlassian.Error{Product: atlassian.Confluence, Messages: []string{"the answer does not tell the restrictions"}}
}

// restrictionsOf reads the restrictions of both operations.
func restrictionsOf(id string, list []rawRestriction) (*Restrictions, error) {
	out := &Restrictions{Page: id}
	for _, raw := range list {
		users, groups := raw.Restrictions.User, raw.Restrictions.Group
		if users == nil || groups == nil {
			return nil, notTold()
		}
		holder := &Holder{}
		for _, u := range users.Results {
			holder.Users = append(holder.Users, Person{ID: oneLine(u.AccountID + u.Username), Name: oneLine(u.DisplayName)})
		}
		for _, g := range groups.Results {
			holder.Groups = append(holder.Groups, oneLine(g.Name))
		}
		switch {
		case len(holder.Users)+len(holder.Groups) == 0:
		case raw.Operation == readOperation:
			out.Read = holder
		case raw.Operation == editOperation:
			out.Edit = holder
		}
	}
	if out.Read == nil && out.Edit == nil {
		out.Note = noRestrictionsNote
	}
	return out, nil
}

// RestrictionChange says who alone may see and edit a page. Of each operation users and groups belong
// together: where both are nil it stays as it is, and where both are empty it is open again.
type RestrictionChange struct {
	PageID string
	// Users are account ids (Cloud), user names or keys (Data Center), display names, e-mail addresses or
	// "me". A display name has to be that of one person, or it is an error. Groups go by their names.
	ReadUsers, ReadGroups []string
	EditUsers, EditGroups []string
}

// SetRestrictions changes who may see and edit a page: one request, one more to find out whom this
// server acts as when there are restrictions to set, and for each person none (an account id), one, or
// two (a name on Data Center). The account of this server always keeps its access; without it nobody
// could lift the restriction through this server.
func (c *Client) SetRestrictions(ctx context.Context, in RestrictionChange) (*Restrictions, error) {
	id, err := atlassian.CheckID("page_id", in.PageID)
	if err != nil {
		return nil, err
	}
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := c.resolvePeople(ctx, cloud, &in); err != nil {
		return nil, err
	}
	self := ""
	if len(in.ReadUsers)+len(in.ReadGroups)+len(in.EditUsers)+len(in.EditGroups) > 0 {
		if self, err = c.self(ctx); err != nil {
			return nil, err
		}
	}
	body := []any{}
	if in.ReadUsers != nil || in.ReadGroups != nil {
		body = append(body, restriction(cloud, readOperation, in.ReadUsers, in.ReadGroups, self))
	}
	if in.EditUsers != nil || in.EditGroups != nil {
		body = append(body, restriction(cloud, editOperation, in.EditUsers, in.EditGroups, self))
	}
	var answer struct {
		Results []rawRestriction `json:"results"`
	}
	if err := c.call(ctx, http.MethodPut, path(restAPI, restrictionQuery, "content", id, "restriction"), body, &answer); err != nil {
		return nil, hint(err, http.StatusNotFound, "There is no such page, user or group, or the account of this server may not restrict this page.")
	}
	out, err := restrictionsOf(id, answer.Results)
	if err != nil {
		return nil, c.understood(err, true)
	}
	return out, nil
}

// restriction is one operation's restrictions as they are sent. Cloud wants no empty list of groups,
// and Data Center leaves alone what is missing.
func restriction(cloud bool, operation string, users, groups []string, self string) any {
	if len(users)+len(groups) > 0 && !slices.Contains(users, self) {
		users = append(slices.Clone(users), self)
	}
	key := "username"
	if cloud {
		key = "accountId"
	}
	people, teams := []any{}, []any{}
	for _, user := range users {
		people = append(people, map[string]string{"type": "known", key: user})
	}
	for _, group := range groups {
		teams = append(teams, map[string]string{"type": "group", "name": group})
	}
	lists := map[string]any{"user": people}
	if !cloud || len(teams) > 0 {
		lists["group"] = teams
	}
	return map[string]any{"operation": operation, "restrictions": lists}
}

// self is the account that this server acts as.
func (c *Client) self(ctx context.Context) (string, error) {
	var answer struct {
		AccountID string `json:"accountId"`
		Username  string `json:"username"`
	}
	err := c.call(ctx, http.MethodGet, path(restAPI, nil, "user", "current"), nil, &answer)
	return answer.AccountID + answer.Username, err
}

// resolvePeople turns names into ids, each looked up once.
func (c *Client) resolvePeople(ctx context.Context, cloud bool, in *RestrictionChange) error {
	known := map[string]string{}
	for _, of := range []struct {
		argument string
		list     *[]string
	}{{"read_users", &in.ReadUsers}, {"edit_users", &in.EditUsers}} {
		ids := slices.Clone(*of.list)
		for i, who := range ids {
			if known[who] == "" {
				id, err := c.findPerson(ctx, cloud, of.argument, who)
				if err != nil {
					return err
				}
				known[who] = id
			}
			ids[i] = known[who]
		}
		*of.list = ids
	}
	return nil
}

// check refuses what names nobody.
func (in *RestrictionChange) check() error {
	if in.ReadUsers == nil && in.ReadGroups == nil && in.EditUsers == nil && in.EditGroups == nil {
		return &atlassian.InputError{Argument: "read_users", Problem: "there is nothing to change", Hint: "Give lists of users or groups; empty lists lift a restriction."}
	}
	for argument, list := range map[string][]string{"read_groups": in.ReadGroups, "edit_groups": in.EditGroups} {
		if slices.ContainsFunc(list, func(name string) bool { return strings.TrimSpace(name) == "" }) {
			return &atlassian.InputError{Argument: argument, Problem: "a name is empty"}
		}
	}
	return nil
}
