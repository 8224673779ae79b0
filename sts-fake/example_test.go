package stsfake_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
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
