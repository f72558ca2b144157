package entra

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
)

// prover returns the parameters that authenticate a request to the token endpoint, and with two
// client secrets two sets of them, the one to try first first.
type prover func(tokenEndpoint string) ([]url.Values, error)

// newProver reads the credential, so that what is wrong with it is known when the configuration is
// loaded. Everything in a file is read again for each request: token requests are rare and such
// files small, and nothing has to be watched.
func (p *Provider) newProver(c Config) (prover, error) {
	certificate := c.CertificateFile != "" || c.KeyFile != ""
	secrets := len(c.ClientSecrets) > 0 || c.ReadSecrets != nil
	switch {
	case secrets && certificate, secrets && c.FederatedTokenFile != "", certificate && c.FederatedTokenFile != "":
		return nil, errors.New("client_certificate, client_secret (ENTRA_ID_CLIENT_SECRET or OAUTH_DCR_CLIENT_SECRET) and " +
			"federated_token_file are three ways to prove the same: keep one of them and remove the others")
	case certificate:
		return p.certificateProver(c)
	case c.FederatedTokenFile != "":
		return p.federatedProver(c)
	}
	return p.secretProver(c)
}

func (p *Provider) secretProver(c Config) (prover, error) {
	read := c.ReadSecrets
	if read == nil {
		fixed := slices.Clone(c.ClientSecrets)
		read = func() ([]string, error) { return fixed, nil }
	}
	secrets, err := newCurrent("client_secret", p.log, func() ([]string, error) {
		secrets, err := read()
		if err == nil {
			err = checkSecrets(secrets)
		}
		return secrets, err
	})
	if err != nil {
		return nil, err
	}
	return func(string) ([]url.Values, error) {
		var proofs []url.Values
		for _, secret := range secrets.get() {
			proof := url.Values{"client_secret": {secret}}
			if working := p.working.Load(); working != nil && *working == secret {
				proofs = append([]url.Values{proof}, proofs...)
			} else {
				proofs = append(proofs, proof)
			}
		}
		return proofs, nil
	}, nil
}

// remember keeps the secret that Entra accepted after another one, to try it first from now on.
func (p *Provider) remember(proof url.Values) {
	secret := proof.Get("client_secret")
	if before := p.working.Swap(&secret); before == nil || *before != secret {
		p.log.Warn("entra accepted only the other one of the two client secrets; remove the one that no longer works")
	}
}

// assertion are the parameters of RFC 7521 section 4.2.
func assertion(jwt string) []url.Values {
	return []url.Values{{
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {jwt},
	}}
}

// federatedProver sends the token of a workload identity
// (https://learn.microsoft.com/entra/workload-id/workload-identity-federation). Kubernetes replaces
// it about hourly.
func (p *Provider) federatedProver(c Config) (prover, error) {
	token, err := newCurrent("federated_token_file", p.log, func() (string, error) { return readToken(c.FederatedTokenFile) })
	if err != nil {
		return nil, err
	}
	return func(string) ([]url.Values, error) { return assertion(token.get()), nil }, nil
}

// readToken reads a JWT. What is in it is Entra's to judge.
func readToken(file string) (string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("federated_token_file (AZURE_FEDERATED_TOKEN_FILE): %w; name the file in which the platform puts this workload's token", err)
	}
	token := strings.TrimSpace(string(raw))
	if strings.Count(token, ".") != 2 || len(token) > maxToken || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("federated_token_file (AZURE_FEDERATED_TOKEN_FILE): %s does not hold a JWT; name the file in which the platform puts this workload's token", file)
	}
	return token, nil
}

// current is something that is read anew at each use. Where that fails, what was read last serves:
// a file is replaced while others read it, and a certificate and its key one after the other.
type current[T any] struct {
	name string
	read func() (T, error)
	log  *slog.Logger

	mu      sync.Mutex
	value   T
	trouble string // why the value is not the newest, empty when it is
}

func newCurrent[T any](name string, log *slog.Logger, read func() (T, error)) (*current[T], error) {
	value, err := read()
	return &current[T]{name: name, read: read, log: log, value: value}, err
}

func (c *current[T]) get() T {
	value, err := c.read()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.value, c.trouble = value, ""
	} else if c.trouble != err.Error() {
		c.trouble = err.Error()
		c.log.Error("the credential for entra cannot be read again; what was read before serves on", "option", c.name, "error", err)
	}
	return c.value
}
