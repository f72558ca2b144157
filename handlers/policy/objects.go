package policy

// Product is the Atlassian product that a tool works on.
type Product string

// The products.
const (
	Jira       Product = "jira"
	Confluence Product = "confluence"
)

// Title is the product's name for people and models to read.
func (p Product) Title() string {
	if p == Confluence {
		return "Confluence"
	}
	return "Jira"
}

// Access is what a tool does to what it touches.
type Access string

// The kinds of access.
const (
	Read   Access = "read"
	Write  Access = "write"
	Delete Access = "delete"
)

// ObjectKind is the kind of thing that an [Object] names.
type ObjectKind string

// The kinds of object. Only projects and spaces can be bounded; the others appear in the audit.
const (
	Project ObjectKind = "project"
	Space   ObjectKind = "space"
	Issue   ObjectKind = "issue"
	Page    ObjectKind = "page"
	Comment ObjectKind = "comment"
)

// Object is something in Jira or Confluence that a call touches: a project or space by its key, an
// issue by its key or id, a page or comment by its id.
type Object struct {
	Kind ObjectKind
	ID   string
}

// Tool is what a policy needs to know about a tool. One that works on several products is several of
// these, which share the name and nothing else: a line about one product says nothing of the other.
type Tool struct {
	Name    string
	Toolset string
	Product Product
	Access  Access

	// Uses are the tools of the same product whose work this one does.
	Uses []Use
}

// key tells tools apart.
type key struct {
	name    string
	product Product
}

func (t Tool) key() key { return key{t.Name, t.Product} }
