package eks

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

type createClusterInput struct {
	Name                       *string            `json:"name"`
	Version                    *string            `json:"version"`
	RoleARN                    *string            `json:"roleArn"`
	ClientRequestToken         string             `json:"clientRequestToken"`
	Tags                       map[string]string  `json:"tags"`
	EncryptionConfig           []EncryptionConfig `json:"encryptionConfig"`
	OutpostConfig              json.RawMessage    `json:"outpostConfig"`
	AccessConfig               *createAccess      `json:"accessConfig"`
	BootstrapSelfManagedAddons *bool              `json:"bootstrapSelfManagedAddons"` // nothing installs add-ons here
	configInput
}

type createAccess struct {
	BootstrapClusterCreatorAdminPermissions *bool   `json:"bootstrapClusterCreatorAdminPermissions"`
	AuthenticationMode                      *string `json:"authenticationMode"`
}

// createCluster answers CreateCluster. In which order AWS checks is not known.
func (s *Server) createCluster(r *request) (any, error) {
	var in createClusterInput
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if in.Name == nil {
		return nil, missing("name")
	}
	if err := s.mayCreate(r, in); err != nil {
		return nil, err
	}
	if err := checkName(*in.Name); err != nil {
		return nil, err
	}
	if err := s.checkCreate(r, in); err != nil {
		return nil, named(err, *in.Name)
	}
	if err := s.checkClusterRole(r, *in.RoleARN); err != nil {
		return nil, named(err, *in.Name)
	}
	if err := s.mayPassNodes(r, in.ComputeConfig); err != nil {
		return nil, err
	}
	var answer clusterAnswer
	identity := r.identity(in.ClientRequestToken)
	return &answer, s.clusters.apply(r.scope, *in.Name, func(old *SavedCluster) (*SavedCluster, ChangeKind, error) {
		switch {
		case old != nil && identity.repeats(old.Request):
			answer.Cluster = old.Cluster.clone()
			return nil, "", errSame
		case old != nil: // github.com/terraform-aws-modules/terraform-aws-eks issue 1991
			return nil, "", refuse("ResourceInUseException", "Cluster already exists with name: %s", *in.Name).of(*in.Name)
		}
		created, err := s.newCluster(r, in)
		if err != nil {
			return nil, "", err
		}
		created.Request = identity
		answer.Cluster = created.Cluster.clone()
		return created, ClusterCreated, nil
	})
}

// mayCreate authorizes CreateCluster and what it does besides.
func (s *Server) mayCreate(r *request, in createClusterInput) error {
	if err := s.mayCluster(r, *in.Name, in.keys()); err != nil {
		return err
	}
	if err := s.mayTagNew(r, s.clusterARN(r, *in.Name), in.Tags, nil); err != nil {
		return err
	}
	if in.makesCreatorEntry() {
		return s.mayAdmit(r, *in.Name, r.caller.PrincipalARN)
	}
	return nil
}

// makesCreatorEntry says whether the new cluster has an access entry of its creator.
func (in createClusterInput) makesCreatorEntry() bool {
	mode, err := in.mode()
	if err != nil || mode == ModeConfigMap {
		return false
	}
	admin := in.AccessConfig.BootstrapClusterCreatorAdminPermissions
	return admin == nil || *admin
}

// named says which cluster an exception of CreateCluster or UpdateClusterConfig is about.
func named(err error, cluster string) error {
	var refusal *exception
	if errors.As(err, &refusal) {
		return refusal.of(cluster)
	}
	return err
}

func (in createClusterInput) keys() conditionKeys {
	keys := in.configInput.keys().tags(in.Tags).text("eks:kubernetesVersion", in.Version).
		flag("eks:bootstrapSelfManagedAddons", in.BootstrapSelfManagedAddons)
	if in.AccessConfig != nil {
		keys.text("eks:authenticationMode", in.AccessConfig.AuthenticationMode).
			flag("eks:bootstrapClusterCreatorAdminPermissions", in.AccessConfig.BootstrapClusterCreatorAdminPermissions)
	}
	var keyARNs []string
	for _, config := range in.EncryptionConfig {
		keyARNs = append(keyARNs, config.Provider.KeyARN)
	}
	return keys.list("eks:encryptionConfigProviderKeyArns", keyARNs)
}

