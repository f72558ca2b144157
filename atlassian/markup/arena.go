package markup

import "sync"

// arena makes the parts of one tree in few pieces, and is used again for the next tree: without it,
// collecting the garbage of a conversion costs as much as making it. Nothing in it may be kept when it
// is given back; text is not in it.
type arena struct {
	nodes    slab[node]
	pointers slab[*node]
	stored   slab[inline]

	runs, tidied []inline // room for the runs of the block being read or written
	source, out  []byte   // room for what is read and what is written
}

// slab is memory for values of one kind, given out from its start.
type slab[T any] struct {
	room []T
	made int // in pieces before this one
}

// take is n values, all zero.
func (p *slab[T]) take(n int) []T {
	const smallest, largest = 32, 1024
	if cap(p.room)-len(p.room) < n {
		p.made += len(p.room)
		p.room = make([]T, 0, max(n, min(max(2*cap(p.room), smallest), largest)))
	}
	at := len(p.room)
	p.room = p.room[:at+n]
	return p.room[at : at+n : at+n]
}

// reset gives all values back, in one piece that is large enough for as many, unless those were more
// than most documents need.
func (p *slab[T]) reset() {
	const most = 16 << 10
	used := p.made + len(p.room)
	p.made = 0
	switch {
	case used > most:
		p.room = nil
	case used > cap(p.room):
		p.room = make([]T, 0, used)
	default:
		clear(p.room)
		p.room = p.room[:0]
	}
}

var arenas = sync.Pool{New: func() any { return new(arena) }}

// newArena is an arena that may be given back.
func newArena() *arena { return arenas.Get().(*arena) }

// reset takes the tree back.
func (a *arena) reset() {
	a.nodes.reset()
	a.pointers.reset()
	a.stored.reset()
}

func (a *arena) giveBack() {
	const mostBytes, mostRuns = 1 << 20, 4 << 10
	a.reset()
	clear(a.runs[:cap(a.runs)])
	clear(a.tidied[:cap(a.tidied)])
	if cap(a.source)+cap(a.out) > mostBytes {
		a.source, a.out = nil, nil
	}
	if cap(a.runs) > mostRuns {
		a.runs, a.tidied = nil, nil
	}
	arenas.Put(a)
}

func (a *arena) node(n node) *node {
	at := &a.nodes.take(1)[0]
	*at = n
	return at
}

// children is room for n blocks, with none in it.
func (a *arena) children(n int) []*node {
	if n == 0 {
		return nil
	}
	return a.pointers.take(n)[:0]
}

// tidy is runs in normal form, good until they change.
func (a *arena) tidy() []inline {
	if isTidy(a.runs) {
		return a.runs
	}
	a.tidied = tidyInto(a.tidied[:0], a.runs)
	return a.tidied
}

// inlines is a copy of in.
func (a *arena) inlines(in []inline) []inline {
	if len(in) == 0 {
		return nil
	}
	out := a.stored.take(len(in))
	copy(out, in)
	return out
}
