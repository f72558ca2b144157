package entra

import (
	"slices"
	"strings"
)

// resource is what a token is for.
type resource int

const (
	graph resource = iota // what Entra falls back to when nothing else is named
	self
)

// asked is a scope parameter, understood as Entra does.
type asked struct {
	resource     resource
	scopes       []string // short names on the resource
	dotDefault   bool
	idURI        bool // the application was named api://…, and not by its GUID
	openID       bool
	email        bool
	offlineToken bool
}

// graphScopes are those of Microsoft Graph that registrations typically have.
var graphScopes = []string{"User.Read", "User.ReadBasic.All", "User.Read.All", "GroupMember.Read.All", "Directory.Read.All", "Mail.Read", "Files.Read"}

// readScope understands a scope parameter, or says how Entra refuses it. A bare name is looked up
// on Microsoft Graph.
func (s *Server) readScope(parameter string) (*asked, *refusal) {
	a := &asked{}
	resources := map[resource]bool{}
	for scope := range strings.FieldsSeq(parameter) {
		switch scope {
		case "openid":
			a.openID = true
			continue
		case "email":
			a.email = true
			continue
		case "offline_access":
			a.offlineToken = true
			continue
		case "profile":
			continue
		}
		r, name, refused := s.readResource(a, scope)
		if refused != nil {
			return nil, refused
		}
		resources[r] = true
		a.resource = r
		if name == ".default" {
			a.dotDefault = true
		} else {
			a.scopes = append(a.scopes, name)
		}
	}
	switch {
	case strings.TrimSpace(parameter) == "":
		return nil, newRefusal("900144")
	case len(resources) > 1:
		return nil, newRefusal("28000")
	case a.dotDefault && len(a.scopes) > 0:
		return nil, newRefusal("70011")
	}
	return a, nil
}

func (s *Server) readResource(a *asked, scope string) (resource, string, *refusal) {
	slash := strings.LastIndexByte(scope, '/')
	prefix, name := "https://graph.microsoft.com", scope
	if slash >= 0 {
		prefix, name = scope[:slash], scope[slash+1:]
	}
	var exposed []string
	r := self
	switch prefix {
	case s.cfg.ClientID:
		exposed = s.cfg.Scopes
	case "api://" + s.cfg.ClientID:
		exposed = s.cfg.Scopes
		a.idURI = true
	case "https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000":
		exposed = graphScopes
		r = graph
	default:
		return r, "", newRefusal("500011")
	}
	if name != ".default" && !slices.Contains(exposed, name) {
		return r, "", newRefusal("650053")
	}
	return r, name, nil
}
