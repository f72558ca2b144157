package confluence

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// query is a parsed CQL query.
type query struct {
	where expression // nil: everything
	order []ordering
}

type ordering struct {
	field      string
	descending bool
}

// expression is a condition: one of and, or, not, clause.
type (
	expression any
	and        []expression
	or         []expression
	not        struct{ of expression }
	clause     struct {
		field, operator string
		values          []string
	}
)

var errCQL = errors.New("could not parse")

// cqlToken matches one token: a quoted string, an operator, a function call, or a bare word.
var cqlToken = regexp.MustCompile(`^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|!=|!~|<=|>=|[=~<>(),]|[A-Za-z]+\([^()]*\)|[^\s"'=~<>!(),]+)`)

func tokenize(text string) ([]string, error) {
	var tokens []string
	for {
		text = strings.TrimSpace(text)
		if text == "" {
			return tokens, nil
		}
		token := cqlToken.FindString(text)
		if token == "" {
			return nil, errCQL
		}
		tokens = append(tokens, token)
		text = text[len(token):]
	}
}

// parseCQL parses a query, or says that Confluence would not.
func parseCQL(text string) (*query, error) {
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	p := &cqlParser{tokens: tokens}
	q := &query{}
	if !p.is("ORDER") {
		if q.where, err = p.disjunction(); err != nil {
			return nil, err
		}
	}
	if q.order, err = p.orderBy(); err != nil {
		return nil, err
	}
	if len(p.tokens) > 0 || len(tokens) == 0 {
		return nil, errCQL
	}
	return q, nil
}

type cqlParser struct {
	tokens []string
	depth  int
}

func (p *cqlParser) is(word string) bool {
	return len(p.tokens) > 0 && strings.EqualFold(p.tokens[0], word)
}

func (p *cqlParser) accept(word string) bool {
	if p.is(word) {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
}

func (p *cqlParser) next() (string, error) {
	if len(p.tokens) == 0 {
		return "", errCQL
	}
	token := p.tokens[0]
	p.tokens = p.tokens[1:]
	return token, nil
}

func (p *cqlParser) disjunction() (expression, error) {
	return p.list("OR", p.conjunction, func(list []expression) expression { return or(list) })
}

func (p *cqlParser) conjunction() (expression, error) {
	return p.list("AND", p.term, func(list []expression) expression { return and(list) })
}

func (p *cqlParser) list(word string, part func() (expression, error), join func([]expression) expression) (expression, error) {
	var list []expression
	for {
		e, err := part()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		// "a AND NOT b" may be written "a NOT b".
		if more := p.accept(word) || word == "AND" && p.is("NOT"); !more {
			return join(list), nil
		}
	}
}

func (p *cqlParser) term() (expression, error) {
	if p.depth++; p.depth > 50 {
		return nil, errCQL
	}
	defer func() { p.depth-- }()
	switch {
	case p.accept("NOT"):
		e, err := p.term()
		return not{e}, err
	case p.accept("("):
		e, err := p.disjunction()
		if err == nil && !p.accept(")") {
			err = errCQL
		}
		return e, err
	}
	return p.clause()
}

func (p *cqlParser) clause() (expression, error) {
	name, err := p.next()
	if err != nil {
		return nil, err
	}
	c := clause{field: strings.ToLower(name)}
	operators, known := cqlFields[c.field]
	if !known {
		return nil, fmt.Errorf("%w: unknown field %s", errCQL, name)
	}
	if c.operator, err = p.operator(); err != nil {
		return nil, err
	}
	if !strings.Contains(" "+operators+" ", " "+c.operator+" ") {
		return nil, fmt.Errorf("%w: %s does not go with %s", errCQL, c.operator, name)
	}
	c.values, err = p.values(strings.HasSuffix(c.operator, "in"))
	return c, err
}

func (p *cqlParser) operator() (string, error) {
	token, err := p.next()
	if err != nil {
		return "", err
	}
	switch lower := strings.ToLower(token); lower {
	case "=", "!=", "~", "!~", "<", ">", "<=", ">=", "in":
		return lower, nil
	case "not":
		if p.accept("IN") {
			return "not-in", nil
		}
	}
	return "", errCQL
}

func (p *cqlParser) values(several bool) ([]string, error) {
	if !several {
		v, err := p.value()
		return []string{v}, err
	}
	if !p.accept("(") {
		return nil, errCQL
	}
	var values []string
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		values = append(values, v)
		if p.accept(")") {
			return values, nil
		}
		if !p.accept(",") {
			return nil, errCQL
		}
	}
}

var cqlEscape = regexp.MustCompile(`\\(.)`)

func (p *cqlParser) value() (string, error) {
	token, err := p.next()
	switch {
	case err != nil:
		return "", err
	case token[0] == '"' || token[0] == '\'':
		return cqlEscape.ReplaceAllString(token[1:len(token)-1], "$1"), nil
	case strings.ContainsAny(token[:1], "=~<>!(),"):
		return "", errCQL
	}
	for _, word := range []string{"AND", "OR", "NOT", "IN", "ORDER"} {
		if strings.EqualFold(token, word) {
			return "", errCQL
		}
	}
	return token, nil
}

func (p *cqlParser) orderBy() ([]ordering, error) {
	if !p.accept("ORDER") {
		return nil, nil
	}
	if !p.accept("BY") {
		return nil, errCQL
	}
	var order []ordering
	for {
		field, err := p.next()
		if err != nil {
			return nil, err
		}
		o := ordering{field: strings.ToLower(field)}
		if _, sortable := sortKeys[o.field]; !sortable {
			return nil, errCQL
		}
		if p.accept("DESC") {
			o.descending = true
		} else {
			p.accept("ASC")
		}
		order = append(order, o)
		if !p.accept(",") {
			return order, nil
		}
	}
}
