// Package ratelimit bounds what one client address may do, in memory that does not grow with the
// number of addresses.
package ratelimit

import (
	"net/netip"
	"slices"
)

// ipv6Bits is the part of an IPv6 address that counts. Every network gets a /64 at least, and may
// choose the other half anew for each request (RFC 4291 section 2.5.1, RFC 8981).
const ipv6Bits = 64

// Client is a client address as limits see it. The zero Client is everybody whose address is not
// known: they share one bucket.
type Client struct {
	address netip.Addr // without zone; IPv4-mapped IPv6 is IPv4
	key     netip.Addr // what of it counts
}

// ClientOf returns the client with this IP address.
func ClientOf(address string) Client {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return Client{}
	}
	parsed = parsed.Unmap().WithZone("")
	if parsed.Is4() {
		return Client{parsed, parsed}
	}
	return Client{parsed, netip.PrefixFrom(parsed, ipv6Bits).Masked().Addr()}
}

// String is what the client is called in logs.
func (c Client) String() string {
	switch {
	case !c.address.IsValid():
		return "unknown"
	case c.address.Is6():
		return netip.PrefixFrom(c.key, ipv6Bits).String()
	default:
		return c.key.String()
	}
}

// Remote reports whether the address can be that of a client elsewhere, and not that of a proxy on
// this machine or network.
func (c Client) Remote() bool {
	return c.address.IsValid() && !c.address.IsPrivate() && !c.address.IsLoopback() && !c.address.IsLinkLocalUnicast()
}

func (c Client) in(ranges []netip.Prefix) bool {
	return slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(c.address) })
}
