package stsfake_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/auth"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	endpoint := func(service, region, partition string) stsfake.Endpoint {
		return stsfake.Endpoint{Service: service, Region: region, Partition: partition}
	}
	global := func(service string) stsfake.Endpoint {
		return stsfake.Endpoint{Service: service, Region: "us-east-1", Partition: "aws", Global: true}
	}
	tests := map[string]stsfake.Endpoint{
		"sts.us-west-2.amazonaws.com":                 endpoint("sts", "us-west-2", "aws"),
		"STS.us-west-2.amazonaws.com:443":             endpoint("sts", "us-west-2", "aws"),
		"sts.us-west-2.amazonaws.com.":                endpoint("sts", "us-west-2", "aws"),
		"sts.us-west-2.amazonaws.com.:443":            endpoint("sts", "us-west-2", "aws"),
		"sts.amazonaws.com":                           global("sts"),
		"iam.amazonaws.com":                           global("iam"),
		"iam-fips.amazonaws.com":                      global("iam"),
		"iam.global.api.aws":                          global("iam"),
		"iam-fips.global.api.aws":                     global("iam"),
		"iam.us-gov.amazonaws.com":                    {Service: "iam", Region: "us-gov-west-1", Partition: "aws-us-gov", Global: true},
		"iam.us-gov.api.aws":                          {Service: "iam", Region: "us-gov-west-1", Partition: "aws-us-gov", Global: true},
		"iam.global.api.amazonwebservices.com.cn":     {Service: "iam", Region: "cn-north-1", Partition: "aws-cn", Global: true},
		"iam.cn-north-1.amazonaws.com.cn":             endpoint("iam", "cn-north-1", "aws-cn"),
		"sts-fips.us-east-2.amazonaws.com":            endpoint("sts", "us-east-2", "aws"),
		"sts.us-west-2.api.aws":                       endpoint("sts", "us-west-2", "aws"),
		"sts-fips.us-west-2.api.aws":                  endpoint("sts", "us-west-2", "aws"),
		"sts.us-gov-west-1.amazonaws.com":             endpoint("sts", "us-gov-west-1", "aws-us-gov"),
		"sts-fips.us-gov-west-1.amazonaws.com":        endpoint("sts", "us-gov-west-1", "aws-us-gov"),
		"sts-fips.us-gov-east-1.api.aws":              endpoint("sts", "us-gov-east-1", "aws-us-gov"),
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
		"fips.sts.us-west-2.amazonaws.com", "eks-fips.us-west-2.amazonaws.com", "sts.us--2.amazonaws.com", "sts.us-west-2x.amazonaws.com",
		"sts.us-west-.amazonaws.com", "sts.-west-2.amazonaws.com", "sts.us-2.amazonaws.com", "sts_.us-west-2.amazonaws.com", "sts.us-west2-2.amazonaws.com",
		"sts.us-west-2.amazonaws.com..", "sts.cn-north-1.amazonaws.com", "sts.us-west-2.amazonaws.com.cn", "iam.api.aws",
		"iam.global.amazonaws.com", "sts.global.api.aws", "iam.us-gov.amazonaws.com.cn", "iam-fips.api.aws", "iam-fips.amazonaws.com.cn",
	} {
		if got, ok := stsfake.ParseEndpoint(host); ok {
			t.Errorf("%q is %+v", host, got)
		}
	}
}

// The SDK's own rules about where STS is [D]: wherever they send a client, the name stands for the region and
// partition that they have the client sign for.
func TestEndpointsAreTheSDKs(t *testing.T) {
	t.Parallel()
	resolver := sts.NewDefaultEndpointResolverV2()
	regions := []string{
		"aws-global", "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1",
		"eu-south-2", "eu-west-1", "ap-south-1", "ap-east-1", "ap-southeast-7", "ap-northeast-1", "af-south-1", "il-central-1", "me-central-1",
		"mx-central-1", "sa-east-1", "cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-gov-east-1", "us-iso-east-1", "us-iso-west-1",
		"us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", "us-isof-east-1", "eusc-de-east-1",
	}
	resolved := 0
	for _, region := range regions {
		for variant := range 8 {
			parameters := sts.EndpointParameters{
				Region: &region, UseFIPS: aws.Bool(variant&1 != 0), UseDualStack: aws.Bool(variant&2 != 0), UseGlobalEndpoint: aws.Bool(variant&4 != 0),
			}
			at := fmt.Sprintf("%s, FIPS %t, dual-stack %t, global %t", region, *parameters.UseFIPS, *parameters.UseDualStack, *parameters.UseGlobalEndpoint)
			endpoint, err := resolver.ResolveEndpoint(t.Context(), parameters)
			if err != nil || region == "aws-global" && (*parameters.UseFIPS || *parameters.UseDualStack) {
				continue // the partition has no such variant; the rules make up a name for aws-global, which has none either
			}
			resolved++
			want := stsfake.Endpoint{Service: "sts", Region: region, Partition: iam.PartitionOfRegion(region).ID, Host: endpoint.URI.Host}
			if options, ok := auth.GetAuthOptions(&endpoint.Properties); ok && len(options) > 0 {
				if signed, ok := smithyhttp.GetSigV4SigningRegion(&options[0].SignerProperties); ok {
					want.Region = signed
				}
			}
			want.Global = endpoint.URI.Host == "sts.amazonaws.com"
			got, ok := stsfake.ParseEndpoint(endpoint.URI.Host)
			if diff := cmp.Diff(want, got); diff != "" || !ok {
				t.Errorf("%s: %s (-want +got):\n%s", at, endpoint.URI.Host, diff)
			}
		}
	}
	if resolved < 150 {
		t.Errorf("only %d combinations have an endpoint", resolved)
	}
}
