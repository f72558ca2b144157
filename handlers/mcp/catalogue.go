// Package mcp is the MCP route: the hardening around the official Go SDK's transport, and the
// catalogue of tools that it serves.
package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// Spec describes one tool. In is the struct of its arguments, Out the struct of its result.
//
// The input schema is made from In: the json tag names an argument, the jsonschema tag describes
// it, and it is required unless it is a pointer, omitempty, or has a default. The tags enum ("a,b"),
// min, max and default narrow it; min and max are bounds of a number, of the length of a string in
// characters, or of the length of an array. An embedded struct's arguments are those of In.
//
// The result reaches the model as compact JSON text, so members of Out that may be empty say
// omitempty. Every result begins with a member that marks it as untrusted content.
type Spec[In, Out any] struct {
	// Name is the tool's name, mcp-atlassian's where that has the tool.
	Name string

	// Title is the name for people to read, and Description tells a model what the tool is for, in
	// a sentence or two. What an argument means belongs to the argument.
	Title, Description string

	// Toolset is the group that TOOLSETS selects the tool by, e.g. "jira_issues".
	Toolset string

	Product policy.Product
	Access  policy.Access

	// Facets are there in place of Toolset, Product and Uses when the tool works on several products.
	Facets []Facet[In]

	// Structured sends the result as structured content, too, for assistants that read it by program.
	Structured bool

	// Offered says whether the site has what the tool needs, for tools that only one deployment has;
	// nil is always. It is asked for each list and each call, and must answer at once in the end.
	Offered func(ctx context.Context) bool

	// Idempotent says of a write that doing it again changes nothing more.
	Idempotent bool

	// Spellings are the ways in which mcp-atlassian takes the arguments, where they differ from the
	// advertised schema.
	Spellings Spellings

	// Uses are the tools whose work this one does. Who may not use one of them where the call acts may
	// not have its work done either.
	Uses []Use[In]

	// Touches names the objects that the arguments name, for the audit. It is required.
	Touches func(in *In) []policy.Object

	// Resolve names the projects or spaces that the call would touch, looking them up where the
	// arguments do not say. It is called only when the policy bounds the product, before Run, and
	// must send nothing but look-ups. A call whose Resolve names none is refused, unless it is a
	// read whose Out is [Bounded]; only such a read may also do without Resolve.
	Resolve func(ctx context.Context, in *In) ([]policy.Object, error)

	// Run does the work. Goroutines that it needs are started with safego. An *atlassian.Error or
	// *atlassian.InputError reaches the model with its text; of any other error the model learns
	// only that something went wrong, and the log the rest.
	Run func(ctx context.Context, in *In) (*Out, error)
}

// Bounded is a result that can be judged before any of it leaves, for reads whose projects or
// spaces are known only from the answer.
type Bounded interface {
	// Within drops everything that lies outside what allowed opens, and reports false when nothing
	// of the result may be shown. allowed judges projects and spaces only. It is called only when
	// the policy bounds the product.
	Within(allowed func(policy.Object) bool) bool
}

// Catalogue is the set of tools of a server. Its zero value is an empty catalogue. Register
// everything before the catalogue is given to [New]; after that it is safe for concurrent use.
type Catalogue struct {
	tools map[string]*tool
}

// tool is a registered Spec with its types erased.
type tool struct {
	facets     []policy.Tool // one for each product; they differ in no more than product, toolset and uses
	definition *sdk.Tool
	schema     *schema
	spellings  Spellings
	judged     bool // the result is Bounded
	structured bool
	offered    func(context.Context) bool

	// prepare decodes validated arguments into the steps of one call.
	prepare func(arguments json.RawMessage) (*steps, error)
}

// steps are what a call does, bound to its arguments.
type steps struct {
	facets  []policy.Tool // those that the call is about
	uses    []policy.Use  // those of this call that not every call has
	touches func() []policy.Object
	resolve func(context.Context) ([]policy.Object, error) // nil: the result is judged instead
	run     func(context.Context) (any, error)
}

var toolName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// Register adds a tool. It panics on a spec that lacks what policy and audit need, that has a name
// already taken, or whose In has no plain schema: all of them are mistakes that the first test run
// shows.
func Register[In, Out any](c *Catalogue, s Spec[In, Out]) {
	_, judged := any(new(Out)).(Bounded)
	if err := check(c, s, judged); err != nil {
		panic(fmt.Errorf("registering tool %q: %w", s.Name, err))
	}
	shape, err := schemaOf(reflect.TypeFor[In]())
	if err == nil {
		err = s.Spellings.check(shape)
	}
	if err == nil {
		err = checkUses(s, shape)
	}
	if err != nil {
		panic(fmt.Errorf("registering tool %q: %w", s.Name, err))
	}
	if c.tools == nil {
		c.tools = make(map[string]*tool)
	}
	c.tools[s.Name] = &tool{
		facets:     facets(s),
		definition: definition(s, shape),
		schema:     shape,
		spellings:  s.Spellings,
		judged:     judged,
		structured: s.Structured,
		offered:    s.Offered,
		prepare:    prepare(s),
	}
}

