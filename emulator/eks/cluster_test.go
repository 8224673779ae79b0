package eks

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"
)

const testCA = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

var (
	oregon  = Scope{AccountID: "111122223333", Region: "us-west-2"}
	creator = Principal{ARN: "arn:aws:iam::111122223333:user/trurl", ID: "AIDACKCEVSQ6C2EXAMPLE"}
)

func testSpec(scope Scope, name string) ClusterSpec {
	return ClusterSpec{
		Scope:     scope,
		Name:      name,
		Version:   "1.37",
		Issuer:    testIssuer(scope, name),
		Tags:      map[string]string{"team": "<robots> & co"},
		CreatedAt: time.Date(2026, 11, 23, 14, 0, 0, 533_999_999, time.UTC),
	}
}

// testIssuer is a name that no two clusters share.
func testIssuer(scope Scope, name string) string {
	if scope == oregon && name == "my-cluster" {
		return "https://oidc.eks.us-west-2.amazonaws.com/id/30616052D4DDD09D6751C630613CC246"
	}
	return "https://oidc.eks." + scope.Region + ".amazonaws.com/id/" + scope.AccountID + "-" + name
}

// testCluster adds a cluster to a registry and makes it ACTIVE.
func testCluster(t *testing.T, r *Registry, scope Scope, name string) Cluster {
	t.Helper()
	cluster, err := NewCluster(testSpec(scope, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddCluster(cluster, creator); err != nil {
		t.Fatal(err)
	}
	if err := r.SetEndpoint(cluster.ARN, "https://127.0.0.1:6443", []byte(testCA)); err != nil {
		t.Fatal(err)
	}
	if err := r.UpdateStatus(cluster.ARN, StatusActive); err != nil {
		t.Fatal(err)
	}
	cluster, ok := r.Cluster(scope, name)
	if !ok {
		t.Fatalf("cluster %s is not there after it was added", name)
	}
	return cluster
}

func indented(t *testing.T, v any) []byte {
	t.Helper()
	plain, err := encode(v)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, plain, "", "  "); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

func TestClusterJSON(t *testing.T) {
	t.Parallel()
	creating, err := NewCluster(testSpec(oregon, "my-cluster"))
	if err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, string(indented(t, creating)), "cluster-creating.json")
	golden.Assert(t, string(indented(t, testCluster(t, NewRegistry(RegistryOptions{}), oregon, "my-cluster"))), "cluster-active.json")
}

func TestNewClusterListsEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := NewCluster(ClusterSpec{
		Scope: Scope{AccountID: "1111", Region: "us-west-2"}, Name: "my-cluster", Version: "1.37.2", AuthenticationMode: "RBAC",
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`the account ID "1111" must have 12 digits`,
		`version "1.37.2": want a Kubernetes minor version such as 1.37`,
		`authentication mode "RBAC": use API, API_AND_CONFIG_MAP or CONFIG_MAP`,
		`issuer "": want an https URL`,
		"creation time is missing",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
}

func TestParseClusterARNRefuses(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]string{
		"":                                     "want arn:PARTITION:eks:REGION:ACCOUNT:cluster/NAME",
		"arn:aws:iam::111122223333:user/trurl": "want arn:PARTITION:eks",
		"arn:aws:eks:us-west-2:111122223333:nodegroup/a/b/c":                     "want arn:PARTITION:eks",
		"arn:gcp:eks:us-west-2:111122223333:cluster/a":                           `unknown partition "gcp"`,
		"arn:aws-moon:eks:us-west-2:111122223333:cluster/a":                      `unknown partition "aws-moon"`,
		"arn:aws:eks:Oregon:111122223333:cluster/a":                              `"Oregon" is no region`,
		"arn:aws:eks:us-west-2:11112222333:cluster/a":                            `"11112222333" must have 12 digits`,
		"arn:aws:eks:us-west-2:111122223333:cluster/":                            `the name "" must be`,
		"arn:aws:eks:us-west-2:111122223333:cluster/-a":                          `the name "-a" must be`,
		"arn:aws:eks:us-west-2:111122223333:cluster/a\n":                         `the name "a\n" must be`,
		"arn:aws:eks:us-west-2:111122223333:cluster/a:b":                         `the name "a:b" must be`,
		"arn:aws:eks:us-west-2:111122223333:cluster/" + strings.Repeat("a", 101): "must be 1 to 100",
	} {
		if _, err := parseClusterARN(arn); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parseClusterARN(%q): error %v, want one with %q", arn, err, want)
		}
	}
}

func FuzzParseClusterARN(f *testing.F) {
	f.Add("arn:aws:eks:us-west-2:111122223333:cluster/my-cluster")
	f.Add("arn:aws-cn:eks:cn-north-1:111122223333:cluster/A_1")
	f.Add("arn:aws:eks:us-west-2:111122223333:cluster/a:b")
	f.Add("arn:::::")
	f.Fuzz(func(t *testing.T, arn string) {
		ref, err := parseClusterARN(arn)
		if err != nil {
			return
		}
		if got := ClusterARN(ref.partition.ID, ref.Scope, ref.name); got != arn {
			t.Errorf("parsed %q, formed %q", arn, got)
		}
	})
}
