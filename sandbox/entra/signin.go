package entra

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// SignIn walks the authorization endpoint without a browser: it opens the authorization URL and, if
// a page asks who one is, chooses the person (object id or user name; empty means cancel). It
// returns where Entra sends the browser back to. Whether it remembers the session is up to the
// client's cookie jar; the client follows no redirect.
func (s *Server) SignIn(client *http.Client, authorizationURL, person string) (*url.URL, error) {
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := c.Get(authorizationURL)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		u, err := url.Parse(authorizationURL)
		if err != nil {
			return nil, err
		}
		form := url.Values{"request": {u.RawQuery}}
		if person == "" {
			form.Set("cancel", "1")
		} else {
			form.Set("person", person)
		}
		if resp, err = c.Post(s.cfg.BaseURL+"/"+s.cfg.TenantID+"/login", "application/x-www-form-urlencoded", strings.NewReader(form.Encode())); err != nil {
			return nil, err
		}
		_ = resp.Body.Close()
	}
	if resp.StatusCode != http.StatusFound {
		return nil, fmt.Errorf("sign-in ended with status %d on a page", resp.StatusCode)
	}
	return resp.Location()
}
