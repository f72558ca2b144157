package entra

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// leg is the part of the protocol in which something went wrong. It decides the OAuth error: an
// authorization response and a token response know different ones.
type leg int

const (
	signIn  leg = iota // the browser is there: authorization response, code exchange
	renewal            // an assistant refreshes: nobody to talk to
)

// situation is what a refusal means to the person, and what the assistant is told at sign-in.
type situation struct {
	kind   ErrorKind
	oauth  string
	title  string
	text   string
	advice string
}

var (
	cancelled = situation{Denied, "access_denied", "You cancelled the sign-in",
		"Nothing was connected.",
		"You can start again from your assistant at any time."}
	declined = situation{Denied, "access_denied", "The permission was declined",
		"Without it this server cannot know who you are.",
		"You can start again from your assistant at any time."}
	refused = situation{Denied, "access_denied", "The sign-in was refused",
		"Microsoft did not let this sign-in through.",
		"Start again from your assistant. If it happens again, your IT support can see the reason in Microsoft Entra."}
	needsConsent = situation{Denied, "consent_required", "This application has not been approved yet",
		"Somebody has to agree once that it may see who you are.",
		"Start again and approve the request that Microsoft shows. If it shows none, ask an administrator of your organisation to approve the application."}
	needsAdmin = situation{Denied, "access_denied", "An administrator has to approve this first",
		"In your organisation only administrators may approve applications.",
		"Ask an administrator of your organisation to approve this application in Microsoft Entra, then connect again."}
	notAssigned = situation{Denied, "access_denied", "Your account has no access to this application",
		"Your organisation opens it only to people it has chosen, and this account is not one of them.",
		"Ask an administrator of your organisation to assign the application to you, then connect again."}
	wrongTenant = situation{Denied, "access_denied", "This account belongs to another organisation",
		"This server does not let that organisation in.",
		"Start again and choose the account of the organisation that runs this server."}
	blocked = situation{Denied, "access_denied", "Your organisation's rules do not allow this sign-in",
		"The rule may concern the device, the place or the risk of this sign-in.",
		"Your IT support can tell you which one it was."}
	accountProblem = situation{Denied, "access_denied", "There is a problem with your account",
		"It may be disabled or locked, or need a new password.",
		"Your IT support can help."}
	signInAgain = situation{SignInRequired, "interaction_required", "Please sign in again",
		"Your organisation asks for a fresh sign-in.",
		"Start again from your assistant."}
	notSignedIn = situation{SignInRequired, "login_required", "Please sign in",
		"You are not signed in to Microsoft in this browser.",
		"Start again from your assistant."}
	stale = situation{GrantInvalid, "access_denied", "This sign-in has expired or was already used",
		"A sign-in has to be finished within a few minutes, and counts once.",
		"Start again from your assistant."}
	busy = situation{Unavailable, "temporarily_unavailable", "Microsoft's sign-in service did not answer",
		"Nothing is wrong with your account or your assistant.",
		"Wait a moment, then start again from your assistant."}
	unverified = situation{Denied, "access_denied", "This sign-in could not be verified",
		"What Microsoft sent does not belong to the sign-in that was begun here.",
		"Start again from your assistant. If it happens again, please tell the person who runs this server."}
	serverFault = situation{Misconfigured, "server_error", "This server is not set up correctly",
		"Signing in again will not help.",
		"Please tell the person who runs this server: its log says what to change."}
)

// error makes an Error of a situation. At a refresh, whatever the person can cure is invalid_grant,
// which makes assistants start a new sign-in, and everything else is temporary, so that they keep
// their tokens: never invalid_client, upon which they would throw their registration away.
func (s situation) error(l leg, code, operator string) *Error {
	e := &Error{Kind: s.kind, OAuth: s.oauth, Code: code, Title: s.title, Text: s.text, Advice: s.advice, Operator: operator}
	if l == renewal {
		e.OAuth = "invalid_grant"
		if s.kind == Unavailable || s.kind == Misconfigured {
			e.OAuth = "temporarily_unavailable"
		}
	}
	return e
}

// explain turns Entra's code, or when it is unknown the OAuth error beside it, into an Error.
func explain(l leg, code, oauthError string) *Error {
	if f, ok := findings[strings.TrimPrefix(code, "AADSTS")]; ok {
		return f.situation.error(l, code, f.operator)
	}
	operator := "Entra refused with the error " + safeName(oauthError)
	if code != "" {
		operator = fmt.Sprintf("Entra refused with %s (%s); https://login.microsoftonline.com/error?code=%s explains it",
			code, safeName(oauthError), strings.TrimPrefix(code, "AADSTS"))
	}
	// Every other 5300xx is Conditional Access too.
	if strings.HasPrefix(code, "AADSTS5300") {
		return blocked.error(l, code, operator)
	}
	s, ok := byOAuthError[oauthError]
	if !ok {
		s = serverFault
	}
	return s.error(l, code, operator)
}

var byOAuthError = map[string]situation{
	"access_denied":              refused,
	"login_required":             notSignedIn,
	"interaction_required":       signInAgain,
	"account_selection_required": signInAgain,
	"consent_required":           needsConsent,
	"invalid_grant":              stale,
	"temporarily_unavailable":    busy,
	"server_error":               busy,
}

var namePattern = regexp.MustCompile(`^[a-z_]{1,40}$`)

// safeName keeps what looks like an error code and nothing else.
func safeName(s string) string {
	if namePattern.MatchString(s) {
		return s
	}
	return "(unreadable)"
}

// unavailable is an outage of Entra, or of the way there.
func unavailable(cause error) *Error {
	e := busy.error(signIn, "", "Entra could not be reached or did not answer properly")
	e.cause = cause
	return e
}

// cannotStart is for a sign-in that was never sent to Entra.
func cannotStart(cause error) *Error {
	e := serverFault.error(signIn, "", "the sign-in could not be prepared")
	e.cause = cause
	return e
}

// noProof is for a token request that could not be authenticated and was never sent.
func noProof(l leg, cause error) *Error {
	e := serverFault.error(l, "", "the client assertion could not be signed; check the files of client_certificate")
	e.cause = cause
	return e
}

// refusedIDToken explains a sign-in that we cannot believe. It may be somebody else's code that was
// slipped in, or a wrong clock.
func refusedIDToken(err error) *Error {
	if errors.Is(err, ErrUnavailable) || errors.Is(err, errForeignTenant) {
		return refusedAccessToken(signIn, err)
	}
	e := unverified.error(signIn, "", "the ID token that Entra sent does not belong to this sign-in")
	e.cause = err
	return e
}

// refusedAccessToken explains an access token of Entra's that we cannot accept.
func refusedAccessToken(l leg, err error) *Error {
	switch {
	case errors.Is(err, ErrUnavailable):
		return unavailable(err)
	case errors.Is(err, errForeignTenant):
		e := wrongTenant.error(l, "", "the tenant of the person who signed in is not allowed; add it to the list of allowed tenants if it should be")
		e.cause = err
		return e
	case errors.Is(err, errForeignAudience):
		return noUsableToken(l, err)
	}
	e := serverFault.error(l, "", "the access token that Entra sent is not acceptable")
	e.cause = err
	return e
}

// noUsableToken explains the third answer to .default: a token for Microsoft Graph, or none.
func noUsableToken(l leg, cause error) *Error {
	e := serverFault.error(l, "", "Entra issued no access token for this application. In the app registration, under Expose an API, set the "+
		"Application ID URI and add a scope access_as_user; in its manifest set requestedAccessTokenVersion to 2; then add access_as_user to OAUTH_DCR_SCOPE")
	e.cause = cause
	return e
}
