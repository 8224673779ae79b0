package eks

import (
	"fmt"
	"slices"
	"strings"
)

// configInput is what CreateCluster and UpdateClusterConfig have in common.
type configInput struct {
	ResourcesVPCConfig        *vpcInput            `json:"resourcesVpcConfig"`
	KubernetesNetworkConfig   *networkInput        `json:"kubernetesNetworkConfig"`
	Logging                   *Logging             `json:"logging"`
	UpgradePolicy             *upgradeInput        `json:"upgradePolicy"`
	ZonalShiftConfig          *enabledInput        `json:"zonalShiftConfig"`
	RemoteNetworkConfig       *RemoteNetworkConfig `json:"remoteNetworkConfig"`
	ComputeConfig             *computeInput        `json:"computeConfig"`
	StorageConfig             *storageInput        `json:"storageConfig"`
	DeletionProtection        *bool                `json:"deletionProtection"`
	ControlPlaneScalingConfig *scalingInput        `json:"controlPlaneScalingConfig"`
	ComponentConfig
}

type vpcInput struct {
	SubnetIDs             []string `json:"subnetIds"`
	SecurityGroupIDs      []string `json:"securityGroupIds"`
	EndpointPublicAccess  *bool    `json:"endpointPublicAccess"`
	EndpointPrivateAccess *bool    `json:"endpointPrivateAccess"`
	PublicAccessCIDRs     []string `json:"publicAccessCidrs"`
}

type networkInput struct {
	ServiceIPv4CIDR      *string       `json:"serviceIpv4Cidr"`
	IPFamily             *string       `json:"ipFamily"`
	ElasticLoadBalancing *enabledInput `json:"elasticLoadBalancing"`
}

type enabledInput struct {
	Enabled *bool `json:"enabled"`
}

type upgradeInput struct {
	SupportType *string `json:"supportType"`
}

type computeInput struct {
	Enabled     *bool    `json:"enabled"`
	NodePools   []string `json:"nodePools"`
	NodeRoleARN *string  `json:"nodeRoleArn"`
}

type storageInput struct {
	BlockStorage *enabledInput `json:"blockStorage"`
}

type scalingInput struct {
	Tier *string `json:"tier"`
}

// The values that the API reference allows.
func logTypes() []string {
	return []string{"api", "audit", "authenticator", "controllerManager", "scheduler"}
}

func supportTypes() []string { return []string{"STANDARD", "EXTENDED"} }

func tiers() []string { return []string{"standard", "tier-xl", "tier-2xl", "tier-4xl", "tier-8xl"} }

// keys are the condition keys of what was sent.
func (in configInput) keys() conditionKeys {
	keys := conditionKeys{}
	if vpc := in.ResourcesVPCConfig; vpc != nil {
		keys.flag("eks:endpointPublicAccess", vpc.EndpointPublicAccess).flag("eks:endpointPrivateAccess", vpc.EndpointPrivateAccess)
	}
	if in.Logging != nil {
		for _, setup := range in.Logging.ClusterLogging {
			for _, kind := range setup.Types {
				keys.flag("eks:loggingType/"+kind, &setup.Enabled)
			}
		}
	}
	if in.UpgradePolicy != nil {
		keys.text("eks:supportType", in.UpgradePolicy.SupportType)
	}
	if in.ZonalShiftConfig != nil {
		keys.flag("eks:zonalShiftEnabled", in.ZonalShiftConfig.Enabled)
	}
	if in.ControlPlaneScalingConfig != nil {
		keys.text("eks:controlPlaneScalingTier", in.ControlPlaneScalingConfig.Tier)
	}
	for key, config := range map[string]map[string]any{
		"eks:kubeApiServerConfig": in.KubeAPIServerConfig, "eks:kubeControllerManagerConfig": in.KubeControllerManagerConfig,
		"eks:kubeSchedulerConfig": in.KubeSchedulerConfig,
	} {
		if config != nil { // the keys say whether there is one; that they are absent and not false if there is none is inferred
			keys[key] = []string{"true"}
		}
	}
	mode := in.autoMode()
	return keys.flag("eks:computeConfigEnabled", mode.compute).flag("eks:blockStorageEnabled", mode.storage).
		flag("eks:elasticLoadBalancingEnabled", mode.balancing).flag("eks:deletionProtection", in.DeletionProtection)
}

