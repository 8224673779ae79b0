package sts

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// issuer is the OpenID Connect issuer of testdata/environment.yaml. Nothing can be fetched from it: the environment
// declares its keys.
type issuer struct{ key *ecdsa.PrivateKey }

func newIssuer() issuer {
	GinkgoHelper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	return issuer{key}
}

// keys is the issuer's JWK set.
func (i issuer) keys() string {
	GinkgoHelper()
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "1", Use: "sig"}}})
	Expect(err).NotTo(HaveOccurred())
	return string(set)
}

// token is a token of the issuer that lasts for an hour from now. change, if not nil, changes what it says.
func (i issuer) token(change func(*jwt.Claims)) string {
	GinkgoHelper()
	now := time.Now()
	claims := jwt.Claims{
		Issuer: "https://issuer.example.com", Subject: "the-pipeline", Audience: jwt.Audience{"sts.amazonaws.com"},
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Hour)),
	}
	if change != nil {
		change(&claims)
	}
	key := jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: i.key, KeyID: "1"}}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	Expect(err).NotTo(HaveOccurred())
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	Expect(err).NotTo(HaveOccurred())
	return token
}

// deployerARN is the role that trusts the issuer.
const deployerARN = "arn:aws:iam::111122223333:role/deployer"

// nobody is a shell without credentials: all that the bearer of a token needs.
func nobody() shell {
	GinkgoHelper()
	s := world.as("").and("AWS_REGION=us-west-2", "AWS_DEFAULT_REGION=us-west-2")
	for _, name := range []string{"AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		delete(s, name)
	}
	return s
}

// pod is the shell of a program in a pod whose service account has a role: a token file and the role's ARN.
func pod() shell {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), "token")
	Expect(os.WriteFile(file, []byte(trusted.token(nil)), 0o600)).To(Succeed())
	return nobody().and("AWS_ROLE_ARN="+deployerARN, "AWS_WEB_IDENTITY_TOKEN_FILE="+file, "AWS_ROLE_SESSION_NAME=pod")
}

func (c client) assumeWithToken(token string) answer {
	return c.sts(nobody(), "assume-role-with-web-identity",
		"--role-arn", deployerARN, "--role-session-name", "walk", "--web-identity-token", token)
}

// epoch is a time in seconds since 1970, as in the text about an expired token.
var epoch = regexp.MustCompile(`\b\d{10}\b`)

func describeWebIdentity(c client) {
	Describe("assume-role-with-web-identity", func() {
		It("takes a token for a role", func() {
			a := c.assumeWithToken(trusted.token(nil))
			Expect(a.code).To(Equal(0), a.String())
			var out struct{ SubjectFromWebIdentityToken, Audience, Provider string }
			Expect(json.Unmarshal([]byte(a.out), &out)).To(Succeed())
			Expect(out.SubjectFromWebIdentityToken).To(Equal("the-pipeline"))
			Expect(out.Audience).To(Equal("sts.amazonaws.com"))
			Expect(out.Provider).To(Equal("arn:aws:iam::111122223333:oidc-provider/issuer.example.com"))
			expectARN(c.ask(world.with(credentialsIn(a)), c.identity...), "^arn:aws:sts::111122223333:assumed-role/deployer/walk$")
		})
		It("refuses a token for somebody else", func() {
			c.expectRefusal(c.assumeWithToken(trusted.token(func(t *jwt.Claims) { t.Audience = jwt.Audience{"my-app"} })),
				"AssumeRoleWithWebIdentity", "InvalidIdentityToken", "Incorrect token audience") // [R]
		})
		It("refuses an issuer that the account does not know", func() {
			c.expectRefusal(c.assumeWithToken(trusted.token(func(t *jwt.Claims) { t.Issuer = "https://token.actions.githubusercontent.com" })),
				"AssumeRoleWithWebIdentity", "InvalidIdentityToken",
				"No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com") // [R]
		})
		It("refuses who is not trusted", func() {
			c.expectRefusal(c.assumeWithToken(trusted.token(func(t *jwt.Claims) { t.Subject = "another-pipeline" })),
				"AssumeRoleWithWebIdentity", "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity") // [R]
		})
		It("refuses a token that has expired", func() {
			expiry := time.Now().Add(-time.Hour)
			a := c.assumeWithToken(trusted.token(func(t *jwt.Claims) { t.Expiry = jwt.NewNumericDate(expiry) }))
			now := epoch.FindString(a.err)
			c.expectRefusal(a, "AssumeRoleWithWebIdentity", "ExpiredTokenException", // [R]
				fmt.Sprintf("Token expired: current date/time %s must be before the expiration date/time %d", now, expiry.Unix()))
		})
	})
}
