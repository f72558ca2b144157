package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// alternatives are the sets of OAuth scopes of which an operation of Cloud demands one: the classic
// scopes, or the granular ones. An operation that demands none declares an empty set; one that
// declares no sets has to be in undeclaredScopes.
func alternatives(name string, operation *openapi3.Operation) (sets [][]string, err error) {
	if scopes, ok := undeclaredScopes[name]; ok {
		return [][]string{scopes}, nil
	}
	raw, err := json.Marshal(operation.Extensions["x-atlassian-oauth2-scopes"])
	if err != nil {
		return nil, err
	}
	var declared []struct {
		Scopes []string `json:"scopes"`
	}
	if err := json.Unmarshal(raw, &declared); err != nil {
		return nil, err
	}
	if len(declared) == 0 {
		return nil, errors.New("the document declares no scopes, and undeclaredScopes has none")
	}
	for _, d := range declared {
		sets = append(sets, d.Scopes)
	}
	return sets, nil
}

// Lacking lists the operations exchanged so far that a token with these scopes may not use.
func (c *Contract) Lacking(granted []string) (lacking []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, operation := range slices.Sorted(maps.Keys(c.operations)) {
		sets, err := alternatives(operation, c.operations[operation])
		if err != nil {
			lacking = append(lacking, fmt.Sprintf("%s: %v", operation, err))
			continue
		}
		open := slices.ContainsFunc(sets, func(set []string) bool {
			return !slices.ContainsFunc(set, func(scope string) bool { return !slices.Contains(granted, scope) })
		})
		if !open {
			lacking = append(lacking, fmt.Sprintf("%s needs all of one of %v", operation, sets))
		}
	}
	return lacking
}

var scope = regexp.MustCompile("`((?:read|write|delete|manage):[a-z.:-]+)`")

// DocumentedScopes are those that docs/operations.md, at this path, tells operators to give a token.
func DocumentedScopes(t testing.TB, path string) (scopes []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Tokens with scopes\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, match := range scope.FindAllStringSubmatch(section, -1) {
		scopes = append(scopes, match[1])
	}
	if len(scopes) == 0 {
		t.Fatalf("%s names no scopes", path)
	}
	return scopes
}
