package sts

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("the endpoints of STS, as the aws CLI finds them", func() {
	for _, c := range clients[:2] {
		for _, test := range []struct {
			what        string
			environment *environment
			vars        []string
			host        string
			partition   string
		}{
			{"regional", &world, nil, "sts.us-west-2.amazonaws.com", "aws"},
			{"global", &world, []string{"AWS_DEFAULT_REGION=aws-global", "AWS_REGION=aws-global"}, "sts.amazonaws.com", "aws"},
			{"FIPS", &world, []string{"AWS_USE_FIPS_ENDPOINT=true"}, "sts-fips.us-west-2.amazonaws.com", "aws"},
			{"dual-stack", &world, []string{"AWS_USE_DUALSTACK_ENDPOINT=true"}, "sts.us-west-2.api.aws", "aws"},
			{"FIPS and dual-stack", &world, []string{"AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=true"}, "sts-fips.us-west-2.api.aws", "aws"},
			{"another region's", &world, []string{"AWS_DEFAULT_REGION=eu-central-1", "AWS_REGION=eu-central-1"}, "sts.eu-central-1.amazonaws.com", "aws"},
			{"China's", &china, nil, "sts.cn-north-1.amazonaws.com.cn", "aws-cn"},
			{"GovCloud's", &gov, nil, "sts.us-gov-west-1.amazonaws.com", "aws-us-gov"},
			{"GovCloud's, which is the FIPS one", &gov, []string{"AWS_USE_FIPS_ENDPOINT=true"}, "sts.us-gov-west-1.amazonaws.com", "aws-us-gov"},
		} {
			It(c.name+": "+test.what, func() {
				calls := test.environment.calls(func() {
					a := c.ask(test.environment.as("alice").and(test.vars...), c.identity...)
					expectARN(a, "^arn:"+test.partition+":iam::111122223333:user/alice$")
				})
				Expect(calls).To(HaveExactElements(HaveField("Host", test.host)))
			})
		}
		It(c.name+": one of another region than the signature's", func() {
			args := append([]string{"--endpoint-url", "https://sts.eu-central-1.amazonaws.com"}, c.identity...)
			c.expectRefusal(c.ask(world.as("alice"), args...), "GetCallerIdentity", "SignatureDoesNotMatch",
				"Credential should be scoped to a valid region. ") // [R]
		})
	}
	It("aws CLI 1: global, as it was for this region before each had its own", func() { // the aws CLI 2 has left that behind
		calls := world.calls(func() {
			a := clients[0].ask(world.as("alice").and("AWS_STS_REGIONAL_ENDPOINTS=legacy"), clients[0].identity...)
			expectARN(a, "^"+aliceARN+"$")
		})
		Expect(calls).To(HaveExactElements(HaveField("Host", "sts.amazonaws.com")))
	})
})

// Of the clients here, only the SDK for Go has SigV4A without a further library.
var _ = Describe("SigV4A, by the AWS SDK for Go v2", func() {
	const preference = "AWS_AUTH_SCHEME_PREFERENCE=sigv4a"
	It("is accepted", func() {
		program := []string{prepared.Go}
		expectARN(world.as("alice").and(preference).run(program, "identity"), "^"+aliceARN+"$")
		expectARN(world.as("alice").and(preference).run(program, "assume-role", roleARN, "walk"), "^arn:aws:sts::111122223333:assumed-role/reader/walk$")
	})
	It("is refused with a wrong secret", func() {
		calls := world.calls(func() {
			a := world.with(wrongKey).and(preference, "AWS_REGION=us-west-2").run([]string{prepared.Go}, "identity")
			Expect(withoutRequestID(a.err)).To(Equal(goRefusal("GetCallerIdentity", "SignatureDoesNotMatch", signatureMismatch)), a.String())
		})
		Expect(calls).To(HaveExactElements(HaveField("StringToSign", HavePrefix("AWS4-ECDSA-P256-SHA256\n"))))
	})
})
