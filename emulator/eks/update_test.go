package eks

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"
)

// change asks for a change of cluster dev.
func (e *environment) change(t *testing.T, in awseks.UpdateClusterConfigInput) (*types.Update, error) {
	t.Helper()
	if in.Name == nil {
		in.Name = aws.String("dev")
	}
	out, err := e.trurl().UpdateClusterConfig(t.Context(), &in)
	if err != nil {
		return nil, err
	}
	return out.Update, nil
}

func toMode(mode types.AuthenticationMode) awseks.UpdateClusterConfigInput {
	return awseks.UpdateClusterConfigInput{AccessConfig: &types.UpdateAccessConfigRequest{AuthenticationMode: mode}}
}

// Every kind of update: its type, its parameters, and what DescribeCluster shows afterwards.
func TestUpdateKinds(t *testing.T) {
	t.Parallel()
	type input = awseks.UpdateClusterConfigInput
	for _, test := range []struct {
		in   input
		want string
		has  func(Cluster) any
		then any
	}{
		{
			input{ResourcesVpcConfig: &types.VpcConfigRequest{EndpointPublicAccess: aws.Bool(false), EndpointPrivateAccess: aws.Bool(true)}},
			"EndpointAccessUpdate [EndpointPublicAccess=false EndpointPrivateAccess=true]",
			func(c Cluster) any {
				return fmt.Sprint(c.ResourcesVPCConfig.EndpointPublicAccess, c.ResourcesVPCConfig.EndpointPrivateAccess)
			}, "false true",
		},
		{
			input{ResourcesVpcConfig: &types.VpcConfigRequest{PublicAccessCidrs: []string{"203.0.113.0/24"}}},
			`EndpointAccessUpdate [PublicAccessCidrs=["203.0.113.0/24"]]`,
			func(c Cluster) any { return c.ResourcesVPCConfig.PublicAccessCIDRs[0] }, "203.0.113.0/24",
		},
		{
			input{ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{"a", "b"}, SecurityGroupIds: []string{"sg"}}},
			`VpcConfigUpdate [Subnets=["a","b"] SecurityGroups=["sg"]]`,
			func(c Cluster) any { return c.ResourcesVPCConfig.SubnetIDs[0] }, "a",
		},
		{
			input{Logging: &types.Logging{ClusterLogging: []types.LogSetup{{Types: []types.LogType{"api"}, Enabled: aws.Bool(true)}}}},
			`LoggingUpdate [ClusterLogging={"clusterLogging":[{"types":["api"],"enabled":true}]}]`,
			func(c Cluster) any { return fmt.Sprint(c.Logging.ClusterLogging) }, "[{[api] true} {[audit authenticator controllerManager scheduler] false}]",
		},
		{
			toMode(types.AuthenticationModeApi), `AccessConfigUpdate [AuthenticationMode="API"]`,
			func(c Cluster) any { return c.AccessConfig.AuthenticationMode }, ModeAPI,
		},
		{
			input{UpgradePolicy: &types.UpgradePolicyRequest{SupportType: types.SupportTypeStandard}}, `UpgradePolicyUpdate [UpgradePolicy={"supportType":"STANDARD"}]`,
			func(c Cluster) any { return c.UpgradePolicy.SupportType }, "STANDARD",
		},
		{
			input{ZonalShiftConfig: &types.ZonalShiftConfigRequest{Enabled: aws.Bool(true)}}, `ZonalShiftConfigUpdate [ZonalShiftConfig={"enabled":true}]`,
			func(c Cluster) any { return c.ZonalShiftConfig.Enabled }, true,
		},
		{
			input{DeletionProtection: aws.Bool(true)}, `DeletionProtectionUpdate [DeletionProtection=true]`,
			func(c Cluster) any { return c.DeletionProtection }, true,
		},
		{
			input{ControlPlaneScalingConfig: &types.ControlPlaneScalingConfig{Tier: "tier-xl"}}, `ControlPlaneScalingConfigUpdate [UpdatedTier=tier-xl PreviousTier=standard]`,
			func(c Cluster) any { return c.ControlPlaneScalingConfig.Tier }, "tier-xl",
		},
		{
			input{RemoteNetworkConfig: &types.RemoteNetworkConfigRequest{RemoteNodeNetworks: []types.RemoteNodeNetwork{{Cidrs: []string{"10.200.0.0/16"}}}}},
			`RemoteNetworkConfigUpdate [RemoteNetworkConfig={"remoteNodeNetworks":[{"cidrs":["10.200.0.0/16"]}]}]`,
			func(c Cluster) any { return c.RemoteNetworkConfig.RemoteNodeNetworks[0].CIDRs[0] }, "10.200.0.0/16",
		},
		{
			input{
				ComputeConfig: &types.ComputeConfigRequest{Enabled: aws.Bool(true)}, StorageConfig: &types.StorageConfigRequest{BlockStorage: &types.BlockStorage{Enabled: aws.Bool(true)}},
				KubernetesNetworkConfig: &types.KubernetesNetworkConfigRequest{ElasticLoadBalancing: &types.ElasticLoadBalancing{Enabled: aws.Bool(true)}},
			},
			`AutoModeUpdate [ComputeConfig={"enabled":true} KubernetesNetworkConfig={"elasticLoadBalancing":{"enabled":true}} StorageConfig={"blockStorage":{"enabled":true}}]`,
			func(c Cluster) any { return c.ComputeConfig.Enabled && c.StorageConfig.BlockStorage.Enabled }, true,
		},
		{
			input{KubeApiServerConfig: &types.KubeApiServerConfigRequest{EventTtl: aws.String("2h")}}, `ControlPlaneComponentConfigUpdate [KubeApiServerConfig={"eventTtl":"2h"}]`,
			func(c Cluster) any { return c.KubeAPIServerConfig["eventTtl"] }, "2h",
		},
	} {
		e := start(t)
		arn := e.create(t, "dev", types.AuthenticationModeApiAndConfigMap)
		e.announced()
		begun, err := e.change(t, test.in)
		if err != nil {
			t.Errorf("%s: %v", test.want, err)
			continue
		}
		if got := described(begun); got != test.want || begun.Status != types.UpdateStatusInProgress || begun.Errors == nil {
			t.Errorf("update %s %v, want %s, InProgress", got, begun.Status, test.want)
		}
		kind := UpdateStarted
		if begun.Type == types.UpdateTypeAccessConfigUpdate {
			kind = AccessChanged
		}
		if diff := cmp.Diff([]Change{{kind, arn}}, e.announced()); diff != "" {
			t.Errorf("%s announced (-want +got):\n%s", test.want, diff)
		}
		cluster, _ := e.clusters.ClusterByARN(arn)
		if got := test.has(cluster); got != test.then || cluster.Status != StatusUpdating {
			t.Errorf("%s: the cluster has %v in status %s, want %v in UPDATING", test.want, got, cluster.Status, test.then)
		}
		e.finish(t, "")
		out, err := e.trurl().DescribeUpdate(t.Context(), &awseks.DescribeUpdateInput{Name: aws.String("dev"), UpdateId: begun.Id})
		if err != nil || out.Update.Status != types.UpdateStatusSuccessful || described(out.Update) != test.want {
			t.Errorf("%s afterwards: %+v, %v", test.want, out, err)
		}
		if cluster, _ := e.clusters.ClusterByARN(arn); cluster.Status != StatusActive || test.has(cluster) != test.then {
			t.Errorf("%s: the cluster is %s afterwards and has %v", test.want, cluster.Status, test.has(cluster))
		}
	}
}

