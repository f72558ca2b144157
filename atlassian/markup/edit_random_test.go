package markup

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	editSeed  = flag.Uint64("edit-seed", 0, "seed of TestRandomEdits; 0 is the time")
	editCount = flag.Int("edit-count", 250, "edits of TestRandomEdits")
)

// Random edits change what they concern and nothing else.
func TestRandomEdits(t *testing.T) {
	seed := *editSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-edit-seed %d", seed)
	docs := editCorpus(t)
	done, refused := map[string]int{}, map[string]int{}
	for i := range *editCount {
		rnd := rand.New(rand.NewPCG(seed, uint64(i)))
		d := docs[rnd.IntN(len(docs))]
		r := randomEdit{Rand: rnd, was: parseMarkdown(d.open(t).Markdown()), touched: map[int]bool{}}
		r.now = cloneTree(r.was)
		for op := ""; op == ""; {
			op = r.edit()
			r.op = op
		}
		done[r.op]++
		if err := r.check(t, d); errors.Is(err, ErrNotEditable) {
			refused[r.op]++
			if testing.Verbose() {
				t.Logf("edit %d: %s: %s: %v", i, d.name, r.op, err)
			}
		} else if err != nil {
			t.Errorf("edit %d: %s: %s: %v", i, d.name, r.op, err)
		}
	}
	t.Logf("edits %v, refused %v", done, refused)
	all := 0
	for _, n := range refused {
		all += n
	}
	if all*10 > *editCount {
		t.Errorf("%d of %d edits were refused", all, *editCount)
	}
}

// randomEdit is a change of a document's Markdown.
type randomEdit struct {
	*rand.Rand
	was, now []*node
	op       string
	touched  map[int]bool // top-level blocks of was
}

func cloneTree(blocks []*node) []*node {
	out := make([]*node, len(blocks))
	for i, n := range blocks {
		c := *n
		c.inlines = slices.Clone(n.inlines)
		c.children = cloneTree(n.children)
		out[i] = &c
	}
	return out
}

// check makes the edit and says what is wrong with the result.
func (r *randomEdit) check(t *testing.T, d editDoc) error {
	o := d.open(t)
	edited := Clean(writeMarkdown(r.now))
	got, err := o.Edit(edited)
	if err != nil {
		return err
	}
	if err := d.check(t, got); err != nil {
		return wrong{err.Error(), edited, got}
	}
	again, err := d.tryOpen(got)
	if err != nil {
		return wrong{err.Error(), edited, got}
	}
	if lost := r.lost(o, got); lost != "" {
		return wrong{"lost " + lost, edited, got}
	}
	now, want := d.unlike(t, again.Markdown(), edited)
	if now != want {
		return wrong{"reads as\n" + now + "\ninstead of\n" + want, edited, got}
	}
	return nil
}

type wrong struct{ what, edited, got string }

func (w wrong) Error() string {
	return w.what + "\n--- edited\n" + w.edited + "\n--- became\n" + w.got
}

// lost is a top-level block that the edit did not touch and that is not in the result, behind those
// before it.
func (r *randomEdit) lost(o *Original, got string) string {
	m := o.merge()
	for i, n := range m.was {
		read := m.base[n]
		if r.touched[i] || read == nil || !read.origin.whole.known() {
			continue
		}
		source := read.origin.whole.of(o.source)
		at := strings.Index(got, source)
		if at < 0 {
			return source
		}
		got = got[at+len(source):]
	}
	return ""
}

// unlike is what of two Markdown texts is different, in the form that a new document gives it.
func (d editDoc) unlike(t *testing.T, a, b string) (string, string) {
	spell := func(s string) []string {
		var out []string
		for _, n := range parseMarkdown(s) {
			out = append(out, writeMarkdown([]*node{n}))
		}
		return out
	}
	x, y := spell(a), spell(b)
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	a, b = d.fresh(t, strings.Join(x, "\n\n")), d.fresh(t, strings.Join(y, "\n\n"))
	if sketch(parseMarkdown(a)) == sketch(parseMarkdown(b)) {
		return "", ""
	}
	return a, b
}

