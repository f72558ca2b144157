package jira

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// state is everything that the server knows.
type state struct {
	users    map[string]*user // by short name
	projects []*project
	issues   []*issue
	boards   []*board
	byKey    map[string]*issue
	service  *user // whose token callers use
}

type user struct {
	accountID, name, display, email string
	inactive                        bool
	private                         bool // shows nobody the e-mail address (Cloud)
}

func newUser(accountID, name, display, email string) *user {
	return &user{accountID: accountID, name: name, display: display, email: email}
}

type project struct {
	id, key, name string
	former        string // the key before the project was renamed, by which Jira goes on finding it
	lead          *user
	workflow      []transition
	mustAssign    bool // issues without an assignee are not allowed
	components    []choice
	versions      []choice
	lastKey       int // the highest number that a key ever had, where issues were made or deleted
}

// keys are those that the project is found by.
func (p *project) keys() []string {
	if p.former == "" {
		return []string{p.key}
	}
	return []string{p.key, p.former}
}

type issueType struct {
	id, name string
	subtask  bool
	level    int
}

type status struct {
	id, name string
	category category
}

type category struct {
	id               int
	key, color, name string
}

type choice struct{ id, name string }

type issue struct {
	id          int
	key         string
	project     *project
	kind        issueType
	summary     string
	description any // ADF on Cloud, wiki markup on Data Center
	status      status
	resolution  *choice
	priority    choice
	assignee    *user
	reporter    *user
	labels      []string
	created     time.Time
	updated     time.Time
	due         string
	parent      *issue
	links       []link
	attachments []attachment
	comments    []*comment
	points      float64
	sprint      *sprint
	severity    string
	acceptance  any
	environment any
	components  []choice
	fixVersions []choice
	versions    []choice
	custom      map[string]any // of the fields in fields.go, as they are given out
	histories   []history
	worklogs    []worklog
}

type link struct {
	id       int
	kind     linkType
	outward  bool
	opposite *issue
}

type linkType struct{ id, name, inward, outward string }

type attachment struct {
	id, size   int
	name, mime string
	author     *user
	created    time.Time
}

type comment struct {
	id               int
	author           *user
	body             any
	created, updated time.Time
	visibility       *visibility
	properties       []property
}

type visibility struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

type property struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

type sprint struct {
	id          int
	name, state string
}

// board is a board of Jira Software. A kanban board has no sprints.
type board struct {
	id      int
	name    string
	kanban  bool
	simple  bool // of a team-managed project, here without sprints
	project *project
	sprints []*sprint
}

var (
	todo       = category{2, "new", "blue-gray", "To Do"}
	inProgress = category{4, "indeterminate", "yellow", "In Progress"}
	done       = category{3, "done", "green", "Done"}

	statusToDo       = status{"10000", "To Do", todo}
	statusInProgress = status{"3", "In Progress", inProgress}
	statusInReview   = status{"10001", "In Review", inProgress}
	statusWaiting    = status{"10003", "Waiting", inProgress}
	statusDone       = status{"10002", "Done", done}
	statuses         = []status{statusToDo, statusInProgress, statusInReview, statusWaiting, statusDone}

	typeEpic    = issueType{"10000", "Epic", false, 1}
	typeStory   = issueType{"10001", "Story", false, 0}
	typeTask    = issueType{"10002", "Task", false, 0}
	typeBug     = issueType{"10004", "Bug", false, 0}
	typeSubtask = issueType{"10003", "Sub-task", true, -1}
	issueTypes  = []issueType{typeEpic, typeStory, typeTask, typeBug, typeSubtask}

	highest    = choice{"1", "Highest"}
	high       = choice{"2", "High"}
	medium     = choice{"3", "Medium"}
	low        = choice{"4", "Low"}
	priorities = []choice{low, medium, high, highest} // ascending

	resolutions = []choice{{"10000", "Done"}, {"10001", "Won't Do"}, {"10002", "Duplicate"}, {"10003", "Cannot Reproduce"}}

	blocks  = linkType{"10000", "Blocks", "is blocked by", "blocks"}
	relates = linkType{"10003", "Relates", "relates to", "relates to"}
	causes  = linkType{"10006", "Problem/Incident", "is caused by", "causes"}

	// roles and groups that a comment can be limited to.
	roles  = []string{"Administrators", "Developers", "Service Desk Team"}
	groups = []string{"jira-software-users", "site-admins"}
)

// transition is a step of a workflow. screen lists the fields that can be given with it.
type transition struct {
	id, name string
	from     []status
	to       status
	screen   []screenField
}

type screenField struct {
	id       string
	required bool
}

var (
	closing = []screenField{{"resolution", true}, {"assignee", false}}
	review  = []screenField{{"description", false}, {fieldAcceptance, false}, {fieldSprint, false}}

	softwareWorkflow = []transition{
		{id: "11", name: "Start progress", from: []status{statusToDo}, to: statusInProgress},
		{id: "21", name: "Send to review", from: []status{statusInProgress}, to: statusInReview},
		{id: "31", name: "Request changes", from: []status{statusInReview}, to: statusInProgress, screen: review},
		{id: "41", name: "Stop progress", from: []status{statusInProgress}, to: statusToDo},
		{id: "51", name: "Done", from: []status{statusInProgress, statusInReview}, to: statusDone, screen: closing},
		{id: "61", name: "Reopen", from: []status{statusDone}, to: statusToDo},
	}
	operationsWorkflow = []transition{
		{id: "11", name: "Start work", from: []status{statusToDo}, to: statusInProgress},
		{id: "21", name: "Wait for third party", from: []status{statusInProgress}, to: statusWaiting},
		{id: "31", name: "Resume", from: []status{statusWaiting}, to: statusInProgress},
		{id: "41", name: "Escalate", from: []status{statusWaiting}, to: statusInProgress},
		{id: "51", name: "Resolve", from: []status{statusToDo, statusInProgress}, to: statusDone, screen: closing},
		{id: "61", name: "Reopen", from: []status{statusDone}, to: statusToDo},
	}
)

func (t transition) possible(from status) bool {
	for _, s := range t.from {
		if s.id == from.id {
			return true
		}
	}
	return false
}

// find returns the issue with a key or numeric id, or what Jira says when there is none.
func (st *state) find(key string) (*issue, error) {
	key = strings.ToUpper(key)
	if i := st.byKey[key]; i != nil {
		return i, nil
	}
	for _, p := range st.projects {
		if number, renamed := strings.CutPrefix(key, p.former+"-"); renamed && p.former != "" && st.byKey[p.key+"-"+number] != nil {
			return st.byKey[p.key+"-"+number], nil
		}
	}
	for _, i := range st.issues {
		if fmt.Sprint(i.id) == key {
			return i, nil
		}
	}
	return nil, errNoIssue
}

func (st *state) subtasks(parent *issue) []*issue {
	var out []*issue
	for _, i := range st.issues {
		if i.parent == parent && i.kind.subtask {
			out = append(out, i)
		}
	}
	return out
}

// errNoIssue is what Jira says of issues that are not there and of those that the caller may not see.
var errNoIssue = refuse(http.StatusNotFound, "Issue does not exist or you do not have permission to see it.")
