package mcp

import (
	"net"
	"net/http"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
)

// hostList are the hosts that are answered wherever a connection arrives, each "name" or
// "name:port" in lower case, with "localhost" for every name of the loopback interface.
type hostList map[string]bool

func newHostList(hosts []string) hostList {
	list := make(hostList)
	for _, host := range hosts {
		name, port := splitHost(host)
		list[join(name, port)] = true
	}
	return list
}

// allows judges the Host header of a request that nobody authenticated (MCP security best
// practices, "DNS rebinding"): what arrives on a loopback address names it, or a host of the list.
func (l hostList) allows(r *http.Request) bool {
	name, port := splitHost(r.Host)
	if l[name] || l[join(name, port)] {
		return true
	}
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if local == nil {
		return true
	}
	at, _ := splitHost(local.String())
	return at != "localhost" || name == "localhost"
}

func splitHost(hostport string) (name, port string) {
	name, port, err := net.SplitHostPort(hostport)
	if err != nil {
		name, port = hostport, ""
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	if resource.IsLoopback(name) {
		name = "localhost"
	}
	return name, port
}

func join(name, port string) string {
	if port == "" {
		return name
	}
	return name + ":" + port
}
