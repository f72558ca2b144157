package entra

import (
	"net/url"
	"regexp"
	"strings"
)

// maxDescription is how much of a text of Entra's is searched for codes.
const maxDescription = 4 << 10

var (
	codePattern          = regexp.MustCompile(`AADSTS[0-9]{5,9}\b`)
	tracePattern         = regexp.MustCompile(`(?i)Trace ID: ?([0-9a-f-]{36})`)
	correlationIDPattern = regexp.MustCompile(`(?i)Correlation ID: ?([0-9a-f-]{36})`)
)

// fromCallback reads an authorization error response (RFC 6749 section 4.1.2.1). Entra puts its
// code and ids into the description, and tells a cancelled sign-in by error_subcode.
func fromCallback(q url.Values) *Error {
	name := q.Get("error")
	if name == "" {
		return nil
	}
	description := clip(q.Get("error_description"))
	e := explain(signIn, codePattern.FindString(description), name)
	if name == "access_denied" && q.Get("error_subcode") == "cancel" {
		e = cancelled.error(signIn, e.Code, "the person cancelled at Microsoft's page")
	}
	e.setIDs(submatch(tracePattern, description), submatch(correlationIDPattern, description))
	return e
}

// firstCode picks the code that says most: the first that we know, else the first.
func firstCode(a errorAnswer) string {
	first := codePattern.FindString(clip(a.Description))
	for _, n := range a.Codes {
		code := codePattern.FindString("AADSTS" + n.String())
		if _, known := findings[n.String()]; known && code != "" {
			return code
		}
		if first == "" {
			first = code
		}
	}
	return first
}

// setIDs keeps ids that are GUIDs, which is all that Entra's are.
func (e *Error) setIDs(trace, correlation string) {
	if trace = strings.ToLower(trace); isGUID(trace) {
		e.TraceID = trace
	}
	if correlation = strings.ToLower(correlation); isGUID(correlation) {
		e.CorrelationID = correlation
	}
}

func submatch(pattern *regexp.Regexp, s string) string {
	if m := pattern.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

func clip(s string) string { return s[:min(len(s), maxDescription)] }
