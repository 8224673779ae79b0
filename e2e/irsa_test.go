package e2e

import (
	"encoding/json"
	"path/filepath"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	appRole   = "arn:aws:iam::111122223333:role/my-app-role"
	otherRole = "arn:aws:iam::444455556666:role/other-account-role" // its account has no OIDC provider
	appIssuer = "https://oidc.eks.us-west-2.amazonaws.com/id/30616052D4DDD09D6751C630613CC246"
)

// IAM roles for service accounts (irsa): a token that the API server signs for a service account becomes a session of an
// IAM role. Texts of refusals are AWS's, as they were recorded.
var _ = Describe("irsa: IAM roles for service accounts", Ordered, func() {
	var person laptop // trurl, who created the cluster
	BeforeAll(func() {
		config, err := filepath.Abs(filepath.Join("testdata", "irsa.yaml"))
		Expect(err).NotTo(HaveOccurred())
		person = newLaptop().withSystemPrograms()
		DeferCleanup(func() { person.shutDown() })
		a := person.run("eksemu", "up", "--detach", "--config", config)
		Expect(a.code).To(Equal(0), a.String())
		person = person.withEksemu()
		person.installKubectl()
		for _, name := range []string{"my-app", "other"} {
			person.must("kubectl", "create", "serviceaccount", name)
		}
	})

	// token is a service account's token, as the kubelet mounts it into a pod.
	token := func(account, audience string) string {
		GinkgoHelper()
		return strings.TrimSpace(person.must("kubectl", "create", "token", account, "--audience", audience))
	}
	exchange := func(aws, role, token string) answer {
		GinkgoHelper()
		return person.run(aws, "sts", "assume-role-with-web-identity", "--role-arn", role, "--role-session-name", "pod",
			"--web-identity-token", token, "--output", "json")
	}

	for _, major := range []string{"1", "2"} {
		Context("with aws CLI "+major, func() {
			It("exchanges the token of a service account for a session of its role", func() {
				aws := awsCLI(major)
				a := exchange(aws, appRole, token("my-app", "sts.amazonaws.com"))
				Expect(a.code).To(Equal(0), a.String())
				var got struct {
					Credentials struct{ AccessKeyID, SecretAccessKey, SessionToken string }

					SubjectFromWebIdentityToken, Audience, Provider string
				}
				Expect(json.Unmarshal([]byte(a.out), &got)).To(Succeed())
				Expect(got.SubjectFromWebIdentityToken).To(Equal("system:serviceaccount:default:my-app"))
				Expect(got.Audience).To(Equal("sts.amazonaws.com"))
				Expect(got.Provider).To(Equal("arn:aws:iam::111122223333:oidc-provider/" + strings.TrimPrefix(appIssuer, "https://")))
				session := person.with("AWS_ACCESS_KEY_ID="+got.Credentials.AccessKeyID,
					"AWS_SECRET_ACCESS_KEY="+got.Credentials.SecretAccessKey, "AWS_SESSION_TOKEN="+got.Credentials.SessionToken)
				Expect(session.must(aws, "sts", "get-caller-identity", "--query", "Arn", "--output", "text")).
					To(Equal("arn:aws:sts::111122223333:assumed-role/my-app-role/pod\n"))
			})

			It("lets a pod be its role by the two variables that EKS injects", func() {
				aws := awsCLI(major)
				file := person.write("token", token("my-app", "sts.amazonaws.com"))
				pod := person.guest().withProxy(person).with("AWS_REGION=us-west-2", "AWS_STS_REGIONAL_ENDPOINTS=regional",
					"AWS_ROLE_ARN="+appRole, "AWS_WEB_IDENTITY_TOKEN_FILE="+file, "AWS_ROLE_SESSION_NAME=my-app-1")
				Expect(pod.must(aws, "sts", "get-caller-identity", "--query", "Arn", "--output", "text")).
					To(Equal("arn:aws:sts::111122223333:assumed-role/my-app-role/my-app-1\n"))
			})

			DescribeTable("refuses", func(role, account, audience, text, cause, summary string) {
				aws := awsCLI(major)
				a := exchange(aws, role, token(account, audience))
				Expect(a.code).To(BeElementOf(254, 255), a.String())
				Expect(a.err).To(ContainSubstring(text+"\n"), a.String())
				explained := person.must("eksemu", "explain", "-o", "json")
				Expect(explained).To(ContainSubstring(`"`+cause+`"`), explained)
				Expect(explained).To(ContainSubstring(summary), explained)
			},
				Entry("another service account", appRole, "other", "sts.amazonaws.com",
					"An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity",
					"web-identity-denied", "system:serviceaccount:default:other"),
				Entry("a role that does not exist, in the same words", strings.Replace(appRole, "my-app", "no", 1), "my-app", "sts.amazonaws.com",
					"An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity",
					"web-identity-denied", "system:serviceaccount:default:my-app"),
				Entry("another audience", appRole, "my-app", "https://kubernetes.default.svc",
					"An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: Incorrect token audience",
					"web-identity-audience", "client IDs"),
				Entry("an account without a provider for the cluster", otherRole, "my-app", "sts.amazonaws.com",
					"An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: No OpenIDConnect provider found in your account for "+appIssuer,
					"no-oidc-provider", appIssuer),
			)
		})
	}

	It("publishes the issuer's documents, with which anybody can verify the tokens", func() {
		needs("aws", "curl")
		curl := func(url string, into any) {
			GinkgoHelper()
			Expect(json.Unmarshal([]byte(person.script(`curl -fsS --proxy "$HTTPS_PROXY" --cacert "$AWS_CA_BUNDLE" `+url)), into)).To(Succeed())
		}
		issuer := strings.TrimSpace(person.must("aws", "eks", "describe-cluster", "--name", "my-cluster", "--query", "cluster.identity.oidc.issuer", "--output", "text"))
		Expect(issuer).To(Equal(appIssuer))
		var discovery struct {
			Issuer     string   `json:"issuer"`
			KeysURL    string   `json:"jwks_uri"`
			Algorithms []string `json:"id_token_signing_alg_values_supported"`
		}
		curl(issuer+"/.well-known/openid-configuration", &discovery)
		Expect(discovery.Issuer).To(Equal(issuer))
		Expect(discovery.Algorithms).To(Equal([]string{"RS256"}))
		var keys jose.JSONWebKeySet
		curl(discovery.KeysURL, &keys)
		parsed, err := jwt.ParseSigned(token("my-app", "anybody"), []jose.SignatureAlgorithm{jose.RS256})
		Expect(err).NotTo(HaveOccurred())
		var claims jwt.Claims
		Expect(parsed.Claims(keys, &claims)).To(Succeed())
		Expect(claims).To(HaveField("Subject", "system:serviceaccount:default:my-app"))
		Expect(claims).To(HaveField("Issuer", issuer))
	})
})

// withProxy is the laptop with the network of another one that uses eksemu, and none of its identities.
func (l laptop) withProxy(other laptop) laptop {
	for _, variable := range other.vars {
		if name, _, _ := strings.Cut(variable, "="); name == "HTTPS_PROXY" || name == "NO_PROXY" || name == "AWS_CA_BUNDLE" {
			l = l.with(variable)
		}
	}
	return l
}
