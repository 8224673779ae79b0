package eks

import (
	"maps"
	"slices"

	"github.com/eksemu/eksemu/emulator/access"
)

// EntrySpec is an access entry that a cluster starts with.
type EntrySpec struct {
	PrincipalARN     string
	PrincipalID      string            // unique ID of the user or role; "" if there is none yet: nobody then matches the entry
	Type             AccessEntryType   // "" is STANDARD
	Username         string            // "" is EKS's
	KubernetesGroups []string          //
	Tags             map[string]string //
	Policies         []PolicySpec
}

// PolicySpec is an access policy that an [EntrySpec] is associated with.
type PolicySpec struct {
	PolicyARN string
	Scope     access.Scope
}

// Check refuses what CreateAccessEntry and AssociateAccessPolicy would refuse on a cluster of an account and partition that
// has access entries, in the words of EKS where they are known (spec/eks.md section 3.5).
func (e EntrySpec) Check(partition, accountID string) error {
	p, err := e.input().checkAlone(accountID)
	if err == nil {
		err = checkNodeSettings(e.input().kind(), e.KubernetesGroups, e.input().Username)
	}
	if err == nil && p.partition != partition {
		err = invalidParameter("The specified principalArn is invalid: invalid principal.")
	}
	if err != nil {
		return messageOnly(err)
	}
	for _, policy := range e.Policies {
		if err := policy.check(e.input().kind(), partition); err != nil {
			return messageOnly(err)
		}
	}
	return nil
}

func (p PolicySpec) check(kind AccessEntryType, partition string) error {
	if kind != TypeStandard && kind != TypeEC2 {
		return standardOnly()
	}
	if err := (associateInput{PolicyARN: &p.PolicyARN, AccessScope: &scopeInput{Type: &p.Scope.Type, Namespaces: p.Scope.Namespaces}}).check(); err != nil {
		return err
	}
	_, err := findPolicy(partition, p.PolicyARN)
	return err
}

// messageError is the message of an exception.
type messageError string

func (e messageError) Error() string { return string(e) }

func messageOnly(err error) error { return messageError(asException(err).message()) }

// input is the request that would make the entry.
func (e EntrySpec) input() createEntryInput {
	in := createEntryInput{PrincipalARN: &e.PrincipalARN, KubernetesGroups: e.KubernetesGroups, Tags: e.Tags}
	if e.Username != "" {
		in.Username = &e.Username
	}
	if e.Type != "" {
		in.Type = &e.Type
	}
	return in
}

// addEntry adds an access entry to a new cluster.
func (r *Registry) addEntry(c *SavedCluster, spec EntrySpec) error {
	partition := clusterPartition(c)
	if err := spec.Check(partition, c.scope().AccountID); err != nil {
		return err
	}
	if err := checkHasEntries(c); err != nil {
		return messageOnly(err)
	}
	p, _ := parsePrincipal(spec.PrincipalARN) // Check has
	if _, found := c.entry(p.arn); found || spec.PrincipalID != "" && c.hasPrincipal(spec.PrincipalID) {
		return messageOnly(entryInUse())
	}
	now := c.Cluster.CreatedAt
	entry, err := r.newEntry(c, p, spec.input().kind(), now)
	if err != nil {
		return err
	}
	entry.PrincipalID = spec.PrincipalID
	maps.Copy(entry.AccessEntry.Tags, spec.Tags)
	if spec.Username != "" {
		entry.AccessEntry.Username = spec.Username
	}
	if len(spec.KubernetesGroups) > 0 {
		entry.AccessEntry.KubernetesGroups = slices.Clone(spec.KubernetesGroups)
	}
	for _, policy := range spec.Policies {
		scope := access.Scope{Type: policy.Scope.Type, Namespaces: append([]string{}, policy.Scope.Namespaces...)}
		entry.associate(policy.PolicyARN, scope, now)
	}
	c.put(entry)
	return nil
}
