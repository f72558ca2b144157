package markup

import (
	"net/url"
	"strings"
)

// Destinations of links and images that stand for something Markdown has no construct for. An
// object scheme makes the whole link one thing; the others are places a link or image can lead.
const (
	schemeMention    = "mention"     // object: an Atlassian account id
	schemeUser       = "user"        // object: a user name (Data Center)
	schemeUserKey    = "userkey"     // object: a user key (Confluence Data Center)
	schemeStatus     = "status"      // object: a colour; the text is the status
	schemeDate       = "date"        // object: empty, the text is the date, YYYY-MM-DD; or an ADF time stamp
	schemeEmoji      = "emoji"       // object: an emoji's id; the text is its short name
	schemePrompt     = "placeholder" // object: empty; the text tells an author what to write there
	schemeIssue      = "issue"       // object: an issue's key
	schemeCard       = "card"        // object: the address of a smart link in text
	schemeBlockCard  = "block-card"  // object: the address of a smart link shown as a card
	schemeEmbed      = "embed"       // object: the address of a smart link that shows its content
	schemeLayout     = "layout"      // object: begins, divides or ends a section of columns
	schemeADF        = "adf"         // object: any other ADF node, type?attribute=value
	schemeMacro      = "macro"       // object: a macro's name and parameters, name?key=value
	schemePage       = "page"        // place: SPACE/Title, or /Title in the same space
	schemeAttachment = "attachment"  // place: the file name of an attachment
	schemeMedia      = "media"       // place: id?collection=name in Atlassian's media service
)

// splitScheme separates a destination into its scheme, in lower case, and what follows it. The
// scheme is empty when there is none.
func splitScheme(dest string) (scheme, rest string) {
	for i := range len(dest) {
		switch c := dest[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return strings.ToLower(dest[:i]), dest[i+1:]
		default:
			return "", dest
		}
	}
	return "", dest
}

// isObject says whether a link to dest stands for a thing and not for a place.
func isObject(dest string) bool {
	switch scheme, _ := splitScheme(dest); scheme {
	case schemeMention, schemeUser, schemeUserKey, schemeStatus, schemeDate, schemeEmoji, schemePrompt, schemeIssue,
		schemeCard, schemeBlockCard, schemeEmbed, schemeLayout, schemeADF, schemeMacro:
		return true
	default:
		return false
	}
}

// isWebLink says whether Atlassian can follow dest as a link: a scheme that is known to be
// harmless, or an address relative to the site. A browser runs javascript: and data: links.
func isWebLink(dest string) bool {
	switch scheme, rest := splitScheme(dest); scheme {
	case "http", "https", "ftp", "ftps", "mailto", "tel", "sip", "xmpp", "slack", "git", "ssh":
		return rest != ""
	case "":
		return dest != "" && dest[0] > ' '
	default:
		return false
	}
}

// isWebImage says whether dest is an image on the web.
func isWebImage(dest string) bool {
	scheme, rest := splitScheme(dest)
	return (scheme == "http" || scheme == "https") && strings.HasPrefix(rest, "//") && len(rest) > len("//")
}

// attachmentName is the file name when dest is an attachment: with its scheme, or a bare name as
// in ![](plan.png).
func attachmentName(dest string) (string, bool) {
	switch scheme, rest := splitScheme(dest); {
	case scheme == schemeAttachment && rest != "":
		return unescapePath(rest), true
	case scheme == "" && rest != "" && !strings.ContainsAny(rest, "/#?"):
		return unescapePath(rest), true
	default:
		return "", false
	}
}

func attachmentDest(name string) string { return schemeAttachment + ":" + escapePath(name) }

// pageRef is a Confluence page by its title.
type pageRef struct{ space, title, anchor string }

func (p pageRef) dest() string {
	d := schemePage + ":" + escapePath(p.space) + "/" + escapePath(p.title)
	if p.anchor != "" {
		d += "#" + escapePath(p.anchor)
	}
	return d
}

func parsePageRef(dest string) (pageRef, bool) {
	scheme, rest := splitScheme(dest)
	space, title, found := strings.Cut(rest, "/")
	if scheme != schemePage || !found {
		return pageRef{}, false
	}
	title, anchor, _ := strings.Cut(title, "#")
	p := pageRef{unescapePath(space), unescapePath(title), unescapePath(anchor)}
	return p, p.title != ""
}

// param is a macro's parameter. Their order is kept.
type param struct{ name, value string }

func macroDest(name string, params []param) string {
	var b strings.Builder
	b.WriteString(schemeMacro + ":" + escapePath(name))
	for i, p := range params {
		b.WriteByte("?&"[min(i, 1)])
		b.WriteString(escapePath(p.name) + "=" + escapePath(p.value))
	}
	return b.String()
}

func parseMacroDest(rest string) (name string, params []param) {
	name, query, _ := strings.Cut(rest, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if k, v, named := strings.Cut(pair, "="); named {
			params = append(params, param{unescapePath(k), unescapePath(v)})
		}
	}
	return unescapePath(name), params
}

// cardURL is the address of a smart link; false when dest is none that Atlassian can follow.
func cardURL(dest string) (string, bool) {
	scheme, rest := splitScheme(dest)
	switch scheme {
	case schemeCard, schemeBlockCard, schemeEmbed:
		return rest, isWebLink(rest)
	default:
		return "", false
	}
}

// issueKey is the key of the issue that an object stands for.
func issueKey(dest string) (string, bool) {
	scheme, rest := splitScheme(dest)
	return rest, scheme == schemeIssue && isIssueKey(rest)
}

// isIssueKey recognises keys such as PLAT-1.
// https://confluence.atlassian.com/adminjiraserver/changing-the-project-key-format-938847081.html
func isIssueKey(s string) bool {
	project, number, _ := strings.Cut(s, "-")
	return project != "" && 'A' <= project[0] && project[0] <= 'Z' && number != "" && number[0] != '0' && len(s) < 100 &&
		strings.Trim(project, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" && strings.Trim(number, "0123456789") == ""
}

// objectID is what an object's destination names, without the attributes behind it.
func objectID(rest string) string {
	id, _, _ := strings.Cut(rest, "?")
	return unescapePath(id)
}

// escapePath percent-encodes s so that it is one path segment, without spaces or brackets that
// would end a Markdown destination.
func escapePath(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// unescapePath undoes escapePath; what is not percent-encoded right stays as it is.
func unescapePath(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return Clean(u)
	}
	return s
}
