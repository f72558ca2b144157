package mcp

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/strictjson"
)

// maxBatch bounds the messages of one body. Batches exist in protocol version 2025-03-26 only.
const maxBatch = 20

// The headers that repeat parts of the body (MCP Streamable HTTP, "Request Metadata Headers").
const (
	headerVersion = "Mcp-Protocol-Version"
	headerMethod  = "Mcp-Method"
	headerName    = "Mcp-Name"
)

// message is what has to be known of a JSON-RPC message to compare it with its headers.
type message struct {
	id     json.RawMessage
	method string
	name   string // of the tool, prompt or resource
}

// checkMessages judges a body together with its headers, and returns the headers that the SDK is
// to see.
func checkMessages(header http.Header, body []byte) (http.Header, *refusal) {
	if err := strictjson.Check(body, maxDepth); err != nil {
		return nil, &refusal{status: http.StatusBadRequest, code: jsonrpc.CodeParseError, text: err.Error()}
	}
	messages, no := readMessages(body)
	if no != nil {
		return nil, no
	}
	header = header.Clone()
	mismatch := func(text string) *refusal {
		return &refusal{status: http.StatusBadRequest, code: sdk.CodeHeaderMismatch, text: text, id: messages[0].id}
	}
	for _, name := range []string{headerVersion, headerMethod, headerName} {
		if len(header.Values(name)) > 1 {
			return nil, mismatch(name + " is given more than once")
		}
	}
	version := header.Get(headerVersion)
	if version != "" && !slices.Contains(sdk.SupportedProtocolVersions(), version) {
		return nil, &refusal{
			status: http.StatusBadRequest, code: sdk.CodeUnsupportedProtocolVersion, text: "unsupported protocol version",
			data: unsupportedVersion(clip(version, 32)), id: messages[0].id,
		}
	}
	name, ok := decodeHeader(header.Get(headerName))
	if !ok {
		return nil, mismatch(headerName + " is not valid base64")
	}
	if name != "" {
		header.Set(headerName, name)
	}
	// The SDK compares for 2026-07-28 only. A proxy that decides by these headers may not look at
	// the version, so what they say has to be true in every version.
	for _, m := range messages {
		if method := header.Get(headerMethod); method != "" && method != m.method {
			return nil, mismatch(headerMethod + " does not match the body")
		}
		if name != "" && m.name != "" && name != m.name {
			return nil, mismatch(headerName + " does not match the body")
		}
	}
	return header, nil
}

func readMessages(body []byte) ([]message, *refusal) {
	invalid := func(text string) *refusal {
		return &refusal{status: http.StatusBadRequest, code: jsonrpc.CodeInvalidRequest, text: text}
	}
	var raws []json.RawMessage
	if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		if err := json.Unmarshal(body, &raws); err != nil || len(raws) == 0 || len(raws) > maxBatch {
			return nil, invalid("a batch has 1 to 20 messages")
		}
	} else {
		raws = append(raws, body)
	}
	messages := make([]message, 0, len(raws))
	seen := make(map[string]bool)
	for _, raw := range raws {
		m, problem := readMessage(raw)
		if problem != "" {
			return nil, invalid(problem)
		}
		// Two calls of one id would get one answer between them.
		if m.id != nil {
			id, _ := decodeStrict(m.id)
			key := fmt.Sprintf("%T %v", id, id)
			if seen[key] {
				return nil, invalid("two messages have one id")
			}
			seen[key] = true
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// integer is an id that every JSON parser reads alike.
var integer = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,15})$`)

func readMessage(raw json.RawMessage) (m message, problem string) {
	// Into a map and not a struct, because encoding/json takes "Method" for "method".
	members, ok := object(raw)
	if !ok {
		return m, "a message is a JSON object"
	}
	if id, ok := members["id"]; ok {
		if id[0] != '"' && !integer.Match(id) {
			return m, "an id is a string or a whole number"
		}
		m.id = id
	}
	if method, ok := members["method"]; ok {
		if m.method, ok = text(method); !ok {
			return m, "a method is a string"
		}
	}
	params, _ := object(members["params"])
	switch m.method {
	case "tools/call", "prompts/get":
		m.name, _ = text(params["name"])
	case "resources/read":
		m.name, _ = text(params["uri"])
	}
	return m, ""
}

func object(raw json.RawMessage) (map[string]json.RawMessage, bool) {
	var members map[string]json.RawMessage
	err := json.Unmarshal(raw, &members)
	return members, err == nil && members != nil
}

func text(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

// decodeHeader undoes the form =?base64?…?= of a value that is not plain ASCII, which the SDK does
// not do for Mcp-Name.
func decodeHeader(value string) (string, bool) {
	encoded, ok := strings.CutPrefix(value, "=?base64?")
	if ok {
		encoded, ok = strings.CutSuffix(encoded, "?=")
	}
	if !ok {
		return value, true
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	return string(decoded), err == nil
}
