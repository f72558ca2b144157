package atlassian

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// Bounds of what an Error repeats of an answer.
const (
	maxMessages      = 10
	maxMessageLength = 500
)

// errorBody is the union of the bodies with which the products refuse a request.
type errorBody struct {
	ErrorMessages []string        `json:"errorMessages"` // Jira
	Errors        json.RawMessage `json:"errors"`        // Jira: object; Confluence v2: array
	Message       string          `json:"message"`       // Confluence v1, gateways
	Reason        string          `json:"reason"`        // Confluence v1
	ErrorText     json.RawMessage `json:"error"`         // gateways
	Data          struct {        // Confluence v1
		Errors []struct {
			Message struct {
				Key         string `json:"key"`
				Translation string `json:"translation"`
			} `json:"message"`
		} `json:"errors"`
	} `json:"data"`
}

// parseErrorBody takes the messages out of a refusal of any of the products' forms.
func parseErrorBody(body []byte) *Error {
	e := &Error{}
	var b errorBody
	if err := json.Unmarshal(body, &b); err != nil {
		if _, isTyped := errors.AsType[*json.UnmarshalTypeError](err); !isTyped {
			e.addMessage(textOf(body))
			return e
		}
	}
	for _, m := range b.ErrorMessages {
		e.addMessage(m)
	}
	e.addErrors(b.Errors)
	for _, d := range b.Data.Errors {
		e.addMessage(cmp.Or(d.Message.Translation, d.Message.Key))
	}
	e.addMessage(b.Message)
	var text string
	if json.Unmarshal(b.ErrorText, &text) == nil {
		e.addMessage(text)
	}
	if len(e.Messages) == 0 && len(e.Fields) == 0 {
		e.addMessage(b.Reason)
	}
	return e
}

// addErrors reads Jira's map from field to message, or Confluence v2's list.
func (e *Error) addErrors(raw json.RawMessage) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) == nil {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			var text string
			if json.Unmarshal(fields[name], &text) != nil {
				text = string(fields[name])
			}
			if len(e.Fields) == maxMessages {
				return
			}
			if e.Fields == nil {
				e.Fields = map[string]string{}
			}
			e.Fields[clean(name)] = clean(text)
		}
		return
	}
	var list []struct {
		Title   string     `json:"title"`
		Detail  string     `json:"detail"`
		Code    string     `json:"code"`
		Message string     `json:"message"`       // Jira, of bulk operations
		Element *errorBody `json:"elementErrors"` // Jira, of one issue of many
		Number  int        `json:"failedElementNumber"`
	}
	if json.Unmarshal(raw, &list) == nil {
		for _, item := range list {
			if item.Element != nil {
				e.addElement(item.Number, *item.Element)
				continue
			}
			title := cmp.Or(item.Title, item.Code, item.Message)
			if item.Detail != "" && item.Detail != title {
				title = strings.TrimPrefix(title+": "+item.Detail, ": ")
			}
			e.addMessage(title)
		}
	}
}

// addElement adds what is wrong with one of the issues of a request, counted from 0.
func (e *Error) addElement(number int, body errorBody) {
	inner := &Error{}
	for _, m := range body.ErrorMessages {
		inner.addMessage(m)
	}
	inner.addErrors(body.Errors)
	parts := inner.Messages
	for _, field := range slices.Sorted(maps.Keys(inner.Fields)) {
		parts = append(parts, field+": "+inner.Fields[field])
	}
	e.addMessage(fmt.Sprintf("issues[%d]: %s", number, strings.Join(parts, ", ")))
}

// javaClass is the name of an exception before its message.
var javaClass = regexp.MustCompile(`^(?:[a-z][\w]*\.)+[A-Z]\w*(?:Exception|Error): *`)

func (e *Error) addMessage(m string) {
	m = clean(javaClass.ReplaceAllString(strings.TrimSpace(m), ""))
	if m != "" && len(e.Messages) < maxMessages && !slices.Contains(e.Messages, m) {
		e.Messages = append(e.Messages, m)
	}
}

var htmlTitle = regexp.MustCompile(`(?is)<title[^>]*>([^<]{1,200})`)

// textOf is what there is to say about a body that is not JSON: the title of a page, or a short
// text as it is.
func textOf(body []byte) string {
	if m := htmlTitle.FindSubmatch(body); m != nil {
		return strings.TrimSpace(string(m[1]))
	}
	text := strings.TrimSpace(string(body))
	if strings.HasPrefix(text, "<") || strings.HasPrefix(text, "{") || len(text) > maxMessageLength {
		return ""
	}
	return text
}

// clean makes text from an answer fit for an error: one line, bounded, nothing invisible.
func clean(s string) string {
	s, cut := Shorten(strings.Join(strings.Fields(markup.Clean(s)), " "), maxMessageLength)
	if cut {
		s += "…"
	}
	return s
}

// withoutURL takes the address, and with it the query, out of an error of net/http.
func withoutURL(err error) string {
	if request, ok := errors.AsType[*url.Error](err); ok {
		return request.Err.Error()
	}
	return err.Error()
}
