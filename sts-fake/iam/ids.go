package iam

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Prefixes of unique IDs and access key IDs (IAM User Guide, reference_identifiers; spec/sts.md section 4.1).
const (
	userIDPrefix       = "AIDA"
	roleIDPrefix       = "AROA"
	policyIDPrefix     = "ANPA"
	accessKeyPrefix    = "AKIA"
	temporaryKeyPrefix = "ASIA"
)

// fixtureLabel keys the derivation of everything that must be the same for the same configuration. It is
// public on purpose: nothing that it makes is secret.
const fixtureLabel = "eksemu fixture: not a secret"

// uniqueID derives the ID of the nth principal (from 0) of a name: prefix and 17 characters. AWS's are random.
func uniqueID(prefix, accountID, path, name string, generation int) string {
	sum := fixtureSum("unique-id", prefix, accountID, path, name, strconv.Itoa(generation))
	return prefix + base32.StdEncoding.EncodeToString(sum)[:17]
}

// isUniqueID says whether s has the form of a principal's unique ID.
func isUniqueID(s string) bool { return hasIDForm(userIDPrefix, s) || hasIDForm(roleIDPrefix, s) }

// hasIDForm says whether s is a prefix and 17 of [A-Z0-9].
func hasIDForm(prefix, s string) bool {
	return strings.HasPrefix(s, prefix) && len(s) == len(prefix)+17 && onlyBytes(s, isUpperAlphanumeric)
}

// FixtureAccessKey derives a long-term access key of an account from a seed, such as a user's name and the
// key's number: the same account and seed always give the same key. The secret has 40 characters, as AWS's.
func FixtureAccessKey(accountID, seed string) (AccessKey, error) {
	sum := fixtureSum("access-key", accountID, seed)
	id, err := NewAccessKeyID(accessKeyPrefix, accountID, binary.BigEndian.Uint64(sum))
	if err != nil {
		return AccessKey{}, fmt.Errorf("derive the access key of %q: %w", seed, err)
	}
	return AccessKey{ID: id, Secret: secretFrom(fixtureSum("secret-access-key", accountID, seed)[:secretBytes])}, nil
}

// NewAccessKey makes a long-term access key of an account, active and as random as its source.
func NewAccessKey(accountID string, random io.Reader) (AccessKey, error) {
	var raw [8 + secretBytes]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return AccessKey{}, fmt.Errorf("draw an access key: %w", err)
	}
	id, err := NewAccessKeyID(accessKeyPrefix, accountID, binary.BigEndian.Uint64(raw[:8]))
	if err != nil {
		return AccessKey{}, fmt.Errorf("make an access key: %w", err)
	}
	return AccessKey{ID: id, Secret: secretFrom(raw[8:])}, nil
}

// NewAccessKeyID composes an access key ID that encodes its account: prefix ("AKIA", "ASIA") and 80 bits in
// base32, which are a one, 40 bits of account ID and the low 39 bits of random (spec/sts.md section 4.1).
func NewAccessKeyID(prefix, accountID string, random uint64) (string, error) {
	account, err := strconv.ParseUint(accountID, 10, 40)
	if err != nil || !isAccountID(accountID) {
		return "", fmt.Errorf("account ID %q is not 12 digits", accountID)
	}
	// The 80 bits as two words: the upper 16 are the one and the top 15 bits of the account.
	raw := binary.BigEndian.AppendUint16(nil, 1<<15|uint16(account>>25)) // 40-bit account, 15 bits left
	raw = binary.BigEndian.AppendUint64(raw, account<<39|random&(1<<39-1))
	return prefix + base32.StdEncoding.EncodeToString(raw), nil
}

// secretBytes is what a secret access key of 40 characters has in it.
const secretBytes = 30

// secretFrom makes a secret access key of secretBytes bytes.
func secretFrom(raw []byte) string {
	var text [secretBytes / 3 * 4]byte
	base64.StdEncoding.Encode(text[:], raw)
	return string(text[:])
}

func fixtureSum(purpose string, parts ...string) []byte {
	mac := hmac.New(sha256.New, []byte(fixtureLabel))
	mac.Write([]byte(purpose))
	for _, part := range parts {
		mac.Write([]byte{0})
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}
