package eks

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/access"
)

// creatorGrants is what the creator of a cluster gets where it has an access entry.
func creatorGrants(p Principal) []access.Grant {
	return []access.Grant{{
		PrincipalARN: p.ARN, PrincipalID: p.ID, PolicyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
		Scope: access.Scope{Type: access.ScopeCluster, Namespaces: []string{}},
	}}
}

func TestDeleteCluster(t *testing.T) {
	t.Parallel()
	e := start(t)
	remove := func(name string) error {
		_, err := e.trurl().DeleteCluster(t.Context(), &awseks.DeleteClusterInput{Name: &name})
		return err
	}
	arn := e.create(t, "dev", types.AuthenticationModeApi)
	protect(t, e, "dev", true)
	const protected = "400 InvalidRequestException: Cluster dev cannot be deleted because deletion protection is enabled. Disable deletion protection first. [dev]"
	wantRefusal(t, "protected, while that is in progress", remove("dev"), protected)
	e.finish(t, "")
	wantRefusal(t, "protected", remove("dev"), protected)
	protect(t, e, "dev", false)
	running := e.clusters.RunningUpdates()[0].ID
	wantRefusal(t, "with an update in progress", remove("dev"), "409 ResourceInUseException: Cannot DeleteCluster because cluster dev currently has update "+running+" in progress [dev]")
	e.finish(t, "")
	wantRefusal(t, "unknown", remove("none"), "404 ResourceNotFoundException: No cluster found for name: none.")
	e.announced()

	out, err := e.trurl().DeleteCluster(t.Context(), &awseks.DeleteClusterInput{Name: aws.String("dev")})
	if err != nil || out.Cluster.Status != types.ClusterStatusDeleting {
		t.Fatalf("delete: %+v, %v", out, err)
	}
	if err := remove("dev"); err != nil {
		t.Errorf("delete again: %v", err)
	}
	if diff := cmp.Diff([]Change{{ClusterDeleted, arn}, {ClusterDeleted, arn}}, e.announced()); diff != "" {
		t.Errorf("announced (-want +got):\n%s", diff)
	}
	_, err = e.trurl().CreateCluster(t.Context(), creation("dev", types.AuthenticationModeApi))
	wantRefusal(t, "create while it is being deleted", err, "409 ResourceInUseException: Cluster already exists with name: dev [dev]")
	if err := e.clusters.RemoveCluster(arn); err != nil {
		t.Fatal(err)
	}
	if _, ok := e.clusters.ClusterByARN(arn); ok {
		t.Error("a removed cluster is still there")
	}
}

