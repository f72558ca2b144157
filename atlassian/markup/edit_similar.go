package markup

import (
	"hash/maphash"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/align"
)

// similar pairs nodes that changed: of the same kind, in order, and the more words they share the
// rather.
func (m *merge) similar(was, now []*node) []align.Pair {
	if len(was) == 1 && len(now) == 1 && was[0].kind == now[0].kind {
		return []align.Pair{{A: 0, B: 0}}
	}
	if len(was) == 0 || len(now) == 0 {
		return nil
	}
	if len(was) > maxCompared/len(now) {
		return inStep(was, now)
	}
	a, b := wordSets(was), wordSets(now)
	width := len(now) + 1
	best := make([]float64, (len(was)+1)*width)
	likeness := func(i, j int) float64 {
		if was[i].kind != now[j].kind {
			return 0
		}
		return jaccard(a[i], b[j])
	}
	for i := range slices.Backward(was) {
		for j := range slices.Backward(now) {
			best[i*width+j] = max(best[(i+1)*width+j], best[i*width+j+1], likeness(i, j)+best[(i+1)*width+j+1])
		}
	}
	var out []align.Pair
	for i, j := 0, 0; i < len(was) && j < len(now); {
		switch l := likeness(i, j); {
		case l >= minLikeness && best[i*width+j] == l+best[(i+1)*width+j+1]:
			out = append(out, align.Pair{A: i, B: j})
			i++
			j++
		case best[(i+1)*width+j] >= best[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return out
}

// maxCompared bounds the pairs of nodes whose words are compared.
const maxCompared = 1 << 14

// inStep pairs nodes that are too many to compare, if they are as many of the same kinds.
func inStep(was, now []*node) []align.Pair {
	if !slices.EqualFunc(was, now, func(a, b *node) bool { return a.kind == b.kind }) {
		return nil
	}
	pairs := make([]align.Pair, len(was))
	for i := range was {
		pairs[i] = align.Pair{A: i, B: i}
	}
	return pairs
}

// minLikeness is the share of words that two blocks have in common when one is a new version of the
// other.
const minLikeness = 0.2

func wordSets(nodes []*node) []map[string]bool {
	const most = 200
	sets := make([]map[string]bool, len(nodes))
	for i, n := range nodes {
		set := map[string]bool{}
		for w := range strings.FieldsSeq(plainText(flatten(n))) {
			if len(set) == most {
				break
			}
			set[w] = true
		}
		sets[i] = set
	}
	return sets
}

func jaccard(a, b map[string]bool) float64 {
	shared := 0
	for w := range a {
		if b[w] {
			shared++
		}
	}
	all := len(a) + len(b) - shared
	if all == 0 {
		return 1
	}
	return float64(shared) / float64(all)
}

var sumSeed = maphash.MakeSeed()

// sum is a fingerprint of a node and all below it, without where it stands.
func (m *merge) sum(n *node) uint64 {
	if s, ok := m.sums[n]; ok {
		return s
	}
	type head struct {
		kind                    kind
		task                    taskState
		ordered, header         bool
		level, colspan, rowspan int
		name, title             string
		text, target            string
		inlines, children       int
	}
	var h maphash.Hash
	h.SetSeed(sumSeed)
	maphash.WriteComparable(&h, head{n.kind, n.task, n.ordered, n.header, n.level, n.colspan, n.rowspan, n.name, n.title, n.text, n.target, len(n.inlines), len(n.children)})
	for _, i := range n.inlines {
		maphash.WriteComparable(&h, i)
	}
	for _, c := range n.children {
		maphash.WriteComparable(&h, m.sum(c))
	}
	s := h.Sum64()
	m.sums[n] = s
	return s
}

func (m *merge) sumAll(nodes []*node) []uint64 {
	sums := make([]uint64, len(nodes))
	for i, n := range nodes {
		sums[i] = m.sum(n)
	}
	return sums
}
