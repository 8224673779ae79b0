package stsfake

import (
	"net"
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
	Global    bool   // the endpoint of all regions, sts.amazonaws.com
	Direct    bool   // not a host name of AWS
}

// The endpoints without a region in their names have this suffix and are signed for this region (spec/sts.md
// section 1.5).
const (
	globalSuffix = "amazonaws.com"
	globalRegion = "us-east-1"
)

// ParseEndpoint reads an AWS host name, with or without a port or the dot of a fully qualified name. It knows
//
//	sts.us-west-2.amazonaws.com            a region's
//	sts-fips.us-west-2.amazonaws.com       with validated cryptography; fips.eks.us-west-2.amazonaws.com for EKS
//	sts.us-west-2.api.aws                  for IPv6 as well (dual-stack), also with -fips
//	sts.cn-north-1.amazonaws.com.cn        other partitions, each with its suffixes and for its regions only
//	sts.amazonaws.com                      the global ones of STS, IAM and EC2, which stand for us-east-1
//	iam.us-gov.amazonaws.com               IAM's of GovCloud, which stands for us-gov-west-1
//	iam.global.api.aws                     IAM's for IPv6 as well
//
// as the endpoint rules of AWS's SDKs have them. GovCloud's regions share the suffixes of the commercial ones, and
// their ordinary names stand for the FIPS endpoints too. It is false for every other name, among them the names of
// resources (a cluster's API server, an S3 bucket).
func ParseEndpoint(host string) (Endpoint, bool) {
	name := bareName(host)
	for _, partition := range iam.Partitions() {
		labels, suffix, ok := cutSuffix(name, partition)
		if !ok {
			continue
		}
		if region := iamRegion(labels, suffix, partition); region != "" {
			return Endpoint{Service: "iam", Region: region, Partition: partition.ID, Host: host, Global: true}, true
		}
		service, region, ok := serviceAndRegion(labels)
		global := region == ""
		if global {
			ok, region = ok && suffix == globalSuffix, globalRegion
		}
		if ok && iam.PartitionOfRegion(region).ID == partition.ID {
			return Endpoint{Service: service, Region: region, Partition: partition.ID, Host: host, Global: global}, true
		}
	}
	return Endpoint{}, false
}

// IsAWSName says whether a host is named like one of AWS, though not necessarily like an endpoint: it is a domain of AWS's
// APIs or below one. Buckets and load balancers are, too, and the console is not.
func IsAWSName(host string) bool {
	name := "." + bareName(host)
	return slices.ContainsFunc(iam.Partitions(), func(p iam.Partition) bool {
		_, _, ok := cutSuffix(name, p)
		return ok
	})
}

// bareName is a host name in lower case, without port and without the dot at its end.
func bareName(host string) string {
	name := strings.ToLower(host)
	if strings.Contains(name, ":") {
		if bare, _, err := net.SplitHostPort(name); err == nil {
			name = bare
		}
	}
	return strings.TrimSuffix(name, ".")
}

// cutSuffix takes a partition's suffix off a host name.
func cutSuffix(name string, partition iam.Partition) (labels, suffix string, ok bool) {
	for _, suffix := range [...]string{partition.DNSSuffix, partition.DualStackDNSSuffix} {
		labels, ok := strings.CutSuffix(name, suffix)
		if ok && strings.HasSuffix(labels, ".") {
			return labels[:len(labels)-1], suffix, true
		}
	}
	return "", "", false
}

// serviceAndRegion reads the labels in front of a partition's suffix. The region is "" for a global endpoint.
func serviceAndRegion(labels string) (service, region string, ok bool) {
	if eks, found := strings.CutPrefix(labels, "fips.eks."); found {
		return "eks", eks, isRegion(eks)
	}
	service, region, regional := strings.Cut(labels, ".")
	if !regional {
		return service, "", service == "sts" || service == "iam" || service == "ec2"
	}
	if base, fips := strings.CutSuffix(service, "-fips"); fips && base != "eks" {
		service = base
	} else if fips {
		return "", "", false // EKS has it in front
	}
	return service, region, isService(service) && isRegion(region)
}

// iamRegion is the region that a partition's one endpoint of IAM stands for, where its name has no region in it and is
// not like the global ones of others; "" for any other name (the endpoint rules of AWS's SDKs).
func iamRegion(labels, suffix string, partition iam.Partition) string {
	dualStack := suffix == partition.DualStackDNSSuffix
	switch {
	case labels == "iam.us-gov" && partition.ID == "aws-us-gov":
		return "us-gov-west-1"
	case labels == "iam-fips" && partition.ID == "aws" && !dualStack,
		(labels == "iam.global" || labels == "iam-fips.global") && partition.ID == "aws" && dualStack:
		return globalRegion
	case labels == "iam.global" && partition.ID == "aws-cn" && dualStack:
		return "cn-north-1"
	}
	return ""
}

// isService says whether a label has the form of a service's: lower-case letters, digits and hyphens after a letter.
func isService(label string) bool {
	return label != "" && isLower(label[0]) && !strings.ContainsFunc(label, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// isRegion says whether a label has the form of a region's: at least two words of lower-case letters and a number,
// with hyphens between them.
func isRegion(label string) bool {
	end := strings.LastIndexByte(label, '-')
	if end < 0 || end == len(label)-1 || strings.Trim(label[end+1:], "0123456789") != "" {
		return false
	}
	words := label[:end]
	for i := range len(words) {
		if hyphen := words[i] == '-'; !isLower(words[i]) && (!hyphen || i == 0 || words[i-1] == '-') {
			return false
		}
	}
	return strings.Contains(words, "-") && isLower(words[len(words)-1])
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
