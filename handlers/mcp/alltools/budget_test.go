package alltools_test

import (
	"bytes"
	"encoding/json"
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

// What the tools may cost. Every assistant pays for them in every conversation.
const (
	modelBudget = 6_000  // what clients show to the model: name, description and input schema
	replyBudget = 12_000 // the whole answer to tools/list
)

func TestBudget(t *testing.T) {
	w := newWorld(t, sandbox.Cloud)
	tools, model, reply := w.listCost(t)
	t.Logf("%d tools: %d tokens for the model, %d in the whole answer", tools, model, reply)
	if tools != len(w.list(t)) || model > modelBudget || reply > replyBudget {
		t.Errorf("%d tokens for the model and %d in all, more than %d and %d, for %d tools", model, reply, modelBudget, replyBudget, tools)
	}
}

// listCost counts the tools, what clients show of them to the model, and the whole answer.
func (w *world) listCost(t *testing.T) (tools, model, reply int) {
	t.Helper()
	var answer struct {
		Result struct {
			Tools []struct {
				Name        string          `json:"name"`
				Description string          `json:"description"`
				InputSchema json.RawMessage `json:"inputSchema"`
			} `json:"tools"`
		} `json:"result"`
	}
	raw := w.listReply(t)
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatal(err)
	}
	for _, shown := range answer.Result.Tools {
		n := o200k(t, plain(shown))
		t.Logf("%5d %s", n, shown.Name)
		model += n
	}
	return len(answer.Result.Tools), model, o200k(t, string(raw))
}

// listReply is the answer to tools/list as it goes over the wire.
func (w *world) listReply(t *testing.T) []byte {
	t.Helper()
	_, body := w.post(t, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
	_, data, _ := bytes.Cut(body, []byte("data: "))
	return bytes.TrimSpace(data)
}
