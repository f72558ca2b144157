// The convert command puts the conversions of atlassian/markup before a test in another language.
// It reads JSON lines {"markdown": …} or {"wiki": …}, and writes a line for each: the same with the
// other spelling and the ADF of the Markdown.
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
	ADF      json.RawMessage `json:"adf"`
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
		d.ADF = markup.ToADF(*d.Markdown)
		if err := enc.Encode(d); err != nil {
			log.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}
