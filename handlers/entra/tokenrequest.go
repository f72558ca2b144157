package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// tokenAnswer is a successful answer of the token endpoint (RFC 6749 section 5.1, OpenID Connect
// Core section 3.1.3.3).
type tokenAnswer struct {
	TokenType    string      `json:"token_type"`
	AccessToken  string      `json:"access_token"`
	RefreshToken string      `json:"refresh_token"`
	IDToken      string      `json:"id_token"`
	ExpiresIn    json.Number `json:"expires_in"` // a string at Entra's v1 endpoint
}

func (a *tokenAnswer) lifetime() time.Duration {
	seconds, err := a.ExpiresIn.Int64()
	if err != nil || seconds < 0 || seconds > 7*24*3600 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// requestToken posts a token request, with the second client secret when Entra does not take the
// first: the grant is untouched by a request whose client did not authenticate.
//
// The request is our own and not golang.org/x/oauth2's, because that one tries a failed request
// again with the secret in another place, which could spend a code, keeps Entra's whole text in its
// error, and does not tell an outage from a refusal.
func (p *Provider) requestToken(ctx context.Context, l leg, grant url.Values) (*tokenAnswer, error) {
	docs, err := p.v2.documents(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	proofs, err := p.prove(docs.metadata.TokenEndpoint)
	if err != nil {
		return nil, noProof(l, err)
	}
	form := maps.Clone(grant)
	form.Set("client_id", p.clientID)
	if !form.Has("scope") {
		form.Set("scope", p.scope)
	}
	for i, proof := range proofs {
		maps.Copy(form, proof)
		answer, refusal := p.post(ctx, l, docs.metadata.TokenEndpoint, form)
		if refusal == nil {
			if i > 0 {
				p.remember(proof)
			}
			return answer, nil
		}
		if err = refusal; !badSecret(refusal) {
			break
		}
	}
	return nil, err
}

func badSecret(e *Error) bool {
	return e.Kind == Misconfigured && (e.Code == "AADSTS7000215" || e.Code == "AADSTS7000222")
}

// post sends one token request. Whatever is not a clear answer of Entra's is an outage and never a
// verdict on the grant.
func (p *Provider) post(ctx context.Context, l leg, endpoint string, form url.Values) (*tokenAnswer, *Error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, unavailable(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, unavailable(err)
	}
	defer resp.Body.Close()
	body, err := readBounded(resp.Body)
	if err != nil {
		return nil, unavailable(fmt.Errorf("reading the token answer: %w", err))
	}
	if resp.StatusCode != http.StatusOK {
		return nil, p.refusal(l, resp, body)
	}
	var answer tokenAnswer
	if err := json.Unmarshal(body, &answer); err != nil || !strings.EqualFold(answer.TokenType, "Bearer") {
		return nil, unavailable(errors.New("the token endpoint answered with status 200 and not with a token answer"))
	}
	return &answer, nil
}

// errorAnswer is an unsuccessful answer (RFC 6749 section 5.2, with Entra's additions). Its
// error_description is read for its code only.
type errorAnswer struct {
	Error         string        `json:"error"`
	Description   string        `json:"error_description"`
	Codes         []json.Number `json:"error_codes"`
	TraceID       string        `json:"trace_id"`
	CorrelationID string        `json:"correlation_id"`
}

func (p *Provider) refusal(l leg, resp *http.Response, body []byte) *Error {
	var a errorAnswer
	if err := json.Unmarshal(body, &a); err != nil {
		a = errorAnswer{}
	}
	outage := resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusRequestTimeout
	if a.Error == "" || outage {
		e := unavailable(fmt.Errorf("the token endpoint answered with status %d%s", resp.StatusCode, contentHint(resp.Header, a)))
		e.Code = firstCode(a)
		e.RetryAfter = retryAfter(resp.Header, p.now())
		e.setIDs(a.TraceID, a.CorrelationID)
		return e
	}
	e := explain(l, firstCode(a), a.Error)
	e.setIDs(a.TraceID, a.CorrelationID)
	if e.Kind == Unavailable {
		e.RetryAfter = retryAfter(resp.Header, p.now())
	}
	return e
}

// contentHint helps to find a proxy that answers in Entra's place.
func contentHint(h http.Header, a errorAnswer) string {
	mediaType, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if a.Error != "" || err != nil || mediaType == "application/json" {
		return ""
	}
	return fmt.Sprintf(" and %q; is a proxy between this server and Entra?", mediaType)
}

// maxRetryAfter bounds what we believe of a Retry-After.
const maxRetryAfter = time.Hour

// retryAfter reads RFC 9110 section 10.2.3.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	d := time.Duration(0)
	if seconds, err := strconv.Atoi(value); err == nil {
		d = time.Duration(min(seconds, int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(now)
	}
	return max(0, min(d, maxRetryAfter))
}
