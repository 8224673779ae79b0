package bench

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"sigs.k8s.io/aws-iam-authenticator/pkg/token"
)

// entries is how many access entries with three policies each there are before the last one.
const entries = 200

// TestBenchEntries measures how long an access entry and its third policy take until they count: the first, some in
// between and the one after 200 others. The time is from the call of the EKS API to the API server's answer, and so has a
// whole TokenReview in it.
func TestBenchEntries(t *testing.T) {
	binary := os.Getenv("EKSEMU")
	if binary == "" || !strings.Contains(flag.Lookup("test.run").Value.String(), "TestBenchEntries") {
		t.Skip("measures only on request: run `make bench`")
	}
	c := newCrowd(t, newMachine(t, binary).up(t))
	var rows []row
	for n := 1; n <= entries+1; n++ {
		m := c.join(t, n)
		measured := n == 1 || n%50 == 0 || n == entries+1
		create, associate := m.enter(t, measured)
		if !measured {
			continue
		}
		again := m.timeReviews(t, 100)
		rows = append(rows,
			row{fmt.Sprintf("entry %d", n), []time.Duration{create}, "CreateAccessEntry to the first answer that is not Unauthorized"},
			row{fmt.Sprintf("policy 3 of entry %d", n), []time.Duration{associate}, "AssociateAccessPolicy to the first answer yes"},
			row{fmt.Sprintf("review of entry %d", n), again, "SelfSubjectAccessReview that its policies allow, TokenReview cached; whole request"})
	}
	report(rows)
}

// crowd is an environment to whose cluster many get access.
type crowd struct {
	config aws.Config
	eks    *eks.Client
	iam    *iam.Client
	client *http.Client
	url    string
}

func newCrowd(t *testing.T, e *environment) *crowd {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigProfile("trurl"),
		config.WithSharedConfigFiles([]string{filepath.Join(e.StateDir, "aws", "config")}),
		config.WithSharedCredentialsFiles([]string{filepath.Join(e.StateDir, "aws", "credentials")}))
	if err != nil {
		t.Fatal(err)
	}
	return &crowd{
		config: cfg,
		eks:    eks.NewFromConfig(cfg, func(o *eks.Options) { o.BaseEndpoint = &e.Gateway }),
		iam:    iam.NewFromConfig(cfg, func(o *iam.Options) { o.BaseEndpoint = &e.Gateway }),
		client: httpsClient(t, filepath.Join(e.controlPlane(), "pki", "ca.crt")),
		url:    e.Clusters[0].Endpoint + "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
	}
}

// member is a user who gets access.
type member struct {
	*crowd
	arn   string
	token string
}

// join makes a user with a token for the cluster.
func (c *crowd) join(t *testing.T, n int) *member {
	t.Helper()
	name := fmt.Sprintf("member-%03d", n)
	user, err := c.iam.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name})
	if err != nil {
		t.Fatal(err)
	}
	key, err := c.iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		t.Fatal(err)
	}
	own := c.config.Copy()
	own.Credentials = credentials.NewStaticCredentialsProvider(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	generator, err := token.NewGenerator(false, false)
	if err != nil {
		t.Fatal(err)
	}
	made, err := generator.GetWithSTS("my-cluster", sts.NewFromConfig(own))
	if err != nil {
		t.Fatal(err)
	}
	return &member{c, *user.User.Arn, made.Token}
}

// enter gives a member an entry and three policies. If it is measured, it returns how long the entry and the last policy
// took to count.
func (m *member) enter(t *testing.T, measured bool) (create, associate time.Duration) {
	t.Helper()
	begin := time.Now()
	if _, err := m.eks.CreateAccessEntry(t.Context(), &eks.CreateAccessEntryInput{ClusterName: aws.String("my-cluster"), PrincipalArn: &m.arn}); err != nil {
		t.Fatal(err)
	}
	if measured {
		m.await(t, func(status int, _ bool) bool { return status == http.StatusCreated })
		create = time.Since(begin)
	}
	for _, p := range []struct{ name, namespace string }{{"SecretReader", "prod"}, {"Admin", "dev-*"}, {"View", "default"}} {
		begin = time.Now()
		if _, err := m.eks.AssociateAccessPolicy(t.Context(), &eks.AssociateAccessPolicyInput{
			ClusterName: aws.String("my-cluster"), PrincipalArn: &m.arn,
			PolicyArn:   aws.String("arn:aws:eks::aws:cluster-access-policy/AmazonEKS" + p.name + "Policy"),
			AccessScope: &types.AccessScope{Type: types.AccessScopeTypeNamespace, Namespaces: []string{p.namespace}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	if measured {
		m.await(t, func(_ int, allowed bool) bool { return allowed })
		associate = time.Since(begin)
	}
	return create, associate
}

// await asks until the answer is as wanted.
func (m *member) await(t *testing.T, wanted func(status int, allowed bool) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		if status, allowed := m.ask(ctx, t); wanted(status, allowed) {
			return
		}
	}
}

// ask asks whether the member may get pods.
func (m *member) ask(ctx context.Context, t *testing.T) (status int, allowed bool) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url, strings.NewReader(review))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+m.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := m.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, bytes.Contains(body, []byte(`"allowed":true`))
}

// timeReviews asks n times what was asked before.
func (m *member) timeReviews(t *testing.T, n int) []time.Duration {
	t.Helper()
	var times []time.Duration
	for range n {
		begin := time.Now()
		if status, allowed := m.ask(t.Context(), t); !allowed {
			t.Fatalf("status %d, not allowed", status)
		}
		times = append(times, time.Since(begin))
	}
	return times
}
