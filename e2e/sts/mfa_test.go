package sts

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// alice's MFA device, of testdata/environment.yaml.
const (
	alicesPhone     = "arn:aws:iam::111122223333:mfa/alices-phone"
	alicesPhoneSeed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
)

// carefulARN is the role that asks for MFA.
const carefulARN = "arn:aws:iam::111122223333:role/careful"

func describeMFA(c client) {
	Describe("assume-role with an MFA device", func() {
		assume := func(device, code string) answer {
			return c.sts(world.as("alice"), "assume-role", "--role-arn", carefulARN, "--role-session-name", "walk", "--serial-number", device, "--token-code", code)
		}
		It("takes the code that the device shows", func() {
			session := credentialsIn(assume(alicesPhone, code(time.Now())))
			expectARN(c.ask(world.with(session), c.identity...), "^arn:aws:sts::111122223333:assumed-role/careful/walk$")
		})
		It("refuses an old code", func() {
			c.expectRefusal(assume(alicesPhone, code(time.Now().Add(-time.Hour))),
				"AssumeRole", "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.") // [R]
		})
		It("refuses a device that is not alice's", func() {
			c.expectRefusal(assume("arn:aws:iam::111122223333:mfa/somebodys-phone", code(time.Now())), "AssumeRole", "AccessDenied",
				"MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.") // [R]
		})
		It("is needed where the role's trust policy asks for it", func() {
			c.expectRefusal(c.ask(world.as("alice"), c.assumeRole(carefulARN, "walk")...), "AssumeRole", "AccessDenied",
				"User: "+aliceARN+" is not authorized to perform: sts:AssumeRole on resource: "+carefulARN) // [R]
		})
	})
}

// code is what an authenticator app shows: RFC 6238 with its defaults, in six digits.
func code(at time.Time) string {
	GinkgoHelper()
	key, err := base32.StdEncoding.DecodeString(alicesPhoneSeed)
	Expect(err).NotTo(HaveOccurred())
	mac := hmac.New(sha1.New, key)
	Expect(binary.Write(mac, binary.BigEndian, at.Unix()/30)).To(Succeed())
	sum := mac.Sum(nil)
	number := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:]) &^ (1 << 31)
	return fmt.Sprintf("%06d", number%1_000_000)
}
