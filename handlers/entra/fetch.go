package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxDocument bounds discovery documents, key sets and token answers. Microsoft's largest, a key
// set, is below 32 KiB.
const maxDocument = 512 << 10

// fetchJSON gets a JSON document. The error is for the log: it names the address and not what the
// answer said.
func fetchJSON(ctx context.Context, client *http.Client, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err // a *url.Error, which names the address
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered with status %d", address, resp.StatusCode)
	}
	body, err := readBounded(resp.Body)
	if err != nil {
		return fmt.Errorf("reading %s: %w", address, err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s did not answer with the JSON document that belongs there: %w", address, err)
	}
	return nil
}

var errTooLarge = errors.New("the answer is larger than 512 KiB")

func readBounded(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err == nil && len(body) > maxDocument {
		err = errTooLarge
	}
	return body, err
}
