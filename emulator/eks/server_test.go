package eks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// environment is an EKS endpoint with the user trurl in account 111122223333 and pirx in 444455556666.
type environment struct {
	server   *httptest.Server
	clusters *Registry
	store    *iam.Store
	keys     map[string]aws.Credentials
	now      time.Time
	saveErr  error // what Save returns
	saves    int

	mu      sync.Mutex
	calls   []stsfake.Call
	changes []Change
}

func start(t *testing.T) *environment {
	t.Helper()
	return startWith(t, Options{Version: "1.37"})
}

// startWith starts an endpoint with options, of which Gate and Clusters are filled in.
func startWith(t testing.TB, options Options) *environment {
	t.Helper()
	// The SDK signs with the wall clock, so the verifier has to use it too.
	e := &environment{keys: map[string]aws.Credentials{}, now: time.Now()}
	e.clusters = NewRegistry(RegistryOptions{
		Save: func(Snapshot) error { e.saves++; return e.saveErr },
		Changed: func(c Change) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.changes = append(e.changes, c)
		},
	})
	now := func() time.Time { return e.now }
	var err error
	if e.store, err = iam.NewStore(iam.Options{Now: now}); err != nil {
		t.Fatal(err)
	}
	for name, account := range map[string]string{"trurl": "111122223333", "pirx": "444455556666"} {
		key, err := iam.FixtureAccessKey(account, name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.store.PutUser(iam.User{AccountID: account, Name: name, AccessKeys: []iam.AccessKey{key}}); err != nil {
			t.Fatal(err)
		}
		e.keys[name] = aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}
	}
	e.role(t, "111122223333", "/", "cluster", "eks.amazonaws.com")
	options.Clusters = e.clusters
	options.Gate = &stsfake.Gate{
		Store:        e.store,
		Now:          now,
		NewRequestID: func() string { return "11111111-2222-4333-8444-555555555555" },
		Observe: func(c stsfake.Call) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.calls = append(e.calls, c)
		},
	}
	e.server = httptest.NewServer(New(options))
	t.Cleanup(e.server.Close)
	return e
}

// role makes a role that a service may assume, and returns its ARN.
func (e *environment) role(t testing.TB, account, path, name, service string) string {
	t.Helper()
	trust, err := iam.ParsePolicy(fmt.Appendf(nil, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":"sts:AssumeRole"}]}`, service))
	if err != nil {
		t.Fatal(err)
	}
	role, err := e.store.PutRole(iam.Role{AccountID: account, Path: path, Name: name, TrustPolicy: trust})
	if err != nil {
		t.Fatal(err)
	}
	return role.ARN("aws")
}

// announced are the changes that were announced since it was last asked.
func (e *environment) announced() []Change {
	e.mu.Lock()
	defer e.mu.Unlock()
	changes := e.changes
	e.changes = nil
	return changes
}

func (e *environment) client(region string, keys aws.Credentials) *awseks.Client {
	return awseks.New(awseks.Options{
		BaseEndpoint: aws.String(e.server.URL), Region: region, RetryMaxAttempts: 1,
		Credentials: credentials.StaticCredentialsProvider{Value: keys},
	})
}

// get sends a GET request, signed as trurl unless keys is nil, and returns the answer with its body read.
func (e *environment) get(t *testing.T, target string, keys *aws.Credentials) (*http.Response, string) {
	t.Helper()
	return e.send(t, http.MethodGet, target, "", keys)
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func (e *environment) send(t *testing.T, method, target, body string, keys *aws.Credentials) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, e.server.URL+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if keys != nil {
		hash := sha256.Sum256([]byte(body))
		if err := v4.NewSigner().SignHTTP(t.Context(), *keys, r, hex.EncodeToString(hash[:]), "eks", "us-west-2", e.now); err != nil {
			t.Fatal(err)
		}
	}
	return e.do(t, r)
}

func (e *environment) do(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	answer, err := e.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func (e *environment) lastCall(t *testing.T) stsfake.Call {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.calls) == 0 {
		t.Fatal("no call was observed")
	}
	return e.calls[len(e.calls)-1]
}

func TestSDKDescribesACluster(t *testing.T) {
	t.Parallel()
	e := start(t)
	cluster := testCluster(t, e.clusters, oregon, "my-cluster")
	out, err := e.client("us-west-2", e.keys["trurl"]).DescribeCluster(t.Context(), &awseks.DescribeClusterInput{Name: aws.String("my-cluster")})
	if err != nil {
		t.Fatal(err)
	}
	got := out.Cluster
	if got.ConnectorConfig != nil || got.OutpostConfig != nil || got.AccessConfig.BootstrapClusterCreatorAdminPermissions != nil {
		t.Error("the answer has a member that AWS leaves out")
	}
	if got.Health == nil || got.Health.Issues == nil || len(got.Health.Issues) != 0 {
		t.Errorf("health is %+v, want an empty list of issues", got.Health)
	}
	network := got.KubernetesNetworkConfig
	fields := map[string]string{
		"arn":         aws.ToString(got.Arn),
		"created":     got.CreatedAt.UTC().Format(time.RFC3339Nano),
		"endpoint":    aws.ToString(got.Endpoint),
		"ca":          aws.ToString(got.CertificateAuthority.Data),
		"issuer":      aws.ToString(got.Identity.Oidc.Issuer),
		"status":      string(got.Status),
		"mode":        string(got.AccessConfig.AuthenticationMode),
		"network":     fmt.Sprint(network.IpFamily, " ", aws.ToString(network.ServiceIpv4Cidr), " ", aws.ToBool(network.ElasticLoadBalancing.Enabled)),
		"subnets":     strings.Join(got.ResourcesVpcConfig.SubnetIds, " "),
		"vpc":         aws.ToString(got.ResourcesVpcConfig.VpcId),
		"logs":        fmt.Sprint(got.Logging.ClusterLogging[0].Types, aws.ToBool(got.Logging.ClusterLogging[0].Enabled)),
		"platform":    aws.ToString(got.PlatformVersion),
		"version":     aws.ToString(got.Version),
		"role":        aws.ToString(got.RoleArn),
		"tag":         got.Tags["team"],
		"supportType": string(got.UpgradePolicy.SupportType),
	}
	want := map[string]string{
		"arn":         "arn:aws:eks:us-west-2:111122223333:cluster/my-cluster",
		"created":     "2026-11-23T14:00:00.533Z",
		"endpoint":    "https://127.0.0.1:6443",
		"ca":          "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=",
		"issuer":      cluster.Identity.OIDC.Issuer,
		"status":      "ACTIVE",
		"mode":        "CONFIG_MAP",
		"network":     "ipv4 10.100.0.0/16 false",
		"subnets":     strings.Join(cluster.ResourcesVPCConfig.SubnetIDs, " "),
		"vpc":         cluster.ResourcesVPCConfig.VPCID,
		"logs":        "[api audit authenticator controllerManager scheduler] false",
		"platform":    "eks.1",
		"version":     "1.37",
		"role":        "arn:aws:iam::111122223333:role/eksClusterRole",
		"tag":         "<robots> & co",
		"supportType": "EXTENDED",
	}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("cluster as the SDK reads it (-want +got):\n%s", diff)
	}
}

func TestSDKListsClusters(t *testing.T) {
	t.Parallel()
	e := start(t)
	var all []string
	for n := range 105 {
		name := fmt.Sprintf("cluster-%03d", n)
		testCluster(t, e.clusters, oregon, name)
		all = append(all, name)
	}
	testCluster(t, e.clusters, Scope{AccountID: oregon.AccountID, Region: "eu-west-1"}, "elsewhere")
	for _, test := range []struct {
		what, user, region string
		limit              *int32
		pages, clusters    int
	}{
		{"default page size", "trurl", "us-west-2", nil, 2, 105},
		{"pages of 50", "trurl", "us-west-2", aws.Int32(50), 3, 105},
		{"a full last page", "trurl", "us-west-2", aws.Int32(21), 5, 105},
		{"another region", "trurl", "eu-west-1", nil, 1, 1},
		{"another account", "pirx", "us-west-2", nil, 1, 0},
	} {
		pager := awseks.NewListClustersPaginator(e.client(test.region, e.keys[test.user]),
			&awseks.ListClustersInput{MaxResults: test.limit, Include: []string{"all"}})
		pages, got := 0, []string{}
		for pager.HasMorePages() {
			page, err := pager.NextPage(t.Context())
			if err != nil {
				t.Fatalf("%s: %v", test.what, err)
			}
			pages++
			got = append(got, page.Clusters...)
		}
		if pages != test.pages || len(got) != test.clusters {
			t.Errorf("%s: %d clusters in %d pages, want %d in %d", test.what, len(got), pages, test.clusters, test.pages)
		}
		if test.clusters == 105 {
			if diff := cmp.Diff(all, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.what, diff)
			}
		}
	}
}

