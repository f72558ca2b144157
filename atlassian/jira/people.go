package jira

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/people"
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

// maxPeople is how many people a search reads to find the one that is meant.
const maxPeople = 50

// userKey is a key of Data Center's that is no user name.
var userKey = regexp.MustCompile(`^JIRAUSER[0-9A-Za-z_.-]{1,100}$`)

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
	Cursor              string
}

// where is what Jira searches by: the issue when there is one, and a project key beside it says
// nothing more, but has to be one.
func (in AssignableRequest) where() (query url.Values, err error) {
	if in.Project != "" {
		if in.Project, err = atlassian.CheckProjectKey("project_key", in.Project); err != nil {
			return nil, err
		}
	}
	switch {
	case in.Key != "":
		key, err := atlassian.CheckIssueKey("issue_key", in.Key)
		return url.Values{"issueKey": {key}}, err
	case in.Project != "":
		return url.Values{"project": {in.Project}}, nil
	}
	return nil, &atlassian.InputError{Argument: "project_key", Problem: "is missing", Hint: "Give project_key or issue_key."}
}

// AssignableList is a part of the people to whom issues can be assigned.
type AssignableList struct {
	Users []Person `json:"users"`
	// Cursor gets the next part; empty is the end.
	Cursor string `json:"cursor,omitempty"`
}

// Assignable lists the people to whom issues can be assigned.
func (c *Client) Assignable(ctx context.Context, in AssignableRequest) (*AssignableList, error) {
	list := strings.Join([]string{"assignable", in.Key, in.Project, in.Query}, " ")
	position, err := atlassian.DecodeCursor("cursor", list, in.Cursor)
	if err != nil {
		return nil, err
	}
	limit := min(max(in.Limit, 1), 100)
	query, err := in.where()
	if err != nil {
		return nil, err
	}
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	query.Set(a.userQuery(), in.Query)
	if a.isCloud() {
		query.Set("startAt", strconv.Itoa(position.Start))
		query.Set("maxResults", strconv.Itoa(limit))
	} else { // which takes no offset here
		query.Set("maxResults", strconv.Itoa(position.Start+limit))
	}
	var found []rawUser
	if err := c.call(ctx, a, http.MethodGet, a.path(query, "user", "assignable", "search"), nil, &found); err != nil {
		return nil, err
	}
	if !a.isCloud() {
		found = found[min(position.Start, len(found)):]
	}
	out := &AssignableList{Users: make([]Person, 0, len(found))}
	for _, u := range found {
		p := a.person(u)
		p.TimeZone = "" // of no use for choosing
		out.Users = append(out.Users, *p)
	}
	if len(found) >= limit { // Jira does not say how many there are
		out.Cursor = atlassian.Cursor{Start: position.Start + len(found)}.Encode(list)
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
	who, err := people.Plain(argument, who)
	switch {
	case err != nil:
		return rawUser{}, err
	case strings.EqualFold(who, "me"):
		var u rawUser
		err := c.call(ctx, a, http.MethodGet, a.path(nil, "myself"), nil, &u)
		return u, err
	case a.isCloud() && people.IsAccountID(who):
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

// choosePerson finds the one person who is certain among those that a search gave.
func (a api) choosePerson(argument, who string, found []rawUser) (rawUser, error) {
	list := make([]people.Person, len(found))
	for i, u := range found {
		list[i] = people.Person{ID: a.id(u), Key: u.Key, Name: u.String(), Email: u.Email, Inactive: !u.active()}
	}
	i, err := people.Choose(argument, who, list, a.isCloud())
	if err != nil {
		return rawUser{}, err
	}
	return found[i], nil
}
