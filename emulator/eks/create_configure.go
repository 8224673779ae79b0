package eks

import (
	"fmt"
	"net/netip"
	"slices"
)

// configure gives a new cluster what its request says of its configuration.
func (in configInput) configure(c *Cluster) {
	in.configureNetwork(c)
	if in.Logging != nil {
		c.Logging = c.Logging.merge(*in.Logging)
	}
	if in.UpgradePolicy != nil && in.UpgradePolicy.SupportType != nil {
		c.UpgradePolicy.SupportType = *in.UpgradePolicy.SupportType
	}
	if in.ZonalShiftConfig != nil {
		c.ZonalShiftConfig = &ZonalShiftConfig{Enabled: isTrue(in.ZonalShiftConfig.Enabled)}
	}
	if in.ControlPlaneScalingConfig != nil && in.ControlPlaneScalingConfig.Tier != nil {
		c.ControlPlaneScalingConfig.Tier = *in.ControlPlaneScalingConfig.Tier
	}
	c.RemoteNetworkConfig = in.RemoteNetworkConfig
	c.DeletionProtection = isTrue(in.DeletionProtection)
	c.ComponentConfig = in.ComponentConfig
	in.configureAutoMode(c)
}

// configureAutoMode sets the three switches of EKS Auto Mode, each if it was sent.
func (in configInput) configureAutoMode(c *Cluster) {
	if in.ComputeConfig != nil {
		c.ComputeConfig = &ComputeConfig{Enabled: isTrue(in.ComputeConfig.Enabled), NodePools: in.ComputeConfig.NodePools}
		if in.ComputeConfig.NodeRoleARN != nil {
			c.ComputeConfig.NodeRoleARN = *in.ComputeConfig.NodeRoleARN
		}
	}
	if in.StorageConfig != nil {
		c.StorageConfig = &StorageConfig{BlockStorage: BlockStorage{Enabled: isTrue(in.autoMode().storage)}}
	}
	if flag := in.autoMode().balancing; flag != nil {
		c.KubernetesNetworkConfig.ElasticLoadBalancing.Enabled = *flag
	}
}

// configureNetwork sets the network. A cluster in IPv6 gets a service range that EKS chooses; that of Kubernetes here is
// another thing, as the emulator runs in IPv4.
func (in configInput) configureNetwork(c *Cluster) {
	if vpc := in.ResourcesVPCConfig; vpc != nil {
		c.ResourcesVPCConfig.SubnetIDs = vpc.SubnetIDs
		c.ResourcesVPCConfig.SecurityGroupIDs = append([]string{}, vpc.SecurityGroupIDs...)
		if vpc.EndpointPublicAccess != nil {
			c.ResourcesVPCConfig.EndpointPublicAccess = *vpc.EndpointPublicAccess
		}
		if vpc.EndpointPrivateAccess != nil {
			c.ResourcesVPCConfig.EndpointPrivateAccess = *vpc.EndpointPrivateAccess
		}
		if len(vpc.PublicAccessCIDRs) > 0 {
			c.ResourcesVPCConfig.PublicAccessCIDRs = vpc.PublicAccessCIDRs
		}
	}
	network := in.KubernetesNetworkConfig
	switch {
	case network == nil:
	case network.IPFamily != nil && *network.IPFamily == "ipv6":
		d := digest(c.ARN, "service-ipv6", 10)
		c.KubernetesNetworkConfig.IPFamily, c.KubernetesNetworkConfig.ServiceIPv4CIDR = "ipv6", ""
		c.KubernetesNetworkConfig.ServiceIPv6CIDR = fmt.Sprintf("fd%s:%s:%s::/108", d[:2], d[2:6], d[6:10])
		if len(in.ResourcesVPCConfig.PublicAccessCIDRs) == 0 { // API reference, VpcConfigRequest
			c.ResourcesVPCConfig.PublicAccessCIDRs = []string{"0.0.0.0/0", "::/0"}
		}
	case network.ServiceIPv4CIDR != nil:
		c.KubernetesNetworkConfig.ServiceIPv4CIDR = *network.ServiceIPv4CIDR
	}
}

