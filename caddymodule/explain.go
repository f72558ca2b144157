package caddymodule

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// appliedPolicy is the policy of one atlassian_mcp.
type appliedPolicy struct {
	tools []policy.Tool
	rules *policy.Policy
}

func (a *App) addPolicy(tools []policy.Tool, rules *policy.Policy) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.policies = append(a.policies, appliedPolicy{tools, rules})
}

// adminCaller is somebody that a policy is asked about.
type adminCaller struct {
	Roles         []string `json:"roles,omitempty"`
	Groups        []string `json:"groups,omitempty"`
	Scopes        []string `json:"scopes,omitempty"`
	User          string   `json:"user,omitempty"`
	Tenant        string   `json:"tenant,omitempty"`
	Application   string   `json:"application,omitempty"`
	Assistant     string   `json:"assistant,omitempty"`
	Guest         bool     `json:"guest,omitempty"`
	AppOnly       bool     `json:"app_only,omitempty"`
	GroupsUnknown bool     `json:"groups_unknown,omitempty"`
}

func (c adminCaller) principal() *identity.Principal {
	return &identity.Principal{
		// Tokens have ids in lower case.
		TenantID: strings.ToLower(c.Tenant), ObjectID: strings.ToLower(c.User), Application: strings.ToLower(c.Application),
		Assistant: identity.Assistant{ClientID: c.Assistant, Name: c.Assistant},
		Roles:     c.Roles, Groups: lower(c.Groups), Scopes: c.Scopes,
		Guest: c.Guest, AppOnly: c.AppOnly, GroupsUnknown: c.GroupsUnknown,
	}
}

func lower(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = strings.ToLower(id)
	}
	return out
}

// adminPolicy is what one policy says.
type adminPolicy struct {
	Summary   string               `json:"summary"`
	Decisions []policy.Explanation `json:"decisions"`
}

func (a *App) explainPolicy(_ context.Context, req adminRequest) (*adminAnswer, error) {
	object, err := req.object()
	if err != nil {
		return nil, err
	}
	if len(a.policies) == 0 {
		return nil, badAdminRequest("the running configuration has no atlassian_mcp, so that there is no policy")
	}
	answer, known := new(adminAnswer), false
	for _, p := range a.policies {
		out := adminPolicy{Summary: p.rules.Summary()}
		for _, t := range p.tools {
			if req.Tool != "" && t.Name != req.Tool || object != nil && t.Product != policy.ProductOf(object.Kind) {
				continue
			}
			known = true
			out.Decisions = append(out.Decisions, p.rules.Explain(req.As.principal(), t, object))
		}
		answer.Policies = append(answer.Policies, out)
	}
	switch exists := slices.ContainsFunc(a.policies, func(p appliedPolicy) bool {
		return slices.ContainsFunc(p.tools, func(t policy.Tool) bool { return t.Name == req.Tool })
	}); {
	case req.Tool == "" || known:
	case exists:
		return nil, badAdminRequest("%s does not work on %s: Jira has projects, and Confluence has spaces", req.Tool, req.Object)
	default:
		return nil, badAdminRequest("there is no tool %q; without a name all are listed", req.Tool)
	}
	return answer, nil
}

// object reads project:KEY or space:KEY.
func (req adminRequest) object() (*policy.Object, error) {
	if req.Object == "" {
		return nil, nil
	}
	kind, id, _ := strings.Cut(req.Object, ":")
	o := &policy.Object{Kind: policy.ObjectKind(kind), ID: id}
	if o.Kind != policy.Project && o.Kind != policy.Space || id == "" {
		return nil, badAdminRequest("the object is project:KEY or space:KEY, and not %q", req.Object)
	}
	return o, nil
}