func check[In, Out any](c *Catalogue, s Spec[In, Out], judged bool) error {
	switch {
	case !toolName.MatchString(s.Name):
		return fmt.Errorf("the name does not match %v", toolName)
	case c.tools[s.Name] != nil:
		return fmt.Errorf("the name is taken")
	case s.Title == "" || s.Description == "":
		return fmt.Errorf("title and description are required")
	case s.Access != policy.Read && s.Access != policy.Write && s.Access != policy.Delete:
		return fmt.Errorf("unknown access %q", s.Access)
	case s.Run == nil:
		return fmt.Errorf("no Run")
	case s.Touches == nil:
		return fmt.Errorf("no Touches: the audit cannot say what a call was about")
	case s.Resolve == nil && s.Access != policy.Read:
		return fmt.Errorf("no Resolve: a change cannot be judged after it is made")
	case s.Resolve == nil && !judged:
		return fmt.Errorf("neither Resolve nor a Bounded result: the policy has nothing to judge")
	case reflect.TypeFor[Out]().Kind() != reflect.Struct:
		return fmt.Errorf("the result is a %v, not a struct", reflect.TypeFor[Out]())
	case s.Facets != nil && (s.Toolset != "" || s.Product != "" || s.Uses != nil):
		return fmt.Errorf("facets take the place of toolset, product and uses")
	}
	seen := make(map[policy.Product]bool)
	for _, f := range facets(s) {
		switch {
		case f.Product != policy.Jira && f.Product != policy.Confluence:
			return fmt.Errorf("unknown product %q", f.Product)
		case f.Toolset == "":
			return fmt.Errorf("a toolset is required")
		case seen[f.Product]:
			return fmt.Errorf("two facets of %s", f.Product.Title())
		}
		seen[f.Product] = true
	}
	return nil
}

func prepare[In, Out any](s Spec[In, Out]) func(json.RawMessage) (*steps, error) {
	known := facets(s)
	return func(arguments json.RawMessage) (*steps, error) {
		in := new(In)
		if err := json.Unmarshal(arguments, in); err != nil {
			return nil, err
		}
		call := &steps{
			touches: func() []policy.Object { return s.Touches(in) },
			run: func(ctx context.Context) (any, error) {
				out, err := s.Run(ctx, in)
				if err == nil && out == nil {
					err = fmt.Errorf("%s returned neither a result nor an error", s.Name)
				}
				return out, err
			},
		}
		for i, facet := range known {
			if s.Facets == nil || s.Facets[i].About == nil || s.Facets[i].About(in) {
				call.facets = append(call.facets, facet)
			}
		}
		for _, u := range s.Uses {
			if u.when != nil && u.when(in) {
				call.uses = append(call.uses, u.Use)
			}
		}
		if s.Resolve != nil {
			call.resolve = func(ctx context.Context) ([]policy.Object, error) { return s.Resolve(ctx, in) }
		}
		return call, nil
	}
}

func definition[In, Out any](s Spec[In, Out], shape *schema) *sdk.Tool {
	destructive, openWorld := s.Access == policy.Delete, true
	annotations := &sdk.ToolAnnotations{
		ReadOnlyHint:   s.Access == policy.Read,
		IdempotentHint: s.Idempotent || s.Access == policy.Read,
		OpenWorldHint:  &openWorld,
	}
	if s.Access != policy.Read {
		annotations.DestructiveHint = &destructive
	}
	return &sdk.Tool{
		Name:        s.Name,
		Title:       s.Title,
		Description: s.Description,
		// Frozen here: the SDK would marshal a schema anew for every tools/list and tools/call.
		InputSchema: shape.JSON(),
		Annotations: annotations,
	}
}

// Tools returns what a policy needs to know of every tool, sorted by name. A tool that works on several
// products is there once for each.
func (c *Catalogue) Tools() []policy.Tool {
	out := make([]policy.Tool, 0, len(c.tools))
	for _, name := range slices.Sorted(maps.Keys(c.tools)) {
		out = append(out, c.tools[name].facets...)
	}
	return out
}

// Listing returns the tools member of a tools/list result that shows every tool, as it goes over
// the wire, without a server to ask.
func (c *Catalogue) Listing() ([]byte, error) {
	list := make([]*sdk.Tool, 0, len(c.tools))
	for _, name := range slices.Sorted(maps.Keys(c.tools)) {
		list = append(list, c.tools[name].definition)
	}
	return json.Marshal(list)
}
