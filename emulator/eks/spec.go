package eks

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"time"
)

// ClusterSpec is what somebody decides about a cluster; [NewCluster] adds what EKS decides.
type ClusterSpec struct {
	Partition          string             // "" is "aws"
	Scope              Scope              // account and region
	Name               string             //
	Version            string             // Kubernetes minor version, "1.37"
	AuthenticationMode AuthenticationMode // "" is CONFIG_MAP, the API's default
	NoCreatorAdmin     bool               // bootstrapClusterCreatorAdminPermissions: false; not in CONFIG_MAP
	RoleARN            string             // "" is the account's role eksClusterRole, as the user guide calls it
	Issuer             string             // URL of the OpenID Connect issuer of the service accounts' tokens; needed
	ServiceIPv4CIDR    string             // "" is 10.100.0.0/16, one of the two ranges that EKS picks from
	Tags               map[string]string  //
	CreatedAt          time.Time          //
}

// platformVersion is ours: there is no platform to have a version.
const platformVersion = "eks.1"

// NewCluster describes a cluster that has just been asked for: status CREATING, no endpoint and no
// certificate authority yet, everything else as EKS would fill it in. What the emulator has no real value
// for (VPC, subnets, security groups) looks like AWS's and is the same for the same ARN each time. The error
// lists everything that is wrong with the spec.
func NewCluster(spec ClusterSpec) (Cluster, error) {
	spec = spec.withDefaults()
	if err := spec.validate(); err != nil {
		return Cluster{}, fmt.Errorf("describe cluster %q: %w", spec.Name, err)
	}
	arn := ClusterARN(spec.Partition, spec.Scope, spec.Name)
	tags := maps.Clone(spec.Tags)
	if tags == nil {
		tags = map[string]string{} // AWS's examples show "tags": {} for a cluster without any
	}
	return Cluster{
		Name:               spec.Name,
		ARN:                arn,
		CreatedAt:          Timestamp(spec.CreatedAt),
		Version:            spec.Version,
		RoleARN:            spec.RoleARN,
		ResourcesVPCConfig: fixtureVPC(arn),
		KubernetesNetworkConfig: KubernetesNetworkConfig{
			ServiceIPv4CIDR: spec.ServiceIPv4CIDR,
			IPFamily:        "ipv4",
		},
		Logging:         noLogging(),
		Identity:        Identity{OIDC: OIDC{Issuer: spec.Issuer}},
		Status:          StatusCreating,
		PlatformVersion: platformVersion,
		Tags:            tags,
		Health:          Health{Issues: []ClusterIssue{}},
		AccessConfig:    AccessConfig{AuthenticationMode: spec.AuthenticationMode, NoCreatorAdmin: spec.NoCreatorAdmin},
		// Inferred from the API reference's defaults for these three members: extended support, no deletion
		// protection, the standard control plane.
		UpgradePolicy:             UpgradePolicy{SupportType: "EXTENDED"},
		DeletionProtection:        false,
		ControlPlaneScalingConfig: ControlPlaneScalingConfig{Tier: "standard"},
	}, nil
}

func (s ClusterSpec) withDefaults() ClusterSpec {
	if s.Partition == "" {
		s.Partition = "aws"
	}
	if s.AuthenticationMode == "" {
		s.AuthenticationMode = ModeConfigMap
	}
	if s.RoleARN == "" {
		s.RoleARN = fmt.Sprintf("arn:%s:iam::%s:role/eksClusterRole", s.Partition, s.Scope.AccountID)
	}
	if s.ServiceIPv4CIDR == "" {
		s.ServiceIPv4CIDR = "10.100.0.0/16"
	}
	return s
}

var minorVersion = regexp.MustCompile(`^1\.[0-9]+$`)

// validate lists what is wrong with a spec whose defaults are filled in.
func (s ClusterSpec) validate() error {
	var problems []error
	if _, err := parseClusterARN(ClusterARN(s.Partition, s.Scope, s.Name)); err != nil {
		problems = append(problems, err)
	}
	if !minorVersion.MatchString(s.Version) {
		problems = append(problems, fmt.Errorf("version %q: want a Kubernetes minor version such as 1.37", s.Version))
	}
	if !s.AuthenticationMode.valid() {
		problems = append(problems, fmt.Errorf("authentication mode %q: use %s, %s or %s",
			s.AuthenticationMode, ModeAPI, ModeAPIAndConfigMap, ModeConfigMap))
	}
	if s.NoCreatorAdmin && s.AuthenticationMode == ModeConfigMap {
		problems = append(problems, fmt.Errorf("bootstrapClusterCreatorAdminPermissions cannot be false in %s: leave it out", ModeConfigMap))
	}
	if u, err := url.Parse(s.Issuer); err != nil || u.Scheme != "https" || u.Host == "" {
		problems = append(problems, fmt.Errorf("issuer %q: want an https URL", s.Issuer))
	}
	if s.CreatedAt.IsZero() {
		problems = append(problems, errors.New("creation time is missing: set CreatedAt"))
	}
	return errors.Join(problems...)
}

func (m AuthenticationMode) valid() bool {
	return m == ModeAPI || m == ModeAPIAndConfigMap || m == ModeConfigMap
}

// fixtureVPC makes up a VPC in the form of AWS's identifiers (a prefix, "-0" and 16 hex digits).
func fixtureVPC(arn string) VPCConfig {
	id := func(prefix, purpose string) string { return prefix + "-0" + digest(arn, purpose, 16) }
	return VPCConfig{
		SubnetIDs:              []string{id("subnet", "subnet-a"), id("subnet", "subnet-b")},
		SecurityGroupIDs:       []string{id("sg", "sg-additional")},
		ClusterSecurityGroupID: id("sg", "sg-cluster"),
		VPCID:                  id("vpc", "vpc"),
		EndpointPublicAccess:   true,
		EndpointPrivateAccess:  false,
		PublicAccessCIDRs:      []string{"0.0.0.0/0"},
	}
}

// noLogging is EKS's default: every control plane log is listed and switched off.
func noLogging() Logging {
	return Logging{ClusterLogging: []LogSetup{{
		Types:   logTypes(),
		Enabled: false,
	}}}
}
