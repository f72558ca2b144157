package caddymodule

import (
	"runtime/debug"
	"strings"
)

// modulePath is the plugin's import path, by which a build knows its version.
const modulePath = "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp"

// version is the plugin's version as the build knows it, or "dev".
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == modulePath && m.Version != "" && m.Version != "(devel)" {
			return strings.TrimPrefix(m.Version, "v")
		}
	}
	return "dev"
}
