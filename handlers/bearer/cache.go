package bearer

import (
	"crypto/sha256"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
)

const (
	// recheck is how long a token may be admitted without asking again whether it was issued, its
	// grant stands and its person is not blocked: how long what was revoked goes on working.
	recheck = 30 * time.Second

	// cacheSize bounds the cache: one entry is a token in use at one resource.
	cacheSize = 8192
)

// Cache remembers tokens that were just admitted. It is safe for concurrent use, may be shared by
// gates, and may outlive a configuration.
type Cache struct {
	entries *lru.Cache[cacheKey, cacheEntry]
}

type cacheKey struct {
	token    [sha256.Size]byte
	resource string
}

type cacheEntry struct {
	principal *identity.Principal
	checked   time.Time
}

// NewCache returns an empty cache.
func NewCache() *Cache {
	entries, err := lru.New[cacheKey, cacheEntry](cacheSize)
	if err != nil {
		panic(err) // the size is a positive constant
	}
	return &Cache{entries}
}

func (c *Cache) get(token [sha256.Size]byte, r *resource.Resource, now time.Time) (*identity.Principal, bool) {
	key := cacheKey{token, r.String()}
	e, ok := c.entries.Get(key)
	if !ok {
		return nil, false
	}
	if now.Sub(e.checked) >= recheck || now.Before(e.checked) || !now.Before(e.principal.Expires) {
		c.entries.Remove(key)
		return nil, false
	}
	p := *e.principal
	return &p, true
}

func (c *Cache) put(token [sha256.Size]byte, r *resource.Resource, p *identity.Principal, now time.Time) {
	kept := *p
	c.entries.Add(cacheKey{token, r.String()}, cacheEntry{&kept, now})
}
