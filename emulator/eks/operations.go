package eks

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

// listClusters answers ListClusters: the names of the caller's clusters, at most maxResults of them. That they
// come sorted is ours.
func (s *Server) listClusters(r *request) (any, error) {
	if err := s.authorize(r, s.clusterARN(r, "*"), nil); err != nil {
		return nil, err
	}
	if err := checkInclude(r.URL.Query()["include"]); err != nil {
		return nil, err
	}
	names, err := paginate(r, s.clusters.List(r.scope), itself)
	if err != nil {
		return nil, err
	}
	return struct {
		Clusters  []string `json:"clusters"`
		NextToken *string  `json:"nextToken"`
	}{names.items, names.next}, nil
}

// clusterAnswer is the answer of operations on one cluster.
type clusterAnswer struct {
	Cluster Cluster `json:"cluster"`
}

// describeCluster answers DescribeCluster.
func (s *Server) describeCluster(r *request) (any, error) {
	name := r.variable("name")
	if err := s.mayCluster(r, name, nil); err != nil {
		return nil, err
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	cluster, ok := s.clusters.Cluster(r.scope, name)
	if !ok {
		return nil, clusterNotFound(name)
	}
	return clusterAnswer{cluster}, nil
}

// deleteCluster answers DeleteCluster. A cluster that is being deleted already can be deleted (user guide, "Protect EKS
// clusters from accidental deletion"). It is announced again, for a deletion that failed begins anew.
func (s *Server) deleteCluster(r *request) (any, error) {
	name := r.variable("name")
	if err := s.mayCluster(r, name, nil); err != nil {
		return nil, err
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	var answer clusterAnswer
	return &answer, s.edit(r, name, func(c *SavedCluster) (ChangeKind, error) {
		if c.Cluster.Status == StatusDeleting {
			answer.Cluster = c.Cluster.clone()
			return ClusterDeleted, nil
		}
		if err := c.mayBeDeleted(); err != nil {
			return "", err
		}
		c.Cluster.Status = StatusDeleting
		answer.Cluster = c.Cluster.clone()
		return ClusterDeleted, nil
	})
}

// mayBeDeleted says why a cluster cannot be deleted now. Deletion protection counts for active clusters only, and its
// exception is InvalidRequestException (user guide, "Protect EKS clusters from accidental deletion"); its text is ours.
// That an update in progress is in the way of a deletion in the way that it is in that of another update is inferred.
func (c *SavedCluster) mayBeDeleted() error {
	active := c.Cluster.Status == StatusActive || c.Cluster.Status == StatusUpdating
	if active && c.Cluster.DeletionProtection {
		return refuse("InvalidRequestException",
			"Cluster %s cannot be deleted because deletion protection is enabled. Disable deletion protection first.", c.Cluster.Name).of(c.Cluster.Name)
	}
	if update := c.running(); update != nil {
		return updateInTheWay("DeleteCluster", c.Cluster.Name, update.Update.ID)
	}
	return nil
}

// edit applies a change to a cluster of the request's account and region.
func (s *Server) edit(r *request, name string, change func(*SavedCluster) (ChangeKind, error)) error {
	err := s.clusters.edit(r.scope, name, change)
	if errors.Is(err, errNoCluster) {
		return clusterNotFound(name)
	}
	return err
}

// find returns a cluster of the request's account and region. It must not be changed.
func (s *Server) find(r *request, name string) (*SavedCluster, error) {
	found := s.clusters.read()[r.scope][name]
	if found == nil {
		return nil, clusterNotFound(name)
	}
	return found, nil
}

// unknownOperation answers everything that routes does not list. Code and status are those that AWS's
// services commonly use; the text is ours.
func (s *Server) unknownOperation(r *request) (any, error) {
	var known []string
	for _, route := range s.routes() {
		known = append(known, route.operation)
	}
	slices.Sort(known)
	e := plain("UnknownOperationException", "eksemu does not emulate %s %s of the EKS API. It answers %s.",
		r.Method, r.URL.EscapedPath(), strings.Join(known, ", "))
	e.Status = http.StatusNotFound
	return nil, e
}

// checkName refuses what cannot be a cluster name. Both texts are recorded answers to DescribeCluster: for the
// characters github.com/surajincloud/kubectl-eks issue 72 (the space that is missing is missing there too), for
// the length github.com/radius-project/samples issue 1702. Which one AWS gives for a name that breaks both
// rules is not recorded.
func checkName(name string) error {
	if !clusterName.MatchString(name) {
		return invalidParameter(`The parameter name contains invalid characters. It should conform to the regular expression ` +
			`"^[0-9A-Za-z][A-Za-z0-9-_]*"In other words, it should start with a number or letter, and can contain ` +
			`numbers, letters, dashes, and underscores.`)
	}
	if len(name) > maxNameLength {
		return invalidParameter("The parameter name should not be greater than %d characters.", maxNameLength)
	}
	return nil
}

// checkInclude accepts what the API reference allows: "all", in lower case, or nothing. "all" adds connected
// clusters, of which the emulator has none. The text of the refusal is ours.
func checkInclude(values []string) error {
	for _, value := range values {
		if value != "" && value != "all" {
			return invalidParameter("The parameter include must be all, or absent.")
		}
	}
	return nil
}

// nothing is the answer of operations that return nothing.
type nothing struct{}
