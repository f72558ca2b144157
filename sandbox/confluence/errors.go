package confluence

import (
	"encoding/json"
	"net/http"
)

// writeJSON sends an answer as Confluence does.
func writeJSON(w http.ResponseWriter, status int, answer any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.Encode(answer) //nolint:errcheck // the client went away
}

// object is a JSON object.
type object = map[string]any

// restError answers with the error body of the v1 API. Cloud puts the name of the exception
// before the message, Data Center the reason phrase beside it.
func (s *Server) restError(w http.ResponseWriter, status int, message string) {
	body := object{
		"statusCode": status,
		"data":       object{"authorized": status != http.StatusForbidden, "valid": status != http.StatusBadRequest, "errors": []any{}, "successful": false},
		"message":    message,
	}
	if s.cloud {
		body["message"] = "com.atlassian.confluence.api.service.exceptions." + exception(status) + ": " + message
	} else {
		body["reason"] = http.StatusText(status)
	}
	writeJSON(w, status, body)
}

func exception(status int) string {
	switch status {
	case http.StatusNotFound:
		return "NotFoundException"
	case http.StatusForbidden:
		return "PermissionException"
	case http.StatusConflict:
		return "ConflictException"
	}
	return "BadRequestException"
}

// v2Error answers with the error body of the Cloud v2 API.
func v2Error(w http.ResponseWriter, status int, title string) {
	codes := map[int]string{
		http.StatusBadRequest: "BAD_REQUEST", http.StatusUnauthorized: "UNAUTHORIZED", http.StatusNotFound: "NOT_FOUND", http.StatusConflict: "CONFLICT",
	}
	writeJSON(w, status, object{"errors": []any{
		object{"status": status, "code": codes[status], "title": title, "detail": nil},
	}})
}

// refuseCredentials answers a missing or wrong token. Data Center's text is that of its REST
// framework, which also names the reason in a header.
func (s *Server) refuseCredentials(w http.ResponseWriter) {
	if s.cloud {
		v2Error(w, http.StatusUnauthorized, "Unauthorized")
		return
	}
	w.Header().Set("X-Seraph-Loginreason", "AUTHENTICATED_FAILED")
	writeJSON(w, http.StatusUnauthorized, object{
		"message": "Client must be authenticated to access this resource.", "status-code": http.StatusUnauthorized,
	})
}

// notFoundAsJSON turns the mux's plain 404 and 405 into what Confluence's REST framework says.
type notFoundAsJSON struct {
	http.ResponseWriter
	server *Server
	uri    string
	done   bool
}

// WriteHeader replaces the body when the answer comes from the mux and not from a handler.
func (w *notFoundAsJSON) WriteHeader(status int) {
	fromMux := w.Header().Get("Content-Type") == "text/plain; charset=utf-8"
	if !fromMux || (status != http.StatusNotFound && status != http.StatusMethodNotAllowed) {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.done = true
	w.Header().Del("X-Content-Type-Options")
	w.Header().Del("Content-Type")
	writeJSON(w.ResponseWriter, status, object{"message": "null for uri: " + w.uri, "status-code": status})
}

func (w *notFoundAsJSON) Write(b []byte) (int, error) {
	if w.done {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}
