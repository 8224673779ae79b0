package ec2

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
)

// Instance is an EC2 instance that the emulator claims to exist. It is always running.
type Instance struct {
	InstanceID     string // "i-" and 8 or 17 lower-case hex digits
	PrivateDNSName string // "ip-10-0-0-1.us-west-2.compute.internal"
	PrivateIP      string // IPv4 address
	AccountID      string // 12 digits; the owner
	Region         string // "us-west-2"
}

var (
	instanceID = regexp.MustCompile(`^i-([0-9a-f]{8}|[0-9a-f]{17})$`)
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
)

// validate lists what is wrong with an instance.
func (i Instance) validate() error {
	var problems []error
	if !instanceID.MatchString(i.InstanceID) {
		problems = append(problems, fmt.Errorf("the ID %q must be i- and 8 or 17 lower-case hex digits", i.InstanceID))
	}
	if i.PrivateDNSName == "" {
		problems = append(problems, errors.New("the private DNS name is missing, give one such as ip-10-0-0-1.us-west-2.compute.internal"))
	}
	if address, err := netip.ParseAddr(i.PrivateIP); err != nil || !address.Is4() {
		problems = append(problems, fmt.Errorf("the private IP %q is no IPv4 address", i.PrivateIP))
	}
	if !accountID.MatchString(i.AccountID) {
		problems = append(problems, fmt.Errorf("the account ID %q must have 12 digits", i.AccountID))
	}
	if i.Region == "" {
		problems = append(problems, errors.New("the region is missing, give one such as us-west-2"))
	}
	if len(problems) > 0 {
		return fmt.Errorf("instance %q: %w", i.InstanceID, errors.Join(problems...))
	}
	return nil
}

// checkInstances lists what is wrong with a set of instances, duplicate IDs included.
func checkInstances(instances []Instance) error {
	var problems []error
	seen := map[string]bool{}
	for _, i := range instances {
		if err := i.validate(); err != nil {
			problems = append(problems, err)
		}
		if seen[i.InstanceID] {
			problems = append(problems, fmt.Errorf("instance %q is listed twice, remove one", i.InstanceID))
		}
		seen[i.InstanceID] = true
	}
	return errors.Join(problems...)
}

// reservationID makes up the reservation that launched an instance: "r-0" and 16 hex digits, the same ones
// for the same instance.
func (i Instance) reservationID() string {
	sum := sha256.Sum256([]byte("reservation\x00" + i.InstanceID))
	return "r-0" + hex.EncodeToString(sum[:8])
}
