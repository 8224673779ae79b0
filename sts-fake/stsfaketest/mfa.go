package stsfaketest

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// MFADevice is a virtual MFA device of a user.
type MFADevice struct {
	SerialNumber string // arn:aws:iam::ACCOUNT:mfa/NAME
	seed         string
	server       *Server
}

// NewMFADevice gives a user an MFA device. Roles ask for it with the condition key aws:MultiFactorAuthPresent in their
// trust policies (see [Server.NewRoleWithTrustPolicy]).
func (s *Server) NewMFADevice(user User) *MFADevice {
	s.t.Helper()
	s.identities.Lock()
	defer s.identities.Unlock()
	owner, err := s.store.User(user.ARN)
	s.need(err)
	seed := make([]byte, 20)
	rand.Read(seed) // crypto/rand.Read never returns an error
	device := &MFADevice{
		SerialNumber: fmt.Sprintf("arn:%s:iam::%s:mfa/%s-%d", s.store.Partition(), owner.AccountID, owner.Name, len(owner.MFADevices)+1),
		seed:         base32.StdEncoding.EncodeToString(seed), server: s,
	}
	owner.MFADevices = append(owner.MFADevices, iam.MFADevice{SerialNumber: device.SerialNumber, Seed: device.seed})
	_, err = s.store.PutUser(owner)
	s.need(err)
	return device
}

// Code is what the device shows at the time of the server's clock. It has the form of a TokenProvider of
// aws-sdk-go-v2, which asks it whenever a code is needed.
func (d *MFADevice) Code() (string, error) { return iam.TOTP(d.seed, d.server.Now()) }
