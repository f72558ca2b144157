package alltools_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// What mcp-atlassian answers for the same JSON of Jira and Confluence Data Center, as its models say
// at 436b37e (v0.23.0 and 39 commits): src/mcp_atlassian/models/jira/{issue,common,comment,link,search}.py
// and models/confluence/{page,common,search}.py, each in to_simplified_dict, written by
// json.dumps(indent=2, ensure_ascii=False) in servers/{jira,confluence}.py. Rich text is ours on
// both sides, so that the shapes alone are compared.

// peerText is a result as mcp-atlassian writes it.
func peerText(t *testing.T, result any) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(plain(result)), "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type raw = map[string]any

func each(list any, f func(raw) any) (out []any) {
	items, _ := list.([]any)
	for _, item := range items {
		out = append(out, f(item.(raw)))
	}
	return out
}

// peerIssue is an issue of which these fields were asked for.
func peerIssue(issue raw, asked map[string]bool) object {
	fields := issue["fields"].(raw)
	field := func(name string) any {
		if !asked[name] {
			return nil
		}
		return fields[name]
	}
	named := func(name string) any {
		if value, ok := field(name).(raw); ok {
			return object{{"name", value["name"]}}
		}
		return nil
	}
	names := func(name string) []any { return each(field(name), func(r raw) any { return r["name"] }) }
	o := object{{"id", issue["id"]}, {"key", issue["key"]}}
	o.put("summary", field("summary"))
	o.put("browse_url", jiraURL+"/browse/"+issue["key"].(string))
	if text, ok := field("description").(string); ok {
		o.put("description", markup.FromWiki(text))
	}
	o.put("status", peerStatus(field("status")))
	o.put("issue_type", named("issuetype"))
	o.put("priority", named("priority"))
	if resolution, ok := field("resolution").(raw); ok {
		o.put("resolution", object{{"name", resolution["name"]}, {"id", resolution["id"]}})
	}
	o.put("duedate", field("duedate"))
	o.put("parent", field("parent"))
	o.put("subtasks", field("subtasks"))
	if asked["assignee"] && fields["assignee"] == nil {
		o.put("assignee", object{{"display_name", "Unassigned"}})
	}
	o.put("assignee", peerUser(field("assignee")))
	o.put("reporter", peerUser(field("reporter")))
	o.put("labels", field("labels"))
	o.put("components", names("components"))
	o.put("fix_versions", names("fixVersions"))
	o.put("created", peerTime(field("created")))
	o.put("updated", peerTime(field("updated")))
	if page, ok := field("comment").(raw); ok {
		o.put("comments", each(page["comments"], peerComment))
	}
	o.put("attachments", each(field("attachment"), peerAttachment))
	o.put("issuelinks", each(field("issuelinks"), peerLink))
	for name := range asked {
		if value := fields[name]; value != nil && strings.HasPrefix(name, "customfield_") {
			o.put(name, object{{"value", peerCustom(value)}})
		}
	}
	return o
}

func peerStatus(value any) any {
	status, ok := value.(raw)
	if !ok {
		return nil
	}
	category := status["statusCategory"].(raw)
	return object{{"name", status["name"]}, {"category", category["name"]}, {"color", category["colorName"]}}
}

func peerUser(value any) any {
	user, ok := value.(raw)
	if !ok {
		return nil
	}
	avatars, _ := user["avatarUrls"].(raw)
	o := object{
		{"account_id", user["accountId"]}, {"display_name", user["displayName"]}, {"name", user["name"]},
		{"email", user["emailAddress"]}, {"avatar_url", avatars["48x48"]},
	}
	o.put("key", user["key"])
	return o
}

func peerComment(c raw) any {
	return object{
		{"id", c["id"]}, {"body", markup.FromWiki(c["body"].(string))}, {"author", peerUser(c["author"])},
		{"created", c["created"]}, {"updated", c["updated"]},
	}
}

func peerAttachment(a raw) any {
	return object{
		{"filename", a["filename"]}, {"size", a["size"]}, {"url", a["content"]}, {"content_type", a["mimeType"]},
		{"author", peerUser(a["author"])}, {"created", a["created"]},
	}
}

func peerLink(l raw) any {
	kind := l["type"].(raw)
	o := object{{"id", l["id"]}, {"type", object{
		{"id", kind["id"]}, {"name", kind["name"]}, {"inward", kind["inward"]}, {"outward", kind["outward"]}, {"self", kind["self"]},
	}}}
	for ours, theirs := range map[string]string{"inward_issue": "inwardIssue", "outward_issue": "outwardIssue"} {
		linked, ok := l[theirs].(raw)
		if !ok {
			continue
		}
		fields := linked["fields"].(raw)
		about := object{{"summary", fields["summary"]}, {"status", peerStatus(fields["status"])}}
		for _, name := range []string{"priority", "issuetype"} {
			if value, ok := fields[name].(raw); ok {
				about.put(name, object{{"name", value["name"]}})
			}
		}
		o.put(ours, object{{"id", linked["id"]}, {"key", linked["key"]}, {"self", linked["self"]}, {"fields", about}})
	}
	return o
}

func peerCustom(value any) any {
	switch value := value.(type) {
	case raw:
		if value["value"] != nil {
			return value["value"]
		}
		if value["self"] != nil {
			return value["name"]
		}
	case []any:
		var out []any
		for _, v := range value {
			out = append(out, peerCustom(v))
		}
		return out
	}
	return value
}

// peerTime is format_timestamp of models/base.py, in UTC.
func peerTime(value any) any {
	text, _ := value.(string)
	for _, layout := range []string{"2006-01-02T15:04:05.000-0700", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC().Format("2006-01-02 15:04:05 MST")
		}
	}
	return value
}

// peerPage is a page, with its text.
func peerPage(page raw, format, text string) object {
	id, _ := page["id"].(string)
	history, _ := page["history"].(raw)
	by, _ := history["createdBy"].(raw)
	version, _ := page["version"].(raw)
	versionBy, _ := version["by"].(raw)
	space, _ := page["space"].(raw)
	if space == nil {
		space = raw{"key": "", "name": "Unknown"}
		expandable, _ := page["_expandable"].(raw)
		path, _ := expandable["space"].(string)
		if key, ok := strings.CutPrefix(path, "/rest/api/space/"); ok {
			space = raw{"key": key, "name": "Space " + key}
		}
	}
	o := object{
		{"id", id}, {"title", page["title"]}, {"type", page["type"]},
		{"created", peerTime(history["createdDate"])}, {"updated", peerTime(version["when"])},
		{"url", confluenceURL + "/pages/viewpage.action?pageId=" + id},
		{"space", object{{"key", space["key"]}, {"name", space["name"]}}},
	}
	o.put("author", by["displayName"])
	o.put("version", version["number"])
	o.put("version_author", versionBy["displayName"])
	o.put("version_date", version["when"])
	o = append(o, member{"attachments", []any{}})
	if text != "" {
		o.put("content", object{{"value", text}, {"format", format}})
	}
	return o
}