// sketch is blocks with their words. The formats of the white space between these don't count.
func sketch(blocks []*node) string {
	var b strings.Builder
	for _, n := range blocks {
		fmt.Fprintf(&b, "(%d %d %v %v %d %q %q %q", n.kind, n.task, n.ordered, n.header, n.level, n.name, n.title, n.text)
		for _, w := range wordsOf(n.inlines) {
			fmt.Fprintf(&b, " %v %d %d %q %q %q %q", w.spaced, w.kind, w.marks, w.link.href, w.link.title, w.text, w.target)
		}
		b.WriteString(sketch(n.children) + ")")
	}
	return b.String()
}

// edit changes now at random and names the change, or "" when it found nothing to change.
func (r *randomEdit) edit() string {
	if len(r.now) == 0 {
		r.now = []*node{r.newBlock()}
		return "first block"
	}
	top := r.IntN(len(r.now))
	if r.IntN(3) == 0 {
		return r.editBlocks(&r.now, top)
	}
	r.touched[top] = true
	if op := r.editWithin(r.now[top]); op != "" {
		return op
	}
	delete(r.touched, top)
	return ""
}

func (r *randomEdit) newBlock() *node {
	return parseMarkdown([]string{
		"A new paragraph with **bold** and [a link](https://example.com/new)", "- new item\n- another new item",
		"## New heading", "```go\nnew()\n```", "| new a | new b |\n| --- | --- |\n| new 1 | new 2 |", "> a new quote",
		"1. new step\n2. next new step", "> [!INFO]\n> a new panel", "- [ ] a new task",
	}[r.IntN(9)])[0]
}

// editBlocks changes the sequence of blocks; when it is that of the document, which ones is noted.
func (r *randomEdit) editBlocks(blocks *[]*node, i int) string {
	n := (*blocks)[i]
	switch r.IntN(6) {
	case 0:
		if len(*blocks) == 1 {
			return ""
		}
		r.touched[i] = true
		*blocks = slices.Delete(*blocks, i, i+1)
		return "delete block"
	case 1:
		*blocks = slices.Insert(*blocks, i, r.newBlock())
		return "insert block"
	case 2:
		*blocks = append(*blocks, r.newBlock())
		return "append block"
	case 3:
		*blocks = slices.Insert(*blocks, i, cloneTree([]*node{n})[0])
		return "duplicate block"
	case 4:
		r.touched[i] = true
		*blocks = slices.Delete(*blocks, i, i+1)
		*blocks = slices.Insert(*blocks, r.IntN(len(*blocks)+1), n)
		return "move block"
	default:
		if n.kind != paragraph || len(n.inlines) != 1 || !strings.Contains(n.inlines[0].text, " ") {
			return ""
		}
		r.touched[i] = true
		a, b, _ := strings.Cut(n.inlines[0].text, " ")
		if strings.TrimSpace(b) == "" || n.inlines[0].marks&code != 0 {
			return ""
		}
		first, second := *n, *n
		first.inlines = []inline{{text: a, marks: n.inlines[0].marks, link: n.inlines[0].link}}
		second.inlines = []inline{{text: b, marks: n.inlines[0].marks, link: n.inlines[0].link}}
		*blocks = slices.Replace(*blocks, i, i+1, &first, &second)
		return "split paragraph"
	}
}

// editWithin changes a block in place.
func (r *randomEdit) editWithin(n *node) string {
	switch n.kind {
	case paragraph:
		return r.editInlines(n)
	case heading:
		if r.IntN(2) == 0 {
			n.level = n.level%6 + 1
			return "heading level"
		}
		return r.editInlines(n)
	case codeBlock:
		n.text = strings.TrimPrefix(n.text+"\nnew <code> & \"more\" \\n", "\n")
		return "code"
	case table:
		return r.editTable(n)
	case list:
		return r.editList(n)
	case quote, callout:
		if len(n.children) == 0 {
			return ""
		}
		if i := r.IntN(len(n.children)); r.IntN(3) > 0 {
			return r.editWithin(n.children[i])
		}
		touched := r.touched
		r.touched = map[int]bool{}
		op := r.editBlocks(&n.children, r.IntN(len(n.children)))
		r.touched = touched
		return withIn(op, "container")
	default:
		return ""
	}
}

func withIn(op, what string) string {
	if op == "" {
		return ""
	}
	return op + " in " + what
}