// checkNetwork holds the rules of a new cluster's networks (measured: cdk-preflight rules
// pf-eks-cluster-{subnets,endpoint,service,ipv6,remote}-*). The subnets' zones are not known here, so two are enough.
func (in createClusterInput) checkNetwork(mode AuthenticationMode) error {
	vpc := in.ResourcesVPCConfig
	if len(vpc.SubnetIDs) < 2 {
		return invalidParameter("Subnets specified must be in at least two different AZs")
	}
	if err := checkEndpoints(vpc.EndpointPublicAccess == nil || *vpc.EndpointPublicAccess, isTrue(vpc.EndpointPrivateAccess)); err != nil {
		return err
	}
	if err := checkCIDRs(vpc.PublicAccessCIDRs); err != nil {
		return err
	}
	service, err := in.serviceCIDR()
	if err != nil {
		return err
	}
	if in.RemoteNetworkConfig == nil {
		return nil
	}
	if mode == ModeConfigMap {
		return invalidParameter("AccessConfig AuthMode must be API_AND_CONFIG_MAP or API when remoteNetworkConfig is specified")
	}
	return in.RemoteNetworkConfig.check(service)
}

func checkEndpoints(public, private bool) error {
	if !public && !private {
		return invalidParameter("Private and public endpoint access cannot be false")
	}
	return nil
}

// checkCIDRs refuses what is no block of addresses. The text is ours.
func checkCIDRs(blocks []string) error {
	for _, block := range blocks {
		if _, err := netip.ParsePrefix(block); err != nil {
			return invalidParameter("The following CIDRs are invalid in publicAccessCidrs: [%s]", block)
		}
	}
	return nil
}

// serviceCIDR is the range of the services' addresses that was asked for; not valid if none was.
func (in createClusterInput) serviceCIDR() (netip.Prefix, error) {
	network := in.KubernetesNetworkConfig
	if network == nil || network.ServiceIPv4CIDR == nil || *network.ServiceIPv4CIDR == "" {
		return netip.Prefix{}, nil
	}
	if network.IPFamily != nil && *network.IPFamily == "ipv6" {
		return netip.Prefix{}, invalidParameter(`serviceIpv4Cidr cannot be specified when creating an "ipv6" cluster`)
	}
	text := *network.ServiceIPv4CIDR
	refusal := func(what string) error {
		return invalidParameter("Invalid Cluster Service Ipv4 CIDR %s for the cluster %s, %s", text, *in.Name, what)
	}
	block, err := netip.ParsePrefix(text)
	switch {
	case err != nil || !block.Addr().Is4(): // the end is ours
		return netip.Prefix{}, refusal("must be an IPv4 CIDR block")
	case block.Bits() < 12 || block.Bits() > 24:
		return netip.Prefix{}, refusal("must have netmask size between /12 and /24 inclusive")
	case !within(block, privateBlocks()):
		return netip.Prefix{}, refusal("must be within RFC1918 range")
	}
	return block, nil
}

// privateBlocks are those of RFC 1918; carrierBlock is that of RFC 6598, for carrier-grade NAT.
func privateBlocks() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16")}
}

func carrierBlock() netip.Prefix { return netip.MustParsePrefix("100.64.0.0/10") }

// within says whether one of some blocks has all of a block.
func within(block netip.Prefix, blocks []netip.Prefix) bool {
	return slices.ContainsFunc(blocks, func(b netip.Prefix) bool { return b.Bits() <= block.Bits() && b.Contains(block.Addr()) })
}

// check holds the rules of networks of hybrid nodes (measured, as above).
func (n RemoteNetworkConfig) check(service netip.Prefix) error {
	if len(n.RemoteNodeNetworks) == 0 {
		return invalidParameter("remoteNodeNetworks are required when specifying remoteNetworkConfig.")
	}
	var before []netip.Prefix
	for _, part := range []struct {
		kind     string
		networks []RemoteNetwork
	}{{"node", n.RemoteNodeNetworks}, {"pod", n.RemotePodNetworks}} {
		for _, network := range part.networks {
			for _, text := range network.CIDRs {
				block, err := checkRemote(part.kind, text, service, before)
				if err != nil {
					return err
				}
				before = append(before, block)
			}
		}
	}
	return nil
}

func checkRemote(kind, text string, service netip.Prefix, before []netip.Prefix) (netip.Prefix, error) {
	refusal := func(format string, args ...any) error {
		return invalidParameter("Invalid remote %s network: CIDR %s %s", kind, text, fmt.Sprintf(format, args...))
	}
	block, err := netip.ParsePrefix(text)
	switch {
	case err != nil: // the end is ours
		return block, refusal("is not a CIDR block")
	case !within(block, append(privateBlocks(), carrierBlock())):
		return block, refusal("is not part of RFC 1918 or CGNAT")
	case service.IsValid() && block.Overlaps(service):
		return block, refusal("overlaps with service CIDR %s", service)
	}
	for _, other := range before {
		if block.Overlaps(other) {
			return block, refusal("overlaps with already existing CIDR %s", other)
		}
	}
	return block, nil
}
