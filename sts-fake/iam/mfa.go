package iam

import (
	"crypto/hmac"
	"crypto/sha1" // #nosec G505 -- the algorithm of RFC 6238 that AWS's virtual MFA devices have
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Why a code of an MFA device is refused.
var (
	ErrUnknownMFADevice = errors.New("the caller has no such MFA device")
	ErrInvalidMFACode   = errors.New("the code is not one of the device's codes of this time")
)

const (
	totpStep      = 30 * time.Second
	totpDigits    = 6
	minSerial     = 9 // and below: spec/sts.md section 4.2
	maxSerial     = 256
	minSeedBytes  = 10
	maxMFADevices = 8 // per user: IAM and AWS STS quotas
)

// MFADevice is a device of a user that makes one-time codes.
type MFADevice struct {
	// SerialNumber is arn:aws:iam::ACCOUNT:mfa/NAME of a virtual device, or the number of a hardware one.
	SerialNumber string `json:"serialNumber"`
	// Seed is the device's secret in base32, as in the URL of its QR code.
	Seed string `json:"seed"`
}

// TOTP is the code that a device shows at a time: six digits, a new one every 30 seconds, with HMAC-SHA-1 (RFC 6238,
// as AWS's virtual MFA devices have it). seed is base32; case, spaces and padding do not matter. The error does not
// show the seed.
func TOTP(seed string, t time.Time) (string, error) {
	key, err := decodeSeed(seed)
	if err != nil {
		return "", err
	}
	return totp(key, stepOf(t)), nil
}

func stepOf(t time.Time) int64 { return t.Unix() / int64(totpStep/time.Second) }

func decodeSeed(seed string) ([]byte, error) {
	text := strings.ToUpper(strings.TrimRight(strings.ReplaceAll(seed, " ", ""), "="))
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("the seed of an MFA device is not base32")
	}
	if len(key) < minSeedBytes {
		return nil, fmt.Errorf("the seed of an MFA device has %d bytes: it must have at least %d", len(key), minSeedBytes)
	}
	return key, nil
}

// totp is RFC 4226 section 5.3, with the number of a time step as the counter.
func totp(key []byte, step int64) string {
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	code := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", totpDigits, code%1_000_000)
}

// VerifyMFA checks a code of one of the caller's own MFA devices by the store's clock. The codes of the steps before
// and after are taken as well: RFC 6238 section 5.2 recommends it, AWS's tolerance is not known. So is a code that was
// used before, as the store keeps no sessions; AWS is said to refuse it. The error is [ErrUnknownMFADevice] or
// [ErrInvalidMFACode].
func (s *Store) VerifyMFA(c Caller, serialNumber, tokenCode string) error {
	devices := s.read().users[c.PrincipalARN].MFADevices
	i := slices.IndexFunc(devices, func(d MFADevice) bool { return d.SerialNumber == serialNumber })
	if i < 0 || c.Type != CallerUser {
		return fmt.Errorf("MFA device %q of %s: %w", serialNumber, c.ARN, ErrUnknownMFADevice)
	}
	key, err := decodeSeed(devices[i].Seed)
	if err != nil {
		return fmt.Errorf("MFA device %q of %s: %w", serialNumber, c.ARN, err)
	}
	now := stepOf(s.now())
	for step := now - 1; step <= now+1; step++ {
		if subtle.ConstantTimeCompare([]byte(totp(key, step)), []byte(tokenCode)) == 1 {
			return nil
		}
	}
	return fmt.Errorf("MFA device %q of %s: %w", serialNumber, c.ARN, ErrInvalidMFACode)
}

// checkMFADevices names a device by its serial number and never by its seed.
func checkMFADevices(devices []MFADevice, ps *Problems) {
	if len(devices) > maxMFADevices {
		ps.add("", "%d MFA devices: at most %d", len(devices), maxMFADevices)
	}
	for _, device := range devices {
		at := fmt.Sprintf("MFA device %q", device.SerialNumber)
		if len(device.SerialNumber) < minSerial || len(device.SerialNumber) > maxSerial || !onlyBytes(device.SerialNumber, isSerialByte) {
			ps.add(at, "a serial number is %d to %d letters, digits or _+=/:,.@-", minSerial, maxSerial)
		}
		if _, err := decodeSeed(device.Seed); err != nil {
			ps.add(at, "%s", err)
		}
	}
}

// isSerialByte is the pattern [\w+=/:,.@-]* of SerialNumber in the STS API reference, with \w as in ASCII.
func isSerialByte(c byte) bool { return c == '/' || c == ':' || isName(string(rune(c))) && c < 0x80 }
