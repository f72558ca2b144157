package caddymodule

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/oauth"
)

// gate is an entra_auth: what it protects, and what it stands in, such as a handle.
type gate struct {
	resource string
	in       caddy.Module
}

// protect registers the resource of the gate that is being provisioned, so that its metadata is
// served.
func (a *App) protect(ctx caddy.Context, info oauth.ResourceInfo) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if lineage := ctx.Modules(); len(lineage) > 1 {
		a.gates = append(a.gates, gate{info.String(), lineage[len(lineage)-2]})
	}
	for i := range a.resources {
		known := &a.resources[i]
		if known.String() == info.String() {
			known.Default, known.Name = known.Default || info.Default, cmp.Or(known.Name, info.Name)
			return nil
		}
		if known.Default && info.Default {
			return fmt.Errorf("entra_auth: default: both %s and %s are marked; mark one", known, info)
		}
	}
	a.resources = append(a.resources, info)
	return nil
}

func (a *App) registered() []oauth.ResourceInfo {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.resources)
}

// describe says of the resource that the module being provisioned stands behind what it is called
// unless it has a name, what an assistant will be able to do, and whether some of it is writing. The
// gate is the nearest one: the last in what the module stands in, since Caddy provisions in the order
// in which a request passes.
func (a *App) describe(ctx caddy.Context, name string, abilities []string, writes bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	lineage := ctx.Modules()
	for _, g := range slices.Backward(a.gates) {
		if !slices.Contains(lineage, g.in) {
			continue
		}
		i := slices.IndexFunc(a.resources, func(info oauth.ResourceInfo) bool { return info.String() == g.resource })
		info := &a.resources[i]
		info.Name = cmp.Or(info.Name, name)
		info.SharedAccount = info.SharedAccount || writes
		for _, sentence := range abilities {
			if !slices.Contains(info.Abilities, sentence) {
				info.Abilities = append(info.Abilities, sentence)
			}
		}
		return
	}
}
