package atlassian

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// cappedBody ends an answer at a limit with an error instead of a silent cut.
type cappedBody struct {
	site   *Site
	body   io.ReadCloser
	left   int64
	cancel context.CancelFunc
	write  bool
	over   func(write bool) *Error // what to say beyond the limit
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, b.over(b.write)
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n + int(b.left), b.over(b.write)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		message := "the connection broke in the middle of the answer"
		if errors.Is(err, errIdle) {
			message = err.Error()
		}
		err = &Error{Product: b.site.product, Messages: []string{message}, Uncertain: b.write, cause: err}
	}
	return n, err
}

func (b *cappedBody) Close() error {
	defer b.cancel()
	return b.body.Close()
}

func (s *Site) tooLarge(write bool) *Error {
	e := &Error{Product: s.product, Messages: []string{fmt.Sprintf("the answer is larger than %d bytes", s.max)}}
	if write {
		e.Hint = "The change was made; only its confirmation could not be read."
		return e
	}
	e.Hint = "Ask for less: fewer results, fewer fields."
	return e
}
