package caddymodule

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
)

// credential is what the settings say about how the application proves itself to Entra, and about
// what wraps the keys in storage.
type credential struct {
	given    bool     // in the configuration or under a name that is this plugin's
	master   string   // of master_key
	masters  [][]byte // master_key, then the secrets
	identity []string // what two configurations with the same credential have in common
}

// credentialSettings reads them. AZURE_FEDERATED_TOKEN_FILE is in every pod that has a workload
// identity, whatever for, so it means something only where nothing else proves the application.
func (a *App) credentialSettings(s *settings, c *entra.Config) *credential {
	c.ClientSecrets = clientSecrets(s, a.ClientSecrets)
	if fromFile(a.ClientSecrets...) {
		configured := slices.Clone(a.ClientSecrets)
		c.ReadSecrets = func() ([]string, error) {
			s := newSettings("entra")
			return clientSecrets(s, configured), s.err()
		}
	}
	c.CertificateFile, c.KeyFile = s.text("client_certificate", a.ClientCertificate), s.text("client_certificate", a.ClientKey)
	proven := len(c.ClientSecrets) > 0 || c.CertificateFile != "" || c.KeyFile != ""
	token := s.text("federated_token_file", a.FederatedTokenFile, "AZURE_FEDERATED_TOKEN_FILE")
	if a.FederatedTokenFile != "" || !proven && c.Issuer != "" && c.ClientID != "" {
		c.FederatedTokenFile = token
	}
	masters, master := masterKeys(s, a.MasterKey, c.ClientSecrets)
	return &credential{
		given: proven || a.FederatedTokenFile != "", master: master, masters: masters,
		identity: slices.Concat([]string{"master", lasting(a.MasterKey, master), "secrets"}, lastingAll(a.ClientSecrets, c.ClientSecrets),
			[]string{"files", c.CertificateFile, c.KeyFile, c.FederatedTokenFile}),
	}
}

func clientSecrets(s *settings, configured []string) []string {
	return s.secrets("client_secret", configured, "ENTRA_ID_CLIENT_SECRET", "OAUTH_DCR_CLIENT_SECRET")
}

// masterKeys are what wraps the keys in storage, the one that writes first.
func masterKeys(s *settings, configured string, secrets []string) (masters [][]byte, master string) {
	master = s.text("master_key", configured)
	if master != "" && len(master) < 32 {
		s.failf("master_key", "it is shorter than 32 characters; make one with `openssl rand -base64 32`")
	}
	if master != "" {
		masters = append(masters, []byte(master))
	}
	for _, secret := range secrets {
		masters = append(masters, []byte(secret))
	}
	return masters, master
}

// fromFile reports whether a value comes from a file, which may change while Caddy runs.
func fromFile(configured ...string) bool {
	return slices.ContainsFunc(configured, func(v string) bool { return strings.Contains(v, "{file.") })
}

// lasting is what names a value for as long as the configuration is the same: the file that it
// comes from, or itself.
func lasting(configured, value string) string {
	if fromFile(configured) {
		return configured
	}
	return value
}

func lastingAll(configured, values []string) []string {
	if fromFile(configured...) {
		return configured
	}
	return values
}

// check demands a master key where no secret is there to wrap the keys.
func (m *credential) check(c entra.Config) error {
	option := "client_certificate"
	switch {
	case c.FederatedTokenFile != "":
		option = "federated_token_file (AZURE_FEDERATED_TOKEN_FILE)"
	case c.CertificateFile == "" && c.KeyFile == "":
		return nil
	}
	if m.master != "" {
		return nil
	}
	return fmt.Errorf("entra: master_key: it is required with %s, because there is no client secret (ENTRA_ID_CLIENT_SECRET) that could protect the keys in storage; "+
		"make one with `openssl rand -base64 32` and name its file, as in `master_key {file./run/secrets/master}`", option)
}

// masterInterval is how often the files of secrets are looked at. Requests to Entra read them
// anyway; this is for the keys in storage, which must not stay wrapped with a secret that is gone.
var masterInterval = 15 * time.Second

func (a *App) mastersChange() bool {
	return a.state.keys.Persistent() && fromFile(append(slices.Clone(a.ClientSecrets), a.MasterKey)...)
}

// followMasters wraps the keys in storage anew when a secret in a file has changed. It waits until
// it has seen the same secrets twice: a file may be read while it is written.
func (a *App) followMasters(ctx context.Context, interval time.Duration) {
	var seen [][]byte
	var trouble string
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
		s := newSettings("entra")
		masters, _ := masterKeys(s, a.MasterKey, clientSecrets(s, a.ClientSecrets))
		err := s.err()
		if err == nil && slices.EqualFunc(masters, seen, bytes.Equal) {
			err = a.state.keys.Rewrap(ctx, masters)
		}
		seen = masters
		switch {
		case err == nil, errors.Is(err, context.Canceled):
			trouble = ""
		case err.Error() != trouble:
			trouble = err.Error()
			a.logger.Error("a changed secret does not protect the keys in storage yet; keep the previous one until it does", "error", err)
		}
	}
}