// checkCreate refuses what AWS refuses before it looks at anything else than the request.
func (s *Server) checkCreate(r *request, in createClusterInput) error {
	switch {
	case !region.MatchString(r.scope.Region): // ours: what the credential scope says has not been checked
		return invalidParameter("There is no region %s.", r.scope.Region)
	case in.RoleARN == nil:
		return missing("roleArn")
	case in.ResourcesVPCConfig == nil:
		return missing("resourcesVpcConfig")
	case len(in.OutpostConfig) > 0 && string(in.OutpostConfig) != "null": // ours
		return invalidParameter("eksemu has no local clusters on AWS Outposts: leave out outpostConfig.")
	case in.Version != nil && *in.Version != s.version: // measured: spec/eks.md section 3.5
		return invalidParameter("unsupported Kubernetes version %s", *in.Version)
	case s.version == "":
		return invalidParameter("unsupported Kubernetes version ")
	}
	if err := in.check(); err != nil {
		return err
	}
	mode, err := in.mode()
	if err != nil {
		return err
	}
	for _, check := range []func() error{
		func() error { return checkTags("InvalidParameterException", in.Tags) },
		func() error { return in.checkAutoMode(mode) },
		func() error { return in.checkNetwork(mode) },
		func() error { return checkEncryption(r.scope.Region, s.gate.Store.Partition(), in.EncryptionConfig) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// mode is the authentication mode that a cluster is to have: CONFIG_MAP unless the request says otherwise (API reference,
// CreateAccessConfigRequest). The text about the creator is recorded (github.com/terraform-aws-modules/terraform-aws-eks
// issue 3026), that about an unknown mode is ours.
func (in createClusterInput) mode() (AuthenticationMode, error) {
	mode := ModeConfigMap
	if in.AccessConfig == nil {
		return mode, nil
	}
	if in.AccessConfig.AuthenticationMode != nil {
		mode = AuthenticationMode(*in.AccessConfig.AuthenticationMode)
	}
	if !mode.valid() {
		return "", notOneOf("authenticationMode", authenticationModes())
	}
	if admin := in.AccessConfig.BootstrapClusterCreatorAdminPermissions; mode == ModeConfigMap && admin != nil && !*admin {
		return "", invalidParameter("bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP")
	}
	return mode, nil
}

func authenticationModes() []string {
	return []string{string(ModeAPI), string(ModeAPIAndConfigMap), string(ModeConfigMap)}
}

// checkAutoMode holds the rules of EKS Auto Mode (measured: cdk-preflight rules pf-eks-cluster-automode-*).
func (in createClusterInput) checkAutoMode(mode AuthenticationMode) error {
	on, err := in.autoMode().on()
	if err != nil {
		return err
	}
	if compute := in.ComputeConfig; compute != nil && len(compute.NodePools) > 0 && (compute.NodeRoleARN == nil || *compute.NodeRoleARN == "") {
		return invalidParameter("When Compute Config nodeRoleArn is null or empty, nodePool list cannot be populated.")
	}
	if on && mode == ModeConfigMap {
		return invalidParameter("When EKS Auto Mode is enabled, you must use an EKS access config authentication mode of API_AND_CONFIG_MAP or API")
	}
	return nil
}

// checkEncryption holds the rules of encryption (measured: cdk-preflight rules pf-eks-cluster-encryption-*).
func checkEncryption(region, partition string, configs []EncryptionConfig) error {
	if len(configs) > 1 { // ours
		return invalidParameter("The parameter encryptionConfig must have at most 1 element.")
	}
	for _, config := range configs {
		for _, resource := range config.Resources {
			if resource != "secrets" {
				return invalidParameter("Invalid k8s resource for encryption")
			}
		}
		if arn, ok := iam.ParseARN(config.Provider.KeyARN); ok && (arn.Region != region || arn.Partition != partition) {
			return invalidParameter("The keyArn for encryptionConfig is scoped to invalid aws region.")
		}
	}
	return nil
}

// newCluster makes the cluster of a request that was checked.
func (s *Server) newCluster(r *request, in createClusterInput) (*SavedCluster, error) {
	issuer, err := s.clusters.newIssuer(r.scope.Region)
	if err != nil {
		return nil, err
	}
	mode, err := in.mode()
	if err != nil {
		return nil, err
	}
	cluster, err := NewCluster(ClusterSpec{
		Partition: s.gate.Store.Partition(), Scope: r.scope, Name: *in.Name, Version: s.version, AuthenticationMode: mode,
		RoleARN: *in.RoleARN, Issuer: issuer, Tags: in.Tags, CreatedAt: time.Time(r.now),
	})
	if err != nil { // everything in it has been checked
		return nil, err
	}
	if in.AccessConfig != nil {
		admin := in.AccessConfig.BootstrapClusterCreatorAdminPermissions
		cluster.AccessConfig.NoCreatorAdmin = admin != nil && !*admin
	}
	in.configure(&cluster)
	cluster.EncryptionConfig = in.EncryptionConfig
	return s.clusters.newCluster(cluster, Principal{ARN: r.caller.PrincipalARN, ID: r.caller.PrincipalID})
}

// newIssuer is the URL of a new cluster's OpenID Connect issuer: 32 hexadecimal digits in upper case, as AWS's.
func (r *Registry) newIssuer(region string) (string, error) {
	raw := make([]byte, 16)
	if _, err := io.ReadFull(r.random, raw); err != nil {
		return "", fmt.Errorf("draw an issuer's ID: %w", err)
	}
	return "https://" + issuerPrefix + region + "." + iam.PartitionOfRegion(region).DNSSuffix + "/id/" +
		strings.ToUpper(hex.EncodeToString(raw)), nil
}
