package oauth

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
)

const (
	maxBody  = 64 << 10 // of a request, in bytes
	maxQuery = 16 << 10 // of a request's query, in bytes
)

// params are the parameters of a request to an OAuth endpoint. RFC 6749 section 3.1: one without a
// value is as if it were not there, and none may be there twice.
type params struct {
	values url.Values
	twice  string // the name of one that is there more than once
}

func parseParams(encoded string) (params, error) {
	values, err := url.ParseQuery(encoded)
	if err != nil {
		return params{}, errors.New("the parameters are not form-encoded")
	}
	p := params{values: values}
	for name, all := range values {
		if len(all) > 1 {
			p.twice = name
		}
	}
	return p, nil
}

func (p params) get(name string) string { return p.values.Get(name) }

func (p params) repeated(name string) bool { return len(p.values[name]) > 1 }

// readForm reads a form-encoded body, and the body alone: a secret or a code in the query would be
// in somebody's log.
func readForm(w http.ResponseWriter, r *http.Request) (params, *oauthError) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return params{}, &oauthError{status: http.StatusUnsupportedMediaType, code: "invalid_request",
			description: "The body must be application/x-www-form-urlencoded."}
	}
	body, oe := readBody(w, r)
	if oe != nil {
		return params{}, oe
	}
	p, err := parseParams(string(body))
	if err != nil {
		return params{}, badRequest("invalid_request", "The body is not form-encoded.")
	}
	if p.twice != "" {
		return params{}, badRequest("invalid_request", "A parameter occurs more than once.")
	}
	return p, nil
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *oauthError) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &oauthError{status: http.StatusRequestEntityTooLarge, code: "invalid_request",
			description: "The body is larger than 64 KiB."}
	case err != nil:
		return nil, badRequest("invalid_request", "The body could not be read.")
	}
	return body, nil
}
