// Package contract checks in tests that what a client sends and what a stand-in answers agree with
// the OpenAPI documents that Atlassian publishes for its products.
//
// The documents carry no licence that would allow copying them here, so they are read from the
// directory that $ATLASSIAN_SPECS names, and a test without it is skipped.
package contract

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// The documents of each product and deployment, to be handed to [Load].
var (
	JiraCloud            = []string{"jira-cloud-platform-v3.json", "jira-cloud-software-agile.json"}
	JiraDataCenter       = []string{"jira-dc-10.3.json"}
	ConfluenceCloud      = []string{"confluence-cloud-v1.json", "confluence-cloud-v2.json"}
	ConfluenceDataCenter = []string{"confluence-dc-10.0.3.json"}
)

const (
	directoryVariable = "ATLASSIAN_SPECS"
	requiredVariable  = "ATLASSIAN_SPECS_REQUIRED"
)

// Contract is a set of OpenAPI documents that together describe one product on one deployment.
// It is safe for concurrent use.
type Contract struct {
	documents  []document
	prefix     string
	exceptions []Exception

	mu         sync.Mutex
	seen       map[string]int                 // operation -> exchanges
	operations map[string]*openapi3.Operation // those of the documents among them
	used       []bool                         // parallel to exceptions
}

type document struct {
	file   string
	router routers.Router
}

// Load reads the named documents from $ATLASSIAN_SPECS. Without that variable the test is skipped,
// or fails when $ATLASSIAN_SPECS_REQUIRED is 1. A document is parsed once per process.
func Load(t testing.TB, files ...string) *Contract {
	t.Helper()
	dir := os.Getenv(directoryVariable)
	if dir == "" {
		if os.Getenv(requiredVariable) == "1" {
			t.Fatalf("%s is not set and %s=1: nothing can be checked against Atlassian's OpenAPI documents", directoryVariable, requiredVariable)
		}
		t.Skipf("%s is not set: requests are not checked against Atlassian's OpenAPI documents", directoryVariable)
	}
	c := &Contract{seen: make(map[string]int), operations: make(map[string]*openapi3.Operation)}
	for _, file := range files {
		d, err := loadDocument(filepath.Join(dir, file))
		if err != nil {
			t.Fatalf("loading %s: %v", file, err)
		}
		c.documents = append(c.documents, d)
		c.exceptions = append(c.exceptions, exceptions[file]...)
	}
	c.used = make([]bool, len(c.exceptions))
	return c
}

// Under returns the contract of an installation below a context path, such as "/jira", with its
// own record of what was seen. An empty path is none.
func (c *Contract) Under(contextPath string) *Contract {
	prefix := strings.Trim(contextPath, "/")
	if prefix != "" {
		prefix = "/" + prefix
	}
	return &Contract{
		documents:  c.documents,
		prefix:     prefix,
		exceptions: c.exceptions,
		seen:       make(map[string]int),
		operations: make(map[string]*openapi3.Operation),
		used:       make([]bool, len(c.exceptions)),
	}
}

// Seen lists the operations exchanged so far, such as "GET /rest/api/3/issue/{issueIdOrKey}", sorted.
func (c *Contract) Seen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var operations []string
	for operation := range c.seen {
		operations = append(operations, operation)
	}
	slices.Sort(operations)
	return operations
}

// Unused lists the exceptions that tolerated nothing so far. A test that drives every request of a
// client fails when it is not empty, so that the list of exceptions holds no dead entry.
func (c *Contract) Unused() []Exception {
	c.mu.Lock()
	defer c.mu.Unlock()
	var unused []Exception
	for i, exception := range c.exceptions {
		if !c.used[i] {
			unused = append(unused, exception)
		}
	}
	return unused
}

// tolerates says whether an exception covers the finding, and notes that it was needed.
func (c *Contract) tolerates(operation, finding string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	tolerated := false
	for i, exception := range c.exceptions {
		if exception.covers(operation, finding) {
			c.used[i], tolerated = true, true
		}
	}
	return tolerated
}

// saw notes an exchange of an operation, which is nil where no document has it.
func (c *Contract) saw(name string, operation *openapi3.Operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[name]++
	if operation != nil {
		c.operations[name] = operation
	}
}

// route finds the operation that a request asks for, in the first document that has its path.
func (c *Contract) route(r *http.Request) (*routers.Route, map[string]string, error) {
	err := routers.ErrPathNotFound
	for _, d := range c.documents {
		route, parameters, routeErr := d.router.FindRoute(r)
		if routeErr == nil {
			return route, parameters, nil
		}
		if !errors.Is(routeErr, routers.ErrPathNotFound) {
			err = routeErr
		}
	}
	return nil, nil, err
}

var documents sync.Map // path -> func() (document, error)

func loadDocument(path string) (document, error) {
	load, _ := documents.LoadOrStore(path, sync.OnceValues(func() (document, error) {
		parsed, err := openapi3.NewLoader().LoadFromFile(path)
		if err != nil {
			return document{}, err
		}
		parsed.Servers = nil // the test's own host is as good as any
		router, err := gorillamux.NewRouter(parsed)
		return document{file: filepath.Base(path), router: router}, err
	}))
	return load.(func() (document, error))()
}
