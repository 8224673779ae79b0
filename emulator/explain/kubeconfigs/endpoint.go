package kubeconfigs

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/explain/tokens"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// endpoint looks at what moves the host that a token is presigned for: the option, then the variables, of which that of
// STS comes first (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html). One that leads to an
// endpoint that the authenticator takes is as good as none.
func (l *linter) endpoint(node *yaml.Node, run invocation, at string) {
	if url := run.option("--endpoint-url"); url != "" {
		if says := l.refuses(url); says != "" {
			l.fail(argument(node, url), "endpoint-url", at+".args", "have --endpoint-url: the token is presigned for that host, and the authenticator refuses it: "+says, "remove --endpoint-url")
		}
		return
	}
	if ignored, _ := run.lookup("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"); strings.EqualFold(ignored, "true") {
		return
	}
	if url, name := run.variable("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"); url != "" {
		if says := l.refuses(url); says != "" {
			l.fail(run.place(name, node), "endpoint-url", at+".env", fmt.Sprintf("%s sets %s, so the token is presigned for that host, and the authenticator refuses it: %s", run.whose(name), name, says), "unset "+name+", or set AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true in the kubeconfig")
		}
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
