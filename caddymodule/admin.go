package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/audit"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
)

func init() {
	caddy.RegisterModule(AdminAPI{})
}

// AdminAPI is the operator's side of the sign-ins. It is part of Caddy's admin endpoint, which must
// be on, and of no site:
//
//	GET  /atlassian-mcp/grants          the grants that live
//	POST /atlassian-mcp/grants/revoke   {"user": "tid/oid"}, {"client": "id or name"}, {"grant": "id"} or {"all": true}
//	GET  /atlassian-mcp/users           who is blocked
//	POST /atlassian-mcp/users/block     {"user": "tid/oid"}
//	POST /atlassian-mcp/users/unblock   {"user": "tid/oid"}
//	POST /atlassian-mcp/keys/rotate     {"revoke": true} or {}
//	POST /atlassian-mcp/policy          {"as": {"roles": […], …}, "tool": "…", "object": "project:KEY"}, all of it optional
//
// `caddy atlassian-mcp` has a command for each. No answer holds a token or a secret.
type AdminAPI struct{}

// CaddyModule implements caddy.Module.
func (AdminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.atlassian_mcp", New: func() caddy.Module { return new(AdminAPI) }}
}

// Routes implements caddy.AdminRouter.
func (AdminAPI) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		adminRoute(http.MethodGet, "/atlassian-mcp/grants", (*App).listGrants),
		adminRoute(http.MethodPost, "/atlassian-mcp/grants/revoke", (*App).revokeGrants),
		adminRoute(http.MethodGet, "/atlassian-mcp/users", (*App).listBlocked),
		adminRoute(http.MethodPost, "/atlassian-mcp/users/block", (*App).block),
		adminRoute(http.MethodPost, "/atlassian-mcp/users/unblock", (*App).unblock),
		adminRoute(http.MethodPost, "/atlassian-mcp/keys/rotate", (*App).rotateKeys),
		adminRoute(http.MethodPost, "/atlassian-mcp/policy", (*App).explainPolicy),
	}
}

// adminRequest is what any of the requests may say.
type adminRequest struct {
	User   string `json:"user,omitempty"`
	Client string `json:"client,omitempty"`
	Grant  string `json:"grant,omitempty"`
	All    bool   `json:"all,omitempty"`
	Revoke bool   `json:"revoke,omitempty"`

	// Of a question about the policy.
	As     adminCaller `json:"as,omitzero"`
	Tool   string      `json:"tool,omitempty"`
	Object string      `json:"object,omitempty"`
}

// adminAnswer is what came of any of them.
type adminAnswer struct {
	// Grants are those that live, or those that ended.
	Grants []adminGrant `json:"grants,omitempty"`

	// Unreadable is how many records no key opens. Nobody can use them.
	Unreadable int `json:"unreadable,omitempty"`

	Users []adminUser `json:"users,omitempty"`

	// Policies are what each atlassian_mcp says.
	Policies []adminPolicy `json:"policies,omitempty"`

	// Ended is how many grants ended.
	Ended int `json:"ended"`

	// Changed says that the user was not blocked before, or was.
	Changed bool `json:"changed,omitempty"`
}

type adminGrant struct {
	ID        string    `json:"id"`
	User      string    `json:"user"` // tid/oid
	Name      string    `json:"name,omitempty"`
	Client    string    `json:"client"`
	Assistant string    `json:"assistant,omitempty"`
	Resource  string    `json:"resource"`
	Scopes    []string  `json:"scopes,omitempty"`
	Since     time.Time `json:"since"`
	LastUsed  time.Time `json:"last_used"`
	Expires   time.Time `json:"expires"`
}

type adminUser struct {
	User  string    `json:"user"` // tid/oid
	Name  string    `json:"name,omitempty"`
	Since time.Time `json:"since"`
}

// adminRoute answers one method of one path with what f returns.
func adminRoute(method, path string, f func(*App, context.Context, adminRequest) (*adminAnswer, error)) caddy.AdminRoute {
	return caddy.AdminRoute{Pattern: path, Handler: caddy.AdminHandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != method {
			return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: fmt.Errorf("%s answers %s", path, method)}
		}
		req, err := readAdminRequest(w, r)
		if err != nil {
			return err
		}
		app, err := activeApp()
		if err != nil {
			return err
		}
		answer, err := f(app, r.Context(), req)
		if errors.Is(err, records.ErrUnavailable) {
			return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: err}
		}
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		return json.NewEncoder(w).Encode(answer)
	})}
}

func readAdminRequest(w http.ResponseWriter, r *http.Request) (req adminRequest, err error) {
	if r.Method == http.MethodGet {
		return req, nil
	}
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	body.DisallowUnknownFields()
	if err := body.Decode(&req); err != nil {
		return req, badAdminRequest("the body is not understood: %w", err)
	}
	return req, nil
}

func badAdminRequest(format string, args ...any) error {
	return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: fmt.Errorf(format, args...)}
}

// activeApp is the entra app of the configuration that runs now.
func activeApp() (*App, error) {
	app, err := caddy.ActiveContext().AppIfConfigured("entra")
	if errors.Is(err, caddy.ErrNotConfigured) {
		return nil, caddy.APIError{HTTPStatus: http.StatusNotFound,
			Err: errors.New("the configuration that runs has no entra_oauth and no entra_auth, so nobody can have signed in")}
	}
	if err != nil {
		return nil, err
	}
	return app.(*App), nil
}

