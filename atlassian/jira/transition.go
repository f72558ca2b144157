package jira

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// Transition is something that can be done with an issue now.
type Transition struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// To is the status that the issue will have, and Category what kind of status that is.
	To       string `json:"to,omitempty"`
	Category string `json:"category,omitempty"`
	// Required are the fields that the transition asks for, Optional the names of those it offers.
	Required []TransitionField `json:"required,omitempty"`
	Optional []string          `json:"optional,omitempty"`
}

// TransitionField is a field on a transition's screen.
type TransitionField struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Allowed are the values to choose from, at most maxAllowed; none means any value.
	Allowed []string `json:"allowed,omitempty"`
}

// maxAllowed is how many allowed values of a field are shown.
const maxAllowed = 50

type rawTransition struct {
	ID     string               `json:"id"`
	Name   string               `json:"name"`
	To     json.RawMessage      `json:"to"`
	Fields map[string]fieldMeta `json:"fields"`
}

// GetTransitions lists what can be done with an issue now, with the fields of each screen.
func (c *Client) GetTransitions(ctx context.Context, key string) ([]Transition, error) {
	key, err := atlassian.CheckIssueKey("issue_key", key)
	if err != nil {
		return nil, err
	}
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	raw, err := c.rawTransitions(ctx, a, key)
	if err != nil {
		return nil, err
	}
	return transitions(raw), nil
}

func (c *Client) rawTransitions(ctx context.Context, a api, key string) ([]rawTransition, error) {
	var out struct {
		Transitions []rawTransition `json:"transitions"`
	}
	path := a.path(url.Values{"expand": {"transitions.fields"}}, "issue", key, "transitions")
	err := c.call(ctx, a, http.MethodGet, path, nil, &out)
	return out.Transitions, err
}

func transitions(raw []rawTransition) []Transition {
	out := make([]Transition, 0, len(raw))
	for _, r := range raw {
		t := Transition{ID: r.ID, Name: oneLine(r.Name)}
		t.To, t.Category = status(r.To)
		for _, id := range sortedKeys(r.Fields) {
			f := r.Fields[id]
			if f.must() {
				t.Required = append(t.Required, TransitionField{ID: id, Name: oneLine(f.Name), Allowed: f.allowed()})
			} else {
				t.Optional = append(t.Optional, oneLine(f.Name))
			}
		}
		out = append(out, t)
	}
	return out
}

// allowed are the names of a field's allowed values.
func (m fieldMeta) allowed() []string {
	var out []string
	for _, raw := range m.Allowed {
		if n := allowedName(raw); n != "" && len(out) < maxAllowed {
			out = append(out, n)
		}
	}
	return out
}

// allowedName is what people call an allowed value.
func allowedName(raw json.RawMessage) string {
	var v struct {
		Name  string `json:"name"`
		Value string `json:"value"`
		Key   string `json:"key"`
	}
	if !decode(raw, &v) {
		return oneLine(text(raw))
	}
	return oneLine(cmp.Or(v.Name, v.Value, v.Key))
}

// TransitionRequest is a transition to be made.
type TransitionRequest struct {
	Key string
	// Transition is an id, a name, or the name of the status to reach, in any case of letters.
	Transition string
	// Fields are values for the transition's screen, by name or id of the field.
	Fields map[string]any
	// Comment is rich text in Format. Attribution is a line of plain text, without markup, below it.
	Comment     string
	Format      markup.Format
	Attribution string
	// Visibility limits who can read the comment; nil is everybody who can read the issue.
	Visibility *Visibility
}

// Transitioned is what came of it.
type Transitioned struct {
	Key        string `json:"key"`
	Transition string `json:"transition"`
	Status     string `json:"status,omitempty"`
	Category   string `json:"status_category,omitempty"`
	URL        string `json:"url"`
	// Attribution is the line that was added to the comment.
	Attribution string `json:"attribution,omitempty"`
}

