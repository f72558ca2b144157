package confluence

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFindPerson holds the one resolver to the ids that it finds and the requests that it takes.
func TestFindPerson(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		w.pageID(t, "DOCS", "Architecture")
		ada, chloe := "akeller", "cmartin"
		byName := []string{"/user", "/search"}
		user, byKey, byAddress := "akeller", "8a7f808c7f1e0a01017f1e0a2f5b0001", "" // nobody's address is told
		if cloud {
			ada, chloe, user, byKey, byAddress = "557058:ada", "557058:chloe", "557058:ada", "", "Ada.Keller@contoso.example"
			byName = []string{"/search/user"}
		}
		for who, want := range map[string]struct {
			id       string
			requests []string
		}{
			" @ada keller ": {ada, byName},
			"Chloé Martin":  {chloe, byName},
			user:            {ada, map[bool][]string{false: byName[:1]}[cloud]},
			byKey:           {ada, byName[:1]},
			byAddress:       {ada, byName},
		} {
			if who == "" {
				continue
			}
			w.sent()
			id, err := w.findPerson(t.Context(), cloud, "users", who)
			var requests []string
			for _, line := range w.sent() {
				_, path, _ := strings.Cut(line, "/rest/api")
				requests = append(requests, path)
			}
			if diff := cmp.Diff(want.requests, requests); id != want.id || err != nil || diff != "" {
				t.Errorf("%q is %q, %v; requests (-want +got):\n%s", who, id, err, diff)
			}
		}
		for who, want := range map[string]string{
			" ":                          "users: is empty",
			"Ada":                        `users: there is no user "Ada". Did you mean Ada Keller (` + ada,
			"Sam Lee":                    `users: "Sam Lee" fits several people. Give the id of one: Sam Lee (`,
			"nobody":                     `users: there is no user "nobody"`,
			"ada.keller@example.example": "Did you mean Ada Keller (" + ada,
			`x" OR user.fullname ~ "Ada`: "users: there is no user",
		} {
			if id, err := w.findPerson(t.Context(), cloud, "users", who); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q is %q, %v; want %s", who, id, err, want)
			}
		}
	})
}
