// Package identity says who is calling: the typed Principal that travels in a request's context.
package identity

import (
	"context"
	"time"
)

// Principal is an authenticated caller. It is made from a verified Entra access token and, for
// tokens of our own sign-in, from the issuance record of that token. Only code that verified a
// token may put one in a context; no string in a placeholder or header can pose as one.
type Principal struct {
	// TenantID and ObjectID are Entra's tid and oid. Together they are the identity; nothing else
	// here takes part in a decision about who somebody is.
	TenantID string
	ObjectID string

	// Name and Username are for people to read. Both can change, be reused, and be set by a
	// foreign tenant's administrator.
	Name     string
	Username string

	// Application is the azp (v2) or appid (v1) claim: the GUID of the application that the token
	// was issued to.
	Application string

	// Assistant is the OAuth client through which the call comes. When the token did not come
	// through our sign-in, it is the application, by the name that the operator gave it.
	Assistant Assistant

	// Grant is the id of the grant that the token belongs to, empty when it did not come through
	// our sign-in.
	Grant string

	// AppOnly says that the token stands for an application and not for a person.
	AppOnly bool

	// Guest says that the person belongs to another tenant (B2B).
	Guest bool

	Scopes []string
	Roles  []string
	Groups []string

	// GroupsUnknown says that Entra left the groups out of the token (overage) and they are not
	// known from elsewhere: the caller is then neither a member of any group nor not a member.
	GroupsUnknown bool

	// TokenID is Entra's uti claim, for the audit trail.
	TokenID string

	// Expires is when the token ends.
	Expires time.Time
}

// Assistant is the OAuth client that a person approved: Claude, Cursor, and so on. Name is what
// the client calls itself and proves nothing.
type Assistant struct {
	ClientID string
	Name     string
}

// ID is the stable identity "tid/oid".
func (p *Principal) ID() string { return p.TenantID + "/" + p.ObjectID }

type contextKey struct{}

// NewContext returns a context that carries p.
func NewContext(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// FromContext returns the Principal that the gate put in the context, and whether there is one.
func FromContext(ctx context.Context) (*Principal, bool) {
	p, ok := ctx.Value(contextKey{}).(*Principal)
	return p, ok && p != nil
}