func (a *App) listGrants(ctx context.Context, _ adminRequest) (*adminAnswer, error) {
	answer := new(adminAnswer)
	for g, err := range records.Grants.All(ctx, a.state.store) {
		switch {
		case errors.Is(err, records.ErrInvalid):
			answer.Unreadable++
		case err != nil:
			return nil, err
		case !g.Revoked:
			answer.Grants = append(answer.Grants, describeGrant(g))
		}
	}
	slices.SortFunc(answer.Grants, func(a, b adminGrant) int {
		return strings.Compare(a.User+a.Since.Format(time.RFC3339), b.User+b.Since.Format(time.RFC3339))
	})
	return answer, nil
}

func describeGrant(g *records.Grant) adminGrant {
	return adminGrant{
		ID: g.Handle(), User: records.PersonID(g.TenantID, g.ObjectID), Name: g.Name,
		Client: g.ClientID, Assistant: g.ClientName, Resource: g.Resource, Scopes: g.Scopes,
		Since: g.Created.UTC(), LastUsed: g.Used.UTC(), Expires: g.Expires.UTC(),
	}
}

func (a *App) revokeGrants(ctx context.Context, req adminRequest) (*adminAnswer, error) {
	match, err := req.match()
	if err != nil {
		return nil, err
	}
	ended, err := a.state.store.EndGrants(context.WithoutCancel(ctx), match)
	answer := a.ended(ended)
	if err != nil {
		return nil, fmt.Errorf("%d grants ended, then it failed; try again: %w", answer.Ended, err)
	}
	return answer, nil
}

// match returns what tells whether a grant is meant. Exactly one thing must be named: nobody wants
// to end everything for having misspelt a word.
func (req adminRequest) match() (func(*records.Grant) bool, error) {
	named := 0
	for _, given := range []bool{req.User != "", req.Client != "", req.Grant != "", req.All} {
		if given {
			named++
		}
	}
	if named != 1 {
		return nil, badAdminRequest("name exactly one of user, client, grant and all")
	}
	if req.User != "" {
		tenant, object, err := splitUser(req.User)
		id := records.PersonID(tenant, object)
		return func(g *records.Grant) bool { return records.PersonID(g.TenantID, g.ObjectID) == id }, err
	}
	return func(g *records.Grant) bool {
		return req.All || g.ClientID == req.Client || strings.EqualFold(g.ClientName, req.Client) || g.Handle() == req.Grant
	}, nil
}

// userForm is the identity of a person, as grants list and the logs show it.
var userForm = regexp.MustCompile(`(?i)^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

func splitUser(user string) (tenantID, objectID string, err error) {
	m := userForm.FindStringSubmatch(user)
	if m == nil {
		return "", "", badAdminRequest("a user is named by tenant id/object id, two GUIDs, as in the column USER of `grants list`")
	}
	return strings.ToLower(m[1]), strings.ToLower(m[2]), nil
}

// ended logs grants that the operator ended.
func (a *App) ended(grants []*records.Grant) *adminAnswer {
	answer := &adminAnswer{Ended: len(grants)}
	for _, g := range grants {
		answer.Grants = append(answer.Grants, describeGrant(g))
		audit.Record{
			Event: audit.Revocation, Message: "grant revoked", TenantID: g.TenantID, ObjectID: g.ObjectID, User: g.Name,
			Assistant: g.ClientName, Resource: g.Resource, Outcome: audit.OK, Reason: "the operator ended it",
		}.Write(a.audit)
	}
	return answer
}

func (a *App) listBlocked(ctx context.Context, _ adminRequest) (*adminAnswer, error) {
	answer := new(adminAnswer)
	for p, err := range records.Persons.All(ctx, a.state.store) {
		switch {
		case errors.Is(err, records.ErrInvalid):
			answer.Unreadable++
		case err != nil:
			return nil, err
		case !p.Blocked.IsZero():
			answer.Users = append(answer.Users, adminUser{User: records.PersonID(p.TenantID, p.ObjectID), Name: p.Name, Since: p.Blocked.UTC()})
		}
	}
	slices.SortFunc(answer.Users, func(a, b adminUser) int { return strings.Compare(a.User, b.User) })
	return answer, nil
}

func (a *App) block(ctx context.Context, req adminRequest) (*adminAnswer, error) {
	tenant, object, err := splitUser(req.User)
	if err != nil {
		return nil, err
	}
	changed, ended, err := a.state.store.Block(context.WithoutCancel(ctx), tenant, object)
	answer := a.ended(ended)
	if answer.Changed = changed; changed {
		audit.Record{Event: audit.Block, Message: "user blocked", TenantID: tenant, ObjectID: object, Outcome: audit.OK}.Write(a.audit)
	}
	if err != nil {
		return nil, fmt.Errorf("not all of it was done; try again: %w", err)
	}
	return answer, nil
}

func (a *App) unblock(ctx context.Context, req adminRequest) (*adminAnswer, error) {
	tenant, object, err := splitUser(req.User)
	if err != nil {
		return nil, err
	}
	was, err := a.state.store.Unblock(context.WithoutCancel(ctx), tenant, object)
	if err == nil && was {
		audit.Record{Event: audit.Block, Message: "user unblocked", TenantID: tenant, ObjectID: object, Outcome: audit.OK}.Write(a.audit)
	}
	return &adminAnswer{Changed: was}, err
}

func (a *App) rotateKeys(ctx context.Context, req adminRequest) (*adminAnswer, error) {
	ended, err := a.state.store.RotateKeys(ctx, req.Revoke)
	if err != nil {
		return nil, fmt.Errorf("rotating the keys: %w", err)
	}
	a.logger.Warn("keys rotated", "revoked", req.Revoke, "grants_ended", ended)
	return &adminAnswer{Ended: ended}, nil
}

// Interface guards
var (
	_ caddy.Module      = AdminAPI{}
	_ caddy.AdminRouter = (*AdminAPI)(nil)
)
