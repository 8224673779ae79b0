package kubeconfigs

import (
	"cmp"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/explain/tokens"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// inRegion looks at the region of the STS endpoint that the token will be for: that of the option, of the variables, or
// of the profile. The authenticator takes the endpoint of any region of its partition.
func (l *linter) inRegion(node *yaml.Node, run invocation, at string) {
	region, whose := run.option("--region"), ""
	place := argument(node, region)
	if region == "" {
		var name string
		region, name = run.variable("AWS_REGION", "AWS_DEFAULT_REGION") // version 1 of the aws CLI reads the second alone
		place = run.place(name, node)
	}
	if region == "" {
		region, whose = run.settings.Region, ", the region of the profile "+run.profile
		place = run.choice(node)
	}
	l.report.Plugin.Region = region
	if region == "" || l.report.Region == "" || region == l.report.Region {
		return
	}
	mine, theirs := iam.PartitionOfRegion(region).ID, iam.PartitionOfRegion(l.report.Region).ID
	if mine != theirs {
		l.fail(place, "region-partition", at, fmt.Sprintf("makes a token for STS in %s (partition %s)%s, and the cluster in %s takes none of another partition than %s", region, mine, whose, l.report.Region, theirs), "--region "+l.report.Region)
		return
	}
	l.warn(place, "region", at, fmt.Sprintf("makes a token for STS in %s%s, and the cluster is in %s: that works as long as that endpoint can be reached and the region is enabled", region, whose, l.report.Region), "--region "+l.report.Region)
}

// choice is where the profile is chosen, or else the plugin.
func (run invocation) choice(node *yaml.Node) *yaml.Node {
	return run.place(run.selected, argument(node, run.profile))
}

// endpoint looks at what moves the host that a token is presigned for: the option, then the variables, then the profile,
// and of each what is of STS alone first (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html). One
// that leads to an endpoint that the authenticator takes is as good as none.
// That an SDK signs for its region whatever the endpoint is, is inferred from botocore.
func (l *linter) endpoint(node *yaml.Node, run invocation, at string) {
	const ignore = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
	fail := func(place *yaml.Node, at, url, sets, fix string) {
		if says := l.refuses(url); says != "" {
			l.fail(place, "endpoint-url", at, sets+": the token is presigned for that host, and the authenticator refuses it: "+says, fix)
			return
		}
		if of, signed := tokens.EndpointRegion(url), l.report.Plugin.Region; signed != "" && of != signed {
			l.fail(place, "endpoint-region", at, fmt.Sprintf("%s: that is STS of %s, and the token is signed for %s: STS refuses it, whose scope must be of its own region", sets, of, signed), fix)
		}
	}
	if url := run.option("--endpoint-url"); url != "" {
		fail(argument(node, url), at+".args", url, "have --endpoint-url", "remove --endpoint-url")
		return
	}
	if ignored, _ := run.variable(ignore); strings.EqualFold(ignored, "true") || ignored == "" && run.settings.IgnoreEndpoints {
		return
	}
	if url, name := run.variable("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"); url != "" {
		fail(run.place(name, node), at+".env", url, run.whose(name)+" sets "+name, "unset "+name+", or set "+ignore+"=true in the kubeconfig")
		return
	}
	if url := cmp.Or(run.settings.STSEndpointURL, run.settings.EndpointURL); url != "" {
		fail(run.choice(node), at, url, "the profile "+run.profile+" has an endpoint_url", "remove it from the profile, or set "+ignore+"=true in the kubeconfig")
	}
}

// refuses is what the authenticator of the context's cluster says about an endpoint; "" if it takes it.
func (l *linter) refuses(url string) string {
	partition := ""
	if l.report.Region != "" {
		partition = iam.PartitionOfRegion(l.report.Region).ID
	}
	return tokens.RefuseEndpoint(url, partition, l.report.Region)
}
