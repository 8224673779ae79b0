package stsfake

import (
	"reflect"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"
)

// Every member that the SDK can send is held against the model, and no other: the SDK's inputs are made from it [D].
func TestModelHasTheSDKsMembers(t *testing.T) {
	t.Parallel()
	for name, input := range map[string]any{
		"AssumeRole": sts.AssumeRoleInput{}, "AssumeRoleWithSAML": sts.AssumeRoleWithSAMLInput{},
		"AssumeRoleWithWebIdentity": sts.AssumeRoleWithWebIdentityInput{}, "AssumeRoot": sts.AssumeRootInput{},
		"DecodeAuthorizationMessage": sts.DecodeAuthorizationMessageInput{}, "GetAccessKeyInfo": sts.GetAccessKeyInfoInput{},
		"GetCallerIdentity": sts.GetCallerIdentityInput{}, "GetDelegatedAccessToken": sts.GetDelegatedAccessTokenInput{},
		"GetFederationToken": sts.GetFederationTokenInput{}, "GetSessionToken": sts.GetSessionTokenInput{},
		"GetWebIdentityToken": sts.GetWebIdentityTokenInput{},
	} {
		op, ok := operationNamed(name, apiVersion)
		if !ok {
			t.Errorf("%s is unknown", name)
		}
		var want, got []string
		for field := range reflect.TypeOf(input).Fields() {
			if field.IsExported() {
				want = append(want, field.Name)
			}
		}
		for _, m := range op.model {
			got = append(got, m.Name)
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-SDK +model):\n%s", name, diff)
		}
	}
	for _, name := range apiOperations() {
		if _, ok := operationNamed(name, apiVersion); !ok {
			t.Errorf("%s can be made to fail and is unknown", name)
		}
	}
}

// Regions and services are recognized by their form, as the patterns below say it.
func TestEndpointLabels(t *testing.T) {
	t.Parallel()
	for label, want := range map[string]bool{
		"us-west-2": true, "us-gov-west-1": true, "eusc-de-east-1": true, "ap-southeast-10": true,
		"": false, "us": false, "us-2": false, "us-west": false, "us-west-": false, "-us-west-2": false, "us--west-2": false,
		"us-west--2": false, "US-west-2": false, "us-west2-2": false, "us-west-2a": false, "us-wést-2": false, "2-2-2": false,
	} {
		if got := isRegion(label); got != want {
			t.Errorf("isRegion(%q) is %t", label, got)
		}
	}
	for label, want := range map[string]bool{"sts": true, "s3-control": true, "": false, "3s": false, "-s": false, "S": false, "s_t": false, "sé": false} {
		if got := isService(label); got != want {
			t.Errorf("isService(%q) is %t", label, got)
		}
	}
}
