package eks

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
)

// Every member of the request comes back, from CreateCluster and from DescribeCluster.
func TestCreateCluster(t *testing.T) {
	t.Parallel()
	e := start(t)
	in := creation("dev", types.AuthenticationModeApi)
	in.Version = aws.String("1.37")
	in.Tags = map[string]string{"team": "robots"}
	in.ResourcesVpcConfig.SecurityGroupIds = []string{"sg-1"}
	in.ResourcesVpcConfig.EndpointPrivateAccess, in.ResourcesVpcConfig.PublicAccessCidrs = aws.Bool(true), []string{"203.0.113.0/24"}
	in.KubernetesNetworkConfig = &types.KubernetesNetworkConfigRequest{ServiceIpv4Cidr: aws.String("172.20.0.0/16"), ElasticLoadBalancing: &types.ElasticLoadBalancing{Enabled: aws.Bool(true)}}
	in.Logging = &types.Logging{ClusterLogging: []types.LogSetup{{Types: []types.LogType{"audit", "api"}, Enabled: aws.Bool(true)}}}
	in.EncryptionConfig = []types.EncryptionConfig{{Resources: []string{"secrets"}, Provider: &types.Provider{KeyArn: aws.String("arn:aws:kms:us-west-2:111122223333:key/k")}}}
	in.UpgradePolicy = &types.UpgradePolicyRequest{SupportType: types.SupportTypeStandard}
	in.ZonalShiftConfig = &types.ZonalShiftConfigRequest{Enabled: aws.Bool(true)}
	in.RemoteNetworkConfig = &types.RemoteNetworkConfigRequest{RemoteNodeNetworks: []types.RemoteNodeNetwork{{Cidrs: []string{"10.200.0.0/16"}}}}
	in.ComputeConfig = &types.ComputeConfigRequest{Enabled: aws.Bool(true), NodePools: []string{"system"}, NodeRoleArn: aws.String(clusterRole)}
	in.StorageConfig = &types.StorageConfigRequest{BlockStorage: &types.BlockStorage{Enabled: aws.Bool(true)}}
	in.DeletionProtection, in.BootstrapSelfManagedAddons = aws.Bool(true), aws.Bool(false)
	in.ControlPlaneScalingConfig = &types.ControlPlaneScalingConfig{Tier: "tier-xl"}
	in.KubeApiServerConfig = &types.KubeApiServerConfigRequest{EventTtl: aws.String("2h")}
	out, err := e.trurl().CreateCluster(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Change{{ClusterCreated, clusterARN("dev")}}, e.announced()); diff != "" {
		t.Errorf("announced (-want +got):\n%s", diff)
	}
	got, ok := e.clusters.Cluster(oregon, "dev")
	if !ok || got.Status != StatusCreating || !got.CreatedAt.Equal(timestamp(e.now)) {
		t.Fatalf("cluster %+v, %v", got, ok)
	}
	if issuer := regexp.MustCompile(`^https://oidc\.eks\.us-west-2\.amazonaws\.com/id/[0-9A-F]{32}$`); !issuer.MatchString(got.Identity.OIDC.Issuer) {
		t.Errorf("issuer %q", got.Identity.OIDC.Issuer)
	}
	got.Identity.OIDC.Issuer, got.CreatedAt = "https://issuer", timestamp(time.Unix(1, 0))
	golden.Assert(t, string(indented(t, got)), "cluster-created.json")
	described, err := e.trurl().DescribeCluster(t.Context(), &awseks.DescribeClusterInput{Name: aws.String("dev")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(mustJSON(t, out.Cluster), mustJSON(t, described.Cluster)); diff != "" {
		t.Errorf("described (-created +described):\n%s", diff)
	}
	if out.Cluster.AccessConfig.BootstrapClusterCreatorAdminPermissions != nil || out.Cluster.Endpoint != nil {
		t.Error("the answer has a member that AWS leaves out")
	}
}

func TestCreateIPv6Cluster(t *testing.T) {
	t.Parallel()
	e := start(t)
	in := creation("dev", types.AuthenticationModeApi)
	in.KubernetesNetworkConfig = &types.KubernetesNetworkConfigRequest{IpFamily: types.IpFamilyIpv6}
	out, err := e.trurl().CreateCluster(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	network := out.Cluster.KubernetesNetworkConfig
	if network.IpFamily != types.IpFamilyIpv6 || network.ServiceIpv4Cidr != nil || !strings.HasPrefix(aws.ToString(network.ServiceIpv6Cidr), "fd") {
		t.Errorf("network %+v", network)
	}
	if diff := cmp.Diff([]string{"0.0.0.0/0", "::/0"}, out.Cluster.ResourcesVpcConfig.PublicAccessCidrs); diff != "" {
		t.Errorf("public access (-want +got):\n%s", diff)
	}
}

func TestCreateClusterNowhere(t *testing.T) {
	t.Parallel()
	e := start(t)
	_, err := e.client("oregon", e.keys["trurl"]).CreateCluster(t.Context(), creation("dev", types.AuthenticationModeApi))
	wantRefusal(t, "region", err, "400 InvalidParameterException: There is no region oregon. [dev]")
}

// Texts that comments call measured are AWS's of 2026-09-24 and 25 (badmintoncryer/cdk-preflight, rules/eks).
func TestCreateClusterRefusals(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "taken", types.AuthenticationModeApi)
	e.role(t, "111122223333", "/", "other-service", "ec2.amazonaws.com")
	invalid := func(text string) string { return "400 InvalidParameterException: " + text + " [dev]" }
	const noRole = "Role with arn: %, could not be assumed because it does not exist or the trusted entity is not correct"
	type input = awseks.CreateClusterInput
	network := func(cidr string, family types.IpFamily) func(*input) {
		return func(in *input) {
			in.KubernetesNetworkConfig = &types.KubernetesNetworkConfigRequest{ServiceIpv4Cidr: &cidr, IpFamily: family}
		}
	}
	remote := func(nodes, pods string) func(*input) {
		return func(in *input) {
			in.RemoteNetworkConfig = &types.RemoteNetworkConfigRequest{}
			if nodes != "" {
				in.RemoteNetworkConfig.RemoteNodeNetworks = []types.RemoteNodeNetwork{{Cidrs: []string{nodes}}}
			}
			if pods != "" {
				in.RemoteNetworkConfig.RemotePodNetworks = []types.RemotePodNetwork{{Cidrs: []string{pods}}}
			}
		}
	}
	autoMode := func(compute, balancing, storage bool) func(*input) {
		return func(in *input) {
			in.ComputeConfig = &types.ComputeConfigRequest{Enabled: &compute}
			in.KubernetesNetworkConfig = &types.KubernetesNetworkConfigRequest{ElasticLoadBalancing: &types.ElasticLoadBalancing{Enabled: &balancing}}
			in.StorageConfig = &types.StorageConfigRequest{BlockStorage: &types.BlockStorage{Enabled: &storage}}
		}
	}
	encryption := func(resource, key string) func(*input) {
		return func(in *input) {
			in.EncryptionConfig = []types.EncryptionConfig{{Resources: []string{resource}, Provider: &types.Provider{KeyArn: &key}}}
		}
	}
	for _, test := range []struct {
		what   string
		change func(*input)
		want   string
	}{
		{"version", func(in *input) { in.Version = aws.String("1.29") }, invalid("unsupported Kubernetes version 1.29")},           // measured
		{"patch version", func(in *input) { in.Version = aws.String("1.37.0") }, invalid("unsupported Kubernetes version 1.37.0")}, // measured
		{"name", func(in *input) { in.Name = aws.String("taken") }, "409 ResourceInUseException: Cluster already exists with name: taken [taken]"},
		{"bad name", func(in *input) { in.Name = aws.String(strings.Repeat("a", 101)) }, "400 InvalidParameterException: The parameter name should not be greater than 100 characters."},
		{"no role", func(in *input) { in.RoleArn = aws.String(clusterRole + "2") }, invalid(strings.Replace(noRole, "%", clusterRole+"2", 1))},
		{"role of another service", func(in *input) { in.RoleArn = aws.String("arn:aws:iam::111122223333:role/other-service") }, invalid(strings.Replace(noRole, "%", "arn:aws:iam::111122223333:role/other-service", 1))},
		{"no ARN", func(in *input) { in.RoleArn = aws.String("cluster") }, invalid(strings.Replace(noRole, "%", "cluster", 1))},
		{"role of another account", func(in *input) { in.RoleArn = aws.String("arn:aws:iam::999999999999:role/x") }, "403 AccessDeniedException: Cross-account pass role is not allowed."}, // measured
		{"creator without access", func(in *input) {
			in.AccessConfig = &types.CreateAccessConfigRequest{BootstrapClusterCreatorAdminPermissions: aws.Bool(false)}
		}, invalid("bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP")},
		{"mode", func(in *input) { in.AccessConfig.AuthenticationMode = "RBAC" }, invalid("The parameter authenticationMode must be one of [API, API_AND_CONFIG_MAP, CONFIG_MAP].")},
		{"one subnet", func(in *input) { in.ResourcesVpcConfig.SubnetIds = []string{"a"} }, invalid("Subnets specified must be in at least two different AZs")},                                                                                        // measured
		{"no endpoint", func(in *input) { in.ResourcesVpcConfig.EndpointPublicAccess = aws.Bool(false) }, invalid("Private and public endpoint access cannot be false")},                                                                               // measured
		{"small service range", network("10.100.0.0/25", ""), invalid("Invalid Cluster Service Ipv4 CIDR 10.100.0.0/25 for the cluster dev, must have netmask size between /12 and /24 inclusive")},                                                    // measured
		{"large service range", network("10.0.0.0/11", ""), invalid("Invalid Cluster Service Ipv4 CIDR 10.0.0.0/11 for the cluster dev, must have netmask size between /12 and /24 inclusive")},                                                        // measured
		{"public service range", network("11.0.0.0/16", ""), invalid("Invalid Cluster Service Ipv4 CIDR 11.0.0.0/16 for the cluster dev, must be within RFC1918 range")},                                                                               // measured
		{"IPv4 range in IPv6", network("10.100.0.0/16", types.IpFamilyIpv6), invalid(`serviceIpv4Cidr cannot be specified when creating an "ipv6" cluster`)},                                                                                           // measured
		{"remote pods only", remote("", "10.200.0.0/16"), invalid("remoteNodeNetworks are required when specifying remoteNetworkConfig.")},                                                                                                             // measured
		{"public remote nodes", remote("11.0.0.0/16", ""), invalid("Invalid remote node network: CIDR 11.0.0.0/16 is not part of RFC 1918 or CGNAT")},                                                                                                  // measured
		{"remote nodes beyond CGNAT", remote("100.64.0.0/9", ""), invalid("Invalid remote node network: CIDR 100.64.0.0/9 is not part of RFC 1918 or CGNAT")},                                                                                          // measured
		{"remote pods among nodes", remote("10.200.0.0/16", "10.200.0.0/24"), invalid("Invalid remote pod network: CIDR 10.200.0.0/24 overlaps with already existing CIDR 10.200.0.0/16")},                                                             // measured
		{"remote nodes among services", func(in *input) { network("10.100.0.0/16", "")(in); remote("10.100.0.0/24", "")(in) }, invalid("Invalid remote node network: CIDR 10.100.0.0/24 overlaps with service CIDR 10.100.0.0/16")},                    // measured
		{"remote nodes with aws-auth alone", func(in *input) { remote("10.200.0.0/16", "")(in); in.AccessConfig = nil }, invalid("AccessConfig AuthMode must be API_AND_CONFIG_MAP or API when remoteNetworkConfig is specified")},                     // measured
		{"half of Auto Mode", autoMode(true, false, false), invalid("For EKS Auto Mode, please ensure that all required configs, including computeConfig, kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.")}, // measured
		{"Auto Mode with aws-auth alone", func(in *input) { autoMode(true, true, true)(in); in.AccessConfig = nil }, invalid("When EKS Auto Mode is enabled, you must use an EKS access config authentication mode of API_AND_CONFIG_MAP or API")},     // measured
		{"node pools without a role", func(in *input) { autoMode(true, true, true)(in); in.ComputeConfig.NodePools = []string{"system"} }, invalid("When Compute Config nodeRoleArn is null or empty, nodePool list cannot be populated.")},            // measured
		{"encrypted ConfigMaps", encryption("configmaps", "arn:aws:kms:us-west-2:111122223333:key/k"), invalid("Invalid k8s resource for encryption")},                                                                                                 // measured
		{"key of another region", encryption("secrets", "arn:aws:kms:eu-west-1:111122223333:key/k"), invalid("The keyArn for encryptionConfig is scoped to invalid aws region.")},                                                                      // measured
		{"key of another partition", encryption("secrets", "arn:aws-cn:kms:us-west-2:111122223333:key/k"), invalid("The keyArn for encryptionConfig is scoped to invalid aws region.")},                                                                // measured
		{"tag", func(in *input) { in.Tags = map[string]string{"aws:x": "y"} }, invalid("The tag key aws:x is invalid: the prefix aws: is reserved for AWS use.")},
		{"log type", func(in *input) {
			in.Logging = &types.Logging{ClusterLogging: []types.LogSetup{{Types: []types.LogType{"etcd"}, Enabled: aws.Bool(true)}}}
		}, invalid("The parameter logging type must be one of [api, audit, authenticator, controllerManager, scheduler].")},
		{"support", func(in *input) { in.UpgradePolicy = &types.UpgradePolicyRequest{SupportType: "NONE"} }, invalid("The parameter supportType must be one of [STANDARD, EXTENDED].")},
		{"public access", func(in *input) { in.ResourcesVpcConfig.PublicAccessCidrs = []string{"everybody"} }, invalid("The following CIDRs are invalid in publicAccessCidrs: [everybody]")},
		{"Outposts", func(in *input) {
			in.OutpostConfig = &types.OutpostConfigRequest{ControlPlaneInstanceType: aws.String("m5.large"), OutpostArns: []string{"arn:aws:outposts:us-west-2:111122223333:outpost/op-1"}}
		}, invalid("eksemu has no local clusters on AWS Outposts: leave out outpostConfig.")},
	} {
		in := creation("dev", types.AuthenticationModeApi)
		test.change(in)
		_, err := e.trurl().CreateCluster(t.Context(), in)
		wantRefusal(t, test.what, err, test.want)
	}
	if diff := cmp.Diff([]string{"taken"}, e.clusters.List(oregon)); diff != "" {
		t.Errorf("clusters (-want +got):\n%s", diff)
	}
}

// Requests that SDKs do not send.
func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "dev", types.AuthenticationModeApi)
	keys := e.keys["trurl"]
	entry := "/clusters/dev/access-entries/arn%3Aaws%3Aiam%3A%3A111122223333%3Auser%2Ftrurl"
	for _, test := range []struct{ method, target, body, want string }{
		{"POST", "/clusters", "", `400 InvalidParameterException The parameter name is required.`},
		{"POST", "/clusters", `{"name":"a"}`, `400 InvalidParameterException The parameter roleArn is required.`},
		{"POST", "/clusters", `{"name":"a","roleArn":"r"}`, `400 InvalidParameterException The parameter resourcesVpcConfig is required.`},
		{"POST", "/clusters", `{"name":1}`, `400 SerializationException The member name of the request cannot be a JSON number.`},
		{"POST", "/clusters", `{"name"`, `400 SerializationException The body of the request is not a JSON object.`},
		{"POST", "/clusters/dev/access-entries", ``, `400 InvalidParameterException The parameter principalArn is required.`},
		{"POST", "/clusters/dev/updates", `{}`, `400 InvalidParameterException The parameter version is required.`},
		{"POST", entry + "/access-policies", `{}`, `400 InvalidParameterException The parameter policyArn is required.`},
		{"POST", entry + "/access-policies", `{"policyArn":"x"}`, `400 InvalidParameterException The parameter accessScope is required.`},
		{"POST", entry, `[]`, `400 SerializationException The member  of the request cannot be a JSON array.`},
		{"POST", "/clusters/dev/identity-provider-configs/describe", `{}`, `400 InvalidParameterException The parameter identityProviderConfig is required.`},
		{"POST", "/tags/arn%3Aaws%3Aeks%3Aus-west-2%3A111122223333%3Acluster%2Fdev", `{}`, `400 BadRequestException The parameter tags is required.`},
		{"DELETE", "/tags/arn%3Aaws%3Aeks%3Aus-west-2%3A111122223333%3Acluster%2Fdev", ``, `400 BadRequestException The parameter tagKeys must have between 1 and 50 elements.`},
		{"POST", entry, `{"somethingNew":1}`, `200 `},
	} {
		answer, body := e.send(t, test.method, test.target, test.body, &keys)
		var message struct{ Message string }
		if err := json.Unmarshal([]byte(body), &message); err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(answer.StatusCode, " ", strings.TrimSpace(answer.Header.Get("x-amzn-ErrorType")+" "+message.Message))
		if got != test.want {
			t.Errorf("%s %s %s: %s, want %s", test.method, test.target, test.body, got, test.want)
		}
	}
}