func described(u *types.Update) string {
	params := []string{}
	for _, param := range u.Params {
		params = append(params, string(param.Type)+"="+aws.ToString(param.Value))
	}
	return fmt.Sprint(u.Type, " ", params)
}

func TestUpdateRefusals(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "dev", types.AuthenticationModeConfigMap)
	type input = awseks.UpdateClusterConfigInput
	invalid := func(text string) string { return "400 InvalidParameterException: " + text + " [dev]" }
	off := &types.Logging{ClusterLogging: []types.LogSetup{{Types: []types.LogType{"api"}, Enabled: aws.Bool(false)}}}
	for _, test := range []struct {
		what string
		in   input
		want string
	}{
		{"nothing", input{}, invalid("The type for cluster update was not provided.")},
		{"nothing in it", input{AccessConfig: &types.UpdateAccessConfigRequest{}}, invalid("The type for cluster update was not provided.")},
		{"two kinds", input{Logging: off, DeletionProtection: aws.Bool(true)}, invalid("Only one type of update can be allowed.")},
		{"subnets and endpoints", input{ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{"a", "b"}, EndpointPrivateAccess: aws.Bool(true)}}, invalid("Only one type of update can be allowed.")},
		{"two kinds, no cluster", input{Name: aws.String("none"), Logging: off, DeletionProtection: aws.Bool(true)}, "400 InvalidParameterException: Only one type of update can be allowed. [none]"},
		{"no cluster", input{Name: aws.String("none"), Logging: off}, "404 ResourceNotFoundException: No cluster found for name: none."},
		{"the same endpoints", input{ResourcesVpcConfig: &types.VpcConfigRequest{EndpointPublicAccess: aws.Bool(true)}}, invalid("Cluster is already at the desired configuration with endpointPrivateAccess: false , endpointPublicAccess: true, and Public Endpoint Restrictions: [0.0.0.0/0]")},
		{"no endpoint", input{ResourcesVpcConfig: &types.VpcConfigRequest{EndpointPublicAccess: aws.Bool(false)}}, invalid("Private and public endpoint access cannot be false")},
		{"the same logs", input{Logging: off}, invalid("No changes needed for the logging config provided")},
		{"two steps at once", toMode(types.AuthenticationModeApi), invalid("Unsupported authentication mode update from CONFIG_MAP to API")},
		{"the same mode", toMode(types.AuthenticationModeConfigMap), invalid("Unsupported authentication mode update from CONFIG_MAP to CONFIG_MAP")},
		{"unknown mode", toMode("RBAC"), invalid("The parameter authenticationMode must be one of [API, API_AND_CONFIG_MAP, CONFIG_MAP].")},
		{"the same protection", input{DeletionProtection: aws.Bool(false)}, invalid("Cluster is already at the desired configuration with DeletionProtection: false")},
		{"the same support", input{UpgradePolicy: &types.UpgradePolicyRequest{SupportType: types.SupportTypeExtended}}, invalid(`Cluster is already at the desired configuration with UpgradePolicy: {"supportType":"EXTENDED"}`)},
		{"tier", input{ControlPlaneScalingConfig: &types.ControlPlaneScalingConfig{Tier: "huge"}}, invalid("The parameter tier must be one of [standard, tier-xl, tier-2xl, tier-4xl, tier-8xl].")},
		{"no Auto Mode", input{ComputeConfig: &types.ComputeConfigRequest{Enabled: aws.Bool(false)}}, "400 InvalidRequestException: Cannot modify EKS Auto Mode configuration. Auto Mode is not enabled on this cluster. [dev]"},
		{"half of Auto Mode", input{ComputeConfig: &types.ComputeConfigRequest{Enabled: aws.Bool(true)}}, invalid("For EKS Auto Mode, please ensure that all required configs, including computeConfig, kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.")},
		{"one subnet", input{ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{"a"}}}, invalid("Subnets specified must be in at least two different AZs")},
	} {
		_, err := e.change(t, test.in)
		wantRefusal(t, test.what, err, test.want)
	}
	if len(e.clusters.RunningUpdates()) > 0 {
		t.Error("a refused update is in progress")
	}

	first, err := e.change(t, input{DeletionProtection: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.change(t, toMode(types.AuthenticationModeApiAndConfigMap))
	wantRefusal(t, "another update", err, "409 ResourceInUseException: Cannot AccessConfigUpdate because cluster dev currently has update "+*first.Id+" in progress [dev]")
	if _, err := e.trurl().CreateCluster(t.Context(), creation("new", types.AuthenticationModeApi)); err != nil {
		t.Fatal(err)
	}
	_, err = e.change(t, input{Name: aws.String("new"), DeletionProtection: aws.Bool(true)})
	wantRefusal(t, "CREATING", err, "400 InvalidRequestException: Cannot DeletionProtectionUpdate because cluster new is in status CREATING. [new]")
}

// The way from aws-auth to access entries, and that there is none back.
func TestModeGoesOneWay(t *testing.T) {
	t.Parallel()
	e := start(t)
	arn := e.create(t, "dev", types.AuthenticationModeConfigMap)
	mode := func(want AuthenticationMode, creator bool, entries int) {
		t.Helper()
		access, err := e.clusters.Access(arn)
		if err != nil || access.AuthenticationMode != want || (access.Creator != Principal{}) != creator || len(access.Entries) != entries || len(access.Grants) != entries {
			t.Errorf("access %+v, %v; want mode %s, hidden creator %v, %d entries", access, err, want, creator, entries)
		}
	}
	mode(ModeConfigMap, true, 0)
	if _, err := e.change(t, toMode(types.AuthenticationModeApiAndConfigMap)); err != nil {
		t.Fatal(err)
	}
	mode(ModeAPIAndConfigMap, false, 1) // while it is in progress
	if access, _ := e.clusters.Access(arn); access.Entries[0].PrincipalARN != "arn:aws:iam::111122223333:user/trurl" {
		t.Errorf("entries %+v, want the creator's", access.Entries)
	}
	e.finish(t, "")
	list, err := e.trurl().ListAccessEntries(t.Context(), &awseks.ListAccessEntriesInput{ClusterName: aws.String("dev")})
	if err != nil || !cmp.Equal(list.AccessEntries, []string{serviceLinkedRole, "arn:aws:iam::111122223333:user/trurl"}) {
		t.Errorf("entries %v, %v", list, err)
	}
	_, err = e.change(t, toMode(types.AuthenticationModeConfigMap))
	wantRefusal(t, "back", err, "400 InvalidParameterException: Unsupported authentication mode update from API_AND_CONFIG_MAP to CONFIG_MAP [dev]")
	if _, err := e.trurl().DeleteAccessEntry(t.Context(), &awseks.DeleteAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: aws.String("arn:aws:iam::111122223333:user/trurl")}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.change(t, toMode(types.AuthenticationModeApi)); err != nil {
		t.Fatal(err)
	}
	e.finish(t, "")
	mode(ModeAPI, false, 0)
	for _, to := range []types.AuthenticationMode{"API", "API_AND_CONFIG_MAP", "CONFIG_MAP"} {
		_, err = e.change(t, toMode(to))
		wantRefusal(t, "from API", err, fmt.Sprintf("400 InvalidParameterException: Unsupported authentication mode update from API to %s [dev]", to))
	}
}

func TestFailedUpdate(t *testing.T) {
	t.Parallel()
	e := start(t)
	arn := e.create(t, "dev", types.AuthenticationModeConfigMap)
	begun, err := e.change(t, toMode(types.AuthenticationModeApiAndConfigMap))
	if err != nil {
		t.Fatal(err)
	}
	e.entry(t, "dev", "early")
	if _, err := e.trurl().TagResource(t.Context(), &awseks.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"a": "b"}}); err != nil {
		t.Fatal(err)
	}
	e.announced()
	e.finish(t, "the authenticator did not start")
	out, err := e.trurl().DescribeUpdate(t.Context(), &awseks.DescribeUpdateInput{Name: aws.String("dev"), UpdateId: begun.Id})
	if err != nil || out.Update.Status != types.UpdateStatusFailed || aws.ToString(out.Update.Errors[0].ErrorMessage) != "the authenticator did not start" {
		t.Fatalf("update %+v, %v", out, err)
	}
	access, err := e.clusters.Access(arn)
	if err != nil || access.AuthenticationMode != ModeConfigMap || access.Creator.ARN == "" || access.Entries != nil {
		t.Errorf("access %+v, %v; want that of before", access, err)
	}
	if diff := cmp.Diff([]Change{{AccessChanged, arn}}, e.announced()); diff != "" {
		t.Errorf("announced (-want +got):\n%s", diff)
	}
	if cluster, _ := e.clusters.ClusterByARN(arn); cluster.Status != StatusActive || cluster.Tags["a"] != "b" || cluster.Endpoint == "" {
		t.Errorf("cluster %+v", cluster)
	}
	if err := e.clusters.FinishUpdate(arn, *begun.Id, ""); err != nil {
		t.Errorf("finish it again: %v", err)
	}
	if err := e.clusters.FinishUpdate(arn, "none", ""); !errors.Is(err, ErrUpdateNotFound) {
		t.Errorf("finish an unknown update: %v", err)
	}
}

