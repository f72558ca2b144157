package caddymodule_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// attackRows is how many rows each section of docs/security.md has, and the number of the first.
var attackRows = []struct{ section, first, last int }{{1, 1, 10}, {2, 1, 4}, {3, 0, 4}, {4, 1, 10}, {5, 1, 19}, {6, 1, 12}, {7, 1, 9}, {8, 1, 15}, {9, 1, 5}}

// TestSecurityDocument: every row is there once and names a test of its own, and every test that is
// named exists.
func TestSecurityDocument(t *testing.T) {
	doc, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	exists := testsOfTheRepository(t)
	named := regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")
	rows := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+\.\d+) \|.*$`).FindAllStringSubmatch(string(doc), -1) {
		if rows[row[1]] != "" {
			t.Errorf("row %s is there twice", row[1])
		}
		rows[row[1]] = row[0]
	}
	count := 0
	for _, s := range attackRows {
		for n := s.first; n <= s.last; n++ {
			count++
			row := rows[fmt.Sprintf("%d.%d", s.section, n)]
			tests := named.FindAllStringSubmatch(row, -1)
			if len(tests) == 0 {
				t.Errorf("row %d.%d is missing or names no test", s.section, n)
			}
			for _, test := range tests {
				if prefix := fmt.Sprintf("TestAttack%d_%d_", s.section, n); !strings.HasPrefix(test[1], prefix) {
					t.Errorf("row %d.%d names %s", s.section, n, test[1])
				}
			}
		}
	}
	if len(rows) != count {
		t.Errorf("%d rows, want %d", len(rows), count)
	}
	for _, test := range named.FindAllStringSubmatch(string(doc), -1) {
		if !exists[test[1]] {
			t.Errorf("there is no test %s", test[1])
		}
	}
}

func testsOfTheRepository(t *testing.T) map[string]bool {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(`)
	tests := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		for _, match := range declared.FindAllSubmatch(source, -1) {
			tests[string(match[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}
