package cimd

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/publicnet"
)

// fetch gets a document and says how long it is fresh. Nothing that the document names is fetched.
func (f *Fetcher) fetch(ctx context.Context, clientID, host string) (*Document, time.Duration, error) {
	u, err := url.Parse(clientID)
	if err != nil || u.Host != host || u.String() != clientID {
		return nil, 0, invalidID("it can be read in two ways")
	}
	resp, err := f.network.Get(ctx, u, http.Header{"Accept": {"application/json"}, "User-Agent": {"caddy-atlassian-mcp"}})
	if err != nil {
		return nil, 0, unreachable(err)
	}
	defer resp.Body.Close()
	if err := checkResponse(resp); err != nil {
		return nil, 0, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return nil, 0, unreachable(publicnet.Explain(ctx, err))
	}
	if len(body) > maxDocument {
		return nil, 0, badDocument(fmt.Sprintf("it is larger than %d bytes", maxDocument))
	}
	document, err := parseDocument(clientID, body)
	if err != nil {
		return nil, 0, err
	}
	return document, lifetime(resp.Header, f.now()), nil
}

func unreachable(err error) error { return fmt.Errorf("%w: %w", ErrUnreachable, err) }

// checkResponse looks at all of an answer but its body (section 4 of the draft). A redirect counts
// as an error.
func checkResponse(resp *http.Response) error {
	status := resp.StatusCode
	if status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500 {
		return fmt.Errorf("%w: its host answered with status %d", ErrUnreachable, status)
	}
	if status != http.StatusOK {
		return badDocument(fmt.Sprintf("its host answered with status %d in place of 200", status))
	}
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	suffixed := strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")
	if err != nil || (media != "application/json" && !suffixed) {
		return badDocument("its content type must be application/json")
	}
	// No encoding was asked for, and none is undone: a small answer cannot become a large one.
	if encoding := resp.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return badDocument("it must be served without content encoding")
	}
	return nil
}
