package atlassian

import (
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// maxErrorBody is how much of a refusal's body is read for its messages.
const maxErrorBody = 64 << 10

// judge turns every answer but a genuine success into an Error.
func (s *Site) judge(resp *http.Response, creds Credentials, write bool) *Error {
	if s.tookForAnonymous(resp) {
		return s.anonymousAnswer(resp.Header, creds)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return s.judgeSuccess(resp, creds, write)
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return s.redirected(resp)
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	e := parseErrorBody(body)
	e.Product, e.Status = s.product, resp.StatusCode
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		e.Hint = s.credentialsHint(resp.Header, resp.StatusCode, creds)
		if lacksScope(e) {
			e.Hint = "The API token of this server was made without a scope that this needs: its operator should make one with all the scopes that the documentation lists."
		}
	case http.StatusTooManyRequests:
		e.retry = retryAll
		e.RetryAfter = retryAfter(resp.Header, time.Now())
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		e.retry = retryReads
		e.RetryAfter = retryAfter(resp.Header, time.Now())
	}
	e.Uncertain = write && (resp.StatusCode >= 500 || resp.StatusCode == http.StatusRequestTimeout)
	if e.Hint == "" {
		e.Hint = statusHint(s.product, resp.StatusCode)
	}
	if resp.StatusCode == http.StatusNotFound && strings.Contains(strings.Join(e.Messages, " "), "does not exist") {
		e.Hint = "" // the product has said it
	}
	return e
}

// tookForAnonymous says that the site did not accept the credentials and answered as it answers
// anybody: with fewer results, with "does not exist", or with an error about a name that visitors
// cannot see.
func (s *Site) tookForAnonymous(resp *http.Response) bool {
	status := resp.StatusCode
	if status == http.StatusUnauthorized || status == http.StatusForbidden || status >= 500 || isAnonymous(resp.Request.Context()) {
		return false
	}
	reason := resp.Header.Get("X-Seraph-Loginreason")
	return strings.EqualFold(resp.Header.Get("X-Ausername"), "anonymous") ||
		strings.Contains(reason, "AUTHENTICATED_FAILED") || strings.Contains(reason, "AUTHENTICATION_DENIED")
}

func (s *Site) anonymousAnswer(h http.Header, creds Credentials) *Error {
	return &Error{
		Product: s.product, Status: http.StatusUnauthorized,
		Messages: []string{"the answer is that for anonymous visitors: the credentials were not accepted"},
		Hint:     s.credentialsHint(h, http.StatusUnauthorized, creds),
	}
}

// judgeSuccess finds the login page that says 200 and means 401, and what is too large.
func (s *Site) judgeSuccess(resp *http.Response, creds Credentials, write bool) *Error {
	wantsJSON := strings.Contains(resp.Request.Header.Get("Accept"), "json")
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if wantsJSON && isPage(mediaType) {
		return s.signInPage(resp, creds)
	}
	if resp.ContentLength > s.max {
		return s.tooLarge(write)
	}
	return nil
}

func isPage(mediaType string) bool {
	return mediaType == "text/html" || mediaType == "application/xhtml+xml"
}

func (s *Site) signInPage(resp *http.Response, creds Credentials) *Error {
	return &Error{
		Product: s.product, Status: http.StatusUnauthorized,
		Messages: []string{"a web page came instead of data, most likely a sign-in page"},
		Hint:     s.credentialsHint(resp.Header, resp.StatusCode, creds),
	}
}

// redirected explains a redirect that was not followed.
func (s *Site) redirected(resp *http.Response) *Error {
	e := &Error{Product: s.product, Status: resp.StatusCode, Messages: []string{"the answer is a redirect that is not followed with credentials"}}
	location, err := resp.Location()
	env := strings.ToUpper(s.product)
	switch {
	case err != nil:
	case strings.EqualFold(location.Hostname(), resp.Request.URL.Hostname()):
		e.Hint = "The operator of this server should check that " + env + "_URL is the exact address of the site, scheme and context path included."
	default:
		e.Hint = "It leads to " + location.Hostname() + ": either " + env + "_URL is not the site's final address, or the site demands a sign-in in the browser and did not accept the credentials."
	}
	return e
}

// credentialsHint explains a refusal of the account that this server calls Atlassian with. The
// caller's own sign-in is not the trouble, and signing in again would not help.
func (s *Site) credentialsHint(h http.Header, status int, creds Credentials) string {
	name, env := s.Name(), strings.ToUpper(s.product)
	denied := h.Get("X-Authentication-Denied-Reason") + " " + h.Get("X-Seraph-Loginreason")
	if strings.Contains(denied, "CAPTCHA") || strings.Contains(denied, "AUTHENTICATION_DENIED") {
		return name + " demands a CAPTCHA of the account of this server after failed sign-ins: its owner must sign in once in a browser."
	}
	if status == http.StatusForbidden {
		return "The account with which this server calls " + name + " may not do this; signing in again does not change it."
	}
	hint := "This concerns the account with which this server calls " + name + ", not yours: its operator should check " + env + "_PERSONAL_TOKEN"
	if s.known() == Cloud && creds.Username == "" {
		return hint + ", and set " + env + "_USERNAME, which Cloud needs beside the API token of a person."
	}
	return hint + "; it may have expired."
}

// statusHint is what a caller can do about a status that the product did not explain.
func statusHint(product string, status int) string {
	name := productName(product)
	switch status {
	case http.StatusNotFound:
		return "It does not exist, or the account of this server may not see it."
	case http.StatusConflict:
		return "It was changed meanwhile: read it again, then repeat the change."
	case http.StatusGone:
		return name + " no longer offers this function."
	case http.StatusRequestEntityTooLarge:
		return "Send less at once."
	case http.StatusTooManyRequests:
		return name + " limits the number of calls: wait, and ask for less."
	}
	if status >= 500 {
		return name + " is in trouble; the arguments are not the cause."
	}
	return ""
}
