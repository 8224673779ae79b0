package stsfake_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

// A test's own STS: one user, one role that trusts her, and the AWS SDK pointed at it.
func Example() {
	store, err := iam.NewStore(iam.Options{Now: time.Now})
	if err != nil {
		log.Fatal(err)
	}
	key, err := iam.FixtureAccessKey("111122223333", "alice")
	if err != nil {
		log.Fatal(err)
	}
	alice, err := store.PutUser(iam.User{AccountID: "111122223333", Name: "alice", AccessKeys: []iam.AccessKey{key}})
	if err != nil {
		log.Fatal(err)
	}
	trust, err := iam.ParsePolicy([]byte(`{
		"Version": "2012-10-17",
		"Statement": {"Effect": "Allow", "Principal": {"AWS": "` + alice.ARN("aws") + `"}, "Action": "sts:AssumeRole"}
	}`))
	if err != nil {
		log.Fatal(err)
	}
	role, err := store.PutRole(iam.Role{AccountID: "111122223333", Path: "/team/", Name: "dev", TrustPolicy: trust})
	if err != nil {
		log.Fatal(err)
	}

	server := httptest.NewServer(stsfake.New(stsfake.Options{Gate: &stsfake.Gate{Store: store, Now: time.Now}}))
	defer server.Close()

	client := sts.New(sts.Options{
		BaseEndpoint: aws.String(server.URL),
		Region:       "us-west-2",
		Credentials:  credentials.NewStaticCredentialsProvider(key.ID, key.Secret, ""),
	})
	whoami := func(c *sts.Client) {
		out, err := c.GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
		if err != nil {
			fmt.Println("refused:", err)
			return
		}
		fmt.Println(*out.Arn)
	}
	whoami(client)

	asRole := stscreds.NewAssumeRoleProvider(client, role.ARN("aws"), func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "example" })
	whoami(sts.New(sts.Options{BaseEndpoint: aws.String(server.URL), Region: "us-west-2", Credentials: asRole}))

	// Output:
	// arn:aws:iam::111122223333:user/alice
	// arn:aws:sts::111122223333:assumed-role/dev/example
}

// A workload's way to its role, as in an EKS pod: a token of an issuer that the account trusts, and no credentials.
func Example_webIdentity() {
	const issuer = "https://issuer.example.com"
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	store, err := iam.NewStore(iam.Options{Now: time.Now})
	if err != nil {
		log.Fatal(err)
	}
	provider := iam.OIDCProvider{AccountID: "111122223333", URL: issuer, ClientIDs: []string{"sts.amazonaws.com"}}
	if err := store.PutOIDCProvider(provider); err != nil {
		log.Fatal(err)
	}
	trust, err := iam.ParsePolicy([]byte(`{
		"Version": "2012-10-17",
		"Statement": {
			"Effect": "Allow", "Principal": {"Federated": "` + provider.ARN("aws") + `"}, "Action": "sts:AssumeRoleWithWebIdentity",
			"Condition": {"StringEquals": {"issuer.example.com:sub": "system:serviceaccount:default:app"}}
		}
	}`))
	if err != nil {
		log.Fatal(err)
	}
	role, err := store.PutRole(iam.Role{AccountID: "111122223333", Name: "app", TrustPolicy: trust})
	if err != nil {
		log.Fatal(err)
	}

	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	if err != nil {
		log.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: issuer, Subject: "system:serviceaccount:default:app", Audience: jwt.Audience{"sts.amazonaws.com"},
		IssuedAt: jwt.NewNumericDate(time.Now()), Expiry: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}).Serialize()
	if err != nil {
		log.Fatal(err)
	}

	server := httptest.NewServer(stsfake.New(stsfake.Options{
		Gate:    &stsfake.Gate{Store: store, Now: time.Now},
		Issuers: webidentity.Static{issuer: {Keys: []jose.JSONWebKey{{Key: &key.PublicKey}}}},
	}))
	defer server.Close()

	client := sts.New(sts.Options{BaseEndpoint: aws.String(server.URL), Region: "us-west-2", Credentials: aws.AnonymousCredentials{}})
	out, err := client.AssumeRoleWithWebIdentity(context.Background(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(role.ARN("aws")), RoleSessionName: aws.String("pod"), WebIdentityToken: &token,
	})
	if err != nil {
		fmt.Println("refused:", err)
		return
	}
	fmt.Println(*out.AssumedRoleUser.Arn)

	// Output:
	// arn:aws:sts::111122223333:assumed-role/app/pod
}
