// Package config reads the Environment file: which AWS accounts, users, roles and instances exist, which EKS
// clusters, who created them and what is applied to them when they start.
//
//	apiVersion: eksemu/v1alpha1
//	kind: Environment
//	users:
//	  - name: alice
//	roles:
//	  - name: my-cluster-role
//	    trustPolicy: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: eks.amazonaws.com}, Action: sts:AssumeRole}]}
//	clusters:
//	  - name: my-cluster
//	    creator: alice
//	    role: my-cluster-role
//
// [Load] is strict: it lists everything that is wrong with the file, each with its line and what to write
// instead, and it returns an Environment only if there is nothing. That Environment is complete: whatever the
// file leaves out is filled in, access keys included, always with the same values for the same file.
// [Default] is the environment of a file nobody had to write; its text ([DefaultYAML]) documents every field.
//
// From an Environment come the identities and identity providers of the emulated AWS ([Environment.Seed] fills the IAM store,
// [Environment.Identities] lists them), the configuration of the AWS CLI and SDKs ([Environment.AWSConfig]), and
// the clusters. A scenario that needs more identities brings an [Overlay] ([Environment.Merge]).
//
// The package reads no files and no clock. It never prints a secret access key or the seed of an MFA device in a
// problem.
package config

import (
	"time"

	"github.com/eksemu/eksemu/emulator/eks"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// APIVersion and Kind are the first two lines of an Environment file.
const (
	APIVersion = "eksemu/v1alpha1"
	Kind       = "Environment"
)

// What a file that leaves these out means.
const (
	DefaultAccount            = "111122223333" // AWS's own example account
	DefaultRegion             = "us-west-2"    //
	DefaultPath               = "/"            // IAM API reference, CreateUser and CreateRole
	DefaultMaxSessionDuration = time.Hour      // IAM API reference, CreateRole
	// DefaultTokenCacheTTL is kube-apiserver's default of --authentication-token-webhook-cache-ttl. EKS's value
	// is not known (spec/eks.md section 1.1).
	DefaultTokenCacheTTL = 2 * time.Minute
)

// Environment is everything that the emulator starts with. Load fills in what a file leaves out.
type Environment struct {
	APIVersion string     `yaml:"apiVersion"`
	Kind       string     `yaml:"kind"`
	Account    string     `yaml:"account"` // 12 digits; of the clusters and of identities that name none
	Region     string     `yaml:"region"`  // of the clusters and of every profile
	Users      []User     `yaml:"users,omitempty"`
	Roles      []Role     `yaml:"roles,omitempty"`
	Instances  []Instance `yaml:"instances,omitempty"`
	Clusters   []Cluster  `yaml:"clusters,omitempty"`

	OIDCProviders []OIDCProvider `yaml:"oidcProviders,omitempty"`
	// EnforceIAM says that callers of the EKS and IAM APIs need policies that allow what they do, as on AWS. Without it, every
	// identity of the account may call them. STS asks the policies of roles either way.
	EnforceIAM bool `yaml:"enforceIAM,omitempty"`
	// InactiveSTSRegions are the regions in which STS gives out no credentials of the environment's account.
	InactiveSTSRegions []string `yaml:"inactiveStsRegions,omitempty"`

	// Sealer is the user whose access keys protect sessions where there are no clusters (see SealingKey).
	// WithoutClusters fills it in.
	Sealer string `yaml:"-"`
}

// User is an IAM user. It signs with its access keys.
type User struct {
	Name       string      `yaml:"name"`       // also the name of its AWS profile
	Path       string      `yaml:"path"`       // "/" or "/…/"
	Account    string      `yaml:"account"`    // 12 digits; the environment's if left out
	AccessKeys []AccessKey `yaml:"accessKeys"` // one generated key if left out; an empty list for none
	Policies   []Policy    `yaml:"policies,omitempty"`
	MFADevices []MFADevice `yaml:"mfaDevices,omitempty"`
}

// AccessKey is a long-term key of a user.
type AccessKey struct {
	ID     string    `yaml:"id"` // AKIA and 16 upper-case letters or digits
	Secret Secret    `yaml:"secret"`
	Status KeyStatus `yaml:"status"` // Active if left out
}

// KeyStatus is whether AWS accepts a key, in the words of the IAM API.
type KeyStatus string

// The two states of an access key.
const (
	KeyActive   KeyStatus = "Active"
	KeyInactive KeyStatus = "Inactive"
)

// Policy is an inline identity policy of a user or role. EKS does not look at it when it decides about
// Kubernetes requests; STS does, when the identity assumes a role.
type Policy struct {
	Name     string         `yaml:"name"`
	Document PolicyDocument `yaml:"document"`
}

// Role is an IAM role. In its trust policy, {{OIDCProvider my-cluster}} stands for the issuer of the cluster of that
// name without https://: the end of the ARN of its provider, and the beginning of its condition keys.
type Role struct {
	Name               string         `yaml:"name"`    // also the name of its AWS profile
	Path               string         `yaml:"path"`    // "/" or "/…/"
	Account            string         `yaml:"account"` // 12 digits; the environment's if left out
	MaxSessionDuration time.Duration  `yaml:"maxSessionDuration"`
	TrustPolicy        PolicyDocument `yaml:"trustPolicy"` // who may assume it
	Policies           []Policy       `yaml:"policies,omitempty"`
	SourceProfile      string         `yaml:"sourceProfile"`        // identity whose profile assumes this role; the cluster creator if left out
	ExternalID         string         `yaml:"externalId,omitempty"` // for the profile, when the trust policy asks for one
	MFASerial          string         `yaml:"mfaSerial,omitempty"`  // for the profile, when the trust policy asks for MFA
}

// Instance is an EC2 instance. It exists to sign as its role with its instance ID as the session name, as a
// worker node does, and to have the private DNS name that {{EC2PrivateDNSName}} in aws-auth stands for.
type Instance struct {
	ID             string `yaml:"id"` // also the name of its AWS profile
	Role           string `yaml:"role"`
	PrivateDNSName string `yaml:"privateDnsName"`
}

// Cluster is an EKS cluster in the environment's account and region.
type Cluster struct {
	Name               string `yaml:"name"`
	Version            string `yaml:"version"`            // Kubernetes minor version; see Options.KubernetesVersion
	Creator            string `yaml:"creator"`            // user or role
	Role               string `yaml:"role"`               // the cluster's IAM service role
	AuthenticationMode string `yaml:"authenticationMode"` // CONFIG_MAP, the EKS API's default, API_AND_CONFIG_MAP or API
	// BootstrapClusterCreatorAdminPermissions is EKS's: whether the creator may do everything, true if left out. With
	// CONFIG_MAP that is by a mapping that nobody can see, and cannot be false; else by an access entry.
	BootstrapClusterCreatorAdminPermissions *bool         `yaml:"bootstrapClusterCreatorAdminPermissions,omitempty"`
	AccessEntries                           []AccessEntry `yaml:"accessEntries,omitempty"` // not with CONFIG_MAP

	TokenCacheTTL time.Duration `yaml:"tokenCacheTTL"` // how long the API server remembers an accepted token
	Manifests     []string      `yaml:"manifests,omitempty"`
	ManifestFiles []string      `yaml:"manifestFiles,omitempty"`

	// Files are the contents of ManifestFiles, in the same order. Load reads them.
	Files []string `yaml:"-"`
}

// AllManifests are the YAML texts to apply, once, when the cluster is created: those of the file itself first.
func (c Cluster) AllManifests() []string {
	return append(append([]string{}, c.Manifests...), c.Files...)
}

// CreatorIsAdmin tells whether the creator may do everything in the new cluster.
func (c Cluster) CreatorIsAdmin() bool {
	return c.BootstrapClusterCreatorAdminPermissions == nil || *c.BootstrapClusterCreatorAdminPermissions
}

// The authentication modes, which say where a cluster looks for who may use it: in aws-auth and at its creator, in its
// access entries and aws-auth, or in its access entries alone.
const (
	AuthenticationModeConfigMap       = string(eks.ModeConfigMap)
	AuthenticationModeAPIAndConfigMap = string(eks.ModeAPIAndConfigMap)
	AuthenticationModeAPI             = string(eks.ModeAPI)
)

// Partition is the AWS partition of the environment's region: "aws", "aws-cn", "aws-us-gov" and so on.
func (e *Environment) Partition() string { return iam.PartitionOfRegion(e.Region).ID }
