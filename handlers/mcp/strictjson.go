package mcp

import (
	"bytes"
	"encoding/json"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/strictjson"
)

// maxDepth bounds the nesting of what a caller sends. The deepest thing that a tool takes, a
// document in Atlassian's document format, stays far below it.
const maxDepth = 128

// decodeStrict decodes JSON that everybody reads alike, with numbers as json.Number.
func decodeStrict(data []byte) (any, error) {
	if err := strictjson.Check(data, maxDepth); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}
