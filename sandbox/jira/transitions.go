package jira

import (
	"net/http"
	"slices"
	"strings"
)

func (s *Server) getTransitions(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, err := s.state.find(r.PathValue("key"))
	if err != nil {
		writeError(w, err)
		return
	}
	withFields := strings.Contains(r.URL.Query().Get("expand"), "transitions.fields")
	writeJSON(w, http.StatusOK, object{"expand": "transitions", "transitions": s.transitionsJSON(i, withFields)})
}

func (s *Server) transitionsJSON(i *issue, withFields bool) []any {
	out := []any{}
	for _, t := range i.project.workflow {
		if !t.possible(i.status) {
			continue
		}
		one := object{"id": t.id, "name": t.name, "to": s.statusJSON(t.to)}
		if s.cloud() {
			one["hasScreen"], one["isGlobal"], one["isInitial"], one["isAvailable"] = len(t.screen) > 0, false, false, true
			one["isConditional"], one["isLooped"] = false, false
		}
		if withFields {
			fields := object{}
			for _, f := range t.screen {
				fields[f.id] = s.screenJSON(f, i)
			}
			one["fields"] = fields
		}
		out = append(out, one)
	}
	return out
}

func (s *Server) screenJSON(f screenField, i *issue) object {
	all := s.fieldDefinitions()
	out := s.fieldMeta(all[slices.IndexFunc(all, func(d fieldDefinition) bool { return d.id == f.id })], i.project, i.kind, false)
	out["required"] = f.required
	if f.id == "resolution" {
		allowed := []any{}
		for _, r := range resolutions {
			allowed = append(allowed, s.choiceJSON("resolution", r))
		}
		out["allowedValues"] = allowed
	}
	return out
}

// transitionRequest is the body of a transition.
type transitionRequest struct {
	Transition struct {
		ID any `json:"id"`
	} `json:"transition"`
	Fields map[string]any `json:"fields"`
	Update map[string][]struct {
		Add *struct {
			Body       any         `json:"body"`
			Visibility *visibility `json:"visibility"`
		} `json:"add"`
	} `json:"update"`
}

func (s *Server) doTransition(w http.ResponseWriter, r *http.Request) {
	var in transitionRequest
	if err := readJSON(r, &in); err != nil {
		writeError(w, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.state.find(r.PathValue("key"))
	if err == nil {
		err = s.applyTransition(i, in)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// applyTransition checks everything before it changes anything.
func (s *Server) applyTransition(i *issue, in transitionRequest) error {
	id, _ := in.Transition.ID.(string)
	t := findTransition(i, id)
	if t == nil {
		return refuse(http.StatusBadRequest, "It seems that you have tried to perform a workflow operation ("+id+
			") that is not valid for the current state of this issue ("+i.key+"). The likely cause is that somebody has changed the issue recently, please look at the issue history for details.")
	}
	changed := *i
	for _, f := range t.screen {
		if f.required && in.Fields[f.id] == nil {
			return refuseField(f.id, "Resolution is required.")
		}
	}
	for name, value := range in.Fields {
		if err := s.setField(&changed, t, name, value); err != nil {
			return err
		}
	}
	for name, operations := range in.Update {
		if name != "comment" {
			return notOnScreen(name)
		}
		for _, o := range operations {
			if o.Add == nil {
				return refuse(http.StatusBadRequest, "Invalid request payload. Refer to the REST API documentation and try again.")
			}
			if err := s.checkBody("comment", o.Add.Body); err != nil {
				return err
			}
			if err := checkVisibility(o.Add.Visibility); err != nil {
				return err
			}
		}
	}
	changed.status, changed.updated = t.to, s.cfg.Now()
	if t.to.category != done {
		changed.resolution = nil
	}
	was := *i
	*i = changed
	s.record(i, was)
	for _, o := range in.Update["comment"] {
		s.insertComment(i, o.Add.Body).visibility = o.Add.Visibility
	}
	return nil
}

func findTransition(i *issue, id string) *transition {
	for n, t := range i.project.workflow {
		if t.id == id && t.possible(i.status) {
			return &i.project.workflow[n]
		}
	}
	return nil
}

func notOnScreen(name string) error {
	return refuseField(name, "Field '"+name+"' cannot be set. It is not on the appropriate screen, or unknown.")
}

// setField sets a field of a transition's screen.
func (s *Server) setField(i *issue, t *transition, name string, value any) error {
	onScreen := false
	for _, f := range t.screen {
		onScreen = onScreen || f.id == name
	}
	if !onScreen {
		return notOnScreen(name)
	}
	if name == "resolution" {
		return setResolution(i, value)
	}
	for _, f := range s.fieldDefinitions() {
		if f.id == name {
			return s.set(i, f, value)
		}
	}
	return notOnScreen(name)
}

func setResolution(i *issue, value any) error {
	given, ok := value.(object)
	if value != nil && !ok {
		return refuseField("resolution", "Could not find valid 'id' or 'name' in resolution object.")
	}
	for n, r := range resolutions {
		if given["id"] == r.id || (given["id"] == nil && given["name"] == r.name) {
			i.resolution = &resolutions[n]
			return nil
		}
	}
	return refuseField("resolution", "Resolution is not valid.")
}
