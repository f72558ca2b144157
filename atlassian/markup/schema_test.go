package markup

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// adfSchema is Atlassian's JSON schema for ADF, from the folder that ATLASSIAN_SPECS names.
var adfSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	path := filepath.Join(os.Getenv("ATLASSIAN_SPECS"), "adf-schema-full.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("adf.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("adf.json")
})

// requireSchema skips the test without the schema, unless ATLASSIAN_SPECS_REQUIRED is 1.
func requireSchema(t testing.TB) {
	t.Helper()
	if os.Getenv("ATLASSIAN_SPECS") == "" {
		if os.Getenv("ATLASSIAN_SPECS_REQUIRED") == "1" {
			t.Fatal("ATLASSIAN_SPECS_REQUIRED=1 but ATLASSIAN_SPECS names no folder")
		}
		t.Skip("ATLASSIAN_SPECS names no folder with adf-schema-full.json")
	}
	if _, err := adfSchema(); err != nil {
		t.Fatalf("Atlassian's ADF schema: %v", err)
	}
}

// checkADF fails the test when doc is no valid ADF. Without the schema it must still be JSON.
func checkADF(t testing.TB, doc json.RawMessage) {
	t.Helper()
	if !json.Valid(doc) {
		t.Errorf("not JSON: %s", doc)
		return
	}
	if err := validADF(t, string(doc)); err != nil {
		t.Errorf("schema: %v\n%s", err, doc)
	}
}

// validADF says what Atlassian's schema has against a JSON document, if the schema is there.
func validADF(t testing.TB, doc string) error {
	t.Helper()
	if os.Getenv("ATLASSIAN_SPECS") == "" {
		return nil
	}
	schema, err := adfSchema()
	if err != nil {
		t.Fatalf("Atlassian's ADF schema: %v", err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}
