package eks

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

func (s ClusterStatus) valid() bool {
	switch s {
	case StatusCreating, StatusActive, StatusDeleting, StatusFailed, StatusUpdating, StatusPending:
		return true
	}
	return false
}

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
// accessConfig.bootstrapClusterCreatorAdminPermissions, which the real API accepts but never returns. Neither is
// clientRequestToken: no example of AWS's shows it. That pointers, lists and objects that may be left out here are shown
// only if somebody set them is inferred from the same examples.
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
	EncryptionConfig          []EncryptionConfig        `json:"encryptionConfig,omitempty"`
	Health                    Health                    `json:"health"`
	AccessConfig              AccessConfig              `json:"accessConfig"`
	UpgradePolicy             UpgradePolicy             `json:"upgradePolicy"`
	DeletionProtection        bool                      `json:"deletionProtection"`
	ControlPlaneScalingConfig ControlPlaneScalingConfig `json:"controlPlaneScalingConfig"`
	ZonalShiftConfig          *ZonalShiftConfig         `json:"zonalShiftConfig,omitempty"`
	RemoteNetworkConfig       *RemoteNetworkConfig      `json:"remoteNetworkConfig,omitempty"`
	ComputeConfig             *ComputeConfig            `json:"computeConfig,omitempty"`
	StorageConfig             *StorageConfig            `json:"storageConfig,omitempty"`
	ComponentConfig
}

// ComponentConfig is what a cluster's owner set of its control plane's components, as it was sent: nothing here reads
// it.
type ComponentConfig struct {
	KubeAPIServerConfig         map[string]any `json:"kubeApiServerConfig,omitempty"`
	KubeControllerManagerConfig map[string]any `json:"kubeControllerManagerConfig,omitempty"`
	KubeSchedulerConfig         map[string]any `json:"kubeSchedulerConfig,omitempty"`
}
