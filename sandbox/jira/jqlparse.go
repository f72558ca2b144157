package jira

import (
	"net/http"
	"slices"
	"strings"
)

// predicate says whether an issue matches.
type predicate func(*issue) bool

// parser turns a query into a predicate and an order, looking up values as it goes, as Jira does:
// a value that does not exist is an error and not an empty result.
type parser struct {
	server *Server
	tokens []token
	depth  int
}

// operand is the right side of a clause.
type operand struct {
	values []string
	empty  bool // EMPTY or NULL
	list   bool
}

var reservedWords = []string{"order", "by", "limit", "select", "from", "where", "group", "abort", "delete", "update", "commit", "exec", "desc", "asc", "begin", "end", "function"}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if len(p.tokens) > 1 {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) atEnd() bool { return p.peek().text == "" && !p.peek().quoted }

func (p *parser) atOrder() bool {
	return p.peek().is("order") && len(p.tokens) > 1 && p.tokens[1].is("by")
}

func (p *parser) or() (predicate, error) {
	left, err := p.and()
	for err == nil && (p.peek().is("or") || p.peek().is("||")) {
		p.next()
		var right predicate
		if right, err = p.and(); err == nil {
			l := left
			left = func(i *issue) bool { return l(i) || right(i) }
		}
	}
	return left, err
}

func (p *parser) and() (predicate, error) {
	left, err := p.not()
	for err == nil && (p.peek().is("and") || p.peek().is("&&")) {
		p.next()
		var right predicate
		if right, err = p.not(); err == nil {
			l := left
			left = func(i *issue) bool { return l(i) && right(i) }
		}
	}
	return left, err
}

func (p *parser) not() (predicate, error) {
	if p.depth++; p.depth > 100 {
		return nil, syntaxError(p.peek().at, "The query is nested too deeply.")
	}
	defer func() { p.depth-- }()
	switch t := p.peek(); {
	case t.is("not") || t.is("!"):
		p.next()
		inner, err := p.not()
		return func(i *issue) bool { return !inner(i) }, err
	case t.symbol && t.text == "(":
		p.next()
		inner, err := p.or()
		if err != nil {
			return nil, err
		}
		if closing := p.next(); closing.text != ")" || !closing.symbol {
			return nil, syntaxError(closing.at, "Expecting ')' before the end of the query.")
		}
		return inner, nil
	}
	return p.clause()
}

func (p *parser) clause() (predicate, error) {
	t := p.next()
	switch {
	case t.text == "" && !t.quoted:
		return nil, syntaxError(t.at, "Expecting a field name at the end of the query.")
	case t.symbol:
		return nil, syntaxError(t.at, "Expecting a field name but got '%s'. You must surround '%s' in quotation marks to use it as a field name.", t.text, t.text)
	case !t.quoted && slices.Contains(reservedWords, strings.ToLower(t.text)):
		return nil, reserved(t)
	}
	f, known := p.server.jqlField(t.text)
	if !known {
		return nil, refuse(http.StatusBadRequest, "Field '"+t.text+"' does not exist or you do not have permission to view it.")
	}
	operator, err := p.operator(t)
	if err != nil {
		return nil, err
	}
	right, err := p.operand(operator, f)
	if err != nil {
		return nil, err
	}
	return p.server.compile(f, t.text, operator, right)
}

func reserved(t token) error {
	return syntaxError(t.at, "'%s' is a reserved JQL word. You must surround it in quotation marks to use it in a query.", strings.ToLower(t.text))
}

func (p *parser) operator(field token) (string, error) {
	t := p.next()
	text := strings.ToLower(t.text)
	switch {
	case t.quoted:
	case slices.Contains([]string{"=", "!=", "<", "<=", ">", ">=", "~", "!~", "in"}, text):
		return text, nil
	case text == "not" && p.peek().is("in"):
		p.next()
		return "not in", nil
	case text == "is":
		if p.peek().is("not") {
			p.next()
			return "is not", nil
		}
		return "is", nil
	case text == "":
		return "", syntaxError(t.at, "Expecting operator before the end of the query. The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'.")
	}
	return "", syntaxError(t.at, "Expecting operator but got '%s'. The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'.", t.text)
}

