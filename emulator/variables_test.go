package emulator

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVariables(t *testing.T) {
	t.Parallel()
	aws := []Variable{
		{"HTTPS_PROXY", "http://127.0.0.1:4500"},
		{"NO_PROXY", "127.0.0.1,localhost,::1"},
		{"AWS_CA_BUNDLE", "/state/ca-bundle.pem"},
		{"AWS_CONFIG_FILE", "/state/aws/config"},
		{"AWS_SHARED_CREDENTIALS_FILE", "/state/aws/credentials"},
		{"AWS_EC2_METADATA_DISABLED", "true"},
	}
	if diff := cmp.Diff(aws, AWSVariables("/state", testRuntime())); diff != "" {
		t.Errorf("of AWS clients (-want +got):\n%s", diff)
	}
	creator := append(slices.Clone(aws), Variable{"KUBECONFIG", "/state/kubeconfig"})
	if diff := cmp.Diff(creator, Variables("/state", testRuntime(), "")); diff != "" {
		t.Errorf("of the creator (-want +got):\n%s", diff)
	}
	alice := append(slices.Clone(aws), Variable{"AWS_PROFILE", "alice"}, Variable{"KUBECONFIG", "/state/kubeconfigs/alice"})
	if diff := cmp.Diff(alice, Variables("/state", testRuntime(), "alice")); diff != "" {
		t.Errorf("of alice (-want +got):\n%s", diff)
	}
}

// TestVariablesMoveNoEndpoint holds what makes tokens work: aws-iam-authenticator refuses one whose host is no STS
// host of AWS.
func TestVariablesMoveNoEndpoint(t *testing.T) {
	t.Parallel()
	for _, v := range Variables("/state", testRuntime(), "alice") {
		if strings.HasPrefix(v.Name, "AWS_ENDPOINT_URL") {
			t.Errorf("%s is set to %s", v.Name, v.Value)
		}
		if strings.Contains(v.Value, testRuntime().AdminToken) {
			t.Errorf("%s has the token of the admin API", v.Name)
		}
	}
}

func TestMisleading(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ set, want []string }{
		{nil, nil},
		{[]string{"HOME", "PATH", "KUBECONFIG", "AWS_PAGER"}, nil},
		{[]string{"AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"}, []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}},
		{[]string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_EKS"}, []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_EKS"}},
		{[]string{"AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN", "AWS_EC2_METADATA_DISABLED"}, []string{"AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"}},
		{[]string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION"}, []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION"}},
		{[]string{"https_proxy", "no_proxy", "http_proxy"}, []string{"https_proxy", "no_proxy"}},
		{[]string{"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"}, []string{"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"}},
	} {
		got := Misleading(func(name string) bool { return slices.Contains(tc.set, name) })
		if len(got) == 0 {
			got = nil
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("of %v (-want +got):\n%s", tc.set, diff)
		}
	}
}

// TestMisleadingAreNotSet keeps `eksemu env` from taking back what it gives.
func TestMisleadingAreNotSet(t *testing.T) {
	t.Parallel()
	misleading := Misleading(func(string) bool { return true })
	for _, v := range Variables("/state", testRuntime(), "") {
		if slices.Contains(misleading, v.Name) {
			t.Errorf("%s is set and misleading", v.Name)
		}
	}
}
