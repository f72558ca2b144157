package atlassian

import (
	"mime"
	"strings"
	"unicode"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// maxFileName is what file systems take, in bytes.
const maxFileName = 255

// dispositionName is the name in a Content-Disposition header (RFC 6266), or empty.
func dispositionName(header string) string {
	_, parameters, err := mime.ParseMediaType(header)
	if err != nil {
		return ""
	}
	return cleanName(parameters["filename"])
}

// cleanName makes one name of what may be a path, without characters that are not seen. It is empty
// where no name is left.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`/\:`, r):
			return '_'
		case unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp):
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	name, _ = Shorten(strings.TrimSpace(markup.Clean(name)), maxFileName)
	if strings.Trim(name, ". ") == "" {
		return ""
	}
	return strings.TrimSpace(markup.Clean(name))
}

// mediaTypeOf is the type in a Content-Type header, without parameters, or that of any bytes.
func mediaTypeOf(header string) string {
	mediaType, _, _ := mime.ParseMediaType(header)
	if !strings.Contains(mediaType, "/") {
		return "application/octet-stream"
	}
	return mediaType
}