// autoMode is the three switches of EKS Auto Mode, nil where nothing was sent.
type autoMode struct{ compute, balancing, storage *bool }

func (in configInput) autoMode() autoMode {
	var mode autoMode
	if in.ComputeConfig != nil {
		mode.compute = in.ComputeConfig.Enabled
	}
	if in.KubernetesNetworkConfig != nil && in.KubernetesNetworkConfig.ElasticLoadBalancing != nil {
		mode.balancing = in.KubernetesNetworkConfig.ElasticLoadBalancing.Enabled
	}
	if in.StorageConfig != nil && in.StorageConfig.BlockStorage != nil {
		mode.storage = in.StorageConfig.BlockStorage.Enabled
	}
	return mode
}

// on says whether Auto Mode is asked for. AWS wants all three switches alike (measured on CreateCluster: cdk-preflight
// rule pf-eks-cluster-automode-all-three).
func (m autoMode) on() (bool, error) {
	enabled := 0
	for _, flag := range []*bool{m.compute, m.balancing, m.storage} {
		if isTrue(flag) {
			enabled++
		}
	}
	if enabled != 0 && enabled != 3 {
		return false, invalidParameter("For EKS Auto Mode, please ensure that all required configs, including computeConfig, " +
			"kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.")
	}
	return enabled == 3, nil
}

func isTrue(flag *bool) bool { return flag != nil && *flag }

// check refuses values that the API reference does not allow. The texts are ours: clients check none of these values,
// but what AWS says to wrong ones is not recorded.
func (in configInput) check() error {
	var problem error
	oneOf := func(parameter string, value *string, allowed []string) {
		if problem == nil && value != nil && !slices.Contains(allowed, *value) {
			problem = notOneOf(parameter, allowed)
		}
	}
	if in.Logging != nil {
		for _, setup := range in.Logging.ClusterLogging {
			for _, kind := range setup.Types {
				oneOf("logging type", &kind, logTypes())
			}
		}
	}
	if in.UpgradePolicy != nil {
		oneOf("supportType", in.UpgradePolicy.SupportType, supportTypes())
	}
	if in.ControlPlaneScalingConfig != nil {
		oneOf("tier", in.ControlPlaneScalingConfig.Tier, tiers())
	}
	if in.KubernetesNetworkConfig != nil {
		oneOf("ipFamily", in.KubernetesNetworkConfig.IPFamily, []string{"ipv4", "ipv6"})
	}
	return problem
}

func notOneOf(parameter string, allowed []string) *exception {
	return invalidParameter("The parameter %s must be one of [%s].", parameter, strings.Join(allowed, ", "))
}

// missing refuses a request without a member that it must have. SDKs and the CLI do not send such requests; the text is
// ours.
func missing(parameter string) *exception {
	return invalidParameter("The parameter %s is required.", parameter)
}

// merge is the logging of a cluster after a change: which types are on, then which are off, as in AWS's examples.
func (l Logging) merge(change Logging) Logging {
	on := map[string]bool{}
	for _, setup := range append(slices.Clone(l.ClusterLogging), change.ClusterLogging...) {
		for _, kind := range setup.Types {
			on[kind] = setup.Enabled
		}
	}
	var merged Logging
	for _, enabled := range []bool{true, false} {
		setup := LogSetup{Enabled: enabled}
		for _, kind := range logTypes() {
			if on[kind] == enabled {
				setup.Types = append(setup.Types, kind)
			}
		}
		if len(setup.Types) > 0 {
			merged.ClusterLogging = append(merged.ClusterLogging, setup)
		}
	}
	return merged
}

// asJSON is a value as it stands in an update's parameters.
func asJSON(v any) string {
	text, err := encode(v)
	if err != nil { // what came as JSON goes as JSON
		return fmt.Sprint(v)
	}
	return string(text)
}
