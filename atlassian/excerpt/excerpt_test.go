package excerpt

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// chapters is a text of so many chapters of about a kilobyte, no two alike.
func chapters(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "## Chapter %d\n\n", i)
		for j := range 12 {
			fmt.Fprintf(&b, "Line %d of chapter %d says \"number %d\" about the grapes, the barrels and the wine.\n", j, i, i*100+j)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// unmarked is a part of a text without its marks.
func unmarked(part string) string { return strings.Trim(strings.ReplaceAll(part, Mark, ""), "\n") }

// cut returns all parts of a text and where each ends.
func cut(t *testing.T, text string, size int) (parts []string, ends []int) {
	t.Helper()
	for at := 0; at < len(text); {
		part, end := Cut(text, at, size)
		if end <= at || !utf8.ValidString(part) {
			t.Fatalf("from %d to %d: %q", at, end, part)
		}
		if strings.HasPrefix(part, Mark) != (at > 0) || strings.HasSuffix(part, Mark) != (end < len(text)) {
			t.Errorf("from %d to %d of %d, marked wrongly: %.80q", at, end, len(text), part)
		}
		parts, ends = append(parts, part), append(ends, end)
		at = end
	}
	return parts, ends
}

func TestCut(t *testing.T) {
	if part, end := Cut("short", 0, 10); part != "short" || end != 5 {
		t.Errorf("%q, %d", part, end)
	}
	for _, text := range []string{chapters(60), strings.Repeat("ä", 40<<10), strings.Repeat("日本\n", 9<<10), strings.Repeat("\"", 20<<10)} {
		for _, size := range []int{400, 1 << 10, 7 << 10, 9 << 10, 30 << 10} {
			parts, ends := cut(t, text, size)
			whole, from := "", 0
			for i, part := range parts {
				if want := strings.Trim(text[from:ends[i]], "\n"); unmarked(part) != want {
					t.Fatalf("size %d, part %d is %.60q…, want %.60q…", size, i, part, want)
				}
				whole += text[from:ends[i]]
				from = ends[i]
			}
			if whole != text {
				t.Errorf("size %d: the parts are not the text", size)
			}
		}
	}
}

func TestIsPart(t *testing.T) {
	text := chapters(60)
	parts, ends := cut(t, text, 30<<10)
	lines := strings.SplitAfter(text[:ends[0]], "\n")
	head := strings.Join(lines, "")
	for name, given := range map[string]string{
		"the first part":                    parts[0],
		"without its mark":                  unmarked(parts[0]),
		"changed at the top":                "# New title\n\nNew words at the top of all.\n" + strings.Join(lines[20:], ""),
		"changed at the end":                strings.Join(lines[:len(lines)-2], "") + "\n## And one more chapter\n\nWith words of its own.\n",
		"changed nearly everywhere":         strings.Replace(head, "grapes", "plums", strings.Count(head, "grapes")-2),
		"the second part":                   unmarked(parts[1]),
		"both parts, and the mark":          parts[0] + parts[1],
		"cut elsewhere, for another budget": text[:places(text)[2]],
	} {
		if !IsPart(text, given) {
			t.Errorf("%s: not found out", name)
		}
	}
	for name, given := range map[string]string{
		"all of it":                "# Title\n\n" + text,
		"all of it, one word less": strings.Replace(text, "wine", "", 1),
		"half as long":             before(text, "## Chapter 30"),
		"the last chapters":        strings.TrimPrefix(text, before(text, "## Chapter 40")),
		"every second chapter":     strings.Join(everySecond(strings.SplitAfter(text, "\n\n")), ""),
		"a summary":                "It is all about grapes, barrels and wine.",
		"nothing":                  "",
	} {
		if IsPart(text, given) {
			t.Errorf("%s: taken for an excerpt", name)
		}
	}
	short := chapters(3)
	if IsPart(short, short[:len(short)/2]) || !IsPart(short, short+Mark) || IsPart(short+Mark, short+Mark) {
		t.Error("a short text")
	}
}

func before(text, mark string) string {
	text, _, _ = strings.Cut(text, mark)
	return text
}

func everySecond(list []string) (out []string) {
	for i := 0; i < len(list); i += 2 {
		out = append(out, list[i])
	}
	return out
}

// How often an honest cut at the end of a line is taken for an excerpt has to stay rare.
func TestHonestShorteningIsRarelyStopped(t *testing.T) {
	text := chapters(60)
	stopped, tried := 0, 0
	for at := 1 << 10; at < len(text)-(1<<10); at++ {
		if text[at] != '\n' {
			continue
		}
		if tried++; tried%10 != 0 {
			continue
		}
		if IsPart(text, text[:at]) {
			stopped++
		}
	}
	if stopped*100 > 6*tried/10 {
		t.Errorf("%d of %d are stopped", stopped, tried/10)
	}
}

func FuzzCut(f *testing.F) {
	f.Add(chapters(2), 0, 500)
	f.Add("ä\n\xff", 1, 140)
	f.Fuzz(func(t *testing.T, text string, start, size int) {
		start = max(0, min(start, len(text)))
		part, end := Cut(text, start, size)
		if end < 0 || end > len(text) {
			t.Fatalf("ends at %d of %d", end, len(text))
		}
		if start == 0 && end < len(text) && part != "" && !IsPart(text, part) && !strings.Contains(text, said) {
			t.Errorf("%q of %q is not found out", part, text)
		}
	})
}
