package jira

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// Person is somebody who uses Jira. ID is what other calls take: the account id on Cloud, the user
// name on Data Center.
type Person struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Email    string `json:"email,omitempty"`
	TimeZone string `json:"time_zone,omitempty"`
	Inactive bool   `json:"inactive,omitempty"`
}

const (
	// maxPeople is how many people a search reads to find the one that is meant.
	maxPeople = 50
	// maxCandidates is how many of them an error names.
	maxCandidates = 8
)

var (
	// accountID is every form of account ids that Cloud has used.
	accountID = regexp.MustCompile(`^(?:[0-9]{1,10}:[0-9A-Za-z_-]{1,100}|[0-9a-f]{24}|(?:qm|ug):[0-9A-Za-z:_-]{1,120})$`)
	// userKey is a key of Data Center's that is no user name.
	userKey = regexp.MustCompile(`^JIRAUSER[0-9A-Za-z_.-]{1,100}$`)
)

func (u rawUser) active() bool { return u.Active == nil || *u.Active }

// id is what the deployment knows people by.
func (a api) id(u rawUser) string {
	if a.isCloud() {
		return u.AccountID
	}
	return u.Name
}

func (a api) person(u rawUser) *Person {
	return &Person{ID: oneLine(a.id(u)), Name: u.String(), Email: oneLine(u.Email), TimeZone: oneLine(u.TimeZone), Inactive: !u.active()}
}

// GetPerson finds one person by account id (Cloud), user name or key (Data Center), e-mail address
// or display name; "me" is the account of this server. It takes one request.
func (c *Client) GetPerson(ctx context.Context, who string) (*Person, error) {
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	u, err := c.findPerson(ctx, a, "user_identifier", who)
	if err != nil {
		return nil, err
	}
	return a.person(u), nil
}

// AssignableRequest says where people can be assigned: to the issue, or else in the project.
type AssignableRequest struct {
	Query, Project, Key string
	Limit               int
}

// Assignable lists the people to whom issues can be assigned.
func (c *Client) Assignable(ctx context.Context, in AssignableRequest) ([]Person, error) {
	query := url.Values{"maxResults": {strconv.Itoa(min(max(in.Limit, 1), 100))}}
	switch {
	case in.Key != "":
		key, err := atlassian.CheckIssueKey("issue_key", in.Key)
		if err != nil {
			return nil, err
		}
		query.Set("issueKey", key)
	case in.Project != "":
		key, err := atlassian.CheckProjectKey("project_key", in.Project)
		if err != nil {
			return nil, err
		}
		query.Set("project", key)
	default:
		return nil, &atlassian.InputError{Argument: "project_key", Problem: "is missing", Hint: "Give project_key or issue_key."}
	}
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	query.Set(a.userQuery(), in.Query)
	var found []rawUser
	if err := c.call(ctx, a, http.MethodGet, a.path(query, "user", "assignable", "search"), nil, &found); err != nil {
		return nil, err
	}
	out := make([]Person, 0, len(found))
	for _, u := range found {
		p := a.person(u)
		p.TimeZone = "" // of no use for choosing
		out = append(out, *p)
	}
	return out, nil
}

// userQuery is the parameter that takes the text of a search for people.
func (a api) userQuery() string {
	if a.isCloud() {
		return "query"
	}
	return "username"
}

// findPerson is the one way from what a caller calls somebody to the person. Whoever is not certain
// is an InputError about the argument that names the candidates.
func (c *Client) findPerson(ctx context.Context, a api, argument, who string) (rawUser, error) {
	who = strings.TrimPrefix(strings.TrimSpace(who), "@")
	switch {
	case who == "":
		return rawUser{}, &atlassian.InputError{Argument: argument, Problem: "is empty", Hint: "Give a name, an e-mail address or an id."}
	case strings.EqualFold(who, "me"):
		var u rawUser
		err := c.call(ctx, a, http.MethodGet, a.path(nil, "myself"), nil, &u)
		return u, err
	case a.isCloud() && accountID.MatchString(who):
		return c.personBy(ctx, a, argument, "accountId", who)
	case !a.isCloud() && userKey.MatchString(who):
		return c.personBy(ctx, a, argument, "key", who)
	}
	query := url.Values{a.userQuery(): {who}, "maxResults": {strconv.Itoa(maxPeople)}}
	if !a.isCloud() {
		query.Set("includeInactive", "true")
	}
	var found []rawUser
	if err := c.call(ctx, a, http.MethodGet, a.path(query, "user", "search"), nil, &found); err != nil {
		return rawUser{}, err
	}
	return a.choosePerson(argument, who, found)
}

// personBy reads a person by an id of theirs.
func (c *Client) personBy(ctx context.Context, a api, argument, parameter, id string) (rawUser, error) {
	var u rawUser
	err := c.call(ctx, a, http.MethodGet, a.path(url.Values{parameter: {id}}, "user"), nil, &u)
	if errors.Is(err, atlassian.ErrNotFound) {
		return u, &atlassian.InputError{Argument: argument, Problem: "there is no user " + quoted(id)}
	}
	return u, err
}

// choosePerson finds the one active person among those that a search gave, whose name, address or
// id is exactly the one asked for. Where Cloud hides an address, to find one person by the whole of
// it is certain enough.
func (a api) choosePerson(argument, who string, found []rawUser) (rawUser, error) {
	byAddress := strings.Contains(who, "@")
	exact := slices.DeleteFunc(slices.Clone(found), func(u rawUser) bool {
		hidden := a.isCloud() && byAddress && u.Email == "" && len(found) == 1
		return !hidden && !slices.ContainsFunc([]string{u.DisplayName, u.Email, a.id(u), u.Key}, func(s string) bool { return strings.EqualFold(oneLine(s), oneLine(who)) })
	})
	active := slices.DeleteFunc(slices.Clone(exact), func(u rawUser) bool { return !u.active() })
	switch {
	case len(active) == 1:
		return active[0], nil
	case len(active) > 1:
		return rawUser{}, &atlassian.InputError{Argument: argument, Problem: quoted(who) + " fits several people", Hint: "Give the id of one: " + a.candidates(active) + "."}
	case len(exact) > 0:
		return rawUser{}, &atlassian.InputError{Argument: argument, Problem: "the account of " + quoted(who) + " is deactivated"}
	}
	e := &atlassian.InputError{Argument: argument, Problem: "there is no user " + quoted(who)}
	if len(found) > 0 {
		e.Hint = "Did you mean " + a.candidates(found) + "?"
	}
	return rawUser{}, e
}

func (a api) candidates(list []rawUser) string {
	var out []string
	for _, u := range list[:min(len(list), maxCandidates)] {
		text := u.String() + " (" + oneLine(a.id(u))
		if u.Email != "" {
			text += ", " + oneLine(u.Email)
		}
		out = append(out, text+")")
	}
	if len(list) > maxCandidates {
		out = append(out, "and others")
	}
	return strings.Join(out, "; ")
}
