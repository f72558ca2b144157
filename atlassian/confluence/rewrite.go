package confluence

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/excerpt"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// TextChange is what happens to the text of a page: one of its members, or nothing.
type TextChange struct {
	Whole   *string // takes the place of the text
	Append  string  // comes below it
	Section *Section
	Replace []Replacement

	// Format is that of Whole, Append and Section. A change in Markdown keeps what Markdown does not
	// show of the parts that it leaves alone.
	Format markup.Format
}

// Section is what stands below a heading, down to the next heading of the same or a higher level.
type Section struct {
	Heading string
	Text    string
}

// Replacement puts a text in the place of another, wherever that stands.
type Replacement struct {
	Old string `json:"old" min:"1"`
	New string `json:"new"`
}

// check refuses what is not one change.
func (t *TextChange) check() error {
	changes := 0
	for _, given := range []bool{t.Whole != nil, t.Append != "", t.Section != nil, len(t.Replace) > 0} {
		if given {
			changes++
		}
	}
	if changes > 1 {
		return &atlassian.InputError{Argument: "content", Problem: "there is more than one change of the text", Hint: "Give one of content, append and replacements. Nothing was changed."}
	}
	return checkFormat("content_format", t.Format)
}

// none says that the text stays.
func (t *TextChange) none() bool {
	return t.Whole == nil && t.Append == "" && t.Section == nil && len(t.Replace) == 0
}

// rewritten is a text as it is sent.
type rewritten struct {
	representation, value string
	format                markup.Format
	replaced              int // how often Replace found something
}

// markdown is what a reader will see of the text.
func (r *rewritten) markdown() (string, error) {
	return markup.Convert(r.value, r.format, markup.Markdown)
}

// checkExcerpt refuses a part of a page that comes back as its whole text.
func (t *TextChange) checkExcerpt(current string) error {
	given, argument, isPart := t.Append, "append", false
	switch {
	case t.Whole != nil:
		given, argument = *t.Whole, "content"
		isPart = excerpt.IsPart(shown(current, t.Format), given)
	case t.Section != nil:
		given, argument = t.Section.Text, "new_content"
	}
	if !isPart && !excerpt.IsPart("", given) {
		return nil
	}
	return &atlassian.InputError{
		Argument: argument, Problem: "this is a part of the page, as a long page is read, and would delete the rest of it",
		Hint: "Nothing was changed. Change one section with confluence_update_page_section or single texts with replacements; or read all parts with cursor and send them in one, without the lines that mark a part. To drop the rest, empty its sections.",
	}
}

// shown is the text of a page as it is read by somebody who writes in a format.
func shown(storage string, format markup.Format) string {
	if format == markup.Storage {
		return markup.Clean(storage)
	}
	return toMarkdown(storage)
}

// apply makes the new text from the current one, which is in storage format.
func (t *TextChange) apply(current string, cloud bool) (*rewritten, error) {
	if err := t.checkExcerpt(current); err != nil {
		return nil, err
	}
	out := &rewritten{representation: "storage", value: current, format: markup.Storage}
	var err error
	switch isMarkdown := t.Format == "" || t.Format == markup.Markdown; {
	case t.none():
		return out, nil
	case t.Whole != nil && t.Format == markup.Storage:
		out.value = *t.Whole
	case t.Whole != nil && t.Format == markup.Wiki:
		out.representation, out.format, out.value = "wiki", markup.Wiki, *t.Whole
	case t.Whole != nil && t.Format == markup.ADF && cloud:
		out.representation, out.format = "atlas_doc_format", markup.ADF
		out.value, err = markup.Convert(*t.Whole, markup.ADF, markup.ADF)
	case t.Whole != nil && t.Format == markup.ADF:
		out.value, err = markup.Convert(*t.Whole, markup.ADF, markup.Storage)
	case len(t.Replace) > 0:
		return out, out.replace(t.Replace)
	case isMarkdown:
		out.value, err = t.edit(current)
	default:
		out.value, err = t.splice(current)
	}
	return out, t.explain(err)
}

// edit makes a change that is in Markdown.
func (t *TextChange) edit(current string) (string, error) {
	original, err := markup.OpenStorage(current)
	if err != nil {
		return "", err
	}
	switch {
	case t.Section != nil:
		return original.ReplaceSection(t.Section.Heading, t.Section.Text)
	case t.Append != "":
		return original.Append(t.Append)
	default:
		return original.Edit(*t.Whole) // of a mention only the target counts, not the name that GetPage shows
	}
}

// splice puts a text of another format than Markdown into the page: a paragraph that nothing else
// contains is put there first, and the text then takes its place.
func (t *TextChange) splice(current string) (string, error) {
	marker, text := rand.Text(), t.Append
	change := TextChange{Append: marker}
	if t.Section != nil {
		change, text = TextChange{Section: &Section{t.Section.Heading, marker}}, t.Section.Text
	}
	storage := text
	if t.Format == markup.Wiki || t.Format == markup.ADF {
		var err error
		if storage, err = markup.Convert(text, t.Format, markup.Storage); err != nil {
			return "", err
		}
	}
	marked, err := change.edit(current)
	if err != nil {
		return "", err
	}
	if strings.Count(marked, "<p>"+marker+"</p>") != 1 {
		return "", markup.ErrNotEditable
	}
	return strings.Replace(marked, "<p>"+marker+"</p>", storage, 1), nil
}

// replace makes all replacements, one after the other, or none.
func (r *rewritten) replace(list []Replacement) error {
	for i, change := range list {
		original, err := markup.OpenStorage(r.value)
		if err != nil {
			return (&TextChange{}).explain(err)
		}
		value, n, err := original.ReplaceText(change.Old, change.New)
		if err != nil {
			hint := "Nothing was changed. Copy the text from the page as it is read, without marks of Markdown, and from within one paragraph, cell or list item."
			return &atlassian.InputError{Argument: fmt.Sprintf("replacements[%d].old", i), Problem: err.Error(), Hint: hint}
		}
		r.value, r.replaced = value, r.replaced+n
	}
	return nil
}

// explain says what to do about a change that cannot be made.
func (t *TextChange) explain(err error) error {
	argument := "content"
	switch {
	case err == nil:
		return nil
	case t.Section != nil:
		argument = "new_content"
	case t.Append != "":
		argument = "append"
	}
	switch {
	case errors.Is(err, markup.ErrNoSuchText):
		return &atlassian.InputError{Argument: "heading_text", Problem: err.Error(), Hint: "Nothing was changed."}
	case errors.Is(err, markup.ErrNotEditable):
		hint := "Nothing was changed. Change one section with confluence_update_page_section or single texts with replacements; or read the page with convert_to_markdown false, and send all of it with content_format storage."
		return &atlassian.InputError{Argument: argument, Problem: err.Error(), Hint: hint}
	case t.Format == "" || t.Format == markup.Markdown: // the page's own text does not parse
		return &atlassian.InputError{Argument: argument, Problem: "the page cannot be changed as Markdown: " + err.Error(), Hint: "Nothing was changed. Send all of the page with content_format storage."}
	default:
		return &atlassian.InputError{Argument: argument, Problem: err.Error(), Hint: "Send Markdown, or correct it. Nothing was changed."}
	}
}
