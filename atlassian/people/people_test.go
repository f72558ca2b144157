package people

import (
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	ada := Person{ID: "1:ada", Name: "Ada Keller", Email: "ada@contoso.example"}
	sam, other := Person{ID: "1:sam", Name: "Sam Lee", Key: "k1"}, Person{ID: "2:sam", Name: "Sam Lee", Key: "k2"}
	gone := Person{ID: "3:dora", Name: "Dora", Inactive: true}
	hidden := Person{ID: "4:noor", Name: "Noor"}
	all := []Person{ada, sam, other, gone, hidden}
	for who, want := range map[string]int{"ada  keller": 0, "ADA@contoso.example": 0, "1:sam": 1, "K2": 2, "Noor": 4} {
		if got, err := Choose("a", who, all, false); got != want || err != nil {
			t.Errorf("%q is %d, %v; want %d", who, got, err, want)
		}
	}
	if got, err := Choose("a", "noor@contoso.example", []Person{hidden}, true); got != 0 || err != nil {
		t.Errorf("the only one found by an address: %d, %v", got, err)
	}
	posing, left := Person{ID: "5:p", Name: "noor@contoso.example"}, Person{ID: "6:n", Name: "Noor", Inactive: true}
	shown := Person{ID: "7:s", Name: "Noor@contoso.example", Email: "other@contoso.example"}
	owner, user := Person{ID: "8:o", Name: "N", Email: "noor@contoso.example"}, Person{ID: "noor@contoso.example", Name: "N"}
	if got, err := Choose("a", "NOOR@contoso.example", []Person{posing, hidden, shown, owner}, true); got != 3 || err != nil {
		t.Errorf("whose address it is: %d, %v", got, err)
	}
	if got, err := Choose("a", "noor@contoso.example", []Person{shown, user}, false); got != 1 || err != nil {
		t.Errorf("whose user name it is: %d, %v", got, err)
	}
	if got, err := Choose("a", "Noor @ Contoso", []Person{hidden, {ID: "9:c", Name: "noor @ contoso"}}, true); got != 1 || err != nil {
		t.Errorf("a name with a sign: %d, %v", got, err)
	}
	many := make([]Person, 20)
	for i := range many {
		many[i] = Person{ID: "x", Name: "M\u202e Many"}
	}
	for name, tc := range map[string]struct {
		who       string
		found     []Person
		byAddress bool
		want      string
	}{
		"a name of two":          {"Sam Lee", all, false, `a: "Sam Lee" fits several people. Give the id of one: Sam Lee (1:sam); Sam Lee (2:sam).`},
		"somebody who has left":  {"Dora", all, false, `a: the account of "Dora" is deactivated`},
		"nobody at all":          {"x", nil, false, `a: there is no user "x"`},
		"the beginning of one":   {"Ada", []Person{ada}, false, `a: there is no user "Ada". Did you mean Ada Keller (1:ada, ada@contoso.example)?`},
		"an address, not sought": {"noor@contoso.example", []Person{hidden}, false, "Did you mean Noor (4:noor)?"},
		"an address of two":      {"noor@contoso.example", []Person{hidden, sam}, true, `a: it is not certain whose address "noor@contoso.example" is. Give the id of one: Noor (4:noor); Sam Lee (1:sam).`},
		"called by an address":   {"noor@contoso.example", []Person{posing}, true, `a: it is not certain whose address "noor@contoso.example" is. Give the id of one: noor@contoso.example (5:p).`},
		"called so, and another": {"noor@contoso.example", []Person{posing, hidden}, true, "it is not certain"},
		"called so, not sought":  {"noor@contoso.example", []Person{posing}, false, `there is no user "noor@contoso.example"`},
		"called so, shown":       {"noor@contoso.example", []Person{shown}, true, `there is no user "noor@contoso.example"`},
		"hidden beside shown":    {"noor@contoso.example", []Person{shown, hidden}, true, "it is not certain"},
		"an address given up":    {"noor@contoso.example", []Person{left}, true, `the account of "noor@contoso.example" is deactivated`},
		"a name, not an address": {"Noo", []Person{hidden}, true, "Did you mean"},
		"too many":               {"M", many, false, "M Many (x); and others?"},
	} {
		if got, err := Choose("a", tc.who, tc.found, tc.byAddress); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %d, %v; want %s", name, got, err, tc.want)
		}
	}
}

func TestIsAccountID(t *testing.T) {
	for id, want := range map[string]bool{
		"557058:6f1c8a3e-2b7d": true, "5b10ac8d82e05b22cc7d4ef5": true, "qm:1:2": true, "Ada": false, "ada@x.example": false, "557058:": false, "557058:a b": false,
	} {
		if IsAccountID(id) != want {
			t.Errorf("IsAccountID(%q) = %v", id, !want)
		}
	}
}
