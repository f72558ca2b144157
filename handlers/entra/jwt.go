package entra

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/strictjson"
)

// maxToken bounds a token. Entra's are below 10 KiB: it drops groups above 200.
const maxToken = 16 << 10

// jwt is a token in JWS compact serialisation (RFC 7515 section 7.1), read strictly and not
// verified. Nothing in it may be believed before its signature was checked.
type jwt struct {
	raw       string
	keyID     string
	payload   []byte
	claims    claims
	signature []byte
}

// signedBy checks an RS256 signature over the first two parts, RFC 7515 section 5.2 and RFC 7518
// section 3.3. What is verified are the bytes that were read, and no second parser has a say.
func (t *jwt) signedBy(key *rsa.PublicKey) bool {
	digest := sha256.Sum256([]byte(t.raw[:strings.LastIndexByte(t.raw, '.')]))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], t.signature) == nil
}

// parseJWT refuses whatever two readers could understand differently: other serialisations,
// non-canonical base64url, duplicate JSON members, header members that change how the token is to
// be processed or bring their own key.
func parseJWT(raw string) (*jwt, error) {
	if len(raw) > maxToken {
		return nil, fmt.Errorf("it is longer than %d bytes", maxToken)
	}
	segments := strings.Split(raw, ".")
	if len(segments) != 3 {
		return nil, errors.New("it is not a signed JWT, which has three parts; Entra's tokens for others, such as Microsoft Graph, may be opaque or encrypted")
	}
	decoded := make([][]byte, len(segments))
	for i, s := range segments {
		var err error
		// DecodeString alone would skip line breaks.
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(s); err != nil || s == "" || strings.ContainsAny(s, "\r\n") {
			return nil, errors.New("it is not a signed JWT: a part is not base64url")
		}
	}
	header, err := decodeObject(decoded[0])
	if err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	keyID, err := checkHeader(header)
	if err != nil {
		return nil, err
	}
	c, err := decodeObject(decoded[1])
	if err != nil {
		return nil, fmt.Errorf("its claims: %w", err)
	}
	return &jwt{raw: raw, keyID: keyID, payload: decoded[1], claims: c, signature: decoded[2]}, nil
}

// checkHeader admits RS256 with a kid, which is all that Entra issues, and returns the kid.
func checkHeader(header claims) (keyID string, err error) {
	// RFC 7515 section 4.1, RFC 7797: extensions we do not understand, and keys that the token
	// itself brings or points to.
	for _, name := range []string{"crit", "b64", "jku", "jwk", "x5u", "x5c", "zip", "enc"} {
		if header.has(name) {
			return "", fmt.Errorf("its header has the member %s, which Entra never sends", name)
		}
	}
	if alg, err := header.text("alg"); err != nil || alg != "RS256" {
		return "", errors.New("it is not signed with RS256")
	}
	if typ, err := header.text("typ"); err != nil || typ != "" && !strings.EqualFold(typ, "JWT") && !strings.EqualFold(typ, "at+jwt") {
		return "", errors.New("its header has an unknown typ")
	}
	if keyID, err = header.text("kid"); err != nil || keyID == "" || len(keyID) > 256 {
		return "", errors.New("its header has no usable kid")
	}
	return keyID, nil
}

const maxDepth = 16

// decodeObject reads one JSON object in which no object, at any depth, has a member twice.
func decodeObject(data []byte) (claims, error) { return strictjson.Object(data, maxDepth) }
