package eks

import (
	"fmt"
	"strconv"
	"strings"
)

type updateVersionInput struct {
	Version *string `json:"version"`
}

// updateClusterVersion answers UpdateClusterVersion, which never works: all clusters run the one version that there is.
// The text for anything but the next minor version is recorded (github.com/rancher/rancher issues 21043, for the
// version that the cluster has, and 26908); that the next one is unsupported is said as CreateCluster says it (measured:
// spec/eks.md section 3.5), which is inferred.
func (s *Server) updateClusterVersion(r *request) (any, error) {
	name := r.variable("name")
	var in updateVersionInput
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if err := s.mayCluster(r, name, conditionKeys{}.text("eks:kubernetesVersion", in.Version)); err != nil {
		return nil, err
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	if in.Version == nil {
		return nil, named(missing("version"), name)
	}
	c, err := s.find(r, name)
	if err != nil {
		return nil, err
	}
	if minorVersion.MatchString(*in.Version) && *in.Version != nextMinor(c.Cluster.Version) {
		return nil, invalidParameter("Unsupported Kubernetes minor version update from %s to %s", c.Cluster.Version, *in.Version).of(name)
	}
	return nil, invalidParameter("unsupported Kubernetes version %s", *in.Version).of(name)
}

// nextMinor is the minor version after one such as 1.37.
func nextMinor(version string) string {
	major, minor, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(minor)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s.%d", major, n+1)
}

// clusterVersion is a version as DescribeClusterVersions shows it. Dates are left out: the versions here are not those
// that EKS has released.
type clusterVersion struct {
	ClusterVersion         string `json:"clusterVersion"`
	ClusterType            string `json:"clusterType"`
	DefaultPlatformVersion string `json:"defaultPlatformVersion"`
	DefaultVersion         bool   `json:"defaultVersion"`
	Status                 string `json:"status"`
	VersionStatus          string `json:"versionStatus"`
}

// describeClusterVersions answers DescribeClusterVersions: the one version that there is, if it is asked for.
func (s *Server) describeClusterVersions(r *request) (any, error) {
	if err := s.authorize(r, "*", nil); err != nil {
		return nil, err
	}
	query := r.URL.Query()
	only := clusterVersion{s.version, "eks", platformVersion, true, "standard-support", "STANDARD_SUPPORT"}
	wanted := func(parameter, value string) bool {
		asked := query[parameter]
		for _, one := range asked {
			if one == value {
				return true
			}
		}
		return len(asked) == 0
	}
	versions := []clusterVersion{}
	if s.version != "" && wanted("clusterVersions", only.ClusterVersion) && wanted("clusterType", only.ClusterType) &&
		wanted("status", only.Status) && wanted("versionStatus", only.VersionStatus) {
		versions = append(versions, only)
	}
	found, err := paginate(r, versions, func(v clusterVersion) string { return v.ClusterVersion })
	if err != nil {
		return nil, err
	}
	return struct {
		ClusterVersions []clusterVersion `json:"clusterVersions"`
		NextToken       *string          `json:"nextToken"`
	}{found.items, found.next}, nil
}
