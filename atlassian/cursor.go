package atlassian

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
)

// maxCursor bounds a cursor that comes from a caller.
const maxCursor = 8 << 10

// Cursor is where the next page of a list begins: Start where the product counts, Token where it
// hands out tokens.
type Cursor struct {
	Start int    `json:"s,omitempty"`
	Token string `json:"t,omitempty"`
}

// sealedCursor is a Cursor with a fingerprint of the list it belongs to.
type sealedCursor struct {
	Cursor
	List []byte `json:"q"`
}

// Encode makes an opaque text of c that only goes with the same list, which is whatever decides
// the order and the members: the query, its filter.
func (c Cursor) Encode(list string) string {
	data, err := json.Marshal(sealedCursor{Cursor: c, List: fingerprint(list)})
	if err != nil {
		panic(err) // ints and strings always marshal
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// DecodeCursor reads what Encode made for the same list. The empty text is the beginning. A
// cursor of another list is an InputError: its page would be a wrong answer that looks right.
func DecodeCursor(argument, list, text string) (Cursor, error) {
	if text == "" {
		return Cursor{}, nil
	}
	invalid := &InputError{Argument: argument, Problem: "not a cursor of this server", Hint: "Copy it unchanged from the previous result, or leave it out to start again."}
	if len(text) > maxCursor {
		return Cursor{}, invalid
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return Cursor{}, invalid
	}
	var c sealedCursor
	if json.Unmarshal(data, &c) != nil || c.Start < 0 {
		return Cursor{}, invalid
	}
	if string(c.List) != string(fingerprint(list)) {
		return Cursor{}, &InputError{Argument: argument, Problem: "belongs to another query", Hint: "A cursor continues the very query it came from; leave it out to start the new one."}
	}
	return c.Cursor, nil
}

func fingerprint(list string) []byte {
	sum := sha256.Sum256([]byte(list))
	return sum[:12]
}
