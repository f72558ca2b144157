package oauth

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// secretName is what something is called whose content nobody may learn by how long == takes.
var secretName = regexp.MustCompile(`(?i)(secret|verifier|challenge|hash|token|cookie|password|mac)$`)

// sentinel is what an error is called that others are compared with.
var sentinel = regexp.MustCompile(`^(Err|err)[A-Z]`)

// How long a comparison by operator takes says how much of a secret was right. What entra compares by
// operator is its own secrets with each other.
func TestAttack7_4_SecretsAreNotComparedByOperator(t *testing.T) {
	seen := 0
	for _, dir := range []string{".", "../records", "../bearer"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			set := gotoken.NewFileSet()
			parsed, err := parser.ParseFile(set, file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				b, ok := n.(*ast.BinaryExpr)
				if !ok || b.Op != gotoken.EQL && b.Op != gotoken.NEQ {
					return true
				}
				seen++
				if secret(b.X) && !constant(b.Y) || secret(b.Y) && !constant(b.X) {
					t.Errorf("%s: compare in constant time", set.Position(b.Pos()))
				}
				return true
			})
		}
	}
	if seen < 50 {
		t.Errorf("only %d comparisons found", seen)
	}
}

func secret(e ast.Expr) bool {
	name := lastWord(e)
	return secretName.MatchString(name) && !sentinel.MatchString(name)
}

// lastWord is the last name of a variable or field, empty for anything else.
func lastWord(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	default:
		return ""
	}
}

// constant reports whether an operand is the same for everybody, as in token == "", or a number.
func constant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.CallExpr:
		return lastWord(e.Fun) == "len" || lastWord(e.Fun) == "int"
	default:
		return lastWord(e) == "nil"
	}
}

// There is no introspection, so it cannot be asked whether a token is good.
func TestAttack7_6_NoIntrospection(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/oauth/introspect", "/oauth/introspection", "/oauth/token/introspect", "/oauth/userinfo", "/oauth/tokeninfo", "/introspect"} {
		if w.server.Owns(path) {
			t.Errorf("%s is answered", path)
		}
	}
	for _, path := range []string{serverMetadataPath, openIDPath} {
		for name := range decode[map[string]any](t, fetch(t, w.server, http.MethodGet, path).body) {
			if strings.HasPrefix(name, "introspection_") || strings.HasPrefix(name, "userinfo_") {
				t.Errorf("%s names %s", path, name)
			}
		}
	}
}

// A body that is shorter or longer than announced gives nothing, and the code stays good.
func TestAttack7_7_ContentLengthLies(t *testing.T) {
	w := newWorld(t)
	s := httptest.NewServer(w.server)
	defer s.Close()
	c := w.registered("Claude", "none", claudeURI)
	body := redemption(c, w.newBrowser().code(c).Get("code")).Encode()
	for _, length := range []string{
		fmt.Sprint(len(body) + 1), fmt.Sprint(len(body) - 1), "0", "-1", "x", "1e3", "99999999999999999999", fmt.Sprintf("%d, %[1]d", len(body)-1),
	} {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: mcp.example.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %s\r\n\r\n%s", tokenPath, length, body)
		_ = conn.(*net.TCPConn).CloseWrite()
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil {
			if a := read(t, resp); a.status < 400 || strings.Contains(a.body, "access_token") {
				t.Errorf("Content-Length %s: %d %s", length, a.status, a.body)
			}
		}
		conn.Close()
	}
	r := httptest.NewRequest(http.MethodPost, testIssuer+tokenPath, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a := read(t, serve(w.server, r)); a.status != http.StatusOK {
		t.Errorf("the honest request: %d %s", a.status, a.body)
	}
}

// Entra rotated its refresh token, and our answer is lost on the way: the successor is stored before
// it is sent, so that the next try gets the very same one from either node.
func TestAttack7_9_LostReply(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	first := w.tokens(c)
	r := httptest.NewRequest(http.MethodPost, testIssuer+tokenPath, strings.NewReader(renewal(c, first.RefreshToken).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	lost := &lostAnswer{header: http.Header{}}
	w.server.ServeHTTP(lost, r)
	sent := decode[tokenResponse](t, lost.sent.String())
	for _, s := range []*Server{w.server, w.addNode()} {
		a := token(t, s, renewal(c, first.RefreshToken))
		if got := decode[tokenResponse](t, a.body); a.status != http.StatusOK || got != sent || !w.opens(got.AccessToken) {
			t.Errorf("the next try: %d %+v, want %+v", a.status, got, sent)
		}
	}
}

// lostAnswer is a connection that breaks as the answer is written.
type lostAnswer struct {
	header http.Header
	sent   bytes.Buffer
}

func (l *lostAnswer) Header() http.Header { return l.header }
func (l *lostAnswer) WriteHeader(int)     {}
func (l *lostAnswer) Write(b []byte) (int, error) {
	l.sent.Write(b)
	return 0, io.ErrClosedPipe
}
