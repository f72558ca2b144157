package oauth

import (
	"crypto/rand"
	"encoding/base64"
)

// randomToken returns n random bytes in base64url.
func randomToken(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// newCorrelationID returns what joins a page that a person sees and the log records about it. It is
// short enough to be read out on the telephone and opens nothing.
func newCorrelationID() string {
	id := rand.Text()
	return id[:4] + "-" + id[4:8] + "-" + id[8:12]
}
