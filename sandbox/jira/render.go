package jira

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The ids of the custom fields, the same on both deployments here.
const (
	fieldEpicLink   = "customfield_10014"
	fieldPoints     = "customfield_10016"
	fieldSprint     = "customfield_10020"
	fieldAcceptance = "customfield_10030"
	fieldSeverity   = "customfield_10031"
)

type object = map[string]any

func jiraTime(t time.Time) string { return t.Format("2006-01-02T15:04:05.000-0700") }

func (s *Server) userJSON(u *user) any {
	if u == nil {
		return nil
	}
	avatars := object{}
	for _, size := range []string{"16x16", "24x24", "32x32", "48x48"} {
		avatars[size] = s.base + "/secure/useravatar?size=" + size
	}
	out := object{"displayName": u.display, "emailAddress": u.email, "active": !u.inactive, "timeZone": "Europe/Berlin", "avatarUrls": avatars}
	if s.cloud() {
		if u.private {
			delete(out, "emailAddress")
		}
		out["accountId"], out["accountType"] = u.accountID, "atlassian"
		out["self"] = s.self("user") + "?accountId=" + url.QueryEscape(u.accountID)
		return out
	}
	out["name"], out["key"] = u.name, u.key()
	out["self"] = s.self("user") + "?username=" + url.QueryEscape(u.name)
	return out
}

func (s *Server) statusJSON(st status) object {
	c := st.category
	id := strconv.Itoa(c.id)
	return object{
		"self": s.self("status", st.id), "description": "", "iconUrl": s.base + "/images/icons/status.png", "name": st.name, "id": st.id,
		"statusCategory": object{"self": s.self("statuscategory", id), "id": c.id, "key": c.key, "colorName": c.color, "name": c.name},
	}
}

func (s *Server) typeJSON(t issueType) object {
	out := object{
		"self": s.self("issuetype", t.id), "id": t.id, "name": t.name, "description": "", "subtask": t.subtask,
		"iconUrl": s.base + "/images/icons/issuetype.png",
	}
	if s.cloud() {
		out["hierarchyLevel"] = t.level
	}
	return out
}

func (s *Server) choiceJSON(kind string, c choice) object {
	return object{"self": s.self(kind, c.id), "id": c.id, "name": c.name}
}

func (s *Server) projectJSON(p *project) object {
	avatars := object{"48x48": s.base + "/secure/projectavatar?pid=" + p.id}
	return object{"self": s.self("project", p.id), "id": p.id, "key": p.key, "name": p.name, "projectTypeKey": "software", "avatarUrls": avatars}
}

// refJSON is an issue as others name it.
func (s *Server) refJSON(i *issue) object {
	return object{
		"id": strconv.Itoa(i.id), "key": i.key, "self": s.self("issue", strconv.Itoa(i.id)),
		"fields": object{
			"summary": i.summary, "status": s.statusJSON(i.status), "issuetype": s.typeJSON(i.kind),
			"priority": s.choiceJSON("priority", i.priority),
		},
	}
}

func (s *Server) linkJSON(l link) object {
	out := object{
		"id": strconv.Itoa(l.id), "self": s.self("issueLink", strconv.Itoa(l.id)),
		"type": object{"id": l.kind.id, "name": l.kind.name, "inward": l.kind.inward, "outward": l.kind.outward, "self": s.self("issueLinkType", l.kind.id)},
	}
	if l.outward {
		out["outwardIssue"] = s.refJSON(l.opposite)
	} else {
		out["inwardIssue"] = s.refJSON(l.opposite)
	}
	return out
}

func (s *Server) attachmentJSON(a attachment) object {
	return object{
		"self": s.self("attachment", strconv.Itoa(a.id)), "id": strconv.Itoa(a.id), "filename": a.name, "size": a.size,
		"mimeType": a.mime, "author": s.userJSON(a.author), "created": jiraTime(a.created),
		"content": s.base + "/secure/attachment/" + strconv.Itoa(a.id) + "/" + url.PathEscape(a.name),
	}
}

func (s *Server) commentJSON(i *issue, c *comment) object {
	out := object{
		"self": s.self("issue", strconv.Itoa(i.id), "comment", strconv.Itoa(c.id)), "id": strconv.Itoa(c.id),
		"author": s.userJSON(c.author), "updateAuthor": s.userJSON(c.author), "body": c.body,
		"created": jiraTime(c.created), "updated": jiraTime(c.updated),
	}
	if c.visibility != nil {
		out["visibility"] = c.visibility
	}
	if s.cloud() {
		out["jsdPublic"] = true
	}
	return out
}

