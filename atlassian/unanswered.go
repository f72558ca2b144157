package atlassian

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"syscall"
)

// handshake knows of an attempt that ended in the TLS handshake, before any of the request was sent.
// The error of it may be no more than that of a broken connection.
type handshake struct{ broken, connected atomic.Bool }

func (h *handshake) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { h.connected.Store(true) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err != nil {
				h.broken.Store(true)
			}
		},
	})
}

func (h *handshake) failed() bool { return h.broken.Load() && !h.connected.Load() }

// transportError turns a failure without an answer into an Error, of a write that may have been sent or
// of anything else. Its text names the kind of trouble only; addresses go to the log.
func (s *Site) transportError(ctx context.Context, err error, write bool) *Error {
	if ctx.Err() != nil {
		e := s.cancelled(ctx.Err())
		e.Uncertain = write && !neverSent(err)
		return e
	}
	s.log.Warn("request failed", "product", s.product, "error", withoutURL(err))
	e := &Error{Product: s.product, cause: err, retry: retryReads, Uncertain: write && !neverSent(err)}
	var dns *net.DNSError
	switch {
	case isCertificateError(err):
		e.retry = retryNever
		e.Messages = []string{"the certificate of the site is not trusted"}
	case isClientCertificateError(err):
		e.retry = retryNever
		e.Messages = []string{"the site accepts only clients with a certificate that it knows"}
		e.Hint = "The operator of this server should check " + strings.ToUpper(s.product) + "_CLIENT_CERT and " + strings.ToUpper(s.product) + "_CLIENT_KEY."
	case errors.As(err, &dns) && dns.IsNotFound:
		e.retry = retryNever
		e.Messages = []string{"the host of the site is not known"}
	case errors.Is(err, syscall.ECONNREFUSED):
		e.retry = retryAll
		e.Messages = []string{"the site refused the connection"}
	case errors.Is(err, context.DeadlineExceeded):
		e.Messages = []string{"the site did not answer in time"}
	case neverSent(err):
		e.Messages = []string{"the site could not be reached"}
	default:
		e.Messages = []string{"the connection broke before the answer"}
	}
	return e
}

// cancelled is the Error of a call whose context ended.
func (s *Site) cancelled(err error) *Error {
	message := "the call was cancelled"
	if errors.Is(err, context.DeadlineExceeded) {
		message = "the call took longer than it may"
	}
	return &Error{Product: s.product, Messages: []string{message}, cause: err}
}

// neverSent says that no byte of the request can have reached the site.
func neverSent(err error) bool {
	var op *net.OpError
	return (errors.As(err, &op) && op.Op == "dial") || isCertificateError(err) || isClientCertificateError(err)
}

// isClientCertificateError says that the site ended the handshake over our certificate, or the lack of
// one (RFC 8446 section 6.2; crypto/tls has no type for alerts, but each has a text).
func isClientCertificateError(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error" && strings.Contains(op.Err.Error(), "certificate")
}

func isCertificateError(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &hostname)
}
