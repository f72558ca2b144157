// The convert command puts the conversions of atlassian/markup before a test in another language.
// It reads JSON lines {"markdown": …} or {"wiki": …}, and writes a line for each: the same with the
// other spelling, and the ADF and storage format of the Markdown. With a "site", issues are linked.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

type document struct {
	Markdown *string         `json:"markdown"`
	Wiki     *string         `json:"wiki"`
	Site     string          `json:"site,omitempty"`
	ADF      json.RawMessage `json:"adf"`
	Storage  string          `json:"storage"`
}

func main() {
	in, out := json.NewDecoder(os.Stdin), bufio.NewWriter(os.Stdout)
	enc := json.NewEncoder(out)
	for {
		var d document
		if err := in.Decode(&d); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			log.Fatal(err)
		}
		switch {
		case d.Markdown != nil:
			wiki := markup.ToWiki(*d.Markdown)
			d.Wiki = &wiki
		case d.Wiki != nil:
			markdown := markup.FromWiki(*d.Wiki)
			d.Markdown = &markdown
		default:
			log.Fatal("a line has neither markdown nor wiki")
		}
		d.ADF, d.Storage = markup.ToADF(*d.Markdown, markup.WithSite(d.Site)), markup.ToStorage(*d.Markdown)
		if err := enc.Encode(d); err != nil {
			log.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}
