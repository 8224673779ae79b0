package iam

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

const (
	sealingKeySize = 32
	sealVersion    = 2
	nonceSize      = 12
	sealOverhead   = 1 + nonceSize + 16 // version, nonce, authentication tag

	// MaxSessionTokenLength is the length in characters that no session token exceeds: AWS's limit since 2026-09-14
	// (spec/sts.md sections 2.2 and 4.1). A session with long tags or policies may be too long for an EKS token, which
	// carries the session token in an escaped URL, in base64, and is itself bounded by 4,096.
	MaxSessionTokenLength = 4096
	maxSealed             = MaxSessionTokenLength/4*3 - sealOverhead
)

// sealer encrypts and authenticates session records and authorization messages with AES-256-GCM, each with its own
// key.
type sealer struct {
	tokens   cipher.AEAD
	messages cipher.AEAD
}

func newSealer(key []byte) (sealer, error) {
	if len(key) != sealingKeySize {
		return sealer{}, fmt.Errorf("the sealing key has %d bytes: it must have %d", len(key), sealingKeySize)
	}
	tokens, err := newAEAD(key, "eksemu session token")
	if err != nil {
		return sealer{}, err
	}
	messages, err := newAEAD(key, "eksemu authorization message")
	if err != nil {
		return sealer{}, err
	}
	return sealer{tokens, messages}, nil
}

func newAEAD(key []byte, purpose string) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, key, nil, purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("derive the key of %q: %w", purpose, err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("set up AES for %q: %w", purpose, err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("set up GCM for %q: %w", purpose, err)
	}
	return aead, nil
}

// seal makes a token of a record, of at least minimum characters. It opens only together with the same access key ID.
// The error is a *[TokenTooLargeError] if the token would be too long.
func (s sealer) seal(random io.Reader, accessKeyID string, record []byte, minimum int) (string, error) {
	if len(record) > maxUnpacked {
		return "", &TokenTooLargeError{percentOfToken(len(record))}
	}
	packed := pack(record)
	if len(packed) > maxSealed {
		return "", &TokenTooLargeError{percentOfToken(len(packed) + sealOverhead)}
	}
	if short := (minimum+3)/4*3 - sealOverhead - len(packed); short > 0 {
		packed = append(packed, make([]byte, short)...)
	}
	raw, err := encrypt(s.tokens, random, packed, accessKeyID)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

// percentOfToken is what part of the longest token a number of its bytes takes, in percent, rounded up.
func percentOfToken(size int) int {
	characters := base64.StdEncoding.EncodedLen(size)
	return (characters*100 + MaxSessionTokenLength - 1) / MaxSessionTokenLength
}

func encrypt(aead cipher.AEAD, random io.Reader, plain []byte, boundTo string) ([]byte, error) {
	raw := make([]byte, 1+nonceSize, sealOverhead+len(plain))
	raw[0] = sealVersion
	nonce := raw[1:]
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, fmt.Errorf("draw a nonce: %w", err)
	}
	return aead.Seal(raw, nonce, plain, []byte(boundTo)), nil
}

// decrypt is the inverse of encrypt, in place.
func decrypt(aead cipher.AEAD, raw []byte, boundTo string) ([]byte, bool) {
	if len(raw) < sealOverhead || raw[0] != sealVersion {
		return nil, false
	}
	nonce, sealed := raw[1:1+nonceSize], raw[1+nonceSize:]
	plain, err := aead.Open(sealed[:0], nonce, sealed, []byte(boundTo))
	return plain, err == nil
}

// open is the record in a token, or false for anything that seal did not make for this access key ID.
func (s sealer) open(accessKeyID, token string) ([]byte, bool) {
	if len(token) > MaxSessionTokenLength {
		return nil, false
	}
	raw, ok := decodeStrict(base64.StdEncoding, token)
	if !ok {
		return nil, false
	}
	packed, ok := decrypt(s.tokens, raw, accessKeyID)
	if !ok {
		return nil, false
	}
	return unpack(packed)
}

// decodeStrict decodes only what encoding writes: without line breaks, and without loose bits at the end.
func decodeStrict(encoding *base64.Encoding, text string) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	raw, err := encoding.Strict().DecodeString(text)
	return raw, err == nil
}
