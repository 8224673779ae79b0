package eks

import "maps"

type createEntryInput struct {
	PrincipalARN       *string           `json:"principalArn"`
	KubernetesGroups   []string          `json:"kubernetesGroups"`
	Tags               map[string]string `json:"tags"`
	ClientRequestToken string            `json:"clientRequestToken"`
	Username           *string           `json:"username"`
	Type               *AccessEntryType  `json:"type"`
}

// entryAnswer is the answer of operations on one access entry.
type entryAnswer struct {
	AccessEntry AccessEntry `json:"accessEntry"`
}

// createAccessEntry answers CreateAccessEntry. AWS refuses in two stages (measured): what the request alone says comes
// before the cluster is looked up, its mode, the principal's existence and a duplicate after that. The order within a
// stage, and that groups and usernames of nodes belong to the second, are inferred.
func (s *Server) createAccessEntry(r *request) (any, error) {
	name := r.variable("name")
	var in createEntryInput
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if in.Username != nil && *in.Username == "" {
		in.Username = nil
	}
	if err := s.mayCluster(r, name, in.keys()); err != nil {
		return nil, err
	}
	p, err := in.checkAlone(r.scope.AccountID)
	if err != nil {
		return nil, err
	}
	if err := s.mayTagNew(r, p.entryARN(r.scope, name, "*"), in.Tags, ofEntry(name, p.arn).with(in.keys())); err != nil {
		return nil, err
	}
	if kind := in.kind(); kind == TypeEC2Linux || kind == TypeEC2Windows {
		if err := s.mayPass(r, p.arn, ec2Service); err != nil {
			return nil, err
		}
	}
	var answer entryAnswer
	identity := r.identity(in.ClientRequestToken)
	return &answer, s.edit(r, name, func(c *SavedCluster) (ChangeKind, error) {
		if at, found := c.entry(p.arn); found && identity.repeats(c.Entries[at].Request) {
			answer.AccessEntry = c.Entries[at].AccessEntry
			return "", errSame
		}
		created, err := s.newEntry(r, c, p, in)
		if err != nil {
			return "", err
		}
		created.Request = identity
		c.put(created)
		answer.AccessEntry = created.AccessEntry
		return AccessChanged, nil
	})
}

func (in createEntryInput) kind() AccessEntryType {
	if in.Type == nil || *in.Type == "" {
		return TypeStandard // API reference, CreateAccessEntry
	}
	return *in.Type
}

func (in createEntryInput) keys() conditionKeys {
	kind := string(in.kind())
	return conditionKeys{}.tags(in.Tags).text("eks:principalArn", in.PrincipalARN).text("eks:accessEntryType", &kind).
		text("eks:username", in.Username).list("eks:kubernetesGroups", in.KubernetesGroups)
}

// checkAlone is the first stage: what can be refused without the cluster.
func (in createEntryInput) checkAlone(clusterAccount string) (principalRef, error) {
	if in.PrincipalARN == nil {
		return principalRef{}, missing("principalArn")
	}
	p, err := checkPrincipalARN(*in.PrincipalARN)
	for _, check := range []func() error{
		func() error { return checkOwned(p) },
		func() error { return checkType(in.kind(), p, clusterAccount) },
		func() error { return checkUsername(in.Username) },
		func() error { return checkGroups(in.KubernetesGroups) },
		func() error { return checkTags("InvalidParameterException", in.Tags) },
	} {
		if err == nil {
			err = check()
		}
	}
	return p, err
}

// newEntry is the second stage: the entry that a request asks for, or why there cannot be one.
func (s *Server) newEntry(r *request, c *SavedCluster, p principalRef, in createEntryInput) (*SavedEntry, error) {
	if err := checkHasEntries(c); err != nil {
		return nil, err
	}
	if err := checkNodeSettings(in.kind(), in.KubernetesGroups, in.Username); err != nil {
		return nil, err
	}
	id := principalID(s.gate.Store, p)
	if id == "" { // github.com/terraform-aws-modules/terraform-aws-eks issue 2969
		return nil, invalidParameter("The specified principalArn is invalid: invalid principal.")
	}
	if _, found := c.entry(p.arn); found || c.hasPrincipal(id) {
		return nil, entryInUse()
	}
	created, err := s.clusters.newEntry(c, p, in.kind(), r.now)
	if err != nil {
		return nil, err
	}
	created.PrincipalID = id
	maps.Copy(created.AccessEntry.Tags, in.Tags)
	if in.Username != nil {
		created.AccessEntry.Username = *in.Username
	}
	if len(in.KubernetesGroups) > 0 {
		created.AccessEntry.KubernetesGroups = in.KubernetesGroups
	}
	return created, nil
}
