package eks

import (
	"slices"
	"strings"
)

// change makes one kind of change to a cluster, and returns the parameters of its update. Those of
// EndpointAccessUpdate and LoggingUpdate are AWS's (awscli examples/eks/update-cluster-config.rst), and so is that of
// AccessConfigUpdate (spec/eks.md section 3.3). In the others only the types of the parameters are; their values are
// inferred: the JSON of what was sent.
func (s *Server) change(r *request, c *SavedCluster, in updateConfigInput, kind UpdateType) ([]UpdateParam, error) {
	cluster := &c.Cluster
	switch kind {
	case UpdateEndpointAccess:
		return changeEndpoints(cluster, in.ResourcesVPCConfig)
	case UpdateVPCConfig:
		return changeVPC(cluster, in.ResourcesVPCConfig)
	case UpdateLogging:
		return changeLogging(cluster, *in.Logging)
	case UpdateAccessConfig:
		return s.changeMode(r, c, AuthenticationMode(*in.AccessConfig.AuthenticationMode))
	case UpdateAutoMode:
		return changeAutoMode(cluster, in)
	case UpdateRemoteNetwork:
		return changeRemoteNetwork(cluster, *in.RemoteNetworkConfig)
	case UpdateComponentConfig:
		return changeComponents(cluster, in.ComponentConfig)
	}
	return changeSetting(cluster, in, kind)
}

// changeEndpoints sets who reaches the API server from where. The text for no change is recorded
// (github.com/eksctl-io/eksctl issue 4043; the space before its comma is AWS's), that for both ends closed is measured on
// CreateCluster.
func changeEndpoints(c *Cluster, in *vpcInput) ([]UpdateParam, error) {
	vpc := &c.ResourcesVPCConfig
	before := *vpc
	var params []UpdateParam
	if in.EndpointPublicAccess != nil {
		vpc.EndpointPublicAccess = *in.EndpointPublicAccess
		params = append(params, UpdateParam{"EndpointPublicAccess", asJSON(vpc.EndpointPublicAccess)})
	}
	if in.EndpointPrivateAccess != nil {
		vpc.EndpointPrivateAccess = *in.EndpointPrivateAccess
		params = append(params, UpdateParam{"EndpointPrivateAccess", asJSON(vpc.EndpointPrivateAccess)})
	}
	if in.PublicAccessCIDRs != nil {
		if err := checkCIDRs(in.PublicAccessCIDRs); err != nil {
			return nil, err
		}
		vpc.PublicAccessCIDRs = in.PublicAccessCIDRs
		params = append(params, UpdateParam{"PublicAccessCidrs", asJSON(vpc.PublicAccessCIDRs)})
	}
	if err := checkEndpoints(vpc.EndpointPublicAccess, vpc.EndpointPrivateAccess); err != nil {
		return nil, err
	}
	if vpc.EndpointPublicAccess == before.EndpointPublicAccess && vpc.EndpointPrivateAccess == before.EndpointPrivateAccess &&
		slices.Equal(vpc.PublicAccessCIDRs, before.PublicAccessCIDRs) {
		return nil, invalidParameter("Cluster is already at the desired configuration with endpointPrivateAccess: %t , endpointPublicAccess: %t, and Public Endpoint Restrictions: [%s]",
			vpc.EndpointPrivateAccess, vpc.EndpointPublicAccess, strings.Join(vpc.PublicAccessCIDRs, ", "))
	}
	return params, nil
}

func changeVPC(c *Cluster, in *vpcInput) ([]UpdateParam, error) {
	var params []UpdateParam
	if in.SubnetIDs != nil {
		if len(in.SubnetIDs) < 2 { // measured on CreateCluster
			return nil, invalidParameter("Subnets specified must be in at least two different AZs")
		}
		c.ResourcesVPCConfig.SubnetIDs = in.SubnetIDs
		params = append(params, UpdateParam{"Subnets", asJSON(in.SubnetIDs)})
	}
	if in.SecurityGroupIDs != nil {
		c.ResourcesVPCConfig.SecurityGroupIDs = in.SecurityGroupIDs
		params = append(params, UpdateParam{"SecurityGroups", asJSON(in.SecurityGroupIDs)})
	}
	return params, nil
}

// changeLogging switches control plane logs. The text for no change is recorded
// (github.com/aws-quickstart/quickstart-amazon-eks-cluster-resource-provider issue 38).
func changeLogging(c *Cluster, in Logging) ([]UpdateParam, error) {
	before := c.Logging.merge(Logging{})
	c.Logging = c.Logging.merge(in)
	if asJSON(c.Logging) == asJSON(before) {
		return nil, invalidParameter("No changes needed for the logging config provided")
	}
	return []UpdateParam{{"ClusterLogging", asJSON(in)}}, nil
}

// changeMode sets the authentication mode. It goes one way only, one step at a time, and where access entries come into
// force the cluster gets those that EKS makes itself (spec/eks.md sections 1.3 and 3.3). The text is recorded
// (github.com/pulumi/pulumi-eks issue 1493, github.com/aws/aws-cdk issue 31032 for no change).
func (s *Server) changeMode(r *request, c *SavedCluster, to AuthenticationMode) ([]UpdateParam, error) {
	if !to.valid() {
		return nil, notOneOf("authenticationMode", authenticationModes())
	}
	from := c.Cluster.AccessConfig.AuthenticationMode
	switch {
	case from == ModeConfigMap && to == ModeAPIAndConfigMap:
		if err := s.clusters.bootstrap(c, true, r.now); err != nil {
			return nil, err
		}
	case from == ModeAPIAndConfigMap && to == ModeAPI:
	default:
		return nil, invalidParameter("Unsupported authentication mode update from %s to %s", from, to)
	}
	c.Cluster.AccessConfig.AuthenticationMode = to
	return []UpdateParam{{"AuthenticationMode", asJSON(to)}}, nil
}

