// Package publicnet reaches hosts of the public Internet that somebody else names, and no others: no
// address inside of the network here, whatever a name is made to mean.
package publicnet

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
	"strconv"
	"time"
)

const (
	connectTimeout   = 2 * time.Second // for one address, so that an unreachable one leaves time for the next
	maxAddresses     = 3               // that one request tries to connect to
	handshakeTimeout = 5 * time.Second
	maxHeader        = 16 << 10 // bytes
)

// Network is the way to such hosts. Tests put their own look-up, connections and certificates in.
type Network struct {
	Lookup    func(ctx context.Context, host string) ([]netip.Addr, error)
	Dial      DialFunc // to an address that must be public
	DialProxy DialFunc
	Proxy     func(*http.Request) (*url.URL, error)
	TLS       *tls.Config
}

// DialFunc connects to an address, as [net.Dialer.DialContext] does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// New returns a Network that goes through the proxy, or through that of the environment if it is nil.
func New(proxy func(*http.Request) (*url.URL, error)) Network {
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	direct := &net.Dialer{Timeout: connectTimeout, Control: RefusePrivate}
	proxied := &net.Dialer{Timeout: connectTimeout}
	return Network{
		Lookup: lookup, Dial: direct.DialContext, DialProxy: proxied.DialContext, Proxy: proxy,
		TLS: &tls.Config{MinVersion: tls.VersionTLS12},
	}
}

// lookup resolves a name without the system's search domains, which would make a name inside the
// local network of it.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host+".")
}

// resolve returns the addresses of a host, IPv4 first, because a broken way to IPv6 is the more
// frequent one. One address that is not public spoils all: nobody publishes such a name in earnest.
func (n *Network) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	found, err := n.Lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	addresses := make([]netip.Addr, len(found))
	for i, a := range found {
		addresses[i] = a.Unmap() // LookupNetIP returns IPv4 in the mapped form
		if !Public(addresses[i]) {
			return nil, ErrAddress
		}
	}
	if len(addresses) == 0 {
		return nil, &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	slices.SortStableFunc(addresses, func(a, b netip.Addr) int { return cmp.Compare(a.BitLen(), b.BitLen()) })
	return addresses[:min(len(addresses), maxAddresses)], nil
}

// Get asks an address, https on the port of it and with a name for its host, with nothing but these headers, and follows no redirect. The context bounds
// all of it, the body included. Its errors are those of [Explain].
//
// The name is resolved once, and the request goes to the address that was checked. That holds behind an
// outbound proxy too, which is asked for a connection to that address and not to the name: what the name
// means to the proxy cannot be known here. TLS is with the host either way, so that neither proxy nor
// address can answer in its place.
//
// The next address is tried only while nothing was sent yet, so that one call is one request.
func (n *Network) Get(ctx context.Context, u *url.URL, header http.Header) (*http.Response, error) {
	if _, err := netip.ParseAddr(u.Hostname()); err == nil || u.Hostname() == "" || u.Scheme != "https" || u.Port() != "" && u.Port() != strconv.Itoa(Port) || u.User != nil {
		return nil, ErrAddress
	}
	addresses, err := n.resolve(ctx, u.Hostname())
	if err != nil {
		return nil, Explain(ctx, err)
	}
	proxy, err := n.Proxy(&http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}})
	if err != nil {
		return nil, errors.New("the setting of the outbound proxy is not valid")
	}
	connected := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	transport := n.transport(u.Hostname(), proxy)
	var resp *http.Response
	for _, a := range addresses {
		resp, err = transport.RoundTrip(request(ctx, u, a, header)) //nolint:bodyclose // the caller does
		if err == nil || connected || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return nil, Explain(ctx, err)
	}
	return resp, nil
}

// request is for u, addressed to a.
func request(ctx context.Context, u *url.URL, a netip.Addr, header http.Header) *http.Request {
	target := *u
	target.Host = netip.AddrPortFrom(a, Port).String()
	req := &http.Request{
		Method: http.MethodGet, URL: &target, Host: u.Hostname(), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header.Clone(),
	}
	return req.WithContext(ctx)
}

// transport is for one request: it keeps no connection that a later one could come to use unchecked.
func (n *Network) transport(host string, proxy *url.URL) *http.Transport {
	t := &http.Transport{
		DialContext:            n.Dial,
		TLSClientConfig:        n.TLS.Clone(),
		TLSHandshakeTimeout:    handshakeTimeout,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
	}
	t.TLSClientConfig.ServerName = host
	if proxy == nil {
		return t
	}
	t.Proxy = http.ProxyURL(proxy)
	t.DialContext = n.DialProxy
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
func (n *Network) dialTLSProxy(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	conn, err := n.DialProxy(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config := n.TLS.Clone()
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

// Explain says why there was no answer, or no more of it. Of the errors of the standard library only those are
// passed on that quote nothing of what a server sent.
func Explain(ctx context.Context, err error) error {
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
	case errors.Is(err, ErrAddress):
		err = ErrAddress
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
	return err
}
