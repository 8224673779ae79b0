package eks

import (
	"maps"
	"slices"
	"strconv"
)

// conditionKeys are condition keys of a request. Which operation has which is the service authorization reference's
// (Actions, resources, and condition keys for Amazon Elastic Kubernetes Service). A key without a value is absent.
type conditionKeys map[string][]string

// text sets a key unless nothing was sent.
func (k conditionKeys) text(key string, value *string) conditionKeys {
	if value != nil {
		k[key] = []string{*value}
	}
	return k
}

// flag sets a key of a boolean unless nothing was sent.
func (k conditionKeys) flag(key string, value *bool) conditionKeys {
	if value != nil {
		k[key] = []string{strconv.FormatBool(*value)}
	}
	return k
}

// list sets a key of several values unless there are none.
func (k conditionKeys) list(key string, values []string) conditionKeys {
	if len(values) > 0 {
		k[key] = values
	}
	return k
}

// tags sets the keys of the tags in a request.
func (k conditionKeys) tags(tags map[string]string) conditionKeys {
	for key, value := range tags {
		k["aws:RequestTag/"+key] = []string{value}
	}
	return k.list("aws:TagKeys", slices.Sorted(maps.Keys(tags)))
}

// authorize asks whether the caller may do what the request is for to a resource.
func (s *Server) authorize(r *request, resource string, keys conditionKeys) error {
	return s.may(r, "eks:"+r.operation, resource, keys)
}

func (s *Server) may(r *request, action, resource string, keys conditionKeys) error {
	if s.policies == nil {
		return nil
	}
	return s.policies(r.caller, action, resource, r.context(), keys)
}

// mayPass asks whether the caller may give a service a role. Which service it is is the service authorization
// reference's: EC2 of the roles of nodes (CreateAccessEntry, and computeConfig of clusters), EKS of a cluster's own.
func (s *Server) mayPass(r *request, roleARN, service string) error {
	return s.may(r, "iam:PassRole", roleARN, conditionKeys{"iam:PassedToService": {service}})
}

// mayPassNodes is mayPass for the role of EKS Auto Mode's nodes, if there is one in a request. That it comes before the
// role is looked at is inferred.
func (s *Server) mayPassNodes(r *request, compute *computeInput) error {
	if compute == nil || compute.NodeRoleARN == nil || *compute.NodeRoleARN == "" {
		return nil
	}
	return s.mayPass(r, *compute.NodeRoleARN, ec2Service)
}

// mayTagNew asks whether the caller may give a new resource its tags, if it has some (service authorization reference:
// CreateCluster and CreateAccessEntry authorize TagResource, too). That only tags in the request are a reason to ask is
// inferred.
func (s *Server) mayTagNew(r *request, resource string, tags map[string]string, keys conditionKeys) error {
	if len(tags) == 0 {
		return nil
	}
	return s.may(r, "eks:TagResource", resource, keys.with(conditionKeys{}.tags(tags)))
}

// mayAdmit asks whether the caller may make the access entry of a cluster's creator, which CreateCluster and
// UpdateClusterConfig authorize, too (service authorization reference). When exactly is inferred: when they make it.
// That its keys are those of a CreateAccessEntry that names no more than the principal is inferred as well.
func (s *Server) mayAdmit(r *request, cluster, creatorARN string) error {
	return s.may(r, "eks:CreateAccessEntry", s.clusterARN(r, cluster), createEntryInput{PrincipalARN: &creatorARN}.keys())
}

// clusterARN is the ARN of a cluster of the request's account and region, whether there is one or not.
func (s *Server) clusterARN(r *request, name string) string {
	return ClusterARN(s.gate.Store.Partition(), r.scope, name)
}

// mayCluster is authorize for operations on a cluster, or on what is new in it. AWS names the cluster even if there is
// none of that name. Its name is no condition key here: eks:clusterName is one of access entries alone.
func (s *Server) mayCluster(r *request, name string, keys conditionKeys) error {
	var tags map[string]string
	if c := s.clusters.read()[r.scope][name]; c != nil {
		tags = c.Cluster.Tags
	}
	return s.authorize(r, s.clusterARN(r, name), resourceTags(tags).with(keys))
}

// mayEntry is authorize for operations on an access entry. Which ARN AWS names if there is none is not known; here it is
// that of any entry the principal may get.
func (s *Server) mayEntry(r *request, name, principalARN string, keys conditionKeys) error {
	if c := s.clusters.read()[r.scope][name]; c != nil {
		if at, found := c.entry(principalARN); found {
			entry := c.Entries[at].AccessEntry
			return s.authorize(r, entry.ARN, entry.keys().with(keys))
		}
	}
	resource := s.clusterARN(r, name)
	if p, ok := parsePrincipal(principalARN); ok {
		resource = p.entryARN(r.scope, name, "*")
	}
	return s.authorize(r, resource, ofEntry(name, principalARN).with(keys))
}

// ofEntry are the keys of an access entry that are known although there is none.
func ofEntry(cluster, principalARN string) conditionKeys {
	return conditionKeys{"eks:clusterName": {cluster}, "eks:principalArn": {principalARN}}
}

// keys are the condition keys of the resource type access-entry, of an entry that there is.
func (e AccessEntry) keys() conditionKeys {
	keys := ofEntry(e.ClusterName, e.PrincipalARN).list("eks:kubernetesGroups", e.KubernetesGroups)
	keys["eks:accessEntryType"], keys["eks:username"] = []string{string(e.Type)}, []string{e.Username}
	return keys.with(resourceTags(e.Tags))
}

// with is a copy of the keys of a resource with those of a request. That the request's win where both have a value, as
// the groups of UpdateAccessEntry do, is inferred: the reference calls them "present in the access entry requests". A
// list without elements takes the resource's away.
func (k conditionKeys) with(request conditionKeys) conditionKeys {
	all := conditionKeys{}
	maps.Copy(all, k)
	maps.Copy(all, request)
	maps.DeleteFunc(all, func(_ string, values []string) bool { return len(values) == 0 })
	return all
}

// resourceTags are the keys of the tags that a resource has.
func resourceTags(tags map[string]string) conditionKeys {
	keys := conditionKeys{}
	for key, value := range tags {
		keys["aws:ResourceTag/"+key] = []string{value}
	}
	return keys
}
