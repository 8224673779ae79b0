package sigv4

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// TestDifferentialV4A lets the STS client of the AWS SDK for Go sign with SigV4A, which it does when it is told to prefer
// it, and verifies what it sends; then it changes one bit at a time in everything that is signed, and none may verify.
// Evidence: spec/sts.md §1.6, [D].
func TestDifferentialV4A(t *testing.T) {
	t.Parallel()
	keys := new(KeyCache)
	for n := range differentialCases / 4 {
		t.Run(fmt.Sprintf("seed %d case %d", differentialSeed, n), func(t *testing.T) {
			t.Parallel()
			g := newGenerator(differentialSeed, uint64(n))
			g.verifier = Verifier{Service: "sts", Region: "eu-west-1", AcceptV4A: true, QueryProtocol: true, Keys: keys, Now: time.Now}
			r := g.sentBySTSClient(t)
			if err := g.verify(r); err != nil {
				t.Fatalf("%v\nrequest: %+v\n%s", err, r, canonicalOf(err))
			}
			for _, change := range g.oneBitChanges(r) {
				if g.verify(change.request) == nil {
					t.Errorf("verified although one bit of the %s changed: %+v", change.part, change.request)
				}
			}
			old := g
			if old.verifier.AcceptV4A = false; old.verify(r) == nil {
				t.Error("verified although SigV4A is not accepted")
			}
			elsewhere := g
			elsewhere.verifier.Region = "mars-north-1"
			if err := elsewhere.verify(r); (err == nil) != slices.Contains(r.Headers, Header{"X-Amz-Region-Set", "*"}) {
				t.Errorf("in another region: %v", err)
			}
		})
	}
}

// errCaptured keeps a client from waiting for an answer.
var errCaptured = errors.New("captured")

type capture struct {
	t    *testing.T
	sent Request
}

func (c *capture) Do(r *http.Request) (*http.Response, error) {
	c.sent = readBack(c.t, r) // its body is gone afterwards
	return nil, errCaptured
}

// sentBySTSClient calls an operation with a client that prefers SigV4A, and reads the request that it sends.
func (g generator) sentBySTSClient(t *testing.T) Request {
	t.Helper()
	by := aws.Credentials{AccessKeyID: suiteKey, SecretAccessKey: suiteSecret}
	if g.IntN(2) == 0 {
		by.SessionToken = g.text(tokenText, 1, 300) // that AWS takes SigV4A with a session token is [I]
	}
	wire := &capture{t: t}
	options := sts.Options{
		Region: "eu-west-1", Credentials: credentials.StaticCredentialsProvider{Value: by}, HTTPClient: wire,
		RetryMaxAttempts: 1, AuthSchemePreference: []string{"sigv4a"},
	}
	var sets []func(*sts.Options)
	if set := [][]string{nil, {"*"}, {"eu-*"}, {"us-east-1", "eu-west-1"}, {"us-*", "eu-west-*"}}[g.IntN(5)]; set != nil {
		sets = append(sets, sts.WithSigV4ASigningRegions(set))
	}
	client := sts.New(options, sets...)
	var err error
	if g.IntN(2) == 0 {
		_, err = client.GetCallerIdentity(t.Context(), nil)
	} else {
		_, err = client.AssumeRole(t.Context(), &sts.AssumeRoleInput{
			RoleArn: aws.String("arn:aws:iam::111122223333:role/dev"), RoleSessionName: aws.String(g.text(letters, 2, 20)),
			Tags: []types.Tag{{Key: aws.String(g.text(anyText, 1, 20)), Value: aws.String(g.text(anyText, 0, 40))}},
		})
	}
	if !errors.Is(err, errCaptured) {
		t.Fatalf("the client did not send its request: %v", err)
	}
	return wire.sent
}
