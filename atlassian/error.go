package atlassian

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// What an [*Error] is about, for errors.Is.
var (
	ErrBadCredentials = errors.New("credentials refused")
	ErrForbidden      = errors.New("not permitted")
	ErrNotFound       = errors.New("not found")
	ErrConflict       = errors.New("conflict")
)

// Error is a call to Jira or Confluence that did not succeed. Its text is meant for a language
// model: what the product said, field by field, and what to do about it. It contains no
// credentials, no internal address and no control characters.
type Error struct {
	Product string
	// Status is the HTTP status of the answer; zero when there was no answer.
	Status   int
	Messages []string
	// Fields are the product's messages about single fields, by field id.
	Fields map[string]string
	Hint   string
	// Uncertain says that a write failed in a way that leaves open whether it was applied.
	Uncertain bool
	// RetryAfter is how long the product asked to be left alone.
	RetryAfter time.Duration

	retry retry
	cause error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(productName(e.Product))
	switch {
	case e.Status == 0:
		b.WriteString(" call failed")
	case http.StatusText(e.Status) == "":
		fmt.Fprintf(&b, " answered %d", e.Status)
	default:
		fmt.Fprintf(&b, " answered %d %s", e.Status, http.StatusText(e.Status))
	}
	var parts []string
	for _, m := range e.Messages {
		parts = append(parts, strings.TrimRight(m, ". "))
	}
	for _, field := range slices.Sorted(maps.Keys(e.Fields)) {
		parts = append(parts, field+": "+strings.TrimRight(e.Fields[field], ". "))
	}
	if len(parts) > 0 {
		b.WriteString(": " + strings.Join(parts, "; "))
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, ". Try again in %d s", int((e.RetryAfter+time.Second-1)/time.Second))
	}
	if e.Uncertain {
		b.WriteString(". The change may have been applied all the same: look before trying again")
	}
	if e.Hint != "" {
		b.WriteString(". " + e.Hint)
	}
	return b.String()
}

// Unwrap returns what caused a failure without an answer, such as a context's error.
func (e *Error) Unwrap() error { return e.cause }

// Is matches the sentinels of this package by status.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrBadCredentials:
		return e.Status == http.StatusUnauthorized
	case ErrForbidden:
		return e.Status == http.StatusForbidden
	case ErrNotFound:
		return e.Status == http.StatusNotFound
	case ErrConflict:
		return e.Status == http.StatusConflict
	}
	return false
}

// InputError is an argument that cannot be right, found before anything was sent. Its text tells
// a language model what to write instead.
type InputError struct {
	Argument string
	Problem  string
	Hint     string
}

func (e *InputError) Error() string {
	s := e.Argument + ": " + e.Problem
	if e.Hint != "" {
		s += ". " + e.Hint
	}
	return s
}
