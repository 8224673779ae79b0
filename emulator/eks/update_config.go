package eks

import "slices"

type updateConfigInput struct {
	ClientRequestToken string       `json:"clientRequestToken"`
	AccessConfig       *accessInput `json:"accessConfig"`
	configInput
}

type accessInput struct {
	AuthenticationMode *string `json:"authenticationMode"`
}

// updateAnswer is the answer of operations on one update.
type updateAnswer struct {
	Update Update `json:"update"`
}

// updateClusterConfig answers UpdateClusterConfig, which changes one kind of thing at a time. The change is visible at
// once, while its update is InProgress and the cluster UPDATING; when AWS shows it is not known.
func (s *Server) updateClusterConfig(r *request) (any, error) {
	name := r.variable("name")
	var in updateConfigInput
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if err := s.mayUpdate(r, name, in); err != nil {
		return nil, err
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	kind, err := in.kind()
	if err == nil {
		err = in.check()
	}
	if err != nil {
		return nil, named(err, name)
	}
	if err := s.mayPassNodes(r, in.ComputeConfig); err != nil {
		return nil, err
	}
	var answer updateAnswer
	identity := r.identity(in.ClientRequestToken)
	return &answer, s.edit(r, name, func(c *SavedCluster) (ChangeKind, error) {
		repeated := func(u *SavedUpdate) bool { return identity.repeats(u.Request) }
		if i := slices.IndexFunc(c.Updates, repeated); i >= 0 {
			answer.Update = c.Updates[i].Update
			return "", errSame
		}
		if err := c.mayBeUpdated(kind); err != nil {
			return "", err
		}
		begun, err := s.begin(r, c, in, kind)
		if err != nil {
			return "", named(err, name)
		}
		begun.Request = identity
		answer.Update = begun.Update
		if kind == UpdateAccessConfig {
			return AccessChanged, nil
		}
		return UpdateStarted, nil
	})
}

// mayUpdate authorizes UpdateClusterConfig and the access entry that the way out of CONFIG_MAP makes.
func (s *Server) mayUpdate(r *request, name string, in updateConfigInput) error {
	if err := s.mayCluster(r, name, in.keys()); err != nil {
		return err
	}
	c := s.clusters.read()[r.scope][name]
	if c == nil || c.Cluster.AccessConfig.AuthenticationMode != ModeConfigMap || in.AccessConfig == nil ||
		in.AccessConfig.AuthenticationMode == nil || *in.AccessConfig.AuthenticationMode != string(ModeAPIAndConfigMap) {
		return nil
	}
	return s.mayAdmit(r, name, c.Creator.ARN)
}

func (in updateConfigInput) keys() conditionKeys {
	keys := in.configInput.keys()
	if in.AccessConfig != nil {
		keys.text("eks:authenticationMode", in.AccessConfig.AuthenticationMode)
	}
	return keys
}

// kinds are the kinds of things that a request changes.
func (in updateConfigInput) kinds() []UpdateType {
	var kinds []UpdateType
	add := func(kind UpdateType, asked bool) {
		if asked {
			kinds = append(kinds, kind)
		}
	}
	if vpc := in.ResourcesVPCConfig; vpc != nil {
		add(UpdateEndpointAccess, vpc.EndpointPublicAccess != nil || vpc.EndpointPrivateAccess != nil || vpc.PublicAccessCIDRs != nil)
		add(UpdateVPCConfig, vpc.SubnetIDs != nil || vpc.SecurityGroupIDs != nil)
	}
	mode := in.autoMode()
	add(UpdateLogging, in.Logging != nil)
	add(UpdateAccessConfig, in.AccessConfig != nil && in.AccessConfig.AuthenticationMode != nil)
	add(UpdateUpgradePolicy, in.UpgradePolicy != nil && in.UpgradePolicy.SupportType != nil)
	add(UpdateZonalShift, in.ZonalShiftConfig != nil && in.ZonalShiftConfig.Enabled != nil)
	add(UpdateAutoMode, mode.compute != nil || mode.balancing != nil || mode.storage != nil)
	add(UpdateRemoteNetwork, in.RemoteNetworkConfig != nil)
	add(UpdateDeletionProtection, in.DeletionProtection != nil)
	add(UpdateControlPlaneScaling, in.ControlPlaneScalingConfig != nil && in.ControlPlaneScalingConfig.Tier != nil)
	add(UpdateComponentConfig, in.KubeAPIServerConfig != nil || in.KubeControllerManagerConfig != nil || in.KubeSchedulerConfig != nil)
	return kinds
}

// kind is the one kind of thing that a request changes. Texts: github.com/kubernetes-sigs/cluster-api-provider-aws issue
// 3553 for several, github.com/terraform-aws-modules/terraform-aws-eks issue 3362 for none.
func (in updateConfigInput) kind() (UpdateType, error) {
	switch kinds := in.kinds(); len(kinds) {
	case 0:
		return "", invalidParameter("The type for cluster update was not provided.")
	case 1:
		return kinds[0], nil
	}
	return "", invalidParameter("Only one type of update can be allowed.")
}

// mayBeUpdated says why a cluster cannot be updated now. The text for a cluster that is not active is ours.
func (c *SavedCluster) mayBeUpdated(kind UpdateType) error {
	if running := c.running(); running != nil {
		return updateInTheWay(string(kind), c.Cluster.Name, running.Update.ID)
	}
	if c.Cluster.Status != StatusActive {
		return refuse("InvalidRequestException", "Cannot %s because cluster %s is in status %s.", kind, c.Cluster.Name, c.Cluster.Status).of(c.Cluster.Name)
	}
	return nil
}

// updateInTheWay is recorded for AccessConfigUpdate (github.com/aws/aws-cdk issue 33452) and EndpointAccessUpdate
// (github.com/aws-controllers-k8s/community issue 1192).
func updateInTheWay(what, cluster, updateID string) *exception {
	return refuse("ResourceInUseException", "Cannot %s because cluster %s currently has update %s in progress", what, cluster, updateID).of(cluster)
}

// begin changes a cluster as a request asks, and adds the update.
func (s *Server) begin(r *request, c *SavedCluster, in updateConfigInput, kind UpdateType) (*SavedUpdate, error) {
	before := c.Cluster.clone()
	params, err := s.change(r, c, in, kind)
	if err != nil {
		return nil, err
	}
	id, err := s.clusters.newID()
	if err != nil {
		return nil, err
	}
	begun := &SavedUpdate{Before: &before, Update: Update{
		ID: id, Status: UpdateInProgress, Type: kind, Params: params, CreatedAt: r.now, Errors: []UpdateError{},
	}}
	c.Cluster.Status = StatusUpdating
	c.Updates = append(slices.Clone(c.Updates), begun)
	return begun, nil
}
