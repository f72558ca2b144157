package jira

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

const (
	// maxBoards is how many boards of a project are looked at for a sprint.
	maxBoards = 20
	// agilePage is how many boards or sprints are asked for at once, the most that Jira gives.
	agilePage = 50
	// maxSprints is how many open sprints of a board are looked at, and maxSprintNames how many an
	// error names.
	maxSprints, maxSprintNames = 200, 20
)

// sprint is a sprint that issues can be put into: one that is not closed.
type sprint struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	State string `json:"state"`
	board string
}

func (s sprint) String() string {
	return fmt.Sprintf("%s (%s, id %d, board %s)", quoted(s.Name), oneLine(s.State), s.ID, quoted(s.board))
}

// chooseSprint finds the sprint that has the id, or else the name, among the open ones of a project. One
// that is not certain is an InputError that names the candidates.
func chooseSprint(open []sprint, argument, project, name string) (any, error) {
	wanted := oneLine(name)
	if i := slices.IndexFunc(open, func(s sprint) bool { return strconv.Itoa(s.ID) == wanted }); i >= 0 {
		return open[i].ID, nil
	}
	found := slices.DeleteFunc(slices.Clone(open), func(s sprint) bool {
		shown := oneLine(s.Name)
		return !strings.EqualFold(shown, wanted) && !strings.EqualFold(shown+" ("+s.State+")", wanted) // as an issue shows it
	})
	switch {
	case len(found) == 1:
		return found[0].ID, nil
	case len(found) > 1:
		return nil, &atlassian.InputError{Argument: argument, Problem: quoted(name) + " fits several sprints", Hint: "Give the id of one: " + describeSprints(found) + "."}
	case len(open) == 0:
		return nil, &atlassian.InputError{Argument: argument, Problem: "no board of " + project + " has an active or future sprint"}
	}
	return nil, &atlassian.InputError{Argument: argument, Problem: "no board of " + project + " has an active or future sprint " + quoted(name), Hint: "There are " + describeSprints(open) + "."}
}

func describeSprints(list []sprint) string {
	out := make([]string, 0, len(list))
	for _, s := range list[:min(len(list), maxSprintNames)] {
		out = append(out, s.String())
	}
	if len(list) > maxSprintNames {
		out = append(out, "and others")
	}
	return strings.Join(out, ", ")
}

// openSprints are the active and future sprints of the boards of a project, each once: one request for
// the boards, and one for each of them.
func (c *Client) openSprints(ctx context.Context, a api, project string) ([]sprint, error) {
	type board struct {
		ID         int
		Name, Type string
	}
	boards, err := agileList[board](ctx, c, a, agilePage, url.Values{"projectKeyOrId": {project}}, "board")
	if err != nil {
		return nil, err
	}
	boards = slices.DeleteFunc(boards, func(b board) bool { return b.Type == "kanban" }) // which has no sprints
	var open []sprint
	for _, b := range boards[:min(len(boards), maxBoards)] {
		list, err := agileList[sprint](ctx, c, a, maxSprints, url.Values{"state": {"active,future"}}, "board", strconv.Itoa(b.ID), "sprint")
		if hasNoSprints(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			s.board = b.Name
			open = append(open, s)
		}
	}
	slices.SortStableFunc(open, func(x, y sprint) int { return cmp.Compare(x.ID, y.ID) })
	return slices.CompactFunc(open, func(x, y sprint) bool { return x.ID == y.ID }), nil
}

// hasNoSprints says that a board of a team-managed project, whose type does not tell, works without
// sprints: the list is refused, and the board was just there.
func hasNoSprints(err error) bool {
	var refused *atlassian.Error
	return errors.As(err, &refused) && refused.Status == http.StatusBadRequest
}

// agileList reads a list of Jira Software's API, up to most of it.
func agileList[T any](ctx context.Context, c *Client, a api, most int, query url.Values, segments ...string) (list []T, err error) {
	for len(list) < most {
		query.Set("startAt", strconv.Itoa(len(list)))
		query.Set("maxResults", strconv.Itoa(agilePage))
		var page struct {
			Values []T  `json:"values"`
			IsLast bool `json:"isLast"`
		}
		if err := c.call(ctx, a, http.MethodGet, "rest/agile/1.0/"+atlassian.Path(segments...)+"?"+query.Encode(), nil, &page); err != nil {
			return nil, err
		}
		list = append(list, page.Values...)
		if page.IsLast || len(page.Values) == 0 {
			break
		}
	}
	return list, nil
}
