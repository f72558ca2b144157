package alltools_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tiktoken-go/tokenizer"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
)

// o200k counts tokens as the models of OpenAI since GPT-4o do. Other vendors' models count
// differently by some tenths, and alike for both sides of a comparison.
var o200k = func() func(t *testing.T, text string) int {
	codec, err := tokenizer.Get(tokenizer.O200kBase)
	return func(t *testing.T, text string) int {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		n, err := codec.Count(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}()

// TestTokenizer holds the counts to those of OpenAI's own tiktoken.
func TestTokenizer(t *testing.T) {
	for text, want := range map[string]int{"": 0, "hello world": 2, "tiktoken is great!": 6, "お誕生日おめでとう": 8, "antidisestablishmentarianism": 6} {
		if got := o200k(t, text); got != want {
			t.Errorf("%q: %d tokens, want %d", text, got, want)
		}
	}
}

// What the tools may cost. Every assistant pays for them in every conversation; mcp-atlassian's 35
// core tools take about 13,500 for the model.
const (
	modelBudget = 6_000  // what clients show to the model: name, description and input schema
	replyBudget = 12_000 // the whole answer to tools/list
)

func TestBudget(t *testing.T) {
	w := newWorld(t, sandbox.Cloud)
	reply := w.listReply(t)
	var decoded struct {
		Result struct {
			Tools []json.RawMessage `json:"tools"`
		} `json:"result"`
	}
	if err := json.Unmarshal(reply, &decoded); err != nil || len(decoded.Result.Tools) != len(w.list(t)) {
		t.Fatalf("%v in %s", err, reply)
	}
	sum := 0
	for _, raw := range decoded.Result.Tools {
		var shown struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			InputSchema json.RawMessage `json:"inputSchema"`
		}
		if err := json.Unmarshal(raw, &shown); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(shown)
		if err != nil {
			t.Fatal(err)
		}
		n := o200k(t, string(text))
		sum += n
		t.Logf("%5d %s", n, shown.Name)
	}
	whole := o200k(t, string(reply))
	t.Logf("%d tools: %d tokens for the model, %d in the whole answer of %d bytes", len(decoded.Result.Tools), sum, whole, len(reply))
	if sum > modelBudget || whole > replyBudget {
		t.Errorf("%d tokens for the model and %d in all, more than %d and %d", sum, whole, modelBudget, replyBudget)
	}
}

// listReply is the answer to tools/list as it goes over the wire.
func (w *world) listReply(t *testing.T) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.endpoint, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json, text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, data, _ := bytes.Cut(body, []byte("data: "))
	return bytes.TrimSpace(data)
}