func (r *randomEdit) editList(l *node) string {
	i := r.IntN(len(l.children))
	it := l.children[i]
	if r.IntN(2) == 0 && len(it.children) > 0 {
		return r.editWithin(it.children[r.IntN(len(it.children))])
	}
	fresh := &node{kind: item, task: it.task, children: []*node{{kind: paragraph, inlines: []inline{{text: "brand new item"}}}}}
	switch r.IntN(6) {
	case 0:
		if it.task == noTask {
			return ""
		}
		it.task = openTask + doneTask - it.task
		return "toggle task"
	case 1:
		if len(l.children) == 1 {
			return ""
		}
		l.children = slices.Delete(l.children, i, i+1)
		return "delete item"
	case 2:
		l.children = slices.Insert(l.children, i, fresh)
		return "insert item"
	case 3:
		l.children = append(l.children, fresh)
		return "append item"
	case 4:
		l.children = slices.Delete(l.children, i, i+1)
		l.children = slices.Insert(l.children, r.IntN(len(l.children)+1), it)
		return "move item"
	default:
		l.children = slices.Insert(l.children, i, cloneTree([]*node{it})[0])
		return "duplicate item"
	}
}

func (r *randomEdit) editTable(t *node) string {
	newCell := func(tr *node, text string) *node {
		return &node{kind: cell, header: isHeader(tr), children: []*node{{kind: paragraph, inlines: []inline{{text: text}}}}}
	}
	i := r.IntN(len(t.children))
	tr := t.children[i]
	if len(tr.children) == 0 {
		return ""
	}
	switch r.IntN(7) {
	case 0:
		if i == 0 {
			return ""
		}
		t.children = slices.Delete(t.children, i, i+1)
		return "delete row"
	case 1, 2:
		fresh := &node{kind: row}
		for range tr.children {
			fresh.children = append(fresh.children, newCell(fresh, "new"))
		}
		t.children = slices.Insert(t.children, i+1, fresh)
		return "insert row"
	case 3:
		if i == 0 || isHeader(tr) {
			return ""
		}
		t.children = slices.Insert(t.children, i, cloneTree([]*node{tr})[0])
		return "duplicate row"
	case 4:
		at := r.IntN(len(tr.children) + 1)
		for _, row := range t.children {
			row.children = slices.Insert(row.children, min(at, len(row.children)), newCell(row, "newcol"))
		}
		return "insert column"
	case 5:
		at := r.IntN(len(tr.children))
		for _, row := range t.children {
			if len(row.children) < 2 || !isHeader(t.children[0]) { // without headers the first row could get to look like one
				return ""
			}
		}
		for _, row := range t.children {
			if at < len(row.children) {
				row.children = slices.Delete(row.children, at, at+1)
			}
		}
		return "delete column"
	default:
		c := tr.children[r.IntN(len(tr.children))]
		if len(c.children) == 0 {
			c.children = newCell(tr, "filled").children
			return "fill cell"
		}
		return withIn(r.editInlines(c.children[0]), "cell")
	}
}

// editInlines changes the words of a block.
func (r *randomEdit) editInlines(n *node) string {
	i := r.IntN(len(n.inlines))
	in := n.inlines[i]
	words := strings.Fields(in.text)
	if in.kind != textInline {
		if len(n.inlines) > 1 && r.IntN(3) == 0 {
			n.inlines = slices.Delete(n.inlines, i, i+1)
			return "delete object"
		}
		return ""
	}
	if len(words) == 0 || in.marks&code != 0 {
		return ""
	}
	w := r.IntN(len(words))
	at := strings.Index(in.text, words[w])
	before, middle, after := in, in, in
	before.text, middle.text, after.text = in.text[:at], words[w], in.text[at+len(words[w]):]
	var op string
	switch r.IntN(7) {
	case 0:
		middle.marks ^= strong
		op = "bold"
	case 1:
		middle.link = link{href: "https://example.com/linked"}
		op = "link"
	case 2:
		middle.marks = code
		op = "code word"
	case 3:
		middle.text = "changed"
		op = "change word"
	case 4:
		if len(words) == 1 {
			return ""
		}
		middle.text = ""
		op = "delete word"
	case 5:
		middle.text += " and more"
		op = "insert words"
	default:
		middle.text += "zz"
		op = "longer word"
	}
	n.inlines = slices.Replace(n.inlines, i, i+1, before, middle, after)
	return op
}
