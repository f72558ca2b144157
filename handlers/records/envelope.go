package records

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"time"
)

// envelope is a record as storage sees it. The expiry is outside so that a sweep needs no key; the
// one that counts is inside.
type envelope struct {
	Expires int64  `json:"exp"`
	KeyID   string `json:"kid"`
	Sealed  []byte `json:"sealed"` // AES-256-GCM, the nonce in front
}

// sealEnvelope encrypts a record. What stays in our storage needs no standard form, and a gate opens
// two of them for a token: without a JWE around it that costs a third.
func (k *Keyring) sealEnvelope(ctx context.Context, purpose string, plaintext []byte) (*envelope, error) {
	keys, err := k.set(ctx, "", reloadInterval)
	if err != nil {
		return nil, err
	}
	derived, err := derive(keys[0], k.derivation("record", purpose))
	if err != nil {
		return nil, err
	}
	aead, err := gcm(derived)
	if err != nil {
		return nil, err
	}
	sealed := aead.Seal(nil, nil, plaintext, nil) //nolint:gosec // it takes no nonce: each is random
	return &envelope{KeyID: keys[0].KeyID, Sealed: sealed}, nil
}

// openEnvelope decrypts a record. It returns ErrInvalid for what was sealed for another purpose, or
// was altered; patience is that of key.
func (k *Keyring) openEnvelope(ctx context.Context, purpose string, e *envelope, patience time.Duration) ([]byte, error) {
	key, err := k.key(ctx, e.KeyID, patience)
	if err != nil {
		return nil, err
	}
	derived, err := derive(key, k.derivation("record", purpose))
	if err != nil {
		return nil, err
	}
	aead, err := gcm(derived)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, e.Sealed, nil)
	if err != nil {
		return nil, ErrInvalid
	}
	return plain, nil
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making a cipher: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
