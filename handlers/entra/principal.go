package entra

import (
	"errors"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

// newPrincipal reads the claims of a verified access token.
// https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
func newPrincipal(c claims) (*identity.Principal, error) {
	p := &identity.Principal{GroupsUnknown: groupsLeftOut(c), Guest: isGuest(c)}
	application, err := applicationClaim(c)
	if err != nil {
		return nil, err
	}
	username := "preferred_username"
	if application == "appid" {
		username = "unique_name"
	}
	var scp, kind string
	for _, claim := range []struct {
		name string
		into *string
		read func(string) (string, error)
	}{
		{"tid", &p.TenantID, c.guid},
		{"oid", &p.ObjectID, c.guid},
		{application, &p.Application, c.guid},
		{"name", &p.Name, c.text},
		{username, &p.Username, c.text},
		{"uti", &p.TokenID, c.text},
		{"scp", &scp, c.text},
		{"idtyp", &kind, c.text},
	} {
		if *claim.into, err = claim.read(claim.name); err != nil {
			return nil, err
		}
	}
	if p.Roles, err = c.list("roles"); err != nil {
		return nil, err
	}
	if p.Groups, err = c.list("groups"); err != nil {
		return nil, err
	}
	if p.GroupsUnknown {
		p.Groups = nil // half a list would be taken for a whole one
	}
	if p.Expires, err = c.time("exp"); err != nil {
		return nil, err
	}
	p.Scopes = strings.Fields(scp)
	p.AppOnly = len(p.Scopes) == 0
	if kind == "app" && !p.AppOnly {
		return nil, errors.New("it says that it is an application's own (idtyp) and a person's (scp)")
	}
	return p, nil
}

// isGuest says whether the person signed in at another identity provider than this tenant, which
// Entra tells in idp, or the tenant counts them as guests (optional claim acct).
func isGuest(c claims) bool {
	if c.flag("acct") {
		return true
	}
	if !c.has("idp") {
		return false
	}
	idp, err := c.text("idp")
	iss, _ := c.text("iss")
	tenant, _ := c.text("tid")
	home := []string{iss, "https://sts.windows.net/" + tenant + "/", "https://sts.chinacloudapi.cn/" + tenant + "/"}
	return err != nil || !slices.Contains(home, idp)
}

// groupsLeftOut recognises overage: instead of more than 200 groups the token says where they could
// be asked for. That address is never followed.
func groupsLeftOut(c claims) bool {
	if c.flag("hasgroups") {
		return true
	}
	if !c.has("_claim_names") {
		return false
	}
	names, err := decodeObject(c["_claim_names"])
	return err != nil || names.has("groups")
}
