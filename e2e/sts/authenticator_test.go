package sts

import (
	"encoding/json"
	"fmt"
	"regexp"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("aws-iam-authenticator", func() {
	token := func(s shell, args ...string) answer {
		GinkgoHelper()
		return s.run([]string{prepared.Authenticator}, append([]string{"token", "--token-only", "-i", "my-cluster"}, args...)...)
	}
	made := func(s shell, args ...string) string {
		GinkgoHelper()
		a := token(s, args...)
		Expect(a.code).To(Equal(0), a.String())
		return a.out[:len(a.out)-1]
	}
	// verify looks for its region in EC2's metadata first, and says that there is none.
	const noRegion = "[Warn] Region not found in instance metadata, err: operation error ec2imds: GetRegion, access disabled to EC2 IMDS via client option, or \"AWS_EC2_METADATA_DISABLED\" environment variable\n"
	verify := func(e environment, token string) answer {
		GinkgoHelper()
		return e.as("alice").run([]string{prepared.Authenticator}, "verify", "-i", "my-cluster", "-o", "json", "-t", token)
	}
	expectIdentity := func(a answer, arn, canonicalARN string) {
		GinkgoHelper()
		Expect(a.code).To(Equal(0), a.String())
		Expect(a.err).To(Equal(noRegion))
		var identity struct{ ARN, CanonicalARN, AccountID, STSEndpoint string }
		Expect(json.Unmarshal([]byte(a.out), &identity)).To(Succeed(), a.String())
		Expect(identity.ARN).To(MatchRegexp("^" + arn + "$"))
		Expect(identity.CanonicalARN).To(Equal(canonicalARN))
		Expect(identity.AccountID).To(Equal("111122223333"))
		Expect(identity.STSEndpoint).To(Equal("sts.us-west-2.amazonaws.com"))
	}
	expectRefusal := func(a answer, code, message string) {
		GinkgoHelper()
		Expect(a.code).To(Equal(1), a.String())
		Expect(inBody.ReplaceAllString(a.err, `"RequestId":"ID"`)).To(Equal(noRegion + fmt.Sprintf(
			`could not verify token: sts getCallerIdentity failed: error from AWS (expected 200, got 403) on us-west-2 endpoint. `+
				`Body: {"Error":{"Code":%q,"Message":%q,"Type":"Sender"},"RequestId":"ID"}`+"\n", code, message)))
	}

	It("makes a token, and verifies it", func() {
		expectIdentity(verify(world, made(world.as("alice"))), aliceARN, aliceARN)
	})
	It("makes a token of a role", func() {
		expectIdentity(verify(world, made(world.as("alice"), "-r", roleARN)), `arn:aws:sts::111122223333:assumed-role/reader/aws-go-sdk-\d+`,
			"arn:aws:iam::111122223333:role/reader") // without the path, which no answer of STS has
	})
	It("makes no token of a role that does not trust the caller", func() {
		a := token(world.as("bob"), "-r", roleARN)
		Expect(a.code).To(Equal(1), a.String())
		Expect(withoutRequestID(a.err)).To(Equal(
			"could not get token: operation error STS: GetCallerIdentity, get identity: get credentials: " + goRefusal("AssumeRole", "AccessDenied", bobNotAuthorized)))
	})
	It("verifies no token for another cluster", func() {
		a := world.as("alice").run([]string{prepared.Authenticator}, "verify", "-i", "other-cluster", "-t", made(world.as("alice")))
		expectRefusal(a, "SignatureDoesNotMatch", signatureMismatch)
	})
	It("verifies no token that a wrong secret has signed", func() {
		expectRefusal(verify(world, made(world.with(wrongKey).and("AWS_REGION=us-west-2"))), "SignatureDoesNotMatch", signatureMismatch)
	})
	It("verifies no token of a session that has ended", func() {
		expectRefusal(verify(ended, made(ended.with(session).and("AWS_REGION=us-west-2"))), "ExpiredToken", expiredToken)
	})
	It("verifies no token of a clock that is far behind or ahead", func() {
		late := verify(ahead, made(ahead.as("alice")))
		expectRefusal(late, "SignatureDoesNotMatch", skewMessage(late.err, tooOld))
		early := verify(behind, made(behind.as("alice")))
		expectRefusal(early, "SignatureDoesNotMatch", skewMessage(early.err, tooNew))
	})
})

var inBody = regexp.MustCompile(`"RequestId":"[0-9a-f-]{36}"`)
