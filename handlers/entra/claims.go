package entra

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// claims are the members of a JSON object, not yet typed. Names are compared exactly, unlike by
// encoding/json's struct decoding, so that "ISS" can never stand for "iss".
type claims map[string]json.RawMessage

func (c claims) has(name string) bool { _, ok := c[name]; return ok }

// text returns a string claim, empty when absent. null is not a string.
func (c claims) text(name string) (string, error) {
	raw, ok := c[name]
	if !ok {
		return "", nil
	}
	if quoted := len(raw) > 1 && raw[0] == '"'; quoted && !bytes.ContainsRune(raw, '\\') {
		return string(raw[1 : len(raw)-1]), nil // valid JSON that stands for itself
	}
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return "", fmt.Errorf("its claim %s is not a string", name)
	}
	return *s, nil
}

// guid returns a GUID claim in lower case.
func (c claims) guid(name string) (string, error) {
	s, err := c.text(name)
	if err != nil {
		return "", err
	}
	if s = strings.ToLower(s); !isGUID(s) {
		return "", fmt.Errorf("its claim %s is missing or not a GUID", name)
	}
	return s, nil
}

// list returns a claim that is an array of strings, nil when absent.
func (c claims) list(name string) ([]string, error) {
	raw, ok := c[name]
	if !ok {
		return nil, nil
	}
	var values []*string
	if err := json.Unmarshal(raw, &values); err != nil {
		return nil, fmt.Errorf("its claim %s is not a list of strings", name)
	}
	list := make([]string, 0, len(values))
	for _, v := range values {
		if v == nil {
			return nil, fmt.Errorf("its claim %s is not a list of strings", name)
		}
		list = append(list, *v)
	}
	return list, nil
}

// numericDate is RFC 7519 section 2 without fractions and exponents: Entra sends whole seconds.
var numericDate = regexp.MustCompile(`^[1-9][0-9]{0,11}$`)

// time returns a NumericDate claim, the zero time when absent.
func (c claims) time(name string) (time.Time, error) {
	raw, ok := c[name]
	if !ok {
		return time.Time{}, nil
	}
	if !numericDate.Match(raw) {
		return time.Time{}, fmt.Errorf("its claim %s is not a time in whole seconds", name)
	}
	seconds, err := strconv.ParseInt(string(raw), 10, 64)
	return time.Unix(seconds, 0), err
}

// flag returns whether a claim is true, "true", 1 or "1": optional claims of Entra come in all of
// these forms.
func (c claims) flag(name string) bool {
	switch strings.Trim(string(c[name]), `"`) {
	case "true", "1":
		return true
	}
	return false
}
