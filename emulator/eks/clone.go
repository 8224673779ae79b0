package eks

import (
	"maps"
	"slices"
)

// clone copies c with everything it points to, so that no caller can change a cluster that another one reads.
func (c Cluster) clone() Cluster {
	c.ResourcesVPCConfig.SubnetIDs = slices.Clone(c.ResourcesVPCConfig.SubnetIDs)
	c.ResourcesVPCConfig.SecurityGroupIDs = slices.Clone(c.ResourcesVPCConfig.SecurityGroupIDs)
	c.ResourcesVPCConfig.PublicAccessCIDRs = slices.Clone(c.ResourcesVPCConfig.PublicAccessCIDRs)
	c.Logging.ClusterLogging = slices.Clone(c.Logging.ClusterLogging)
	for i, setup := range c.Logging.ClusterLogging {
		c.Logging.ClusterLogging[i].Types = slices.Clone(setup.Types)
	}
	c.Tags = maps.Clone(c.Tags)
	c.EncryptionConfig = slices.Clone(c.EncryptionConfig)
	for i, config := range c.EncryptionConfig {
		c.EncryptionConfig[i].Resources = slices.Clone(config.Resources)
	}
	c.Health.Issues = slices.Clone(c.Health.Issues)
	for i, issue := range c.Health.Issues {
		c.Health.Issues[i].ResourceIDs = slices.Clone(issue.ResourceIDs)
	}
	c.ZonalShiftConfig = cloned(c.ZonalShiftConfig)
	c.StorageConfig = cloned(c.StorageConfig)
	c.RemoteNetworkConfig = cloned(c.RemoteNetworkConfig)
	if remote := c.RemoteNetworkConfig; remote != nil {
		remote.RemoteNodeNetworks = cloneNetworks(remote.RemoteNodeNetworks)
		remote.RemotePodNetworks = cloneNetworks(remote.RemotePodNetworks)
	}
	c.ComputeConfig = cloned(c.ComputeConfig)
	if c.ComputeConfig != nil {
		c.ComputeConfig.NodePools = slices.Clone(c.ComputeConfig.NodePools)
	}
	c.KubeAPIServerConfig = maps.Clone(c.KubeAPIServerConfig)
	c.KubeControllerManagerConfig = maps.Clone(c.KubeControllerManagerConfig)
	c.KubeSchedulerConfig = maps.Clone(c.KubeSchedulerConfig)
	return c
}

func cloneNetworks(networks []RemoteNetwork) []RemoteNetwork {
	networks = slices.Clone(networks)
	for i, network := range networks {
		networks[i].CIDRs = slices.Clone(network.CIDRs)
	}
	return networks
}

// cloned is a pointer to a copy of what p points to, or nil.
func cloned[T any](p *T) *T {
	if p == nil {
		return nil
	}
	copied := *p
	return &copied
}
