package safego

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPanicsAreLogged(t *testing.T) {
	lose := func() { panic("lost count") }
	for name, start := range map[string]func(*slog.Logger){
		"Go":        func(log *slog.Logger) { Go(log, "counting", lose) },
		"AfterFunc": func(log *slog.Logger) { AfterFunc(log, "counting", time.Second, lose) },
	} {
		synctest.Test(t, func(t *testing.T) {
			var b bytes.Buffer
			start(slog.New(slog.NewTextHandler(&b, nil)))
			time.Sleep(2 * time.Second)
			synctest.Wait()
			for _, want := range []string{"level=ERROR", "work=counting", `panic="lost count"`, "safego_test.go"} {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%s: the log lacks %s: %s", name, want, b.String())
				}
			}
		})
	}
}

// TestNoBareGoroutines holds handlers/ and atlassian/ to starting goroutines here only, because a
// panic in any other one ends the process.
func TestNoBareGoroutines(t *testing.T) {
	files := 0
	for _, root := range []string{"../../handlers", "../../atlassian"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files++
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, found := range bareGoroutines(file) {
				t.Errorf("%v: %s; use safego.Go", set.Position(found.pos), found.what)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files == 0 {
		t.Error("no file was looked at")
	}
}

type finding struct {
	pos  token.Pos
	what string
}

// bareGoroutines finds what starts a goroutine without recover: the go statement, errgroup,
// (*sync.WaitGroup).Go, singleflight's DoChan, and the AfterFuncs.
func bareGoroutines(file *ast.File) []finding {
	var found []finding
	for _, spec := range file.Imports {
		if spec.Path.Value == `"golang.org/x/sync/errgroup"` {
			found = append(found, finding{spec.Pos(), "import of errgroup"})
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, finding{n.Pos(), "go statement"})
		case *ast.SelectorExpr:
			receiver, _ := n.X.(*ast.Ident)
			safe := receiver != nil && receiver.Name == "safego"
			switch n.Sel.Name {
			case "Go", "DoChan", "AfterFunc":
				if !safe {
					found = append(found, finding{n.Pos(), fmt.Sprintf("call of %s", n.Sel.Name)})
				}
			}
		}
		return true
	})
	return found
}

func TestBareGoroutinesFinds(t *testing.T) {
	for source, want := range map[string]int{
		`func f() { go g() }`:                              1,
		`func f() { var wg sync.WaitGroup; wg.Go(g) }`:     1,
		`func f() { x.wg.Go(g) }`:                          1,
		`func f() { time.AfterFunc(1, g) }`:                1,
		`func f() { flight.DoChan("k", g) }`:               1,
		`import "golang.org/x/sync/errgroup"`:              1,
		`func f() { safego.Go(log, "x", g) }`:              0,
		`func f() { flight.Do("k", g); time.NewTimer(1) }`: 0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\n"+source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := bareGoroutines(file); len(got) != want {
			t.Errorf("%s: found %v, want %d", source, got, want)
		}
	}
}
