package eks

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// ClusterStatus is where a cluster is in its life.
type ClusterStatus string

// The statuses of the EKS API. Only an ACTIVE or UPDATING cluster is accepted by `aws eks update-kubeconfig`.
const (
	StatusCreating ClusterStatus = "CREATING"
	StatusActive   ClusterStatus = "ACTIVE"
	StatusDeleting ClusterStatus = "DELETING"
	StatusFailed   ClusterStatus = "FAILED"
	StatusUpdating ClusterStatus = "UPDATING"
	StatusPending  ClusterStatus = "PENDING"
)

// AuthenticationMode says which sources of identity mappings a cluster reads: its access entries (API), the
// aws-auth ConfigMap (CONFIG_MAP), or both with precedence for the entries.
type AuthenticationMode string

// The authentication modes of the EKS API.
const (
	ModeAPI             AuthenticationMode = "API"
	ModeAPIAndConfigMap AuthenticationMode = "API_AND_CONFIG_MAP"
	ModeConfigMap       AuthenticationMode = "CONFIG_MAP"
)

// Cluster is an EKS cluster as DescribeCluster shows it: its JSON form is the answer's "cluster" member, in
// the order of AWS's own examples. Members that AWS leaves out for a plain cluster in a VPC are not here:
// connectorConfig (eksctl takes its presence for a connected cluster), id and outpostConfig (Outposts), and
// accessConfig.bootstrapClusterCreatorAdminPermissions, which the real API accepts but never returns.
type Cluster struct {
	Name                      string                    `json:"name"`
	ARN                       string                    `json:"arn"`
	CreatedAt                 Timestamp                 `json:"createdAt"`
	Version                   string                    `json:"version"`            // Kubernetes minor version, "1.37"
	Endpoint                  string                    `json:"endpoint,omitempty"` // API server URL; AWS shows none while CREATING
	RoleARN                   string                    `json:"roleArn"`
	ResourcesVPCConfig        VPCConfig                 `json:"resourcesVpcConfig"`
	KubernetesNetworkConfig   KubernetesNetworkConfig   `json:"kubernetesNetworkConfig"`
	Logging                   Logging                   `json:"logging"`
	Identity                  Identity                  `json:"identity"`
	Status                    ClusterStatus             `json:"status"`
	CertificateAuthority      Certificate               `json:"certificateAuthority"`
	PlatformVersion           string                    `json:"platformVersion"` // "eks.N"; eksctl parses it with ^eks\.(\d+)$
	Tags                      map[string]string         `json:"tags"`
	Health                    Health                    `json:"health"`
	AccessConfig              AccessConfig              `json:"accessConfig"`
	UpgradePolicy             UpgradePolicy             `json:"upgradePolicy"`
	DeletionProtection        bool                      `json:"deletionProtection"`
	ControlPlaneScalingConfig ControlPlaneScalingConfig `json:"controlPlaneScalingConfig"`
}

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
	ServiceIPv4CIDR      string               `json:"serviceIpv4Cidr"`
	IPFamily             string               `json:"ipFamily"` // "ipv4"
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
}

// UpgradePolicy is the support that a cluster's version gets once standard support ends.
type UpgradePolicy struct {
	SupportType string `json:"supportType"` // "STANDARD" or "EXTENDED"
}

// ControlPlaneScalingConfig is the control plane's size.
type ControlPlaneScalingConfig struct {
	Tier string `json:"tier"` // "standard", "tier-xl", …
}

// Timestamp is a point in time in the JSON form of the EKS API: seconds since the Unix epoch with three
// decimals, as in AWS's examples ("createdAt": 1527808069.147).
type Timestamp time.Time

// MarshalJSON implements json.Marshaler. Times are cut to milliseconds.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Time(t).UnixMilli())/1000, 'f', 3, 64), nil
}

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
	c.Health.Issues = slices.Clone(c.Health.Issues)
	for i, issue := range c.Health.Issues {
		c.Health.Issues[i].ResourceIDs = slices.Clone(issue.ResourceIDs)
	}
	return c
}