func TestSDKUnknownCluster(t *testing.T) {
	t.Parallel()
	e := start(t)
	testCluster(t, e.clusters, oregon, "my-cluster")
	for what, client := range map[string]*awseks.Client{
		"another name":    e.client("us-west-2", e.keys["trurl"]),
		"another region":  e.client("eu-west-1", e.keys["trurl"]),
		"another account": e.client("us-west-2", e.keys["pirx"]),
	} {
		name := "my-cluster"
		if what == "another name" {
			name = "nope"
		}
		_, err := client.DescribeCluster(t.Context(), &awseks.DescribeClusterInput{Name: &name})
		var missing *types.ResourceNotFoundException
		if !errors.As(err, &missing) {
			t.Errorf("%s: error %v, want a ResourceNotFoundException", what, err)
			continue
		}
		if want := "No cluster found for name: " + name + "."; missing.ErrorMessage() != want || missing.ClusterName != nil {
			t.Errorf("%s: message %q, cluster %v; want %q and none", what, missing.ErrorMessage(), missing.ClusterName, want)
		}
	}
}

func TestSDKRefusedCredentials(t *testing.T) {
	t.Parallel()
	e := start(t)
	wrongSecret, unknownKey, garbageToken := e.keys["trurl"], e.keys["trurl"], e.keys["trurl"]
	wrongSecret.SecretAccessKey = "wrong"
	unknownKey.AccessKeyID = "AKIAIOSFODNN7EXAMPLE"
	garbageToken.SessionToken = "garbage"
	for what, test := range map[string]struct {
		keys aws.Credentials
		want string
	}{
		"wrong secret":  {wrongSecret, "InvalidSignatureException"},
		"unknown key":   {unknownKey, "UnrecognizedClientException"},
		"garbage token": {garbageToken, "UnrecognizedClientException"},
	} {
		_, err := e.client("us-west-2", test.keys).ListClusters(context.Background(), &awseks.ListClustersInput{})
		var refusal smithy.APIError
		if !errors.As(err, &refusal) || refusal.ErrorCode() != test.want || refusal.ErrorMessage() == "" {
			t.Errorf("%s: error %v, want %s", what, err, test.want)
		}
	}
}
