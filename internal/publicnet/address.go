package publicnet

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
)

// Port is the only one that is connected to.
const Port = 443

// ErrAddress says that a host has an address that is not one of the public Internet, or that it is not
// asked for by name, with https and on Port.
var ErrAddress = errors.New("its host is not one of the public Internet")

// global is what IANA gives out for the public IPv6 Internet. It leaves out loopback, link-local,
// site-local, unique local, multicast and discard-only addresses, and the forms that stand for an
// IPv4 address: mapped, compatible, and NAT64 (64:ff9b::/96, 64:ff9b:1::/48).
var global = netip.MustParsePrefix("2000::/3")

// special are the special-use addresses of RFC 6890, as the two IANA registries list them today,
// where they are not outside of global anyway.
var special = prefixes(
	"0.0.0.0/8",        // this network
	"10.0.0.0/8",       // private
	"100.64.0.0/10",    // shared with carrier-grade NAT; some clouds serve credentials here
	"127.0.0.0/8",      // loopback
	"168.63.129.16/32", // public by its number, but inside Azure the host of the machine
	"169.254.0.0/16",   // link-local; most clouds serve credentials here
	"172.16.0.0/12",    // private
	"192.0.0.0/24",     // protocol assignments
	"192.0.2.0/24",     // documentation
	"192.88.99.0/24",   // relays of 6to4
	"192.168.0.0/16",   // private
	"198.18.0.0/15",    // benchmarking
	"198.51.100.0/24",  // documentation
	"203.0.113.0/24",   // documentation
	"224.0.0.0/4",      // multicast
	"240.0.0.0/4",      // reserved, and broadcast
	"2001::/23",        // protocol assignments: Teredo, benchmarking, ORCHID
	"2001:db8::/32",    // documentation
	"2002::/16",        // 6to4, which holds an IPv4 address
	"3fff::/20",        // documentation
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// Public reports whether an address is one of the public Internet. One with a zone is in no prefix.
func Public(a netip.Addr) bool {
	if !a.Is4() && !global.Contains(a) {
		return false
	}
	return !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}

// RefusePrivate is a [net.Dialer] Control function. It sees the address that is about to be
// connected to, so that nothing between the look-up of a name and the connection gets past it.
func RefusePrivate(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || a.Port() != Port || !Public(a.Addr()) {
		return ErrAddress
	}
	return nil
}
