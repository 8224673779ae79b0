package stsfake

import (
	"net"
	"regexp"
	"strings"
)

// Endpoint is the AWS endpoint that a client believes to talk to.
type Endpoint struct {
	Service   string // signing name: "sts"
	Region    string // that a credential must be scoped to; "" if any will do
	Partition string // "aws", "aws-cn", …; "" for the direct endpoint
	Host      string // as the client sent it, with its port if it sent one
	Direct    bool   // not an AWS host name
}

// globalRegion is the region that the endpoints without one in their name are signed for (spec/sts.md section 1.5).
const globalRegion = "us-east-1"

var (
	regionPattern  = regexp.MustCompile(`^[a-z]+(-[a-z]+)+-[0-9]+$`)
	servicePattern = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
)

// partitionOf finds the partition of a host name by its suffix, and what stands before it. The suffixes are those
// of the AWS SDKs' partitions.json, dual-stack ones included.
func partitionOf(host string) (labels, partition string, ok bool) {
	for _, p := range []struct{ suffix, partition string }{
		{".amazonaws.com", "aws"},
		{".api.aws", "aws"},
		{".amazonaws.com.cn", "aws-cn"},
		{".api.amazonwebservices.com.cn", "aws-cn"},
		{".c2s.ic.gov", "aws-iso"},
		{".sc2s.sgov.gov", "aws-iso-b"},
		{".cloud.adc-e.uk", "aws-iso-e"},
		{".csp.hci.ic.gov", "aws-iso-f"},
		{".amazonaws.eu", "aws-eusc"},
		{".api.amazonwebservices.eu", "aws-eusc"},
	} {
		if labels, ok = strings.CutSuffix(host, p.suffix); ok {
			return labels, p.partition, true
		}
	}
	return "", "", false
}

// ParseEndpoint reads an AWS host name, with or without a port: SERVICE.REGION.amazonaws.com with its FIPS
// ("sts-fips.…", "fips.eks.…") and dual-stack (".api.aws") forms, the other partitions' suffixes, and the global
// sts.amazonaws.com, iam.amazonaws.com and ec2.amazonaws.com, which stand for us-east-1. It is false for every
// other name, among them the names of resources (a cluster's API server, an S3 bucket).
func ParseEndpoint(host string) (Endpoint, bool) {
	name := strings.ToLower(host)
	if bare, _, err := net.SplitHostPort(name); err == nil {
		name = bare
	}
	rest, partition, ok := partitionOf(name)
	if !ok {
		return Endpoint{}, false
	}
	service, region, ok := serviceAndRegion(strings.Split(rest, "."))
	global := region == ""
	if !ok || global && name != service+".amazonaws.com" {
		return Endpoint{}, false
	}
	if global {
		region = globalRegion
	}
	if partition == "aws" && strings.HasPrefix(region, "us-gov-") {
		partition = "aws-us-gov"
	}
	return Endpoint{Service: service, Region: region, Partition: partition, Host: host}, true
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
