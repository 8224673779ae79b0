package iam

import (
	"encoding/base64"
	"fmt"
)

// MaxEncodedMessage is the length in characters that no encoded authorization message exceeds (STS API reference,
// DecodeAuthorizationMessage).
const MaxEncodedMessage = 10240

// SealMessage encodes what an authorization decided, as services do that answer with an encoded message for
// DecodeAuthorizationMessage. Only stores with the same sealing key can open it. What AWS's messages consist of is
// not public: only their alphabet is alike. The error says how much longer than allowed the document is, or the message
// would be.
func (s *Store) SealMessage(document string) (string, error) {
	if len(document) > maxUnpacked {
		return "", fmt.Errorf("encode an authorization message: the document has %d bytes, and at most %d are allowed", len(document), maxUnpacked)
	}
	raw, err := encrypt(s.sealer.messages, s.random, pack([]byte(document)), "")
	if err != nil {
		return "", fmt.Errorf("encode an authorization message: %w", err)
	}
	message := base64.RawURLEncoding.EncodeToString(raw)
	if len(message) > MaxEncodedMessage {
		return "", fmt.Errorf("encode an authorization message: it would have %d characters, and at most %d are allowed", len(message), MaxEncodedMessage)
	}
	return message, nil
}

// OpenMessage decodes an authorization message, or returns false for one that was not made with this store's
// sealing key.
func (s *Store) OpenMessage(message string) (string, bool) {
	if len(message) > MaxEncodedMessage {
		return "", false
	}
	raw, ok := decodeStrict(base64.RawURLEncoding, message)
	if !ok {
		return "", false
	}
	packed, ok := decrypt(s.sealer.messages, raw, "")
	if !ok {
		return "", false
	}
	document, ok := unpack(packed)
	return string(document), ok
}