// maxComments is how many comments Jira hands out at once, the oldest first.
const maxComments = 100

func (s *Server) commentPage(i *issue, start, limit int) object {
	limit = min(limit, maxComments)
	list := []any{}
	for _, c := range i.comments[min(start, len(i.comments)):] {
		if len(list) == limit {
			break
		}
		list = append(list, s.commentJSON(i, c))
	}
	return object{"comments": list, "startAt": start, "maxResults": limit, "total": len(i.comments)}
}

// sprintJSON is an object on Cloud and the text of a Java object on Data Center.
func (s *Server) sprintJSON(sp *sprint) any {
	if sp == nil {
		return nil
	}
	if s.cloud() {
		return []any{object{"id": sp.id, "name": sp.name, "state": sp.state, "boardId": 1}}
	}
	return []any{fmt.Sprintf("com.atlassian.greenhopper.service.sprint.Sprint@1f%d[id=%d,rapidViewId=1,state=%s,name=%s,startDate=<null>,endDate=<null>]",
		sp.id, sp.id, strings.ToUpper(sp.state), sp.name)}
}

// fieldsOf are all fields of an issue.
func (s *Server) fieldsOf(i *issue) object {
	f := object{
		"summary": i.summary, "description": i.description, "environment": i.environment, "status": s.statusJSON(i.status),
		"issuetype": s.typeJSON(i.kind), "project": s.projectJSON(i.project), "priority": s.choiceJSON("priority", i.priority),
		"assignee": s.userJSON(i.assignee), "reporter": s.userJSON(i.reporter), "creator": s.userJSON(i.reporter),
		"labels": orEmpty(i.labels), "components": s.choicesJSON("component", i.components),
		"fixVersions": s.choicesJSON("version", i.fixVersions), "versions": s.choicesJSON("version", i.versions),
		"created": jiraTime(i.created), "updated": jiraTime(i.updated), "duedate": orNull(i.due),
		"resolution": nil, "resolutiondate": nil, "comment": s.commentPage(i, 0, maxComments),
		fieldPoints: nil, fieldSprint: s.sprintJSON(i.sprint), fieldAcceptance: i.acceptance, fieldSeverity: nil,
	}
	if i.resolution != nil {
		f["resolution"], f["resolutiondate"] = s.choiceJSON("resolution", *i.resolution), jiraTime(i.updated)
	}
	if i.points > 0 {
		f[fieldPoints] = i.points
	}
	if i.severity != "" {
		f[fieldSeverity] = s.optionJSON(severities[slices.IndexFunc(severities, func(o option) bool { return o.value == i.severity })])
	}
	for _, d := range s.fieldDefinitions() {
		if d.custom != "" && f[d.id] == nil {
			f[d.id] = i.custom[d.id]
		}
	}
	if i.parent != nil && (s.cloud() || i.kind.subtask) {
		f["parent"] = s.refJSON(i.parent)
	}
	if !s.cloud() && i.parent != nil && !i.kind.subtask {
		f[fieldEpicLink] = i.parent.key
	}
	f["subtasks"], f["issuelinks"], f["attachment"] = s.relatedOf(i)
	return f
}

func (s *Server) choicesJSON(kind string, list []choice) []any {
	out := []any{}
	for _, c := range list {
		out = append(out, s.choiceJSON(kind, c))
	}
	return out
}

func (s *Server) relatedOf(i *issue) (subtasks, links, attachments []any) {
	subtasks, links, attachments = []any{}, []any{}, []any{}
	for _, sub := range s.state.subtasks(i) {
		subtasks = append(subtasks, s.refJSON(sub))
	}
	for _, l := range i.links {
		links = append(links, s.linkJSON(l))
	}
	for _, a := range i.attachments {
		attachments = append(attachments, s.attachmentJSON(a))
	}
	return subtasks, links, attachments
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// issueJSON is an issue with the asked fields. Jira ignores names that it does not know here.
func (s *Server) issueJSON(i *issue, asked []string) object {
	all := s.fieldsOf(i)
	fields := object{}
	for name, value := range all {
		if wanted(asked, name) {
			fields[name] = value
		}
	}
	return object{"id": strconv.Itoa(i.id), "key": i.key, "self": s.self("issue", strconv.Itoa(i.id)), "fields": fields}
}

func wanted(asked []string, name string) bool {
	if slices.Contains(asked, "-"+name) {
		return false
	}
	if slices.Contains(asked, "*all") || slices.Contains(asked, name) {
		return true
	}
	return slices.Contains(asked, "*navigable") && name != "comment" && name != "attachment"
}
