package atlassian

import (
	"context"
	"errors"
	"net/http"
)

// probeConfluence asks for the tenant information that every Cloud site has at its root and no
// Data Center has. Where something in front of the site answers that with a sign-in, the signed-in
// user decides: only Cloud knows people by account ids.
func probeConfluence(ctx context.Context, s *Site) (Deployment, error) {
	var tenant struct {
		CloudID string `json:"cloudId"`
	}
	err := s.probeJSON(ctx, "_edge/tenant_info", &tenant)
	var failure *Error
	switch {
	case err == nil && tenant.CloudID != "":
		return Cloud, nil
	case err == nil, errors.As(err, &failure) && failure.Status == http.StatusNotFound:
		return DataCenter, nil
	case errors.As(err, &failure) && isSignIn(failure.Status):
		return askConfluenceUser(ctx, s)
	}
	return "", err
}

func askConfluenceUser(ctx context.Context, s *Site) (Deployment, error) {
	path := "rest/api/user/current"
	if s.wikiInURL() {
		path = "wiki/" + path
	}
	var user struct {
		AccountID string `json:"accountId"`
		UserKey   string `json:"userKey"`
		Username  string `json:"username"`
	}
	if err := s.getJSON(ctx, s.base, path, &user); err != nil {
		return "", err
	}
	switch {
	case user.AccountID != "":
		return Cloud, nil
	case user.UserKey != "" || user.Username != "":
		return DataCenter, nil
	}
	return "", &Error{
		Product: s.product, Status: http.StatusUnauthorized,
		Messages: []string{"the site takes this server for an anonymous visitor"},
		Hint:     "Its operator should check CONFLUENCE_PERSONAL_TOKEN, and may set CONFLUENCE_DEPLOYMENT to cloud or datacenter.",
	}
}
