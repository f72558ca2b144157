//go:build acceptance

// Package cluster runs several real Caddys over one storage, Redis and files, and takes them down
// in the middle of sign-ins. $CADDY is a Caddy with this plugin and caddy-storage-redis; redis-server
// is in the path.
package cluster

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
)

// cluster is Caddys behind one public address.
type cluster struct {
	t       *testing.T
	sandbox *sandbox.Sandbox
	public  string // the origin that everybody uses
	nodes   []*node
	dump    func() string // all that storage holds

	mu    sync.Mutex
	route func(*http.Request) int // the node that answers a request
}

// node is one Caddy process.
type node struct {
	origin, admin string
	config        string
	command       *exec.Cmd
	ended         chan struct{}
	log           *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// over runs a test on two nodes over each kind of storage.
func over(t *testing.T, test func(t *testing.T, c *cluster)) {
	t.Run("redis", func(t *testing.T) {
		address, dump := startRedis(t)
		test(t, newCluster(t, fmt.Sprintf("redis {\n\t\taddress %s\n\t\tkey_prefix acceptance\n\t}", address), dump))
	})
	t.Run("files", func(t *testing.T) {
		dir := t.TempDir()
		test(t, newCluster(t, "file_system "+dir, func() string { return files(t, dir) }))
	})
}

func startRedis(t *testing.T) (address string, dump func() string) {
	t.Helper()
	port := freePort(t)
	command := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "no")
	if err := command.Start(); err != nil {
		t.Fatalf("redis-server: %v; install it with apt-get install redis-server", err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	address = "127.0.0.1:" + port
	await(t, "redis", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return address, func() string {
		out, err := exec.Command("redis-cli", "-p", port, "eval", "local all={} for _,k in ipairs(redis.call('keys','*')) do "+
			"if redis.call('type',k).ok=='string' then all[#all+1]=k..' '..redis.call('get',k) end end return all", "0").Output()
		if err != nil {
			t.Fatalf("redis-cli: %v", err)
		}
		return string(out)
	}
}

func files(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all.WriteString(path + " " + string(content) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func newCluster(t *testing.T, storage string, dump func() string) *cluster {
	t.Helper()
	c := &cluster{t: t, dump: dump}
	c.route = func(*http.Request) int { return 0 }
	balancer := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			c.mu.Lock()
			origin := c.nodes[c.route(r.In)].origin
			c.mu.Unlock()
			to, _ := url.Parse(origin)
			r.SetURL(to)
			r.Out.Host = r.In.Host
		},
	})
	t.Cleanup(balancer.Close)
	c.public = strings.Replace(balancer.URL, "127.0.0.1", "localhost", 1)
	var err error
	c.sandbox, err = sandbox.Start(sandbox.Config{RedirectURI: c.public + "/oauth/callback"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.sandbox.Close)
	for range 2 {
		c.nodes = append(c.nodes, newNode(t, storage))
	}
	for _, n := range c.nodes {
		c.start(n)
	}
	return c
}

func newNode(t *testing.T, storage string) *node {
	t.Helper()
	n := &node{
		origin: "http://localhost:" + freePort(t), admin: "localhost:" + freePort(t),
		config: filepath.Join(t.TempDir(), "Caddyfile"),
	}
	content := fmt.Sprintf(`{
	admin %s
	auto_https off
	persist_config off
	debug
	grace_period 3s
	storage %s
}

%s {
	log
	entra_oauth
	@mcp path /mcp /mcp/*
	handle @mcp {
		entra_auth
		atlassian_mcp
	}
}
`, n.admin, storage, n.origin)
	if err := os.WriteFile(n.config, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return n
}

func (c *cluster) start(n *node) {
	c.t.Helper()
	n.log = new(lockedBuffer)
	n.command = exec.Command(caddy(c.t), "run", "--config", n.config, "--adapter", "caddyfile")
	n.command.Env = os.Environ()
	for _, s := range c.sandbox.Environment() {
		n.command.Env = append(n.command.Env, s.Name+"="+s.Value)
	}
	n.command.Stdout, n.command.Stderr = n.log, n.log
	if err := n.command.Start(); err != nil {
		c.t.Fatal(err)
	}
	n.ended = make(chan struct{})
	go func() {
		_ = n.command.Wait()
		close(n.ended)
	}()
	c.t.Cleanup(n.kill)
	await(c.t, "Caddy at "+n.origin+"\n"+n.log.String(), func() bool {
		resp, err := http.Get(n.origin + "/.well-known/oauth-authorization-server")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil && resp.StatusCode == http.StatusOK
	})
}

// kill ends a node as a power cut does.
func (n *node) kill() {
	_ = n.command.Process.Signal(syscall.SIGKILL)
	<-n.ended
}

// caddyCommand runs a subcommand of Caddy's and returns what it prints.
func (c *cluster) caddyCommand(args ...string) string {
	c.t.Helper()
	command := exec.Command(caddy(c.t), args...)
	command.Env = os.Environ()
	for _, s := range c.sandbox.Environment() {
		command.Env = append(command.Env, s.Name+"="+s.Value)
	}
	out, err := command.CombinedOutput()
	if err != nil {
		c.t.Fatalf("caddy %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// send makes all requests that follow go to the nodes that route names.
func (c *cluster) send(route func(*http.Request) int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.route = route
}

func to(node int) func(*http.Request) int { return func(*http.Request) int { return node } }

// alternately sends every request to the node that did not get the last one. It is called under the
// cluster's lock.
func alternately() func(*http.Request) int {
	turn := 0
	return func(*http.Request) int { turn++; return turn % 2 }
}

func caddy(t *testing.T) string {
	t.Helper()
	path := os.Getenv("CADDY")
	if path == "" {
		t.Fatal("CADDY names no Caddy with this plugin and caddy-storage-redis")
	}
	return path
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func await(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ready() {
			return
		}
	}
	t.Fatalf("%s is not ready", what)
}
