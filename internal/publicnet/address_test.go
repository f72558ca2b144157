package publicnet

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"testing"
)

func TestPublicAddresses(t *testing.T) {
	for _, text := range []string{
		"1.1.1.1", "93.184.215.14", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "172.15.255.255",
		"172.32.0.0", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.15",
		"2606:4700::1111", "2a00:1450:4001::200e", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2620:fe::fe",
	} {
		if a := netip.MustParseAddr(text); !Public(a) {
			t.Errorf("%s does not count as public", a)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("no address counts as public")
	}
}

// TestAttack6_5_TheDialerRefuses takes the real dialer to a listener on the loopback interface.
func TestAttack6_5_TheDialerRefuses(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	n := New(nil)
	for _, address := range []string{listener.Addr().String(), "127.0.0.1:443", "93.184.215.14:8443", "localhost:443"} {
		conn, err := n.Dial(t.Context(), "tcp", address)
		if !errors.Is(err, ErrAddress) {
			t.Errorf("%s: got %v, %v", address, conn, err)
		}
	}
	if found, err := n.resolve(t.Context(), "localhost"); err == nil {
		t.Errorf("localhost: got %v, %v", found, err)
	}
}

// TestGetRefusesUnasked: nothing is looked up for these.
func TestGetRefusesUnasked(t *testing.T) {
	n := New(nil)
	n.Lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
		t.Errorf("%s was looked up", host)
		return nil, errors.New("none")
	}
	for _, address := range []string{
		"http://host.example.com/", "ftp://host.example.com/", "https://host.example.com:8443/", "https://user:pass@host.example.com/",
		"https://127.0.0.1/", "https://[::1]/", "https://93.184.215.14/", "//host.example.com/", "https:///x",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Get(t.Context(), u, nil); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