// changeAutoMode switches EKS Auto Mode, which nothing here runs. The text for a cluster that has it switched off and
// keeps it so is recorded (github.com/aws-controllers-k8s/community issue 3046); the rules of CreateCluster are inferred to
// hold here, too.
func changeAutoMode(c *Cluster, in updateConfigInput) ([]UpdateParam, error) {
	on, err := in.autoMode().on()
	if err != nil {
		return nil, err
	}
	was := c.ComputeConfig != nil && c.ComputeConfig.Enabled
	if !on && !was {
		return nil, refuse("InvalidRequestException", "Cannot modify EKS Auto Mode configuration. Auto Mode is not enabled on this cluster.")
	}
	asked := createClusterInput{configInput: in.configInput}
	if err := asked.checkAutoMode(c.AccessConfig.AuthenticationMode); err != nil {
		return nil, err
	}
	in.configureAutoMode(c)
	var params []UpdateParam
	if in.ComputeConfig != nil {
		params = append(params, UpdateParam{"ComputeConfig", asJSON(c.ComputeConfig)})
	}
	if in.autoMode().balancing != nil {
		params = append(params, UpdateParam{"KubernetesNetworkConfig", asJSON(struct {
			ElasticLoadBalancing ElasticLoadBalancing `json:"elasticLoadBalancing"`
		}{c.KubernetesNetworkConfig.ElasticLoadBalancing})})
	}
	if in.StorageConfig != nil {
		params = append(params, UpdateParam{"StorageConfig", asJSON(c.StorageConfig)})
	}
	return params, nil
}

// changeRemoteNetwork sets the networks of hybrid nodes, or removes them if both lists are empty (API reference,
// UpdateClusterConfig). The rules of CreateCluster are inferred to hold here, too.
func changeRemoteNetwork(c *Cluster, in RemoteNetworkConfig) ([]UpdateParam, error) {
	params := []UpdateParam{{"RemoteNetworkConfig", asJSON(in)}}
	if len(in.RemoteNodeNetworks)+len(in.RemotePodNetworks) == 0 {
		c.RemoteNetworkConfig = nil
		return params, nil
	}
	asked := createClusterInput{Name: &c.Name, configInput: configInput{
		RemoteNetworkConfig: &in,
		ResourcesVPCConfig:  &vpcInput{SubnetIDs: c.ResourcesVPCConfig.SubnetIDs},
	}}
	if cidr := c.KubernetesNetworkConfig.ServiceIPv4CIDR; cidr != "" {
		asked.KubernetesNetworkConfig = &networkInput{ServiceIPv4CIDR: &cidr}
	}
	if err := asked.checkNetwork(c.AccessConfig.AuthenticationMode); err != nil {
		return nil, err
	}
	c.RemoteNetworkConfig = &in
	return params, nil
}

// changeComponents sets the configuration of the control plane's components that was sent.
func changeComponents(c *Cluster, in ComponentConfig) ([]UpdateParam, error) {
	var params []UpdateParam
	for _, component := range []struct {
		name string
		sent map[string]any
		kept *map[string]any
	}{
		{"KubeApiServerConfig", in.KubeAPIServerConfig, &c.KubeAPIServerConfig},
		{"KubeControllerManagerConfig", in.KubeControllerManagerConfig, &c.KubeControllerManagerConfig},
		{"KubeSchedulerConfig", in.KubeSchedulerConfig, &c.KubeSchedulerConfig},
	} {
		if component.sent != nil {
			*component.kept = component.sent
			params = append(params, UpdateParam{component.name, asJSON(component.sent)})
		}
	}
	return params, nil
}

// changeSetting makes the changes of one value. What AWS says if the value is that already is not known; the text here
// follows the one about endpoints.
func changeSetting(c *Cluster, in updateConfigInput, kind UpdateType) ([]UpdateParam, error) {
	var params []UpdateParam
	var before, after any
	switch kind {
	case UpdateUpgradePolicy:
		before, after = c.UpgradePolicy, UpgradePolicy{SupportType: *in.UpgradePolicy.SupportType}
		c.UpgradePolicy.SupportType = *in.UpgradePolicy.SupportType
		params = []UpdateParam{{"UpgradePolicy", asJSON(after)}}
	case UpdateZonalShift:
		setting := ZonalShiftConfig{Enabled: *in.ZonalShiftConfig.Enabled}
		before, after = ZonalShiftConfig{}, setting
		if c.ZonalShiftConfig != nil {
			before = *c.ZonalShiftConfig
		}
		c.ZonalShiftConfig = &setting
		params = []UpdateParam{{"ZonalShiftConfig", asJSON(after)}}
	case UpdateDeletionProtection:
		before, after = c.DeletionProtection, *in.DeletionProtection
		c.DeletionProtection = *in.DeletionProtection
		params = []UpdateParam{{"DeletionProtection", asJSON(after)}}
	case UpdateControlPlaneScaling:
		before, after = c.ControlPlaneScalingConfig.Tier, *in.ControlPlaneScalingConfig.Tier
		params = []UpdateParam{{"UpdatedTier", *in.ControlPlaneScalingConfig.Tier}, {"PreviousTier", c.ControlPlaneScalingConfig.Tier}}
		c.ControlPlaneScalingConfig.Tier = *in.ControlPlaneScalingConfig.Tier
	}
	if before == after {
		return nil, invalidParameter("Cluster is already at the desired configuration with %s: %s", params[0].Type, params[0].Value)
	}
	return params, nil
}
