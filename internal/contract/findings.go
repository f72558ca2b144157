package contract

import (
	"errors"
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// flatten turns the nested errors of openapi3filter into one line for each thing that is wrong,
// because an exception must be able to tolerate one of them and nothing else.
func flatten(prefix string, err error) []string {
	var (
		several  openapi3.MultiError
		request  *openapi3filter.RequestError
		response *openapi3filter.ResponseError
		schema   *openapi3.SchemaError
	)
	switch {
	case err == nil:
		return nil
	case errorAs(err, &several):
		var findings []string
		for _, e := range several {
			findings = append(findings, flatten(prefix, e)...)
		}
		return findings
	case errorAs(err, &request):
		return flattenCause(prefix+" "+subject(request), request.Reason, request.Err)
	case errorAs(err, &response):
		return flattenCause(prefix, response.Reason, response.Err)
	case errorAs(err, &schema):
		pointer := "/" + strings.Join(schema.JSONPointer(), "/")
		if schema.Origin != nil {
			return flatten(prefix+" "+pointer+" ("+schema.SchemaField+")", schema.Origin)
		}
		return []string{fmt.Sprintf("%s %s: %s (value %.80v)", prefix, pointer, schema.Reason, schema.Value)}
	default:
		return []string{prefix + ": " + err.Error()}
	}
}

// errorAs looks at err itself and not at what it wraps: each layer has to be named in turn.
func errorAs[E error](err error, target *E) bool {
	e, ok := err.(E) //nolint:errorlint // see above
	if ok {
		*target = e
	}
	return ok
}

func subject(e *openapi3filter.RequestError) string {
	switch {
	case e.Parameter != nil:
		return e.Parameter.In + " parameter " + e.Parameter.Name
	case e.RequestBody != nil:
		return "body"
	}
	return "itself"
}

func flattenCause(prefix, reason string, cause error) []string {
	if cause == nil {
		cause = errors.New(reason)
	}
	return flatten(prefix, cause)
}
