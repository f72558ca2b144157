// Package person signs in as somebody with a browser would: it follows redirects, keeps cookies,
// and presses the buttons of the consent page and of the Entra stand-in. It is for tests.
package person

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Person is somebody in front of a browser. Use New.
type Person struct {
	// Name is the display name of the account to sign in with.
	Name string

	// Decision is what to press on the consent page: "approve" or "cancel".
	Decision string

	// Consented counts the consent pages that were shown, and SignedIn the accounts picked.
	Consented, SignedIn int

	client *http.Client
}

// maxSteps is more than any sign-in takes.
const maxSteps = 12

// New returns a person with a browser of their own, who approves.
func New(name string) *Person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // New fails for no nil options
	}
	return &Person{Name: name, Decision: "approve", client: &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Through sends the requests of the browser through t, for a server that the system does not trust
// or cannot find by its name.
func (p *Person) Through(t http.RoundTripper) *Person {
	p.client.Transport = t
	return p
}

// Follow begins at an authorization URL and returns the URL that the browser is sent to outside
// the pages it knows: the client's redirect URI, which it does not open.
func (p *Person) Follow(ctx context.Context, authorize, redirectURI string) (*url.URL, error) {
	at, err := url.Parse(authorize)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, authorize, nil)
	if err != nil {
		return nil, err
	}
	for range maxSteps {
		if strings.HasPrefix(at.String(), redirectURI) {
			return at, nil
		}
		resp, err := p.client.Do(req)
		if err != nil {
			return nil, err
		}
		if req, err = p.next(ctx, at, resp); err != nil {
			return nil, err
		}
		at = req.URL
	}
	return nil, errors.New("the sign-in did not end")
}

// next is the request that a person makes on seeing the answer.
func (p *Person) next(ctx context.Context, at *url.URL, resp *http.Response) (*http.Request, error) {
	defer resp.Body.Close()
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		to, err := at.Parse(resp.Header.Get("Location"))
		if err != nil {
			return nil, err
		}
		return http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	}
	page, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, &PageError{Status: resp.StatusCode, URL: at.Redacted(), Text: text(page)}
	}
	return p.submit(ctx, at, page)
}

// PageError is a page that tells of a failure.
type PageError struct {
	Status int
	URL    string
	Text   string // what is to be read on the page
}

func (e *PageError) Error() string { return fmt.Sprintf("page with status %d: %s", e.Status, e.Text) }

// submit presses the button that this person would press.
func (p *Person) submit(ctx context.Context, at *url.URL, page []byte) (*http.Request, error) {
	root, err := html.Parse(strings.NewReader(string(page)))
	if err != nil {
		return nil, err
	}
	form := find(root, func(n *html.Node) bool { return n.Data == "form" })
	if form == nil {
		return nil, &PageError{Status: http.StatusOK, URL: at.Redacted(), Text: text(page)}
	}
	values := url.Values{}
	each(form, func(n *html.Node) {
		if n.Data == "input" && attr(n, "name") != "" {
			values.Set(attr(n, "name"), attr(n, "value"))
		}
	})
	button := find(form, func(n *html.Node) bool {
		return n.Data == "button" && (attr(n, "value") == p.Decision || strings.Contains(content(n), p.Name))
	})
	if button == nil {
		return nil, fmt.Errorf("no button to press on: %s", text(page))
	}
	if attr(button, "name") == "decision" {
		p.Consented++
	} else {
		p.SignedIn++
	}
	values.Set(attr(button, "name"), attr(button, "value"))
	action, err := at.Parse(attr(form, "action"))
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, action.String(), strings.NewReader(values.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", at.Scheme+"://"+at.Host)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req, nil
}

func find(n *html.Node, ok func(*html.Node) bool) (found *html.Node) {
	each(n, func(n *html.Node) {
		if found == nil && n.Type == html.ElementNode && ok(n) {
			found = n
		}
	})
	return found
}

func each(n *html.Node, f func(*html.Node)) {
	f(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, f)
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func content(n *html.Node) string {
	var b strings.Builder
	each(n, func(n *html.Node) {
		if n.Type == html.TextNode && (n.Parent == nil || (n.Parent.Data != "style" && n.Parent.Data != "script")) {
			b.WriteString(n.Data + " ")
		}
	})
	return strings.Join(strings.Fields(b.String()), " ")
}

func text(page []byte) string {
	root, err := html.Parse(strings.NewReader(string(page)))
	if err != nil {
		return ""
	}
	return content(root)
}
