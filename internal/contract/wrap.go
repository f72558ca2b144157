package contract

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Wrap returns a handler that passes requests on to next and reports with t.Error every request
// and every response that the documents do not allow, undeclared query parameters included. A
// test in which no exchange at all was seen fails.
//
// Statuses 401, 403, 429 and 5xx are allowed everywhere, because what stands in front of an
// operation answers them; any other status has to be declared.
func (c *Contract) Wrap(t testing.TB, next http.Handler) http.Handler {
	t.Helper()
	t.Cleanup(func() {
		if len(c.Seen()) == 0 {
			t.Error("contract: not one exchange was seen")
		}
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Helper()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("contract: reading the body of %s %s: %v", r.Method, r.URL.Path, err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)

		operation, findings := c.check(r, body, answer.Result())
		for _, finding := range findings {
			if !c.tolerates(operation, finding) {
				t.Errorf("contract: %s (%s): %s", operation, r.URL.RequestURI(), finding)
			}
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes()) //nolint:errcheck // the client went away; its test will say so
	})
}

// check returns the operation of an exchange and all that is wrong with it.
func (c *Contract) check(r *http.Request, body []byte, answer *http.Response) (operation string, findings []string) {
	asked, ok := c.withoutPrefix(r)
	if !ok {
		return r.Method + " " + r.URL.Path, []string{"path: it is not under " + c.prefix}
	}
	asked.Body = io.NopCloser(bytes.NewReader(body))
	route, parameters, err := c.route(asked)
	if err != nil {
		operation = r.Method + " " + asked.URL.Path
		c.saw(operation, nil)
		return operation, []string{"path: " + err.Error()}
	}
	operation = route.Method + " " + route.Path
	c.saw(operation, route.Operation)
	input := &openapi3filter.RequestValidationInput{
		Request: asked, PathParams: parameters, Route: route, QueryParams: asked.URL.Query(),
		Options: &openapi3filter.Options{
			AuthenticationFunc:                openapi3filter.NoopAuthenticationFunc,
			MultiError:                        true,
			SkipSettingDefaults:               true,
			RejectWhenRequestBodyNotSpecified: true,
			IncludeResponseStatus:             true,
		},
	}
	findings = append(findings, undeclaredQuery(route, asked.URL.Query())...)
	findings = append(findings, flatten("request", openapi3filter.ValidateRequest(r.Context(), input))...)
	return operation, append(findings, checkAnswer(r, input, answer)...)
}

func checkAnswer(r *http.Request, input *openapi3filter.RequestValidationInput, answer *http.Response) []string {
	declared := input.Route.Operation.Responses
	if declared.Status(answer.StatusCode) == nil && declared.Default() == nil && anyOperationAnswers(answer.StatusCode) {
		return nil
	}
	options := *input.Options
	options.ExcludeResponseBody = answer.StatusCode == http.StatusNoContent // some documents declare one
	err := openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 answer.StatusCode,
		Header:                 answer.Header,
		Body:                   answer.Body,
		Options:                &options,
	})
	return flatten(fmt.Sprintf("response %d", answer.StatusCode), err)
}

func anyOperationAnswers(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// withoutPrefix returns a copy of r as it would be without the context path.
func (c *Contract) withoutPrefix(r *http.Request) (*http.Request, bool) {
	asked := r.Clone(r.Context())
	if c.prefix == "" {
		return asked, true
	}
	path, ok := strings.CutPrefix(asked.URL.Path, c.prefix)
	if !ok || !strings.HasPrefix(path, "/") {
		return asked, false
	}
	asked.URL.Path = path
	asked.URL.RawPath = strings.TrimPrefix(asked.URL.RawPath, c.prefix)
	return asked, true
}

// undeclaredQuery finds what openapi3filter lets pass: parameters that no document declares, and a
// parameter repeated although its schema is no array.
func undeclaredQuery(route *routers.Route, query url.Values) []string {
	var findings []string
	for name, values := range query {
		parameter := route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name)
		if parameter == nil {
			parameter = route.PathItem.Parameters.GetByInAndName(openapi3.ParameterInQuery, name)
		}
		switch {
		case parameter == nil:
			findings = append(findings, fmt.Sprintf("request: query parameter %q is not declared", name))
		case len(values) > 1 && parameter.Schema != nil && !parameter.Schema.Value.Type.Is(openapi3.TypeArray):
			findings = append(findings, fmt.Sprintf("request: query parameter %q is repeated but is no array", name))
		}
	}
	return findings
}
