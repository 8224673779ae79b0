package stsfake_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	stsfake "github.com/eksemu/eksemu/sts-fake"
)

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	endpoint := func(service, region, partition string) stsfake.Endpoint {
		return stsfake.Endpoint{Service: service, Region: region, Partition: partition}
	}
	tests := map[string]stsfake.Endpoint{
		"sts.us-west-2.amazonaws.com":                 endpoint("sts", "us-west-2", "aws"),
		"STS.us-west-2.amazonaws.com:443":             endpoint("sts", "us-west-2", "aws"),
		"sts.us-west-2.amazonaws.com.":                endpoint("sts", "us-west-2", "aws"),
		"sts.us-west-2.amazonaws.com.:443":            endpoint("sts", "us-west-2", "aws"),
		"sts.amazonaws.com":                           endpoint("sts", "us-east-1", "aws"),
		"iam.amazonaws.com":                           endpoint("iam", "us-east-1", "aws"),
		"sts-fips.us-east-2.amazonaws.com":            endpoint("sts", "us-east-2", "aws"),
		"sts.us-west-2.api.aws":                       endpoint("sts", "us-west-2", "aws"),
		"sts-fips.us-west-2.api.aws":                  endpoint("sts", "us-west-2", "aws"),
		"sts.us-gov-west-1.amazonaws.com":             endpoint("sts", "us-gov-west-1", "aws-us-gov"),
		"sts.cn-north-1.amazonaws.com.cn":             endpoint("sts", "cn-north-1", "aws-cn"),
		"sts.cn-north-1.api.amazonwebservices.com.cn": endpoint("sts", "cn-north-1", "aws-cn"),
		"sts.us-iso-east-1.c2s.ic.gov":                endpoint("sts", "us-iso-east-1", "aws-iso"),
		"sts.us-iso-east-1.api.aws.ic.gov":            endpoint("sts", "us-iso-east-1", "aws-iso"),
		"sts.us-isob-east-1.sc2s.sgov.gov":            endpoint("sts", "us-isob-east-1", "aws-iso-b"),
		"sts.eusc-de-east-1.amazonaws.eu":             endpoint("sts", "eusc-de-east-1", "aws-eusc"),
		"eks.eu-central-1.amazonaws.com":              endpoint("eks", "eu-central-1", "aws"),
		"fips.eks.us-west-2.amazonaws.com":            endpoint("eks", "us-west-2", "aws"),
		"eks.us-west-2.api.aws":                       endpoint("eks", "us-west-2", "aws"),
		"ec2.us-west-2.amazonaws.com":                 endpoint("ec2", "us-west-2", "aws"),
		"secretsmanager.ap-southeast-2.amazonaws.com": endpoint("secretsmanager", "ap-southeast-2", "aws"),
	}
	for host, want := range tests {
		want.Host = host
		got, ok := stsfake.ParseEndpoint(host)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: %t (-want +got):\n%s", host, ok, diff)
		}
	}
	for _, host := range []string{
		"", "localhost", "127.0.0.1:8080", "[::1]:80", "amazonaws.com", "www.amazonaws.com", "sts.amazonaws.com.cn", "sts.api.aws",
		"sts.us-west-2.amazonaws.com.evil.example", "evilamazonaws.com", "sts.west.amazonaws.com", "s3.sts.us-west-2.amazonaws.com",
		"ABCDEF.gr7.us-west-2.eks.amazonaws.com", ".us-west-2.amazonaws.com", "sts..amazonaws.com", "sts.us-west-2.example.com",
		"sts.us-west-2.amazonaws.com..", "sts.cn-north-1.amazonaws.com", "sts.us-west-2.amazonaws.com.cn", "iam.api.aws",
	} {
		if got, ok := stsfake.ParseEndpoint(host); ok {
			t.Errorf("%q is %+v", host, got)
		}
	}
}
