package iam

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
)

const (
	sealingKeySize = 32
	sealVersion    = 1
	nonceSize      = 12
	sealOverhead   = 1 + nonceSize + 16 // version, nonce, authentication tag

	// MaxSessionTokenLength is the length in characters that no session token exceeds. AWS allows 4,096, but an
	// EKS token carries the session token in an escaped URL, in base64, and must itself stay below 4,096
	// (spec/sts.md section 4.1).
	MaxSessionTokenLength = 1496
	maxRecordSize         = MaxSessionTokenLength/4*3 - sealOverhead
)

// sealer encrypts and authenticates session records with AES-256-GCM.
type sealer struct {
	aead      cipher.AEAD
	secretKey []byte // derives secret access keys from tokens
}

func newSealer(key []byte) (sealer, error) {
	if len(key) != sealingKeySize {
		return sealer{}, fmt.Errorf("the sealing key has %d bytes: it must have %d", len(key), sealingKeySize)
	}
	tokenKey, err := hkdf.Key(sha256.New, key, nil, "eksemu session token", 32)
	if err != nil {
		return sealer{}, fmt.Errorf("derive the session token key: %w", err)
	}
	secretKey, err := hkdf.Key(sha256.New, key, nil, "eksemu session secret access key", 32)
	if err != nil {
		return sealer{}, fmt.Errorf("derive the key of secret access keys: %w", err)
	}
	block, err := aes.NewCipher(tokenKey)
	if err != nil {
		return sealer{}, fmt.Errorf("set up AES: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return sealer{}, fmt.Errorf("set up GCM: %w", err)
	}
	return sealer{aead, secretKey}, nil
}

// seal makes a token of a record. It opens only together with the same access key ID.
func (s sealer) seal(random io.Reader, accessKeyID string, record []byte) (string, error) {
	if len(record) > maxRecordSize {
		return "", fmt.Errorf("the session's record has %d bytes: at most %d fit into a session token", len(record), maxRecordSize)
	}
	raw := make([]byte, 1+nonceSize, sealOverhead+len(record))
	raw[0] = sealVersion
	nonce := raw[1:]
	if _, err := io.ReadFull(random, nonce); err != nil {
		return "", fmt.Errorf("draw a nonce: %w", err)
	}
	raw = s.aead.Seal(raw, nonce, record, []byte(accessKeyID))
	return base64.StdEncoding.EncodeToString(raw), nil
}

// open is the record in a token, or false for anything that seal did not make for this access key ID.
func (s sealer) open(accessKeyID, token string) ([]byte, bool) {
	if len(token) > MaxSessionTokenLength {
		return nil, false
	}
	raw, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(raw) < sealOverhead || raw[0] != sealVersion {
		return nil, false
	}
	if base64.StdEncoding.EncodeToString(raw) != token { // DecodeString forgives line breaks and loose bits at the end
		return nil, false
	}
	record, err := s.aead.Open(nil, raw[1:1+nonceSize], raw[1+nonceSize:], []byte(accessKeyID))
	return record, err == nil
}

// secret is the secret access key that belongs to a token: 40 characters.
func (s sealer) secret(token string) string {
	mac := hmac.New(sha256.New, s.secretKey)
	mac.Write([]byte(token))
	return secretFrom(mac.Sum(nil))
}
