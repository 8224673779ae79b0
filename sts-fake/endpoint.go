package stsfake

import (
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// Endpoint is the AWS endpoint that a client believes to talk to.
type Endpoint struct {
	Service   string // signing name: "sts"
	Region    string // that a credential must be scoped to; "" if any will do
	Partition string // "aws", "aws-cn", …; "" for the direct endpoint
	Host      string // as the client sent it, with its port if it sent one
	Direct    bool   // not a host name of AWS
}

// The endpoints without a region in their names have this suffix and are signed for this region (spec/sts.md
// section 1.5).
const (
	globalSuffix = "amazonaws.com"
	globalRegion = "us-east-1"
)

var (
	regionPattern  = regexp.MustCompile(`^[a-z]+(-[a-z]+)+-[0-9]+$`)
	servicePattern = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
)

// ParseEndpoint reads an AWS host name, with or without a port or the dot of a fully qualified name:
// SERVICE.REGION.amazonaws.com with its FIPS ("sts-fips.…", "fips.eks.…") and dual-stack (".api.aws") forms, the
// other partitions' suffixes for their regions, and the global sts.amazonaws.com, iam.amazonaws.com and
// ec2.amazonaws.com, which stand for us-east-1. It is false for every other name, among them the names of resources
// (a cluster's API server, an S3 bucket).
func ParseEndpoint(host string) (Endpoint, bool) {
	name := bareName(host)
	for _, partition := range iam.Partitions() {
		labels, suffix, ok := cutSuffix(name, partition)
		if !ok {
			continue
		}
		service, region, ok := serviceAndRegion(strings.Split(labels, "."))
		if global := region == ""; global {
			ok, region = ok && suffix == globalSuffix, globalRegion
		}
		if ok && iam.PartitionOfRegion(region).ID == partition.ID {
			return Endpoint{Service: service, Region: region, Partition: partition.ID, Host: host}, true
		}
	}
	return Endpoint{}, false
}

// isAWSName says whether a host is named like one of AWS, though not necessarily like an endpoint.
func isAWSName(host string) bool {
	name := bareName(host)
	return slices.ContainsFunc(iam.Partitions(), func(p iam.Partition) bool {
		_, _, ok := cutSuffix(name, p)
		return ok
	})
}

// bareName is a host name in lower case, without port and without the dot at its end.
func bareName(host string) string {
	name := strings.ToLower(host)
	if bare, _, err := net.SplitHostPort(name); err == nil {
		name = bare
	}
	return strings.TrimSuffix(name, ".")
}

// cutSuffix takes a partition's suffix off a host name.
func cutSuffix(name string, partition iam.Partition) (labels, suffix string, ok bool) {
	for _, suffix := range []string{partition.DNSSuffix, partition.DualStackDNSSuffix} {
		if labels, ok := strings.CutSuffix(name, "."+suffix); ok {
			return labels, suffix, true
		}
	}
	return "", "", false
}

// serviceAndRegion reads the labels in front of a partition's suffix. The region is "" for a global endpoint.
func serviceAndRegion(labels []string) (service, region string, ok bool) {
	if len(labels) == 3 && labels[0] == "fips" {
		labels = labels[1:]
	}
	switch len(labels) {
	case 1:
		service = labels[0]
		return service, "", service == "sts" || service == "iam" || service == "ec2"
	case 2:
		service, region = strings.TrimSuffix(labels[0], "-fips"), labels[1]
		return service, region, servicePattern.MatchString(service) && regionPattern.MatchString(region)
	}
	return "", "", false
}
