package entra

import (
	"cmp"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"time"
)

// backdating is how far Entra sets iat and nbf back, for clocks that run behind.
const backdating = 5 * time.Minute

// AccessClaims returns the claims of an access token for the application, of the version that is
// configured. Without scopes the token has no scp.
func (s *Server) AccessClaims(person Person, scopes ...string) map[string]any {
	b, now := s.behaves(), s.now()
	c := map[string]any{
		"aud": s.cfg.ClientID,
		"iat": now.Add(-backdating).Unix(), "nbf": now.Add(-backdating).Unix(), "exp": now.Add(s.cfg.TokenLifetime).Unix(),
		"name": person.Name, "oid": person.ObjectID, "sub": pairwise(person), "tid": s.cfg.TenantID,
		"uti": rand.Text()[:22], "rh": "1.AXkA." + rand.Text(), "aio": rand.Text(),
	}
	if len(scopes) > 0 {
		c["scp"] = strings.Join(scopes, " ")
	}
	if len(person.Roles) > 0 {
		c["roles"] = person.Roles
	}
	if person.Home != "" {
		c["idp"] = person.Home
	}
	maps.Copy(c, s.groupClaims(person, &b))
	maps.Copy(c, s.versionClaims(person, cmp.Or(b.TokenVersion, s.cfg.TokenVersion)))
	if b.Issuer != "" {
		c["iss"] = b.Issuer
	}
	return c
}

// groupClaims are the groups of a person, or in their place, when there are too many, where to ask.
func (s *Server) groupClaims(person Person, b *Behaviour) map[string]any {
	groups := b.groupsOf(person)
	switch overage := b.GroupOverage || len(groups) > maxTokenGroups; {
	case overage && b.GroupsEndpoint == "-":
		return map[string]any{"hasgroups": true}
	case overage:
		usual := "https://graph.windows.net/" + s.cfg.TenantID + "/users/" + person.ObjectID + "/getMemberObjects"
		return map[string]any{
			"_claim_names":   map[string]string{"groups": "src1"},
			"_claim_sources": map[string]any{"src1": map[string]string{"endpoint": cmp.Or(b.GroupsEndpoint, usual)}},
		}
	case len(groups) > 0:
		return map[string]any{"groups": groups}
	}
	return nil
}

func (b *Behaviour) groupsOf(person Person) []string {
	if b.Groups != nil {
		return b.Groups
	}
	return person.Groups
}

func (s *Server) versionClaims(person Person, version int) map[string]any {
	application := cmp.Or(s.behaves().Application, s.cfg.ClientID)
	if version == 1 {
		return map[string]any{
			"ver": "1.0", "iss": s.IssuerV1(), "appid": application, "appidacr": "1",
			"acr": "1", "amr": []string{"pwd", "mfa"}, "ipaddr": "192.0.2.10",
			"unique_name": person.Username, "upn": person.Username,
		}
	}
	return map[string]any{
		"ver": "2.0", "iss": s.Authority(), "azp": application, "azpacr": "1",
		"preferred_username": person.Username,
	}
}

// IDClaims returns the claims of an ID token, which is always of version 2.0.
func (s *Server) IDClaims(person Person, nonce string, email bool) map[string]any {
	b, now := s.behaves(), s.now()
	c := map[string]any{
		"aud": s.cfg.ClientID, "iss": cmp.Or(b.Issuer, s.Authority()), "ver": "2.0",
		"iat": now.Add(-backdating).Unix(), "nbf": now.Add(-backdating).Unix(), "exp": now.Add(time.Hour - backdating).Unix(),
		"name": person.Name, "oid": person.ObjectID, "sub": pairwise(person), "tid": s.cfg.TenantID,
		"preferred_username": person.Username, "uti": rand.Text()[:22], "rh": "1.AXkA." + rand.Text(), "aio": rand.Text(),
	}
	if nonce = cmp.Or(b.Nonce, nonce); nonce != "" {
		c["nonce"] = nonce
	}
	if email {
		c["email"] = person.Username
	}
	if len(person.Roles) > 0 {
		c["roles"] = person.Roles
	}
	if person.Home != "" {
		c["idp"] = person.Home
	}
	return c
}

// pairwise is a sub, which differs from application to application.
func pairwise(person Person) string {
	sum := sha256.Sum256([]byte("sub" + person.ObjectID))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// graphToken is a token for Microsoft Graph: the nonce in its header was hashed before signing, so
// that nobody but Graph can verify it. It is good for all that was consented to.
func (s *Server) graphToken(person Person) string {
	c := s.AccessClaims(person, append([]string{"openid", "profile", "email"}, s.cfg.GraphPermissions...)...)
	maps.Copy(c, s.versionClaims(person, 1))
	for _, name := range []string{"azp", "azpacr", "preferred_username", "roles"} {
		delete(c, name)
	}
	c["aud"] = "00000003-0000-0000-c000-000000000000"
	signed := strings.Split(s.Mint(c, Header("nonce", "hashed "+rand.Text())), ".")
	sent := strings.Split(s.Mint(c, Header("nonce", rand.Text())), ".")
	token := sent[0] + "." + sent[1] + "." + signed[2]
	expires := s.now().Add(s.cfg.TokenLifetime)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.graph[token] = &graphAccess{person, s.cfg.GraphPermissions, expires}
	return token
}

// Option changes how a token is minted.
type Option func(*minting)

type minting struct {
	key    privateKey
	alg    string
	header map[string]any
}

// Stranger signs with a key that no server publishes, under the id of the current key.
func Stranger() Option { return func(m *minting) { m.key.rsa = pooledKey(strangerKey).rsa } }

// Alg signs with RS256, PS256, none, or HS256 with the public key as secret.
func Alg(name string) Option { return func(m *minting) { m.alg = name } }

// Header sets a member of the header; nil removes it.
func Header(name string, value any) Option { return func(m *minting) { m.header[name] = value } }

// Mint returns a token with the claims, signed by the current key.
func (s *Server) Mint(claims map[string]any, options ...Option) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err) // a test's mistake
	}
	return s.MintRaw(payload, options...)
}

// MintRaw is Mint with a payload that need not be JSON.
func (s *Server) MintRaw(payload []byte, options ...Option) string {
	m := &minting{key: s.currentKey(), alg: "RS256", header: map[string]any{"typ": "JWT"}}
	m.header["kid"] = m.key.id
	for _, o := range options {
		o(m)
	}
	if _, set := m.header["alg"]; !set {
		m.header["alg"] = m.alg
	}
	maps.DeleteFunc(m.header, func(_ string, v any) bool { return v == nil })
	header, err := json.Marshal(m.header)
	if err != nil {
		panic(err) // a test's mistake
	}
	encode := base64.RawURLEncoding.EncodeToString
	input := encode(header) + "." + encode(payload)
	return input + "." + encode(m.sign([]byte(input)))
}

func (m *minting) sign(input []byte) []byte {
	sum := sha256.Sum256(input)
	var signature []byte
	var err error
	switch m.alg {
	case "RS256":
		signature, err = rsa.SignPKCS1v15(rand.Reader, m.key.rsa, crypto.SHA256, sum[:])
	case "PS256":
		signature, err = rsa.SignPSS(rand.Reader, m.key.rsa, crypto.SHA256, sum[:], nil)
	case "HS256":
		mac := hmac.New(sha256.New, x509.MarshalPKCS1PublicKey(&m.key.rsa.PublicKey))
		mac.Write(input)
		signature = mac.Sum(nil)
	}
	if err != nil {
		panic(err) // the key is good
	}
	return signature
}
