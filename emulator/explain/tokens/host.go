package tokens

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// globalHost is the endpoint of all regions, which the partition aws alone has.
const globalHost = "sts.amazonaws.com"

// formatError is how upstream's FormatError begins.
const formatError = "input token was not properly formatted: "

// regionForm is validateInputRegion of upstream.
var regionForm = regexp.MustCompile(`^[[:alnum:]]([[:alnum:]\-]*[[:alnum:]])?$`)

// refuseHost says what an authenticator of a partition and region says about a host (verifySTSHostnameFormat in
// pkg/token/token.go); "" if it takes it. The names are those that the SDK's endpoint rules have for the region in the
// host's second label, in each combination of FIPS and dual-stack, as upstream asks for them.
func refuseHost(host, partition, region string) string {
	hostRegion, trouble := stsRegion(host)
	switch {
	case trouble != "":
		return formatError + fmt.Sprintf("could not parse region for pre-signed URL %s, %s", host, trouble)
	case hostRegion == "global" && partition == "aws":
		return ""
	case hostRegion == "global":
		return formatError + "global endpoint unsupported in partition " + partition
	case !regionForm.MatchString(hostRegion):
		return formatError + "invalid region identifier format provided: " + hostRegion
	case !slices.Contains(hostsOf(hostRegion), host):
		if slices.Contains(defaultHosts(partition, region), host) {
			return ""
		}
		return formatError + fmt.Sprintf("unexpected hostname %q in pre-signed URL", host)
	}
	parts := strings.Split(host, ".")
	if len(parts) < 4 {
		return "invalid host format, too few labels: " + host
	}
	domain, known := domains()[partition]
	if !known {
		return fmt.Sprintf("partition %s not valid", partition)
	}
	if has := strings.Join(parts[2:], "."); has != domain.plain && has != domain.dualStack {
		return formatError + fmt.Sprintf("partition {%s} does not support hostname %s", partition, host)
	}
	return ""
}

// RefuseEndpoint says what an authenticator of a partition and region says about a token that is presigned for an
// endpoint, a URL; "" if it takes it. A partition of "" stands for that of the endpoint. Scheme, host and path are checked
// as (tokenVerifier).Verify of aws-iam-authenticator v0.7.18 (pkg/token/token.go) does; an SDK presigns for the path "/"
// where an endpoint has none.
func RefuseEndpoint(endpoint, partition, region string) string {
	parsed, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return formatError + "it is no URL" // ours: net/url's words quote it
	case parsed.Scheme != "https":
		return formatError + fmt.Sprintf("unexpected scheme %q in pre-signed URL", parsed.Scheme)
	case parsed.Path != "" && parsed.Path != "/":
		return formatError + "unexpected path in pre-signed URL"
	case partition == "":
		partition = likelyPartition(parsed.Host)
	}
	return refuseHost(parsed.Host, partition, region)
}

// EndpointRegion is the region for which STS at an endpoint, a URL, has requests signed: that in its host name, and
// us-east-1 for the global endpoint; "" if it names none.
func EndpointRegion(endpoint string) string {
	parsed, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	region, _ := stsRegion(parsed.Host)
	if region == "global" {
		return "us-east-1"
	}
	return region
}

// stsRegion is getStsRegion of upstream: the second label, whatever it is, or what is wrong with the host.
func stsRegion(host string) (region, trouble string) {
	if host == "" {
		return "", "host is empty"
	}
	parts := strings.Split(host, ".")
	switch {
	case len(parts) < 3:
		return "", "invalid host format: " + host
	case host == globalHost:
		return "global", ""
	}
	return parts[1], ""
}

// hostsOf are the names that AWS's SDK for Go gives to STS in a region.
func hostsOf(region string) []string {
	var hosts []string
	resolver := sts.NewDefaultEndpointResolverV2()
	for _, fips := range []bool{true, false} {
		for _, dualStack := range []bool{true, false} {
			endpoint, err := resolver.ResolveEndpoint(context.Background(), sts.EndpointParameters{
				Region: aws.String(region), UseFIPS: aws.Bool(fips), UseDualStack: aws.Bool(dualStack),
			})
			if err == nil {
				hosts = append(hosts, endpoint.URI.Host)
			}
		}
	}
	return hosts
}

// domain is what stands behind service and region in a partition.
type domain struct{ plain, dualStack string }

// domains are those of pkg/endpoints/partitions.go, which has none for dual-stack in some partitions.
func domains() map[string]domain {
	return map[string]domain{
		"aws": {"amazonaws.com", "api.aws"}, "aws-us-gov": {"amazonaws.com", "api.aws"},
		"aws-cn": {"amazonaws.com.cn", "api.amazonwebservices.com.cn"}, "aws-eusc": {"amazonaws.eu", "api.amazonwebservices.eu"},
		"aws-iso": {plain: "c2s.ic.gov"}, "aws-iso-b": {plain: "sc2s.sgov.gov"}, "aws-iso-e": {plain: "cloud.adc-e.uk"}, "aws-iso-f": {plain: "csp.hci.ic.gov"},
	}
}

// defaultHosts are the names that the authenticator takes for its own region though the SDK does not know it
// (getDefaultHostNamesForRegion).
func defaultHosts(partition, region string) []string {
	domain, known := domains()[partition]
	if !known || !regionForm.MatchString(region) {
		return nil
	}
	hosts := []string{"sts." + region + "." + domain.plain}
	if domain.dualStack != "" {
		hosts = append(hosts, "sts."+region+"."+domain.dualStack)
	}
	return hosts
}

// likelyPartition is the partition whose authenticators take a host, for want of a cluster: that of the region in it.
func likelyPartition(host string) string {
	region, _ := stsRegion(host)
	return iam.PartitionOfRegion(region).ID
}
