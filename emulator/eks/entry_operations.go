package eks

import "slices"

// describeAccessEntry answers DescribeAccessEntry.
func (s *Server) describeAccessEntry(r *request) (any, error) {
	found, err := s.findEntry(r)
	if err != nil {
		return nil, err
	}
	return entryAnswer{found.AccessEntry}, nil
}

// findEntry authorizes an operation that reads an access entry and finds it.
func (s *Server) findEntry(r *request) (*SavedEntry, error) {
	name, arn := r.variable("name"), r.variable("principalArn")
	if err := s.mayEntry(r, name, arn, nil); err != nil {
		return nil, err
	}
	if _, err := checkPrincipalARN(arn); err != nil {
		return nil, err
	}
	c, err := s.find(r, name)
	if err != nil {
		return nil, err
	}
	if err := checkHasEntries(c); err != nil {
		return nil, err
	}
	at, found := c.entry(arn)
	if !found {
		return nil, entryNotFound()
	}
	return c.Entries[at], nil
}

// listAccessEntries answers ListAccessEntries: the principals' ARNs, sorted as in AWS's example.
func (s *Server) listAccessEntries(r *request) (any, error) {
	name, policy := r.variable("name"), r.URL.Query().Get("associatedPolicyArn")
	if err := s.mayCluster(r, name, nil); err != nil {
		return nil, err
	}
	if policy != "" {
		if err := checkPolicyARN(policy); err != nil {
			return nil, err
		}
	}
	c, err := s.find(r, name)
	if err != nil {
		return nil, err
	}
	if err := checkHasEntries(c); err != nil {
		return nil, err
	}
	var arns []string
	for _, entry := range c.Entries {
		if _, associated := entry.policy(policy); policy == "" || associated {
			arns = append(arns, entry.AccessEntry.PrincipalARN)
		}
	}
	found, err := paginate(r, arns, itself)
	if err != nil {
		return nil, err
	}
	return struct {
		AccessEntries []string `json:"accessEntries"`
		NextToken     *string  `json:"nextToken"`
	}{found.items, found.next}, nil
}

type updateEntryInput struct {
	KubernetesGroups []string `json:"kubernetesGroups"` // nil if they were not sent
	Username         *string  `json:"username"`
}

func (in updateEntryInput) keys() conditionKeys {
	keys := conditionKeys{}
	if in.KubernetesGroups != nil {
		keys["eks:kubernetesGroups"] = in.KubernetesGroups
	}
	if in.Username != nil && *in.Username != "" { // an empty one leaves the username as it is
		keys.text("eks:username", in.Username)
	}
	return keys
}

// updateAccessEntry answers UpdateAccessEntry: what was not sent stays as it is. Names that are EKS's own are refused
// before the entry is looked at (github.com/aws-ia/terraform-aws-eks-blueprints issue 2004: that is the answer for the
// username that an entry for nodes has). The clientRequestToken is not needed: to update an entry twice is to update it
// once.
func (s *Server) updateAccessEntry(r *request) (any, error) {
	var in updateEntryInput
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	check := func() error {
		if err := checkUsername(in.Username); err != nil {
			return err
		}
		return checkGroups(in.KubernetesGroups)
	}
	var answer entryAnswer
	return &answer, s.editEntry(r, in.keys(), check, func(c *SavedCluster, entry *SavedEntry) error {
		if entry.AccessEntry.Type != TypeStandard {
			return standardOnly()
		}
		if in.KubernetesGroups != nil {
			entry.AccessEntry.KubernetesGroups = in.KubernetesGroups
		}
		if in.Username != nil && *in.Username != "" {
			entry.AccessEntry.Username = *in.Username
		}
		entry.AccessEntry.ModifiedAt = r.now
		answer.AccessEntry = entry.AccessEntry
		c.put(entry)
		return nil
	})
}

// deleteAccessEntry answers DeleteAccessEntry. The entry's policies go with it.
func (s *Server) deleteAccessEntry(r *request) (any, error) {
	check := func() error { return nil }
	return nothing{}, s.editEntry(r, nil, check, func(c *SavedCluster, entry *SavedEntry) error {
		at, _ := c.entry(entry.AccessEntry.PrincipalARN)
		c.Entries = slices.Concat(c.Entries[:at], c.Entries[at+1:])
		return nil
	})
}

// editEntry authorizes an operation that changes an access entry, checks first what the request alone says, as
// CreateAccessEntry does, and applies a change to a copy of the entry. The change puts the entry back itself.
func (s *Server) editEntry(r *request, keys conditionKeys, check func() error, change func(*SavedCluster, *SavedEntry) error) error {
	name, arn := r.variable("name"), r.variable("principalArn")
	if err := s.mayEntry(r, name, arn, keys); err != nil {
		return err
	}
	p, err := checkPrincipalARN(arn)
	if err != nil {
		return err
	}
	if err := checkOwned(p); err != nil {
		return err
	}
	if err := check(); err != nil {
		return err
	}
	return s.edit(r, name, func(c *SavedCluster) (ChangeKind, error) {
		if err := checkHasEntries(c); err != nil {
			return "", err
		}
		at, found := c.entry(arn)
		if !found {
			return "", entryNotFound()
		}
		entry := *c.Entries[at]
		entry.AccessEntry = entry.AccessEntry.clone()
		return AccessChanged, change(c, &entry)
	})
}
