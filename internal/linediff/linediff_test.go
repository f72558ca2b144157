package linediff

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompare(t *testing.T) {
	for _, tc := range []struct {
		name, from, to, want string
		added, removed       int
	}{
		{"nothing", "a\nb\n", "a\nb", "", 0, 0},
		{"from nothing", "", "a\nb", "@@ -0,0 +1,2 @@\n+a\n+b\n", 2, 0},
		{"to nothing", "a\n", "", "@@ -1 +0,0 @@\n-a\n", 0, 1},
		{"a line", "1\n2\n3\n4\n5\n6\n7", "1\n2\n3\nx\n5\n6\n7", "@@ -2,5 +2,5 @@\n 2\n 3\n-4\n+x\n 5\n 6\n", 1, 1},
		{"close together", "1\n2\n3\n4\n5\n6", "x\n2\n3\n4\n5\ny", "@@ -1,6 +1,6 @@\n-1\n+x\n 2\n 3\n 4\n 5\n-6\n+y\n", 2, 2},
		{"far apart", "1\n2\n3\n4\n5\n6\n7\n8", "x\n2\n3\n4\n5\n6\n7\ny", "@@ -1,3 +1,3 @@\n-1\n+x\n 2\n 3\n@@ -6,3 +6,3 @@\n 6\n 7\n-8\n+y\n", 2, 2},
		{"at the end", "1\n2\n3", "1\n2\n3\n4", "@@ -2,2 +2,3 @@\n 2\n 3\n+4\n", 1, 0},
	} {
		got := Compare(tc.from, tc.to)
		if diff := cmp.Diff(tc.want, got.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
		if got.Added != tc.added || got.Removed != tc.removed {
			t.Errorf("%s: +%d -%d, want +%d -%d", tc.name, got.Added, got.Removed, tc.added, tc.removed)
		}
	}
}

// TestPatchApplies lets patch(1) turn one random text into another by the diff.
func TestPatchApplies(t *testing.T) {
	patch, err := exec.LookPath("patch")
	if err != nil {
		t.Skip("there is no patch(1)")
	}
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		var b strings.Builder
		for range random.IntN(30) {
			fmt.Fprintf(&b, "line %d\n", random.IntN(6))
		}
		return b.String()
	}
	for range 60 {
		from, to := text(), text()
		dir := t.TempDir()
		file := filepath.Join(dir, "text")
		if err := os.WriteFile(file, []byte(from), 0o600); err != nil {
			t.Fatal(err)
		}
		diff := "--- text\n+++ text\n" + Compare(from, to).String()
		if from == to {
			continue
		}
		command := exec.CommandContext(t.Context(), patch, "--quiet", "--fuzz=0", "--no-backup-if-mismatch", file)
		command.Stdin = strings.NewReader(diff)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s\n%s", err, out, diff)
		}
		got, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) { // patch removes what becomes empty
			t.Fatal(err)
		}
		if string(got) != to {
			t.Fatalf("patched to %q, want %q by\n%s", got, to, diff)
		}
	}
}

// TestManyChanges is about time: texts that have nothing in common.
func TestManyChanges(t *testing.T) {
	var a, b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&a, "a%d\n", i)
		fmt.Fprintf(&b, "b%d\n", i)
	}
	if got := Compare(a.String(), b.String()); got.Added != 20_000 || got.Removed != 20_000 {
		t.Errorf("+%d -%d", got.Added, got.Removed)
	}
}
