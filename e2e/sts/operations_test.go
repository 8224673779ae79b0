package sts

import (
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("every operation, by the aws CLI", func() {
	for _, c := range clients[:2] {
		Describe(c.name, func() {
			describeSessions(c)
			describeMFA(c)
			describeWebIdentity(c)
			describeMessages(c)
			describeValidation(c)
			describeThrottling(c)
		})
	}
})

// sts has the aws CLI call an operation.
func (c client) sts(s shell, operation string, args ...string) answer {
	return c.ask(s, append([]string{"sts", operation}, args...)...)
}

// credentialsIn are the credentials in an answer of the aws CLI.
func credentialsIn(a answer) credentials {
	GinkgoHelper()
	Expect(a.code).To(Equal(0), a.String())
	var out struct{ Credentials credentials }
	Expect(json.Unmarshal([]byte(a.out), &out)).To(Succeed(), a.String())
	return out.Credentials
}

// The specs of the operations follow. Each refusal has the evidence tag of its text in spec/sts.md section 2.2.

func describeSessions(c client) {
	Describe("get-session-token", func() {
		It("gives alice a session as herself", func() {
			session := credentialsIn(c.sts(world.as("alice"), "get-session-token"))
			Expect(session.AccessKeyID).To(HavePrefix("ASIA"))
			expectARN(c.ask(world.with(session), c.identity...), "^"+aliceARN+"$")
		})
		It("is not for those who have one", func() {
			session := credentialsIn(c.sts(world.as("alice"), "get-session-token"))
			c.expectRefusal(c.sts(world.with(session), "get-session-token"),
				"GetSessionToken", "AccessDenied", "Cannot call GetSessionToken with session credentials") // [R]
		})
	})

	Describe("get-federation-token", func() {
		It("gives alice a session for somebody else", func() {
			session := credentialsIn(c.sts(world.as("alice"), "get-federation-token", "--name", "guest"))
			expectARN(c.ask(world.with(session), c.identity...), "^arn:aws:sts::111122223333:federated-user/guest$") // [R]
		})
		It("is not for those who have a session", func() {
			session := credentialsIn(c.sts(world.as("alice"), "get-session-token"))
			c.expectRefusal(c.sts(world.with(session), "get-federation-token", "--name", "guest"),
				"GetFederationToken", "AccessDenied", "Cannot call GetFederationToken with session credentials") // [R]
		})
	})
}

func describeMessages(c client) {
	Describe("get-access-key-info", func() {
		It("tells the account of a key, whoever has it", func() {
			// The key and its account are those of an article on the format ([V], spec/sts.md section 4.1).
			a := c.sts(world.as("alice"), "get-access-key-info", "--access-key-id", "ASIAY34FZKBOKMUTVV7A", "--query", "Account", "--output", "text")
			Expect(a.code).To(Equal(0), a.String())
			Expect(a.out).To(Equal("609629065308\n"))
		})
		It("refuses what cannot be the ID of a key", func() {
			c.expectRefusal(c.sts(world.as("alice"), "get-access-key-info", "--access-key-id", "not-a-key-but-long"), "GetAccessKeyInfo", "ValidationError",
				`1 validation error detected: Value 'not-a-key-but-long' at 'accessKeyId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w]*`) // [R] for the form, [D] for the pattern
		})
	})

	Describe("decode-authorization-message", func() {
		// No service in this environment encodes one, so that there is none to decode.
		It("refuses what is none", func() {
			a := c.sts(world.as("alice"), "decode-authorization-message", "--encoded-message", "c29tZXRoaW5nIGVsc2U=")
			Expect(a.code).To(Equal(c.code), a.String())
			Expect(a.err).To(HavePrefix("\nAn error occurred (InvalidAuthorizationMessageException) when calling the DecodeAuthorizationMessage operation: ")) // [D] for the code; the text is not known
		})
		It("is for those who may", func() {
			a := c.sts(world.as("bob"), "decode-authorization-message", "--encoded-message", "c29tZXRoaW5nIGVsc2U=")
			Expect(a.code).To(Equal(c.code), a.String())
			Expect(a.err).To(HavePrefix("\nAn error occurred (AccessDenied) when calling the DecodeAuthorizationMessage operation: User: arn:aws:iam::111122223333:user/bob is not authorized to perform: sts:DecodeAuthorizationMessage")) // [I]
		})
	})
}

func describeValidation(c client) {
	Describe("assume-role, with values that AWS alone can refuse", func() {
		for _, test := range []struct{ what, flag, value, message string }{ // [R] all
			{"a name", "--role-session-name", "Session1:2", `1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
			{"a role that is none", "--role-arn", "nothing-valid-in-here", "nothing-valid-in-here is invalid"},
			{"a duration that is longer than the role's", "--duration-seconds", "7200", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		} {
			It("refuses "+test.what, func() {
				c.expectRefusal(c.ask(world.as("alice"), append(c.assumeRole(roleARN, "walk"), test.flag, test.value)...), "AssumeRole", "ValidationError", test.message)
			})
		}
	})
}

func describeThrottling(c client) {
	It("asks again when STS says that it is too much", func() {
		world.eksemu("fault", "add", "--operation", "GetCallerIdentity", "--code", "Throttling")
		calls := world.calls(func() { expectARN(c.ask(world.as("alice"), c.identity...), "^"+aliceARN+"$") })
		Expect(calls).To(HaveExactElements(
			SatisfyAll(HaveField("Code", "Throttling"), HaveField("Message", "Rate exceeded")), // [R]
			HaveField("Status", 200)))
	})
}