func TestRepeatedCreation(t *testing.T) {
	t.Parallel()
	e := start(t)
	in := creation("dev", types.AuthenticationModeApi)
	in.ClientRequestToken = aws.String("once")
	for range 2 {
		if _, err := e.trurl().CreateCluster(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]Change{{ClusterCreated, clusterARN("dev")}}, e.announced()); diff != "" {
		t.Errorf("announced (-want +got):\n%s", diff)
	}
	in.DeletionProtection = aws.Bool(true)
	_, err := e.trurl().CreateCluster(t.Context(), in)
	wantRefusal(t, "another request with the token", err, "409 ResourceInUseException: Cluster already exists with name: dev [dev]")
}

// Who the new cluster lets in, by its mode.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	e := start(t)
	no := creation("nobody", types.AuthenticationModeApi)
	no.AccessConfig.BootstrapClusterCreatorAdminPermissions = aws.Bool(false)
	for _, in := range []*awseks.CreateClusterInput{creation("default", ""), creation("both", types.AuthenticationModeApiAndConfigMap), creation("api", types.AuthenticationModeApi), no} {
		if *in.Name == "default" {
			in.AccessConfig = nil
		}
		if _, err := e.trurl().CreateCluster(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	user, err := e.store.User("arn:aws:iam::111122223333:user/trurl")
	if err != nil {
		t.Fatal(err)
	}
	creator := Principal{ARN: "arn:aws:iam::111122223333:user/trurl", ID: user.UniqueID}
	entry := []Mapping{{PrincipalARN: creator.ARN, PrincipalID: creator.ID, Username: creator.ARN, Groups: []string{}}}
	admin := creatorGrants(creator)
	for name, want := range map[string]Access{
		"default": {AuthenticationMode: ModeConfigMap, Creator: creator},
		"both":    {AuthenticationMode: ModeAPIAndConfigMap, Entries: entry, Grants: admin},
		"api":     {AuthenticationMode: ModeAPI, Entries: entry, Grants: admin},
		"nobody":  {AuthenticationMode: ModeAPI},
	} {
		want.ClusterARN = clusterARN(name)
		got, err := e.clusters.Access(want.ClusterARN)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	out, err := e.trurl().ListAccessEntries(t.Context(), &awseks.ListAccessEntriesInput{ClusterName: aws.String("nobody")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{serviceLinkedRole}, out.AccessEntries); diff != "" {
		t.Errorf("entries without the creator (-want +got):\n%s", diff)
	}
}

// ClusterActive and ClusterDeleted are what the CLI, Terraform and CDK wait with.
func TestWaiters(t *testing.T) {
	t.Parallel()
	e := start(t)
	if _, err := e.trurl().CreateCluster(t.Context(), creation("dev", types.AuthenticationModeApi)); err != nil {
		t.Fatal(err)
	}
	on := &awseks.DescribeClusterInput{Name: aws.String("dev")}
	active := awseks.NewClusterActiveWaiter(e.trurl(), func(o *awseks.ClusterActiveWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, time.Millisecond
	})
	done := make(chan error, 1)
	go func() { done <- active.Wait(t.Context(), on, time.Minute) }()
	e.activate(t, "dev")
	if err := <-done; err != nil {
		t.Errorf("wait until active: %v", err)
	}
	if _, err := e.trurl().DeleteCluster(t.Context(), &awseks.DeleteClusterInput{Name: aws.String("dev")}); err != nil {
		t.Fatal(err)
	}
	deleted := awseks.NewClusterDeletedWaiter(e.trurl(), func(o *awseks.ClusterDeletedWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, time.Millisecond
	})
	go func() { done <- deleted.Wait(t.Context(), on, time.Minute) }()
	if err := e.clusters.RemoveCluster(clusterARN("dev")); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("wait until deleted: %v", err)
	}
}