func policyCommand() *cobra.Command {
	cmd := operatorCommand(&cobra.Command{
		Use:   "policy [--as role=<value>,group=<id>,...] [--address <interface>] [<tool> [project:<key>|space:<key>]]",
		Short: "Explains who may do what",
		Long: `
Says what somebody may do with the tools, and which line of the configuration decides: all tools,
or one, or one on a Jira project or Confluence space. It only looks; nothing is called.

--as takes name=value pairs, separated by commas; a name may come several times:
  role, group, scope, user (object id), tenant, application, assistant,
and the words guest, application-only and groups-unknown. Without it, the caller is a person of
the tenant without roles and groups.`,
		Example: `  caddy atlassian-mcp policy --as role=Atlassian.Writer jira_add_comment project:PLAT`,
		Args:    cobra.MaximumNArgs(2),
	}, func(fl caddycmd.Flags) error {
		req := adminRequest{Tool: fl.Arg(0), Object: fl.Arg(1)}
		var err error
		if req.As, err = parseCaller(fl.String("as")); err != nil {
			return err
		}
		var answer adminAnswer
		if err := askAdmin(fl, http.MethodPost, "/atlassian-mcp/policy", req, &answer); err != nil {
			return err
		}
		return printPolicies(answer.Policies, req.Tool != "")
	})
	cmd.Flags().String("as", "", "Who is asked about")
	return cmd
}

func parseCaller(text string) (c adminCaller, err error) {
	lists := map[string]*[]string{"role": &c.Roles, "group": &c.Groups, "scope": &c.Scopes}
	texts := map[string]*string{"user": &c.User, "tenant": &c.Tenant, "application": &c.Application, "assistant": &c.Assistant}
	flags := map[string]*bool{"guest": &c.Guest, "application-only": &c.AppOnly, "groups-unknown": &c.GroupsUnknown}
	for pair := range strings.SplitSeq(text, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		name, value, given := strings.Cut(pair, "=")
		switch {
		case lists[name] != nil && value != "":
			*lists[name] = append(*lists[name], value)
		case texts[name] != nil && value != "":
			*texts[name] = value
		case flags[name] != nil && !given:
			*flags[name] = true
		default:
			return c, fmt.Errorf("--as: %q is not understood; see --help", pair)
		}
	}
	if tenant, user, both := strings.Cut(c.User, "/"); both {
		c.Tenant, c.User = tenant, user
	}
	for _, id := range append(slices.Clone(c.Groups), c.User, c.Tenant, c.Application) {
		if id != "" && !guid.MatchString(strings.ToLower(id)) {
			return c, fmt.Errorf("--as: %q is not an object id of Entra, such as 6a1c0f5e-2b7d-4c9a-9e10-6d2f4b8a7c31", id)
		}
	}
	return c, nil
}

// printPolicies prints a table of decisions, or for one tool all that bears on it.
func printPolicies(policies []adminPolicy, one bool) error {
	for i, p := range policies {
		if i > 0 {
			fmt.Println()
		}
		if !one {
			fmt.Println(printable(p.Summary))
			fmt.Println()
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		for _, d := range p.Decisions {
			verdict := "no"
			if d.Allowed {
				verdict = "yes"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", verdict, nameOf(d), printable(d.Reason+openTo(d)+without(d)))
			if one {
				printDetails(w, d)
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// nameOf is the name of a tool, with its product where that is not in the name.
func nameOf(d policy.Explanation) string {
	if strings.HasPrefix(d.Tool, string(d.Product)+"_") {
		return d.Tool
	}
	return d.Tool + " in " + d.Product.Title()
}

// without says which arguments are closed, because they are the work of other tools.
func without(d policy.Explanation) string {
	var closed []string
	for _, u := range d.Uses {
		if !u.Allowed {
			closed = append(closed, u.Argument)
		}
	}
	if closed == nil {
		return ""
	}
	return ", without " + strings.Join(closed, " and ")
}

// printDetails prints the lines that bear on a decision, and what it depends on beside them.
func printDetails(w io.Writer, d policy.Explanation) {
	for _, line := range d.Lines {
		fmt.Fprintf(w, "\t\t%s\n", printable(line))
	}
	for _, u := range d.Uses {
		fmt.Fprintf(w, "\t\t%s is the work of %s: %s\n", u.Argument, u.Tool, printable(u.Reason+openTo(u.Explanation)))
		for _, line := range u.Lines {
			fmt.Fprintf(w, "\t\t  %s\n", printable(line))
		}
	}
}

// openTo says on which projects or spaces a tool is open.
func openTo(d policy.Explanation) string {
	text := ""
	if d.Only != nil {
		text = ", on " + strings.Join(d.Only, " ")
	}
	if len(d.Never) > 0 {
		text += ", not on " + strings.Join(slices.Clone(d.Never), " ")
	}
	return text
}
