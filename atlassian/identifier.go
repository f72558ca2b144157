package atlassian

import (
	"net/url"
	"regexp"
	"strings"
)

var (
	issueKey   = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,254}-[0-9]{1,18}$`)
	projectKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,254}$`)
	spaceKey   = regexp.MustCompile(`^(?:[A-Za-z0-9]{1,255}|~[A-Za-z0-9_.@:-]{1,255})$`)
	numericID  = regexp.MustCompile(`^[0-9]{1,18}$`)
)

// CheckIssueKey returns an issue key in upper case, or an InputError about the named argument. A
// key that passed may stand in a path and in JQL.
func CheckIssueKey(argument, key string) (string, error) {
	k := strings.ToUpper(strings.TrimSpace(key))
	if !issueKey.MatchString(k) {
		return "", &InputError{Argument: argument, Problem: quoted(key) + " is not an issue key", Hint: "A key looks like PROJ-123."}
	}
	return k, nil
}

// ProjectOf is the project key in a checked issue key. An issue that has moved answers to its old
// key too, so this names the project that the caller meant, not the one the issue is in.
func ProjectOf(issueKey string) string {
	return issueKey[:max(0, strings.LastIndexByte(issueKey, '-'))]
}

// CheckProjectKey returns a project key in upper case, or an InputError about the named argument.
func CheckProjectKey(argument, key string) (string, error) {
	k := strings.ToUpper(strings.TrimSpace(key))
	if !projectKey.MatchString(k) {
		return "", &InputError{Argument: argument, Problem: quoted(key) + " is not a project key", Hint: "A key looks like PROJ."}
	}
	return k, nil
}

// CheckSpaceKey returns a Confluence space key, or an InputError about the named argument. The
// keys of personal spaces begin with a tilde. The spelling is kept: Confluence compares it.
func CheckSpaceKey(argument, key string) (string, error) {
	k := strings.TrimSpace(key)
	if !spaceKey.MatchString(k) || k == "~.." {
		return "", &InputError{Argument: argument, Problem: quoted(key) + " is not a space key", Hint: "A key looks like DOCS, or ~name for a personal space."}
	}
	return k, nil
}

// CheckID returns a numeric identifier, or an InputError about the named argument.
func CheckID(argument, id string) (string, error) {
	k := strings.TrimSpace(id)
	if !numericID.MatchString(k) {
		return "", &InputError{Argument: argument, Problem: quoted(id) + " is not an id", Hint: "Ids are numbers, such as 10042."}
	}
	return k, nil
}

// Path joins segments to a relative path in which none can be anything but one segment: slashes
// and question marks are escaped, and Do refuses the dot segments that come out of it.
func Path(segments ...string) string {
	escaped := make([]string, len(segments))
	for i, segment := range segments {
		escaped[i] = url.PathEscape(segment)
		if segment == "." || segment == ".." {
			escaped[i] = strings.ReplaceAll(segment, ".", "%2E")
		}
	}
	return strings.Join(escaped, "/")
}

// quoted repeats a caller's value in an error, bounded and on one line.
func quoted(s string) string {
	s, cut := Shorten(clean(s), 60)
	if cut {
		s += "…"
	}
	return `"` + s + `"`
}