func (p *parser) operand(operator string, f jqlField) (operand, error) {
	if t := p.peek(); t.symbol && t.text == "(" {
		return p.list(f)
	}
	if operator == "in" || operator == "not in" {
		if t := p.peek(); len(p.tokens) < 2 || p.tokens[1].text != "(" {
			return operand{}, syntaxError(t.at, "Expecting '(' but got '%s'.", t.text)
		}
	}
	return p.value(f)
}

func (p *parser) list(f jqlField) (operand, error) {
	p.next()
	out := operand{list: true}
	for {
		one, err := p.value(f)
		if err != nil {
			return out, err
		}
		out.values = append(out.values, one.values...)
		out.empty = out.empty || one.empty
		t := p.next()
		if t.symbol && t.text == ")" {
			return out, nil
		}
		if !t.symbol || t.text != "," {
			return out, syntaxError(t.at, "Expecting ')' or ',' but got '%s'.", t.text)
		}
	}
}

// value is a literal, EMPTY or a function.
func (p *parser) value(f jqlField) (operand, error) {
	t := p.next()
	switch {
	case t.text == "" && !t.quoted:
		return operand{}, syntaxError(t.at, "Expecting either a value, list or function before the end of the query.")
	case t.symbol:
		return operand{}, syntaxError(t.at, "Expecting either a value, list or function but got '%s'. You must surround '%s' in quotation marks to use it as a value.", t.text, t.text)
	case !t.quoted && p.peek().symbol && p.peek().text == "(":
		return p.function(t, f)
	case t.is("empty") || t.is("null"):
		return operand{empty: true}, nil
	case !t.quoted && slices.Contains(reservedWords, strings.ToLower(t.text)):
		return operand{}, reserved(t)
	}
	return operand{values: []string{t.text}}, nil
}

func (p *parser) function(name token, f jqlField) (operand, error) {
	p.next()
	var arguments []string
	for !p.peek().isSymbol(")") {
		t := p.next()
		if t.text == "" {
			return operand{}, syntaxError(t.at, "Expecting ')' before the end of the query.")
		}
		if !t.symbol {
			arguments = append(arguments, t.text)
		}
	}
	p.next()
	return p.server.call(name.text, arguments, f)
}

// order reads "ORDER BY a DESC, b" and returns a comparison.
func (p *parser) order() (func(a, b *issue) int, error) {
	p.next()
	p.next()
	var by []func(a, b *issue) int
	for {
		t := p.next()
		f, known := p.server.jqlField(t.text)
		if t.text == "" || t.symbol {
			return nil, syntaxError(t.at, "Expecting a field name at the end of the query.")
		}
		if !known || f.compare == nil {
			return nil, refuse(http.StatusBadRequest, "Not able to sort using field '"+t.text+"'.")
		}
		sign := 1
		if f.descending {
			sign = -1
		}
		if p.peek().is("desc") || p.peek().is("asc") {
			sign = 1
			if p.next().is("desc") {
				sign = -1
			}
		}
		by = append(by, func(a, b *issue) int { return sign * f.compare(a, b) })
		if !p.peek().isSymbol(",") {
			break
		}
		p.next()
	}
	return func(a, b *issue) int {
		for _, c := range by {
			if d := c(a, b); d != 0 {
				return d
			}
		}
		return 0
	}, nil
}

// evaluate runs a query. bounded says whether it has any condition at all.
func (s *Server) evaluate(jql string) (found []*issue, bounded bool, err error) {
	tokens, err := lex(jql)
	if err != nil {
		return nil, false, err
	}
	p := &parser{server: s, tokens: tokens}
	match := func(*issue) bool { return true }
	if !p.atEnd() && !p.atOrder() {
		bounded = true
		if match, err = p.or(); err != nil {
			return nil, true, err
		}
	}
	order := func(a, b *issue) int { return b.id - a.id }
	if p.atOrder() {
		if order, err = p.order(); err != nil {
			return nil, bounded, err
		}
	}
	if !p.atEnd() {
		t := p.peek()
		return nil, bounded, syntaxError(t.at, "Expecting either 'OR' or 'AND' but got '%s'.", t.text)
	}
	for _, i := range s.state.issues {
		if match(i) {
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, order)
	return found, bounded, nil
}
