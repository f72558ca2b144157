package alltools_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
)

// TestExamples holds what the example of each tool gives to a file, on each deployment that has the
// tool, and the files to tools.
func TestExamples(t *testing.T) {
	examples := readExamples(t)
	for _, deployment := range []string{sandbox.Cloud, sandbox.DataCenter} {
		t.Run(deployment, func(t *testing.T) {
			folder := filepath.Join("testdata/results", deployment)
			var files []string
			for _, name := range names(newWorld(t, deployment).list(t)) {
				files = append(files, name+".json")
				text := newWorld(t, deployment).play(t, name, examples[name].on(deployment))
				var b bytes.Buffer
				if err := json.Indent(&b, []byte(text), "", "  "); err != nil {
					t.Fatalf("%s: %v in %s", name, err, text)
				}
				b.WriteByte('\n')
				golden(t, filepath.Join(folder, name+".json"), b.Bytes())
			}
			kept, err := os.ReadDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range kept {
				if !slices.Contains(files, f.Name()) {
					t.Errorf("%s/%s is of no tool there", folder, f.Name())
				}
			}
		})
	}
}
