package caddymodule

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// A settings reads the values of one directive: what the Caddyfile or JSON says, with its
// placeholders replaced, else what the environment says. Its errors name the directive, the
// variable and the cure. A value that was refused is never part of them.
type settings struct {
	directive string
	repl      *caddy.Replacer
	errs      []error
}

func newSettings(directive string) *settings {
	return &settings{directive: directive, repl: caddy.NewReplacer()}
}

// text returns the configured value, else that of the first variable that is set.
func (s *settings) text(option, configured string, variables ...string) string {
	if configured != "" {
		return s.replace(option, configured, variables)
	}
	return s.environment(option, variables)
}

// Many a setting that is left out stands for everything, and nobody means that by an empty one.
const (
	emptyValue = "a value is empty; write one, or leave it out"
	emptyList  = "its list is empty; write a value, or leave it out"
)

// words is text for a value of several words. Commas separate too. A value without any word is an
// error.
func (s *settings) words(option string, configured []string, variables ...string) []string {
	if configured != nil && len(configured) == 0 {
		s.failf(option, emptyList)
	}
	if len(configured) == 0 {
		value := s.environment(option, variables)
		all := split(value)
		if value != "" && len(all) == 0 {
			s.failf(option, "the environment variable %s holds no value; write one, or unset it", strings.Join(variables, " or "))
		}
		return all
	}
	var all []string
	for _, c := range configured {
		before := len(s.errs)
		found := split(s.replace(option, c, variables))
		if len(found) == 0 && len(s.errs) == before {
			s.failf(option, emptyValue)
		}
		all = append(all, found...)
	}
	return all
}

// names is words without splitting, for names that may have spaces and commas in them.
func (s *settings) names(option string, configured []string) []string {
	all := s.secrets(option, configured)
	switch {
	case configured != nil && len(configured) == 0:
		s.failf(option, emptyList)
	case len(all) < len(configured):
		s.failf(option, emptyValue)
	}
	return all
}

// secrets is words without splitting: a secret may hold anything.
func (s *settings) secrets(option string, configured []string, variables ...string) []string {
	var all []string
	for _, c := range configured {
		if v := s.replace(option, c, variables); v != "" {
			all = append(all, v)
		}
	}
	if len(configured) > 0 {
		return all
	}
	if v := s.environment(option, variables); v != "" {
		return []string{v}
	}
	return nil
}

// flag reports whether the option is on in the Caddyfile or the variable says so.
func (s *settings) flag(option string, configured *bool, variable string) bool {
	if configured != nil {
		return *configured
	}
	switch v := strings.ToLower(s.environment(option, []string{variable})); v {
	case "", "false", "0", "no", "n", "off":
		return false
	case "true", "1", "yes", "y", "on":
		return true
	default:
		s.failf(option, "the environment variable %s is neither true nor false", variable)
		return true
	}
}

func (s *settings) replace(option, configured string, variables []string) string {
	v, err := s.repl.ReplaceOrErr(configured, true, true)
	if err != nil {
		cure := "set what the placeholder names"
		if len(variables) > 0 {
			cure += ", or leave the option out and set " + strings.Join(variables, " or ")
		}
		s.failf(option, "%v; %s", err, cure)
		return ""
	}
	return strings.TrimSpace(v)
}

// environment returns the value of whichever variable is set. Two that differ are an error: nobody
// can know which of them is meant.
func (s *settings) environment(option string, variables []string) string {
	var value, from string
	for _, name := range variables {
		v := strings.TrimSpace(os.Getenv(name))
		switch {
		case v == "":
		case from == "":
			value, from = v, name
		case v != value:
			s.failf(option, "the environment variables %s and %s are both set and differ; remove one of them", from, name)
		}
	}
	if strings.HasPrefix(value, "{") && strings.HasSuffix(value, "}") {
		s.failf(option, "the environment variable %s holds a placeholder instead of a value; set the value itself", from)
	}
	return value
}

func (s *settings) failf(option, format string, args ...any) {
	where := s.directive
	if option != "" {
		where += ": " + option
	}
	s.errs = append(s.errs, fmt.Errorf(where+": "+format, args...))
}

// err is the first thing that is wrong.
func (s *settings) err() error {
	if len(s.errs) == 0 {
		return nil
	}
	return s.errs[0]
}

func split(s string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' }),
		func(w string) bool { return w == "" })
}
