package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// challengeLength is that of a SHA-256 in base64url.
const challengeLength = 43

// validChallenge reports whether s can be an S256 code challenge, RFC 7636 section 4.2.
func validChallenge(s string) bool {
	_, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(s) == challengeLength
}

// validVerifier reports whether s can be a code verifier, RFC 7636 section 4.1: 43 to 128
// unreserved characters.
func validVerifier(s string) bool {
	if len(s) < 43 || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if b := s[i]; !isLower(b) && !isDigit(b) && (b < 'A' || b > 'Z') && strings.IndexByte("-._~", b) < 0 {
			return false
		}
	}
	return true
}

// verifies reports whether the verifier belongs to the challenge, RFC 7636 section 4.6.
func verifies(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return equal(base64.RawURLEncoding.EncodeToString(sum[:]), challenge)
}

// equal compares in a time that does not depend on the content.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
