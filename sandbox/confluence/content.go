package confluence

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// expansion is the set of properties that a request asks for, such as "body.storage".
type expansion map[string]bool

func expansions(r *http.Request, otherwise string) expansion {
	values, given := r.URL.Query()["expand"]
	list := strings.Join(values, ",")
	if !given {
		list = otherwise
	}
	x := expansion{}
	for name := range strings.SplitSeq(list, ",") {
		for name != "" {
			x[name] = true // "body.storage" expands "body", too
			name = name[:max(0, strings.LastIndexByte(name, '.'))]
		}
	}
	return x
}

// under returns the expansions of one property's own properties.
func (x expansion) under(property string) expansion {
	inner := expansion{}
	for name := range x {
		if rest, ok := strings.CutPrefix(name, property+"."); ok {
			inner[rest] = true
		}
	}
	return inner
}

// expand adds a property to the answer, or names it among those that could be asked for.
func (x expansion) expand(answer object, property string, value func() any) {
	if x[property] {
		answer[property] = value()
		return
	}
	answer["_expandable"].(object)[property] = ""
}

func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (s *Server) userJSON(p *person) object {
	user := object{
		"type": "known", "displayName": p.name,
		"profilePicture": object{"path": "/images/icons/profilepics/default.svg", "width": 48, "height": 48, "isDefault": true},
		"_expandable":    object{"operations": ""}, "_links": object{},
	}
	if s.cloud {
		user["accountId"], user["accountType"] = p.accountID, "atlassian"
		user["email"], user["publicName"] = p.email, p.name
	} else {
		user["username"], user["userKey"] = p.username, p.key
	}
	return user
}

func (s *Server) spaceJSON(sp *space) object {
	return object{
		"id": sp.id, "key": sp.key, "name": sp.name, "type": "global", "status": "current",
		"_expandable": object{"homepage": "", "description": ""},
		"_links":      object{"webui": spacePath(s.cloud, sp)},
	}
}

func (s *Server) versionJSON(v *version) object {
	return object{"by": s.userJSON(v.by), "when": isoTime(v.when), "message": v.message, "number": v.number, "minorEdit": v.minor, "_expandable": object{}, "_links": object{}}
}

// pageJSON is a page in the form that the v1 API and Data Center share.
func (s *Server) pageJSON(p *page, x expansion) object { return s.pageAtJSON(p, p.current(), x) }

// pageAtJSON is a version of a page.
func (s *Server) pageAtJSON(p *page, at *version, x expansion) object {
	answer := object{
		"id": strconv.FormatInt(p.id, 10), "type": "page", "status": p.status(at), "title": at.title,
		"_links":      object{"webui": pagePath(s.cloud, p), "self": s.self("/rest/api/content/", p.id)},
		"_expandable": object{},
	}
	x.expand(answer, "space", func() any { return s.spaceJSON(p.space) })
	x.expand(answer, "version", func() any { return s.versionJSON(at) })
	x.expand(answer, "history", func() any {
		return object{"latest": at == p.current(), "createdBy": s.userJSON(p.first().by), "createdDate": isoTime(p.first().when), "_expandable": object{}, "_links": object{}}
	})
	x.expand(answer, "body", func() any { return bodyJSON(at.body, x) })
	x.expand(answer, "ancestors", func() any {
		list := []any{}
		for _, a := range p.ancestors() {
			list = append(list, s.pageJSON(a, expansion{}))
		}
		return list
	})
	x.expand(answer, "metadata", func() any {
		var list []any
		for _, label := range p.labels {
			list = append(list, object{"prefix": "global", "name": label, "id": labelID(label), "label": label})
		}
		return object{"labels": object{"results": list, "start": 0, "limit": 200, "size": len(list), "_links": object{}}, "_expandable": object{}}
	})
	return answer
}

func bodyJSON(storage string, x expansion) object {
	body := object{"_expandable": object{}}
	x.under("body").expand(body, "storage", func() any {
		return object{"value": storage, "representation": "storage", "embeddedContent": []any{}, "_expandable": object{"content": ""}}
	})
	return body
}

// commentJSON is a comment in the form that the v1 API and Data Center share.
func (s *Server) commentJSON(c *comment, x expansion) object {
	answer := object{
		"id": strconv.FormatInt(c.id, 10), "type": "comment", "status": "current", "title": "Re: " + c.page.title(),
		"_links":      object{"webui": commentPath(s.cloud, c), "self": s.self("/rest/api/content/", c.id)},
		"_expandable": object{},
	}
	v := &version{number: 1, by: c.author, when: c.created}
	x.expand(answer, "space", func() any { return s.spaceJSON(c.page.space) })
	x.expand(answer, "container", func() any { return s.pageJSON(c.page, expansion{}) })
	x.expand(answer, "version", func() any { return s.versionJSON(v) })
	x.expand(answer, "history", func() any {
		return object{"latest": true, "createdBy": s.userJSON(c.author), "createdDate": isoTime(c.created), "_expandable": object{}, "_links": object{}}
	})
	x.expand(answer, "body", func() any { return bodyJSON(c.body, x) })
	x.expand(answer, "ancestors", func() any {
		list := []any{}
		for a := c.parent; a != nil; a = a.parent {
			list = append([]any{s.commentJSON(a, expansion{})}, list...)
		}
		return list
	})
	x.expand(answer, "extensions", func() any { return c.extensions(x.under("extensions")) })
	return answer
}

func (c *comment) extensions(x expansion) object {
	location := "footer"
	switch {
	case c.inline && c.status == "resolved":
		location = "resolved"
	case c.inline:
		location = "inline"
	}
	extensions := object{"location": location, "_expandable": object{}}
	if c.inline {
		x.expand(extensions, "resolution", func() any { return object{"status": c.status} })
		x.expand(extensions, "inlineProperties", func() any {
			return object{"originalSelection": c.selection, "markerRef": c.marker}
		})
	}
	return extensions
}

func (s *Server) self(path string, id int64) string {
	return s.context + path + strconv.FormatInt(id, 10)
}

// list wraps one page of results as the v1 API does.
func (s *Server) list(r *http.Request, results []any, start, limit int, more bool) object {
	links := object{"base": s.baseURL(r), "context": s.context, "self": s.baseURL(r) + strings.TrimPrefix(r.URL.Path, s.context)}
	if more {
		q := r.URL.Query()
		q.Set("start", strconv.Itoa(start+len(results)))
		q.Set("limit", strconv.Itoa(limit))
		links["next"] = strings.TrimPrefix(r.URL.Path, s.context) + "?" + q.Encode()
	}
	if results == nil {
		results = []any{}
	}
	return object{"results": results, "start": start, "limit": limit, "size": len(results), "_links": links}
}

// window reads start and limit.
func window(q url.Values, most int) (start, limit int, err error) {
	limit = 25
	for name, target := range map[string]*int{"start": &start, "limit": &limit} {
		if text := q.Get(name); text != "" {
			if *target, err = strconv.Atoi(text); err != nil || *target < 0 {
				return 0, 0, errors.New(name + " must be a number, 0 or more")
			}
		}
	}
	return start, min(limit, most), nil
}

// cut returns the part of a list that a request asks for, and whether there is more behind it.
func cut[T any](all []T, start, limit int) ([]T, bool) {
	start = min(start, len(all))
	end := min(start+limit, len(all))
	return all[start:end], end < len(all)
}
