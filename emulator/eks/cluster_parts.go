package eks

// VPCConfig is the network of the control plane. The emulator has no VPC: the identifiers name nothing.
type VPCConfig struct {
	SubnetIDs              []string `json:"subnetIds"`
	SecurityGroupIDs       []string `json:"securityGroupIds"`
	ClusterSecurityGroupID string   `json:"clusterSecurityGroupId"`
	VPCID                  string   `json:"vpcId"`
	EndpointPublicAccess   bool     `json:"endpointPublicAccess"`
	EndpointPrivateAccess  bool     `json:"endpointPrivateAccess"`
	PublicAccessCIDRs      []string `json:"publicAccessCidrs"`
}

// KubernetesNetworkConfig is the network inside the cluster.
type KubernetesNetworkConfig struct {
	ServiceIPv4CIDR      string               `json:"serviceIpv4Cidr,omitempty"`
	ServiceIPv6CIDR      string               `json:"serviceIpv6Cidr,omitempty"`
	IPFamily             string               `json:"ipFamily"` // "ipv4" or "ipv6"
	ElasticLoadBalancing ElasticLoadBalancing `json:"elasticLoadBalancing"`
}

// ElasticLoadBalancing tells whether EKS Auto Mode manages load balancers.
type ElasticLoadBalancing struct {
	Enabled bool `json:"enabled"`
}

// Logging lists which control plane logs go to CloudWatch.
type Logging struct {
	ClusterLogging []LogSetup `json:"clusterLogging"`
}

// LogSetup switches some control plane logs on or off.
type LogSetup struct {
	Types   []string `json:"types"`
	Enabled bool     `json:"enabled"`
}

// Identity holds the OpenID Connect issuer of the cluster's service account tokens.
type Identity struct {
	OIDC OIDC `json:"oidc"`
}

// OIDC names an OpenID Connect issuer.
type OIDC struct {
	Issuer string `json:"issuer"` // "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
}

// Certificate is the certificate authority of the API server.
type Certificate struct {
	Data string `json:"data,omitempty"` // PEM, base64-encoded; AWS shows none while CREATING
}

// Health lists what is wrong with a cluster.
type Health struct {
	Issues []ClusterIssue `json:"issues"`
}

// ClusterIssue is one thing that is wrong with a cluster.
type ClusterIssue struct {
	Code        string   `json:"code"`
	Message     string   `json:"message"`
	ResourceIDs []string `json:"resourceIds"`
}

// AccessConfig is how the cluster maps IAM identities to Kubernetes ones.
type AccessConfig struct {
	AuthenticationMode AuthenticationMode `json:"authenticationMode"`
	// NoCreatorAdmin is bootstrapClusterCreatorAdminPermissions: false of CreateCluster. It counts when the cluster is
	// added, and is neither shown nor kept.
	NoCreatorAdmin bool `json:"-"`
}

// UpgradePolicy is the support that a cluster's version gets once standard support ends.
type UpgradePolicy struct {
	SupportType string `json:"supportType"` // "STANDARD" or "EXTENDED"
}

// ControlPlaneScalingConfig is the control plane's size.
type ControlPlaneScalingConfig struct {
	Tier string `json:"tier"` // "standard", "tier-xl", …
}

// EncryptionConfig says with which key of KMS a cluster's Secrets are encrypted. The emulator does not encrypt them.
type EncryptionConfig struct {
	Resources []string `json:"resources"` // "secrets"
	Provider  Provider `json:"provider"`
}

// Provider is a key of KMS.
type Provider struct {
	KeyARN string `json:"keyArn"`
}

// ZonalShiftConfig tells whether ARC may shift a cluster away from an availability zone.
type ZonalShiftConfig struct {
	Enabled bool `json:"enabled"`
}

// RemoteNetworkConfig is where hybrid nodes and their pods have their addresses.
type RemoteNetworkConfig struct {
	RemoteNodeNetworks []RemoteNetwork `json:"remoteNodeNetworks,omitempty"`
	RemotePodNetworks  []RemoteNetwork `json:"remotePodNetworks,omitempty"`
}

// RemoteNetwork is a network of hybrid nodes or of their pods.
type RemoteNetwork struct {
	CIDRs []string `json:"cidrs"`
}

// ComputeConfig is the compute part of EKS Auto Mode.
type ComputeConfig struct {
	Enabled     bool     `json:"enabled"`
	NodePools   []string `json:"nodePools,omitempty"`
	NodeRoleARN string   `json:"nodeRoleArn,omitempty"`
}

// StorageConfig is the storage part of EKS Auto Mode.
type StorageConfig struct {
	BlockStorage BlockStorage `json:"blockStorage"`
}

// BlockStorage tells whether EKS Auto Mode manages EBS volumes.
type BlockStorage struct {
	Enabled bool `json:"enabled"`
}
