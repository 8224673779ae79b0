package iam

import (
	"slices"
	"strings"
)

// Partition is a part of AWS that shares neither accounts nor keys with the others.
type Partition struct {
	ID                 string // first part of its ARNs: "aws-cn"
	DNSSuffix          string // of its endpoints: "amazonaws.com.cn"
	DualStackDNSSuffix string // of those that answer over IPv6 as well: "api.amazonwebservices.com.cn"

	regionPrefix string // of its regions' names
}

// Partitions are all partitions, from the partitions.json that AWS SDKs share
// (github.com/aws/aws-sdk-go-v2 internal/endpoints/awsrulesfn). "aws" is the last one: it has every region that
// none of the others has.
func Partitions() []Partition {
	return []Partition{
		{"aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-"},
		{"aws-us-gov", "amazonaws.com", "api.aws", "us-gov-"},
		{"aws-iso", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-"},
		{"aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-"},
		{"aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "eu-isoe-"},
		{"aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "us-isof-"},
		{"aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-"},
		{"aws", "amazonaws.com", "api.aws", ""},
	}
}

// PartitionOfRegion is the partition that a region's name belongs to; "aws" if its name is not known.
func PartitionOfRegion(region string) Partition {
	all := Partitions()
	return all[slices.IndexFunc(all, func(p Partition) bool { return strings.HasPrefix(region, p.regionPrefix) })]
}

// PartitionByID finds a partition by the first part of its ARNs.
func PartitionByID(id string) (Partition, bool) {
	for _, p := range Partitions() {
		if p.ID == id {
			return p, true
		}
	}
	return Partition{}, false
}
