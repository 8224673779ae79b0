package emulator

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// mfaPeriod is how many seconds a code is shown (RFC 6238 section 4.1; [iam.TOTP]).
const mfaPeriod = 30

// MFACode is what an MFA device shows by the clock of the AWS side.
type MFACode struct {
	User         string   `json:"user"` // whose device it is
	SerialNumber string   `json:"serialNumber"`
	Profiles     []string `json:"profiles"` // of roles that ask for this device: they have it as mfa_serial
	Code         string   `json:"code"`
	SecondsLeft  int      `json:"secondsLeft"` // until the device shows another one; STS takes this one half a minute longer
}

// MFACodes are what the MFA devices of all users show now, by the clock of the AWS side. The devices' seeds stay in
// the environment.
func (c *Client) MFACodes(ctx context.Context) ([]MFACode, error) {
	var codes []MFACode
	return codes, c.call(ctx, http.MethodGet, "mfa", nil, nil, &codes)
}

func (a *admin) mfaCodes(w http.ResponseWriter, _ *http.Request) {
	codes, err := mfaCodes(a.env.aws.configuration(), a.env.clock.now())
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, adminError{err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, codes)
}

// mfaCodes reads all devices of a configuration, in its order.
func mfaCodes(cfg *config.Environment, now time.Time) ([]MFACode, error) {
	codes := []MFACode{}
	for _, user := range cfg.Users {
		for _, device := range user.MFADevices {
			code, err := iam.TOTP(string(device.Seed), now)
			if err != nil {
				return nil, fmt.Errorf("MFA device %s of %s: %w", device.SerialNumber, user.Name, err)
			}
			codes = append(codes, MFACode{
				User: user.Name, SerialNumber: device.SerialNumber, Profiles: mfaProfiles(cfg, device.SerialNumber),
				Code: code, SecondsLeft: mfaPeriod - int(now.Unix()%mfaPeriod),
			})
		}
	}
	return codes, nil
}

// mfaProfiles are the names of the roles whose profiles ask for a device.
func mfaProfiles(cfg *config.Environment, serialNumber string) []string {
	names := []string{}
	for _, role := range cfg.Roles {
		if role.MFASerial == serialNumber {
			names = append(names, role.Name)
		}
	}
	return names
}
