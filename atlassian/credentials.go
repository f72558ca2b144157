package atlassian

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
)

// Credentials are what a request authenticates with: on Cloud the owner's e-mail address and an API
// token, as Basic; on Data Center a personal access token alone, as Bearer, even where a user name
// is set beside it.
type Credentials struct {
	Username string
	Token    string
}

type credentialsKey struct{}

// WithCredentials returns a context whose requests use c instead of the site's own credentials.
// Empty credentials do not fall back on the site's: such a request is refused, so that a person
// without credentials never acts with the operator's.
func WithCredentials(ctx context.Context, c Credentials) context.Context {
	return context.WithValue(ctx, credentialsKey{}, c)
}

// credentials are those of the context, else those of the site.
func (s *Site) credentials(ctx context.Context) Credentials {
	if c, ok := ctx.Value(credentialsKey{}).(Credentials); ok {
		return c
	}
	return s.own
}

// check refuses what cannot stand in a header. The error never repeats the value.
func (c Credentials) check() error {
	if strings.ContainsFunc(c.Username+c.Token, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return errors.New("contains a line break or another control character")
	}
	if c.Username != "" && strings.Contains(c.Username, ":") {
		return errors.New("the user name contains a colon, which Basic authentication cannot carry")
	}
	if c.Username == "" && strings.ContainsAny(c.Token, " \t") {
		return errors.New("the token contains a space")
	}
	return nil
}

// set puts the Authorization header on a request, replacing whatever stood there. While the
// deployment is not known the token goes alone: as a password it would count as a failed sign-in
// on Data Center, and a few of those lock the account behind a CAPTCHA.
func (c Credentials) set(h http.Header, d Deployment) {
	if d == Cloud && c.Username != "" {
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Token)))
		return
	}
	h.Set("Authorization", "Bearer "+c.Token)
}
