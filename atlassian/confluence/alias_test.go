package confluence

import (
	"net/http"
	"strings"
	"testing"
)

// TestSpaceKey: an alias leads to the key, and an answer of Confluence that was not asked for to none.
func TestSpaceKey(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		for named, want := range map[string]string{"TEAM": "TEAM", "PLATFORM": map[bool]string{true: "TEAM", false: "PLATFORM"}[cloud]} {
			if key, err := w.SpaceKey(t.Context(), "space_key", named); err != nil || key != want {
				t.Errorf("%q: %q, %v", named, key, err)
			}
		}
		if _, err := w.SpaceKey(t.Context(), "space_key", "../x"); err == nil {
			t.Error("a path is a space key")
		}
		if !cloud {
			if sent := w.sent(); len(sent) > 0 {
				t.Errorf("requests %q", sent)
			}
			return
		}
		answer := `{"results":[{"id":"98307","key":"TEAM","currentActiveAlias":"PLATFORM"}]}`
		w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			rw.Header().Set("Content-Type", "application/json")
			_, _ = rw.Write([]byte(answer))
			return true
		})
		_, err := w.SpaceKey(t.Context(), "target_space_key", "FORMER")
		if err == nil || !strings.Contains(err.Error(), `target_space_key: there is no space "FORMER"`) {
			t.Errorf("neither key nor alias: %v", err)
		}
		answer = `{"results":[{"id":"1","key":"ONE","currentActiveAlias":"TWO"},{"id":"2","key":"TWO"}]}`
		if key, err := w.SpaceKey(t.Context(), "space_key", "TWO"); err != nil || key != "TWO" {
			t.Errorf("a key that is an alias of another space: %q, %v", key, err)
		}
	})
}