func TestListUpdates(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "dev", types.AuthenticationModeApi)
	var want []string
	for n := range 5 {
		e.now = e.now.Add(time.Second)
		begun, err := e.change(t, awseks.UpdateClusterConfigInput{DeletionProtection: aws.Bool(n%2 == 0)})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, *begun.Id)
		e.finish(t, "")
	}
	var got []string
	pager := awseks.NewListUpdatesPaginator(e.trurl(), &awseks.ListUpdatesInput{Name: aws.String("dev"), MaxResults: aws.Int32(2)})
	for pager.HasMorePages() {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page.UpdateIds...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("updates (-want +got):\n%s", diff)
	}
	out, err := e.trurl().ListUpdates(t.Context(), &awseks.ListUpdatesInput{Name: aws.String("dev"), NodegroupName: aws.String("workers")})
	if err != nil || len(out.UpdateIds) > 0 {
		t.Errorf("updates of a node group: %v, %v", out, err)
	}
	_, err = e.trurl().DescribeUpdate(t.Context(), &awseks.DescribeUpdateInput{Name: aws.String("dev"), UpdateId: aws.String("someupdateid")})
	wantRefusal(t, "unknown update", err, "404 ResourceNotFoundException: No update found for ID: someupdateid [dev]")
	_, err = e.trurl().DescribeUpdate(t.Context(), &awseks.DescribeUpdateInput{Name: aws.String("none"), UpdateId: aws.String("x")})
	wantRefusal(t, "unknown cluster", err, "404 ResourceNotFoundException: No cluster found for name: none.")
}

func TestRepeatedUpdate(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "dev", types.AuthenticationModeApi)
	in := awseks.UpdateClusterConfigInput{DeletionProtection: aws.Bool(true), ClientRequestToken: aws.String("once")}
	first, err := e.change(t, in)
	if err != nil {
		t.Fatal(err)
	}
	again, err := e.change(t, in)
	if err != nil || *again.Id != *first.Id {
		t.Errorf("again: %+v, %v; want update %s", again, err, *first.Id)
	}
	e.finish(t, "")
	again, err = e.change(t, in)
	if err != nil || *again.Id != *first.Id || again.Status != types.UpdateStatusSuccessful {
		t.Errorf("after it has ended: %+v, %v", again, err)
	}
}