// Transition moves an issue through its workflow: one request to see what is possible, one to do
// it. Arguments that the workflow does not know are an InputError that lists what it knows.
func (c *Client) Transition(ctx context.Context, in TransitionRequest) (*Transitioned, error) {
	key, err := atlassian.CheckIssueKey("issue_key", in.Key)
	if err != nil {
		return nil, err
	}
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	now, err := c.beforeTransition(ctx, a, key, in)
	if err != nil {
		return nil, err
	}
	chosen, err := chooseTransition(now.Transitions, in.Transition)
	if err != nil {
		return nil, err
	}
	payload, err := c.transitionPayload(ctx, a, now, chosen, in)
	if err != nil {
		return nil, err
	}
	if err := c.call(ctx, a, http.MethodPost, a.path(nil, "issue", key, "transitions"), payload, nil); err != nil {
		return nil, explainFields(err, chosen.Fields)
	}
	out := &Transitioned{Key: key, Transition: oneLine(chosen.Name), URL: c.browseURL(key)}
	out.Status, out.Category = status(chosen.To)
	if strings.TrimSpace(in.Comment) != "" {
		out.Attribution = in.Attribution
	}
	return out, nil
}

// beforeTransition reads what is possible, and the values of the fields that will change.
func (c *Client) beforeTransition(ctx context.Context, a api, key string, in TransitionRequest) (*issueNow, error) {
	if len(in.Fields) > 0 {
		return c.readNow(ctx, a, key, in.Fields, "transitions.fields")
	}
	possible, err := c.rawTransitions(ctx, a, key)
	return &issueNow{rawIssue: rawIssue{Transitions: possible}}, err
}

func (c *Client) transitionPayload(ctx context.Context, a api, now *issueNow, t rawTransition, in TransitionRequest) (map[string]any, error) {
	payload := map[string]any{"transition": map[string]any{"id": t.ID}}
	if len(in.Fields) > 0 {
		f := &form{client: c, api: a, argument: "fields", what: "this transition", screen: t.Fields, format: in.Format, was: now.Fields, project: now.project(), found: newLookups()}
		fields, err := f.fill(ctx, in.Fields)
		if err != nil {
			return nil, err
		}
		payload["fields"] = fields
	}
	if strings.TrimSpace(in.Comment) != "" {
		if err := checkBody("comment", in.Comment); err != nil {
			return nil, err
		}
		body, err := a.written("comment", in.Comment, in.Format, in.Attribution)
		if err != nil {
			return nil, err
		}
		comment := map[string]any{"body": body}
		if in.Visibility != nil {
			comment["visibility"] = in.Visibility
		}
		payload["update"] = map[string]any{"comment": []any{map[string]any{"add": comment}}}
	}
	return payload, nil
}

// chooseTransition finds the one transition that is meant: by id, else by name, else by the status
// it leads to.
func chooseTransition(possible []rawTransition, wanted string) (rawTransition, error) {
	wanted = strings.TrimSpace(wanted)
	for _, matches := range []func(rawTransition) bool{
		func(t rawTransition) bool { return t.ID == wanted },
		func(t rawTransition) bool { return strings.EqualFold(oneLine(t.Name), oneLine(wanted)) },
		func(t rawTransition) bool { to, _ := status(t.To); return strings.EqualFold(to, oneLine(wanted)) },
	} {
		found := slices.DeleteFunc(slices.Clone(possible), func(t rawTransition) bool { return !matches(t) })
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return rawTransition{}, &atlassian.InputError{
				Argument: "transition_id", Problem: quoted(wanted) + " fits more than one transition",
				Hint: "Give the id: " + describeTransitions(found) + ".",
			}
		}
	}
	e := &atlassian.InputError{Argument: "transition_id", Problem: "the issue has no transition " + quoted(wanted) + " now"}
	if len(possible) == 0 {
		e.Hint = "It has none at all: its workflow ends here, or the account of this server may not move it."
	} else {
		e.Hint = "Possible: " + describeTransitions(possible) + "."
	}
	return rawTransition{}, e
}

func describeTransitions(list []rawTransition) string {
	out := make([]string, 0, len(list))
	for _, t := range list {
		to, _ := status(t.To)
		out = append(out, oneLine(t.ID)+" "+quoted(t.Name)+" to "+quoted(to))
	}
	return strings.Join(out, ", ")
}
