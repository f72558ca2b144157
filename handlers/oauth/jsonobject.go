package oauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// maxJSONDepth bounds how deep a registration may nest. RFC 7591 needs three levels (jwks).
const maxJSONDepth = 8

// decodeObject reads one JSON object strictly: valid UTF-8, no member twice at any level, nothing
// after it. The members keep their exact names; encoding/json alone would let REDIRECT_URIS stand
// for redirect_uris.
func decodeObject(data []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the body is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := checkValue(dec, maxJSONDepth); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the body holds more than one JSON value")
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil || object == nil {
		return nil, errors.New("the body is not a JSON object")
	}
	return object, nil
}

func checkValue(dec *json.Decoder, depth int) error {
	if depth == 0 {
		return errors.New("the body nests too deep")
	}
	token, err := dec.Token()
	if err != nil {
		return errors.New("the body is not JSON")
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	names := make(map[string]bool)
	for dec.More() {
		if delim == '{' {
			name, err := dec.Token()
			if err != nil {
				return errors.New("the body is not JSON")
			}
			if names[name.(string)] {
				return errors.New("the body holds a member twice")
			}
			names[name.(string)] = true
		}
		if err := checkValue(dec, depth-1); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return errors.New("the body is not JSON")
	}
	return nil
}
