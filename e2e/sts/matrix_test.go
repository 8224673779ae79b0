package sts

import (
	"fmt"
	"regexp"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	aliceARN = "arn:aws:iam::111122223333:user/alice"
	roleARN  = "arn:aws:iam::111122223333:role/team/reader"
)

// wrongKey is alice's access key of testdata/environment.yaml with another secret.
var wrongKey = credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"}

// AWS's words, spec/sts.md section 2.2.
const (
	signatureMismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details." // [R]
	expiredToken      = "The security token included in the request is expired"                                                                                                                              // [R]
	bobNotAuthorized  = "User: arn:aws:iam::111122223333:user/bob is not authorized to perform: sts:AssumeRole on resource: " + roleARN                                                                      // [R]
	tooOld            = "Signature expired: %s is now earlier than %s (%s - 15 min.)"                                                                                                                        // [R]
	tooNew            = "Signature not yet current: %s is still later than %s (%s + 15 min.)"                                                                                                                // [R]
)

var _ = Describe("a client", func() {
	for _, c := range clients {
		Describe(c.name, func() {
			It("tells who calls", func() {
				expectARN(c.ask(world.as("alice"), c.identity...), "^"+aliceARN+"$")
			})
			It("assumes a role", func() {
				a := c.ask(world.as("alice"), c.assumeRole(roleARN, "walk")...)
				expectARN(a, "^arn:aws:sts::111122223333:assumed-role/reader/walk$")
			})
			It("acts as a role, by a profile with role_arn and source_profile", func() {
				a := c.ask(world.as("reader"), c.identity...)
				expectARN(a, `^arn:aws:sts::111122223333:assumed-role/reader/(botocore-session|aws-go-sdk|aws-sdk-js)-\d+$`)
			})
			It("acts as a role, by a token file as pods have one", func() {
				expectARN(c.ask(pod(), c.identity...), "^arn:aws:sts::111122223333:assumed-role/deployer/pod$")
			})
			It("finds STS at another endpoint, without the proxy", func() {
				args := c.identity
				if c.unaware {
					args = append([]string{"--endpoint-url", world.endpoint()}, args...)
				}
				calls := world.calls(func() { expectARN(c.ask(world.direct(world.as("alice")), args...), "^"+aliceARN+"$") })
				Expect(calls).To(HaveExactElements(HaveField("Host", MatchRegexp(`^127\.0\.0\.1:\d+$`))))
			})
			It("is refused a role that does not trust the caller", func() {
				c.expectRefusal(c.ask(world.as("bob"), c.assumeRole(roleARN, "walk")...), "AssumeRole", "AccessDenied", bobNotAuthorized)
			})
			It("is refused with a wrong secret, and does not try again", func() {
				calls := world.calls(func() {
					c.expectRefusal(c.ask(world.with(wrongKey), c.identity...), "GetCallerIdentity", "SignatureDoesNotMatch", signatureMismatch)
				})
				Expect(calls).To(HaveExactElements(HaveField("Status", 403)))
			})
			It("is refused with a session that has ended", func() {
				c.expectRefusal(c.ask(ended.with(session), c.identity...), "GetCallerIdentity", "ExpiredToken", expiredToken)
			})
			describeClocks(c)
		})
	}
})

func describeClocks(c client) {
	for name, skewed := range map[string]struct {
		environment *environment
		message     string
	}{
		"behind": {&ahead, tooOld}, "ahead": {&behind, tooNew},
	} {
		It("has a clock that is far "+name, func() {
			calls := skewed.environment.calls(func() {
				a := c.ask(skewed.environment.as("alice"), c.identity...)
				if c.adjusts {
					expectARN(a, "^"+aliceARN+"$")
				} else {
					c.expectRefusal(a, "GetCallerIdentity", "SignatureDoesNotMatch", skewMessage(a.err, skewed.message))
				}
			})
			Expect(calls[0].Code).To(Equal("SignatureDoesNotMatch"))
			Expect(calls[0].Message).To(Equal(skewMessage(calls[0].Message, skewed.message)))
			if c.adjusts {
				Expect(calls).To(HaveExactElements(HaveField("Status", 403), HaveField("Status", 200)))
			} else {
				Expect(calls).To(HaveLen(1), "botocore does not correct its clock for STS")
			}
		})
	}
	if c.adjusts {
		It("has a clock that is far behind, and a wrong secret", func() {
			calls := ahead.calls(func() {
				c.expectRefusal(c.ask(ahead.with(wrongKey), c.identity...), "GetCallerIdentity", "SignatureDoesNotMatch", signatureMismatch)
			})
			Expect(calls).To(HaveExactElements(
				HaveField("Message", HavePrefix("Signature expired: ")), HaveField("Message", signatureMismatch)))
		})
	}
}

// expectARN checks that a client was answered with an ARN.
func expectARN(a answer, pattern string) {
	ExpectWithOffset(1, a.code).To(Equal(0), a.String())
	ExpectWithOffset(1, a.out).To(MatchRegexp("(?s)"+pattern[:len(pattern)-1]+"\n$"), a.String())
	ExpectWithOffset(1, a.err).To(BeEmpty(), a.String())
}

var stamp = regexp.MustCompile(`\b\d{8}T\d{6}Z\b`)

// skewMessage is a refusal for a wrong clock with the times in a text, once these are found to fit together: the
// signature's, the limit that it is beyond, and the server's, which the limit is 15 minutes away from.
func skewMessage(text, message string) string {
	GinkgoHelper()
	var times []time.Time
	stamps := stamp.FindAllString(text, -1)
	Expect(stamps).To(HaveLen(3), text)
	for _, s := range stamps {
		t, err := time.Parse("20060102T150405Z", s)
		Expect(err).NotTo(HaveOccurred())
		times = append(times, t)
	}
	signed, limit, server := times[0], times[1], times[2]
	Expect(limit.Sub(server).Abs()).To(Equal(15 * time.Minute))
	Expect(server.Sub(signed).Abs()).To(BeNumerically("~", skew, time.Minute))
	return fmt.Sprintf(message, stamps[0], stamps[1], stamps[2])
}
