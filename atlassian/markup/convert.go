package markup

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Format is a format of rich text, by the name that callers know it by.
type Format string

// The formats of rich text. The empty one is Markdown.
const (
	Markdown Format = "markdown"
	ADF      Format = "adf"
	Wiki     Format = "wiki"
	Storage  Format = "storage"
)

// Convert turns a text of one format into another, by way of Markdown. A text that is to stay in its
// format stays as it is, but for the white space around the values of ADF. Options are those of
// [ToADF]. The error is [ErrMalformed] or [ErrTooLarge].
func Convert(text string, from, to Format, opts ...Option) (string, error) {
	if from == "" {
		from = Markdown
	}
	switch {
	case from == to && to == ADF:
		return compactADF(text)
	case from == to:
		return text, nil
	}
	markdown, err := toMarkdown(text, from)
	if err != nil {
		return "", err
	}
	switch to {
	case ADF:
		return string(ToADF(markdown, opts...)), nil
	case Wiki:
		return ToWiki(markdown), nil
	case Storage:
		return ToStorage(markdown), nil
	default:
		return markdown, nil
	}
}

func toMarkdown(text string, from Format) (string, error) {
	switch from {
	case ADF:
		return FromADF(Document(text))
	case Wiki:
		return FromWiki(text), nil
	case Storage:
		return FromStorage(text)
	default:
		return text, nil
	}
}

// compactADF checks that a text is an ADF document, because Jira says only that it is not.
func compactADF(text string) (string, error) {
	var root struct {
		Type    string            `json:"type"`
		Version int               `json:"version"`
		Content []json.RawMessage `json:"content"`
	}
	if err := json.Unmarshal([]byte(text), &root); err != nil {
		return "", fmt.Errorf("%w: ADF: %w", ErrMalformed, err)
	}
	if root.Type != "doc" || root.Version != 1 || root.Content == nil {
		return "", fmt.Errorf(`%w: an ADF document is {"type":"doc","version":1,"content":[…]}`, ErrMalformed)
	}
	var compact bytes.Buffer
	err := json.Compact(&compact, []byte(text))
	return compact.String(), err
}
