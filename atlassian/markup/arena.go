package markup

// arena makes the parts of one tree in few pieces. A tree lives as long as its conversion and is then
// given up as a whole, so that parts kept alive by their neighbours are no loss.
type arena struct {
	nodes    []node
	pointers []*node
	stored   []inline

	piece        int      // how many of a kind to make at once
	runs, tidied []inline // room for the runs of the block being read
}

// newArena makes an arena for the tree of a document of size bytes.
func newArena(size int) *arena {
	const smallest, largest, bytesForOne = 8, 512, 24
	return &arena{piece: min(max(size/bytesForOne, smallest), largest)}
}

func (a *arena) node(n node) *node {
	if len(a.nodes) == cap(a.nodes) {
		a.nodes = make([]node, 0, a.piece)
	}
	a.nodes = append(a.nodes, n)
	return &a.nodes[len(a.nodes)-1]
}

// children is room for n blocks, with none in it.
func (a *arena) children(n int) []*node {
	if n == 0 {
		return nil
	}
	if cap(a.pointers)-len(a.pointers) < n {
		a.pointers = make([]*node, 0, max(a.piece, n))
	}
	at := len(a.pointers)
	a.pointers = a.pointers[:at+n]
	return a.pointers[at : at : at+n]
}

// inlines is a copy of in.
func (a *arena) inlines(in []inline) []inline {
	if len(in) == 0 {
		return nil
	}
	if cap(a.stored)-len(a.stored) < len(in) {
		a.stored = make([]inline, 0, max(a.piece, len(in)))
	}
	at := len(a.stored)
	a.stored = append(a.stored, in...)
	return a.stored[at:len(a.stored):len(a.stored)]
}