// A cluster that is CREATING or FAILED can be deleted although it is protected.
func TestDeleteUnfinishedCluster(t *testing.T) {
	t.Parallel()
	e := start(t)
	for _, name := range []string{"creating", "failed"} {
		in := creation(name, types.AuthenticationModeApi)
		in.DeletionProtection = aws.Bool(true)
		if _, err := e.trurl().CreateCluster(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.clusters.Fail(clusterARN("failed"), ClusterIssue{Code: "InternalFailure", Message: "no etcd"}); err != nil {
		t.Fatal(err)
	}
	described, err := e.trurl().DescribeCluster(t.Context(), &awseks.DescribeClusterInput{Name: aws.String("failed")})
	if err != nil || described.Cluster.Status != types.ClusterStatusFailed || aws.ToString(described.Cluster.Health.Issues[0].Message) != "no etcd" {
		t.Errorf("failed cluster %+v, %v", described, err)
	}
	for _, name := range []string{"creating", "failed"} {
		if _, err := e.trurl().DeleteCluster(t.Context(), &awseks.DeleteClusterInput{Name: &name}); err != nil {
			t.Errorf("delete a cluster that is %s: %v", name, err)
		}
	}
}

func protect(t *testing.T, e *environment, name string, on bool) {
	t.Helper()
	if _, err := e.trurl().UpdateClusterConfig(t.Context(), &awseks.UpdateClusterConfigInput{Name: &name, DeletionProtection: &on}); err != nil {
		t.Fatal(err)
	}
}

func TestUpdateVersion(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "dev", types.AuthenticationModeApi)
	for _, test := range []struct{ name, version, want string }{
		{"dev", "1.37", "400 InvalidParameterException: Unsupported Kubernetes minor version update from 1.37 to 1.37 [dev]"},
		{"dev", "1.36", "400 InvalidParameterException: Unsupported Kubernetes minor version update from 1.37 to 1.36 [dev]"},
		{"dev", "1.39", "400 InvalidParameterException: Unsupported Kubernetes minor version update from 1.37 to 1.39 [dev]"},
		{"dev", "1.38", "400 InvalidParameterException: unsupported Kubernetes version 1.38 [dev]"},
		{"dev", "latest", "400 InvalidParameterException: unsupported Kubernetes version latest [dev]"},
		{"none", "1.38", "404 ResourceNotFoundException: No cluster found for name: none."},
	} {
		_, err := e.trurl().UpdateClusterVersion(t.Context(), &awseks.UpdateClusterVersionInput{Name: &test.name, Version: &test.version})
		wantRefusal(t, test.version, err, test.want)
	}
}

func TestDescribeVersions(t *testing.T) {
	t.Parallel()
	e := start(t)
	for what, test := range map[string]struct {
		in   awseks.DescribeClusterVersionsInput
		want string
	}{
		"all":              {awseks.DescribeClusterVersionsInput{}, "[1.37 eks true STANDARD_SUPPORT]"},
		"default":          {awseks.DescribeClusterVersionsInput{DefaultOnly: aws.Bool(true), IncludeAll: aws.Bool(true)}, "[1.37 eks true STANDARD_SUPPORT]"},
		"by name":          {awseks.DescribeClusterVersionsInput{ClusterVersions: []string{"1.36", "1.37"}}, "[1.37 eks true STANDARD_SUPPORT]"},
		"another":          {awseks.DescribeClusterVersionsInput{ClusterVersions: []string{"1.36"}}, "[]"},
		"in support":       {awseks.DescribeClusterVersionsInput{VersionStatus: "STANDARD_SUPPORT"}, "[1.37 eks true STANDARD_SUPPORT]"},
		"out of support":   {awseks.DescribeClusterVersionsInput{VersionStatus: "UNSUPPORTED"}, "[]"},
		"for other things": {awseks.DescribeClusterVersionsInput{ClusterType: aws.String("eks-local-outposts")}, "[]"},
	} {
		out, err := e.trurl().DescribeClusterVersions(t.Context(), &test.in)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, v := range out.ClusterVersions {
			got = append(got, fmt.Sprint(aws.ToString(v.ClusterVersion), " ", aws.ToString(v.ClusterType), " ", v.DefaultVersion, " ", v.VersionStatus))
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("%s: %v, want %s", what, got, test.want)
		}
	}
}

// What clusters never have here is listed as nothing, in AWS's shapes.
func TestEmptyLists(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "dev", types.AuthenticationModeConfigMap)
	c, ctx := e.trurl(), t.Context()
	for what, list := range map[string]func(name *string) (int, error){
		"ListNodegroups": func(name *string) (int, error) {
			out, err := c.ListNodegroups(ctx, &awseks.ListNodegroupsInput{ClusterName: name})
			if err != nil {
				return 0, err
			}
			return found(out.Nodegroups)
		},
		"ListFargateProfiles": func(name *string) (int, error) {
			out, err := c.ListFargateProfiles(ctx, &awseks.ListFargateProfilesInput{ClusterName: name})
			if err != nil {
				return 0, err
			}
			return found(out.FargateProfileNames)
		},
		"ListAddons": func(name *string) (int, error) {
			out, err := c.ListAddons(ctx, &awseks.ListAddonsInput{ClusterName: name})
			if err != nil {
				return 0, err
			}
			return found(out.Addons)
		},
		"ListPodIdentityAssociations": func(name *string) (int, error) {
			out, err := c.ListPodIdentityAssociations(ctx, &awseks.ListPodIdentityAssociationsInput{ClusterName: name})
			if err != nil {
				return 0, err
			}
			return found(out.Associations)
		},
		"ListCapabilities": func(name *string) (int, error) {
			out, err := c.ListCapabilities(ctx, &awseks.ListCapabilitiesInput{ClusterName: name})
			if err != nil {
				return 0, err
			}
			return found(out.Capabilities)
		},
		"ListInsights": func(name *string) (int, error) {
			out, err := c.ListInsights(ctx, &awseks.ListInsightsInput{ClusterName: name, MaxResults: aws.Int32(5)})
			if err != nil {
				return 0, err
			}
			return found(out.Insights)
		},
		"ListIdentityProviderConfigs": func(name *string) (int, error) {
			out, err := c.ListIdentityProviderConfigs(ctx, &awseks.ListIdentityProviderConfigsInput{ClusterName: name})
			if err != nil {
				return 0, err
			}
			return found(out.IdentityProviderConfigs)
		},
	} {
		n, err := list(aws.String("dev"))
		if n != 0 || err != nil {
			t.Errorf("%s: %d, %v; want an empty list", what, n, err)
		}
		_, err = list(aws.String("none"))
		want := "404 ResourceNotFoundException: No cluster found for name: none. [none]"
		if what == "ListIdentityProviderConfigs" {
			want = "404 ResourceNotFoundException: No cluster found for name: none"
		}
		wantRefusal(t, what, err, want)
	}
	addons, err := c.DescribeAddonVersions(ctx, &awseks.DescribeAddonVersionsInput{KubernetesVersion: aws.String("1.37")})
	if err != nil || addons.Addons == nil || len(addons.Addons) > 0 {
		t.Errorf("DescribeAddonVersions: %+v, %v", addons, err)
	}
	if _, err := c.ListEksAnywhereSubscriptions(ctx, &awseks.ListEksAnywhereSubscriptionsInput{}); err != nil {
		t.Error(err)
	}
	_, err = c.DescribeIdentityProviderConfig(ctx, &awseks.DescribeIdentityProviderConfigInput{ClusterName: aws.String("dev"), IdentityProviderConfig: &types.IdentityProviderConfig{Type: aws.String("oidc"), Name: aws.String("test")}})
	wantRefusal(t, "DescribeIdentityProviderConfig", err, "404 ResourceNotFoundException: No config found for cluster: dev, config type: oidc, config name: test")
	_, err = c.ListInsights(ctx, &awseks.ListInsightsInput{ClusterName: aws.String("dev"), MaxResults: aws.Int32(500)})
	wantRefusal(t, "ListInsights", err, "400 InvalidParameterException: The parameter maxResults must be a number between 1 and 100.")
}

// found counts a list, which must not be null.
func found[T any](list []T) (int, error) {
	if list == nil {
		return 0, errors.New("the list is null")
	}
	return len(list), nil
}
