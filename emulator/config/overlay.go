package config

import (
	"slices"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// Overlay is identities, providers of identities and clusters that something brings to an Environment, such as a scenario.
// The fields mean what they mean in an Environment.
type Overlay struct {
	Users     []User     `yaml:"users,omitempty"`
	Roles     []Role     `yaml:"roles,omitempty"`
	Instances []Instance `yaml:"instances,omitempty"`

	OIDCProviders []OIDCProvider `yaml:"oidcProviders,omitempty"`
	Clusters      []Cluster      `yaml:"clusters,omitempty"`
}

// Merge is a copy of the Environment with what the Overlay has added to it. It may refer to what
// is there, and must not have a name in common with it: an overlay adds, it never replaces. The
// Environment itself is not changed, and with problems there is no copy.
//
// doc is the document that the Overlay was read from and at the path of it in there, for the lines of problems;
// doc is nil if the Overlay was not read from a file.
func (e *Environment) Merge(o Overlay, doc *strictyaml.Document, at ...any) (*Environment, strictyaml.Problems) {
	added := o.clone()
	v := &validator{doc: doc, prefix: at, partition: e.Partition()}
	v.completeIdentities(&added, e)
	for i := range added.Clusters {
		v.completeCluster(&added.Clusters[i], i)
	}
	v.identities(e, e.identities(), added)
	merged := *e
	merged.Users = append(slices.Clip(e.Users), added.Users...)
	merged.Roles = append(slices.Clip(e.Roles), added.Roles...)
	merged.Instances = append(slices.Clip(e.Instances), added.Instances...)
	merged.OIDCProviders = append(slices.Clip(e.OIDCProviders), added.OIDCProviders...)
	v.clusters(&merged, added.Clusters, e.Clusters)
	merged.Clusters = append(slices.Clip(e.Clusters), added.Clusters...)
	if problems := v.all(); len(problems) > 0 {
		return nil, problems
	}
	return &merged, nil
}

// HasIdentities tells whether the Overlay has more than clusters.
func (o Overlay) HasIdentities() bool {
	return len(o.Users)+len(o.Roles)+len(o.Instances)+len(o.OIDCProviders) > 0
}

// clone is a copy whose elements can be completed without changing the original.
func (o Overlay) clone() Overlay {
	c := Overlay{
		Users: slices.Clone(o.Users), Roles: slices.Clone(o.Roles), Instances: slices.Clone(o.Instances),
		OIDCProviders: slices.Clone(o.OIDCProviders), Clusters: slices.Clone(o.Clusters),
	}
	for i := range c.Users {
		c.Users[i].AccessKeys = slices.Clone(c.Users[i].AccessKeys)
		c.Users[i].MFADevices = slices.Clone(c.Users[i].MFADevices)
	}
	return c
}

// Added is what [Environment.Merge] added to base to make this Environment, with everything
// filled in that the Overlay left out.
func (e *Environment) Added(base *Environment) Overlay {
	return Overlay{
		Users: tail(e.Users, base.Users), Roles: tail(e.Roles, base.Roles), Instances: tail(e.Instances, base.Instances),
		OIDCProviders: tail(e.OIDCProviders, base.OIDCProviders), Clusters: tail(e.Clusters, base.Clusters),
	}
}

// tail is what all has after the first len(first) elements.
func tail[T any](all, first []T) []T { return slices.Clone(all[min(len(first), len(all)):]) }

// identities are the Environment's own. The slices are shared.
func (e *Environment) identities() Overlay {
	return Overlay{Users: e.Users, Roles: e.Roles, Instances: e.Instances, OIDCProviders: e.OIDCProviders}
}
