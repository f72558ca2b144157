// Package atlassianmcp registers the plugin's Caddy modules, so that
// `xcaddy build --with github.com/caddy-atlassian-mcp/caddy-atlassian-mcp` needs no sub-path.
package atlassianmcp

import _ "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/caddymodule" // registers the modules
