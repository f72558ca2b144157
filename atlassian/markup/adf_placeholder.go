package markup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
)

// maxPlaceholder bounds the attributes that a placeholder carries, in bytes. Longer ones would
// bury the text; the placeholder then has a hash in their place, by which an edit of the original
// document finds the node again. Without the original it is text.
const maxPlaceholder = 1 << 10

// adfDest is the destination of the placeholder that stands for a node, as in
// adf:extension?extensionKey=toc&extensionType=com.example; "" when the node lacks an attribute
// that it must have.
func adfDest(typ string, attrs map[string]any) string {
	valid, ok := adfAttrs(typ, attrs)
	if !ok {
		return ""
	}
	query := attrQuery(valid)
	if len(query) > maxPlaceholder {
		sum := sha256.Sum256([]byte(typ + "?" + query))
		return schemeADF + ":" + typ + "#" + hex.EncodeToString(sum[:6])
	}
	return strings.TrimSuffix(schemeADF+":"+typ+"?"+query, "?")
}

// parseADFDest is the node that a destination stands for; false when it stands for none, or for
// one that only its hash is left of.
func parseADFDest(dest string) (typ string, attrs map[string]any, ok bool) {
	scheme, rest := splitScheme(dest)
	if scheme != schemeADF {
		return "", nil, false
	}
	typ, query, _ := strings.Cut(rest, "?")
	attrs, ok = adfAttrs(typ, parseAttrQuery(query))
	// What is read back would have a hash, so what is longer must not be a node here either.
	return typ, attrs, ok && len(attrQuery(attrs)) <= maxPlaceholder
}

// attrQuery spells attributes, sorted by name: text as name=value, all else as name:=JSON.
func attrQuery(attrs map[string]any) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		if s, ok := attrs[name].(string); ok {
			b.WriteString(name + "=" + escapeValue(s))
		} else {
			b.WriteString(name + ":=" + escapeValue(string(compactJSON(attrs[name]))))
		}
	}
	return b.String()
}

// parseAttrQuery undoes attrQuery. What is not spelled right is left out.
func parseAttrQuery(query string) map[string]any {
	attrs := map[string]any{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		text, isJSON := strings.CutSuffix(name, ":")
		switch {
		case name == "":
		case !isJSON:
			attrs[name] = unescapePath(value)
		default:
			if v, err := decodeJSON([]byte(unescapePath(value))); err == nil {
				attrs[text] = cleanJSON(v)
			}
		}
	}
	return attrs
}

// escapeValue percent-encodes a value and leaves readable what cannot end it.
func escapeValue(s string) string { return valueReadable.Replace(escapePath(s)) }

var valueReadable = strings.NewReplacer("%3A", ":", "%2F", "/", "%40", "@", "%2C", ",")

// compactJSON spells a value that decodeJSON made, always in the same way.
func compactJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return []byte("null")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// decodeJSON keeps numbers as they are written: ids exceed what a float64 holds.
func decodeJSON(data []byte) (any, error) {
	var v any
	err := unmarshalExact(data, &v)
	return v, err
}

var errTrailingJSON = errors.New("more than one JSON value")

// unmarshalExact is [json.Unmarshal] with numbers as [json.Number].
func unmarshalExact(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errTrailingJSON
	}
	return nil
}

// cleanJSON cleans all text within a value. A number beyond what a float64 can hold, which other
// programs may take long over, becomes 0.
func cleanJSON(v any) any {
	switch v := v.(type) {
	case string:
		return Clean(v)
	case json.Number:
		if _, err := v.Float64(); err != nil {
			return json.Number("0")
		}
		return v
	case []any:
		for i := range v {
			v[i] = cleanJSON(v[i])
		}
		return v
	case map[string]any:
		clean := make(map[string]any, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			clean[Clean(k)] = cleanJSON(v[k])
		}
		return clean
	default:
		return v
	}
}
