package cimd

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"time"
)

const (
	connectTimeout = 2 * time.Second // for one address, so that an unreachable one leaves time for the next
	maxAddresses   = 3               // that one fetch tries to connect to
	maxHeader      = 16 << 10        // bytes
)

// network is the way to a document. Tests put their own look-up, connections and certificates in.
type network struct {
	lookup    func(ctx context.Context, host string) ([]netip.Addr, error)
	dial      dialFunc // to an address that must be public
	dialProxy dialFunc
	proxy     func(*http.Request) (*url.URL, error)
	tls       *tls.Config
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func newNetwork(proxy func(*http.Request) (*url.URL, error)) network {
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	direct := &net.Dialer{Timeout: connectTimeout, Control: refusePrivate}
	proxied := &net.Dialer{Timeout: connectTimeout}
	return network{
		lookup: lookup, dial: direct.DialContext, dialProxy: proxied.DialContext, proxy: proxy,
		tls: &tls.Config{MinVersion: tls.VersionTLS12},
	}
}

// lookup resolves a name without the system's search domains, which would make a name inside the
// local network of it.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host+".")
}

// resolve returns the addresses of a host, IPv4 first, because a broken way to IPv6 is the more
// frequent one. One address that is not public spoils all: nobody publishes such a name in earnest.
func (n *network) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	found, err := n.lookup(ctx, host)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	addresses := make([]netip.Addr, len(found))
	for i, a := range found {
		addresses[i] = a.Unmap() // LookupNetIP returns IPv4 in the mapped form
		if !public(addresses[i]) {
			return nil, unreachable(ctx, errAddress)
		}
	}
	if len(addresses) == 0 {
		return nil, unreachable(ctx, &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true})
	}
	slices.SortStableFunc(addresses, func(a, b netip.Addr) int { return cmp.Compare(a.BitLen(), b.BitLen()) })
	return addresses[:min(len(addresses), maxAddresses)], nil
}

// get asks for a document. The name is resolved once, and the request goes to the address that was
// checked. That holds behind an outbound proxy too, which is asked for a connection to that address
// and not to the name: what the name means to the proxy cannot be known here. TLS is with the host
// either way, so that neither proxy nor address can answer in its place.
//
// The next address is tried only while nothing was sent yet, so that one fetch is one request.
func (n *network) get(ctx context.Context, u *url.URL) (*http.Response, error) {
	addresses, err := n.resolve(ctx, u.Hostname())
	if err != nil {
		return nil, err
	}
	proxy, err := n.proxy(&http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}})
	if err != nil {
		return nil, unreachable(ctx, errors.New("the setting of the outbound proxy is not valid"))
	}
	connected := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	transport := n.transport(u.Hostname(), proxy)
	var resp *http.Response
	for _, a := range addresses {
		resp, err = transport.RoundTrip(request(ctx, u, a)) //nolint:bodyclose // the caller does
		if err == nil || connected || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	return resp, nil
}

// request is for u, addressed to a.
func request(ctx context.Context, u *url.URL, a netip.Addr) *http.Request {
	target := *u
	target.Host = netip.AddrPortFrom(a, port).String()
	req := &http.Request{
		Method: http.MethodGet, URL: &target, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Accept": {"application/json"}, "User-Agent": {"caddy-atlassian-mcp"}},
	}
	return req.WithContext(ctx)
}

// transport is for one fetch: it keeps no connection that a later one could come to use unchecked.
func (n *network) transport(host string, proxy *url.URL) *http.Transport {
	t := &http.Transport{
		DialContext:            n.dial,
		TLSClientConfig:        n.tls.Clone(),
		TLSHandshakeTimeout:    fetchTimeout,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
	}
	t.TLSClientConfig.ServerName = host
	if proxy == nil {
		return t
	}
	t.Proxy = http.ProxyURL(proxy)
	t.DialContext = n.dialProxy
	t.DialTLSContext = n.dialTLSProxy
	t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
		if resp.StatusCode != http.StatusOK {
			return proxyError(resp.StatusCode)
		}
		return nil
	}
	return t
}

// dialTLSProxy connects to a proxy that speaks TLS itself, which has a name of its own.
func (n *network) dialTLSProxy(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	conn, err := n.dialProxy(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config := n.tls.Clone()
	if config.ServerName, _, err = net.SplitHostPort(address); err != nil {
		_ = conn.Close()
		return nil, err
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, errProxyTLS
	}
	return secure, nil
}

var errProxyTLS = errors.New("the outbound proxy cannot be spoken to over TLS")

// proxyError is the status with which a proxy refused to connect.
type proxyError int

func (e proxyError) Error() string {
	return fmt.Sprintf("the outbound proxy answered with status %d", int(e))
}

// unreachable says why there was no answer. Of the errors of the standard library only those are
// passed on that quote nothing of what a server sent.
func unreachable(ctx context.Context, err error) error {
	var (
		dns         *net.DNSError
		op          *net.OpError
		certificate *tls.CertificateVerificationError
		proxy       proxyError
		timeout     net.Error
	)
	if ctx.Err() != nil {
		err = ctx.Err() // whatever broke then broke because of it
	}
	switch {
	case errors.Is(err, errAddress):
		err = errors.New("its host has an address that is not public")
	case errors.Is(err, errProxyTLS):
		err = errProxyTLS
	case errors.As(err, &timeout) && timeout.Timeout():
		err = errors.New("its host did not answer in time")
	case errors.As(err, &certificate):
		err = errors.New("its host has no valid certificate")
	case errors.As(err, &proxy):
		err = proxy
	case errors.As(err, &dns):
		err = errors.New("its host's name cannot be resolved here")
	case errors.As(err, &op) && op.Op == "proxyconnect":
		err = errors.New("the outbound proxy cannot be connected to")
	case errors.As(err, &op):
		err = errors.New("its host cannot be connected to")
	default:
		err = errors.New("its host did not answer as a web server does")
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}
