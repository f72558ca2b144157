package atlassian

import (
	"mime"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// TestAttack8_15_NamesOfDownloads: a name is one name, and all of it can be seen.
func TestAttack8_15_NamesOfDownloads(t *testing.T) {
	for header, want := range map[string]string{
		`attachment; filename="report.pdf"`:                                   "report.pdf",
		`inline; filename*=UTF-8''Z%C3%BCrich%20plan.pdf`:                     "Zürich plan.pdf",
		`attachment; filename="fallback.pdf"; filename*=UTF-8''%E8%A8%88.pdf`: "計.pdf",
		`attachment; filename=".gitignore"`:                                   ".gitignore",
		`attachment; filename="../../etc/passwd"`:                             ".._.._etc_passwd",
		`attachment; filename="..\\..\\boot.ini"`:                             ".._.._boot.ini",
		`attachment; filename*=UTF-8''C%3A%5Cevil.exe`:                        "C__evil.exe",
		`attachment; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x%3D1.txt`:       "aSet-Cookie_ x=1.txt",
		`attachment; filename*=UTF-8''cod%E2%80%AEfdp.exe`:                    "codfdp.exe",
		`attachment; filename*=UTF-8''a%00.txt`:                               "a.txt",
		`attachment; filename*=UTF-8''a%E2%80%A8b.txt`:                        "ab.txt",
		`attachment; filename="."`:                                            "",
		`attachment; filename=".."`:                                           "",
		`attachment; filename=""`:                                             "",
		`attachment`:                                                          "",
		`attachment; filename="a"; filename="b"`:                              "",
		``:                                                                    "",
		`attachment; filename="` + strings.Repeat("x", 300) + `"`:             strings.Repeat("x", 255),
	} {
		if got := dispositionName(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	for header, want := range map[string]string{
		"Image/PNG": "image/png", "text/plain; charset=utf-8": "text/plain", "": "application/octet-stream", "x": "application/octet-stream",
		"text/html\r\nX: y": "application/octet-stream", "text/plain; charset=\"": "text/plain",
	} {
		if got := mediaTypeOf(header); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

// FuzzFileName: whatever a header says, the name is nothing or a name, and an upload takes it.
func FuzzFileName(f *testing.F) {
	for _, header := range []string{
		`attachment; filename="a.txt"`, `inline; filename*=UTF-8''%E2%80%AE%0D%0A`, `attachment; filename*0="a/"; filename*1="b"`,
		`x; filename="\\\" "`, "attachment; filename=\"\x00\xff\"",
	} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		name := dispositionName(header)
		if len(name) > maxFileName || !utf8.ValidString(name) || strings.ContainsAny(name, `/\:`) || strings.ContainsFunc(name, unicode.IsControl) || name == "." || name == ".." {
			t.Fatalf("%q: %q", header, name)
		}
		if again := cleanName(name); again != name {
			t.Fatalf("%q: %q becomes %q", header, name, again)
		}
		if mediaType := mediaTypeOf(header); mime.FormatMediaType(mediaType, nil) != mediaType {
			t.Fatalf("%q: type %q", header, mediaType)
		}
	})
}
