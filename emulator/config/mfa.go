package config

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base32"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/strictyaml"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// MFADevice is an MFA device of a user: a virtual one, which has a name, or a hardware token, which has a serial number
// alone. Its codes are those of RFC 6238 for its seed, six digits every 30 seconds, as any authenticator app computes.
type MFADevice struct {
	Name         string `yaml:"name,omitempty"`
	SerialNumber string `yaml:"serialNumber"` // arn:aws:iam::ACCOUNT:mfa/NAME if left out
	Seed         Secret `yaml:"seed"`         // base32; always the same for the same serial number if left out
}

const (
	maxMFADevices = 8  // IAM User Guide, "AWS Multi-factor authentication in IAM": up to eight of each user
	seedSize      = 40 // bytes; AWS's seeds are 64 characters of base32 (IAM API reference, VirtualMFADevice)
)

var (
	// IAM API reference, CreateVirtualMFADevice; the longest name that is allowed there.
	mfaNamePattern = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{1,226}$`)
	// IAM API reference, EnableMFADevice.
	serialNumberPattern = regexp.MustCompile(`^[A-Za-z0-9_+=/:,.@-]{9,256}$`)
)

// virtualMFA is the serial number of a virtual device.
func (v *validator) virtualMFA(account, name string) string {
	return "arn:" + v.partition + ":iam::" + account + ":mfa/" + name
}

// completeMFA fills in what devices leave out. A fixture's seed is no secret: it comes from the serial number.
func (v *validator) completeMFA(devices []MFADevice, account string, at []any) {
	for i := range devices {
		device := &devices[i]
		if device.Name != "" {
			v.fill(&device.SerialNumber, v.virtualMFA(account, device.Name), sub(at, "mfaDevices", i, "serialNumber")...)
		}
		if device.Seed == "" && !v.written(sub(at, "mfaDevices", i, "seed")...) {
			mac := hmac.New(sha512.New, []byte("eksemu mfa seed"))
			mac.Write([]byte(device.SerialNumber))
			device.Seed = Secret(base32.StdEncoding.EncodeToString(mac.Sum(nil)[:seedSize]))
		}
	}
}

// mfaDevices checks the devices of a user. serials are the serial numbers that are taken, with whose they are.
func (v *validator) mfaDevices(user User, serials map[string]string, at []any) {
	if len(user.MFADevices) > maxMFADevices {
		v.report("remove the others", fmt.Sprintf("%d MFA devices, and IAM allows %d", len(user.MFADevices), maxMFADevices), sub(at, "mfaDevices")...)
	}
	for i, device := range user.MFADevices {
		v.mfaDevice(device, user, serials, sub(at, "mfaDevices", i))
	}
}

func (v *validator) mfaDevice(device MFADevice, user User, serials map[string]string, at []any) {
	if _, err := iam.TOTP(string(device.Seed), time.Time{}); err != nil {
		v.report("write base32: A to Z and 2 to 7, at least 16 characters", "not the seed of an MFA device", sub(at, "seed")...)
	}
	serial := sub(at, "serialNumber")
	owner, taken := serials[device.SerialNumber]
	virtual := v.virtualMFA(user.Account, device.Name)
	switch {
	case device.Name == "" && device.SerialNumber == "":
		v.report("write the name of a virtual device, or the serialNumber of a hardware token", "neither name nor serialNumber", at...)
		return
	case device.Name != "" && !mfaNamePattern.MatchString(device.Name):
		v.report("use 1 to 226 letters, digits and _+=,.@-", fmt.Sprintf("%q is not the name of an MFA device", shownSerial(device.Name)), sub(at, "name")...)
		return
	case device.Name != "" && device.SerialNumber != virtual:
		v.report("leave one of the two out", fmt.Sprintf("the serial number of the device %s is %s", device.Name, virtual), serial...)
	case !serialNumberPattern.MatchString(device.SerialNumber):
		v.report("write an ARN, or 9 to 256 letters, digits and _+=/:,.@-", fmt.Sprintf("%q is not the serial number of an MFA device", shownSerial(device.SerialNumber)), serial...)
	case taken:
		v.report("write another", fmt.Sprintf("%s is a device of %s already", shownSerial(device.SerialNumber), owner), at...)
	}
	serials[device.SerialNumber] = user.Name
}

// mfaSerial checks that the device that a role's profile uses is one of who assumes the role: STS takes the codes of a
// caller's own devices only. serials are those of all users.
func (v *validator) mfaSerial(role Role, serials map[string]string, at []any) {
	whose, known := serials[role.MFASerial]
	_, source := v.names.owners[role.SourceProfile]
	switch at := sub(at, "mfaSerial"); {
	case role.MFASerial == "" || v.names.incomplete:
	case known && source && whose != role.SourceProfile:
		v.report(fmt.Sprintf("write sourceProfile: %s, or a device of %s", whose, role.SourceProfile),
			fmt.Sprintf("%s is a device of %s, and %s is who assumes the role", shownSerial(role.MFASerial), whose, role.SourceProfile), at...)
	case known:
	case len(serials) == 0:
		v.report("give the user of sourceProfile an mfaDevice", noDevice(role), at...)
	default:
		var others []string
		for serial := range serials {
			if shownSerial(serial) == serial {
				others = append(others, serial)
			}
		}
		v.report(strictyaml.DidYouMean(role.MFASerial, others), noDevice(role), at...)
	}
}

func noDevice(role Role) string {
	return fmt.Sprintf("no user has an MFA device with the serial number %q", shownSerial(role.MFASerial))
}

// serialsOf are the serial numbers of the users' devices, with whose they are.
func serialsOf(users []User) map[string]string {
	serials := map[string]string{}
	for _, user := range users {
		for _, device := range user.MFADevices {
			serials[device.SerialNumber] = user.Name
		}
	}
	return serials
}

// mfaOf translates devices into those of the IAM package.
func mfaOf(devices []MFADevice) []iam.MFADevice {
	var translated []iam.MFADevice
	for _, device := range devices {
		translated = append(translated, iam.MFADevice{SerialNumber: device.SerialNumber, Seed: strings.TrimSpace(string(device.Seed))})
	}
	return translated
}
