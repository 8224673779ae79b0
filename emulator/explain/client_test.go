package explain

import (
	"strings"
	"testing"
)

// clientCases are what kubectl v1.37 prints when it sends nothing, and the cause of that.
func clientCases() []struct{ cause, printed, says string } {
	return []struct{ cause, printed, says string }{
		{"exec-api-version", `error: exec plugin: invalid apiVersion "client.authentication.k8s.io/v1alpha1"`, "v1alpha1 is gone"},
		{"exec-version-mismatch", "Unable to connect to the server: getting credentials: exec plugin is configured to use API version client.authentication.k8s.io/v1beta1, plugin returned version client.authentication.k8s.io/v1", "v1beta1, and the plugin answers in client.authentication.k8s.io/v1"},
		{"exec-not-found", "Unable to connect to the server: getting credentials: exec: executable aws not found\n\nIt looks like you are trying to use a client-go credential plugin", "cannot find aws,"},
		{"exec-not-found", `error: fork/exec /opt/aws: no such file or directory`, "cannot find /opt/aws,"},
		{CauseExecFailed, "An error occurred (AccessDenied)\nUnable to connect to the server: getting credentials: exec: executable aws failed with exit code 254", "aws ended with exit code 254"},
		{"exec-answer", "Unable to connect to the server: getting credentials: decoding stdout: couldn't get version/kind; json parse error: x", "json parse error"},
		{"exec-interactive-mode", `error: invalid configuration: interactiveMode must be specified for user to use exec authentication plugin`, "interactiveMode"},
		{"token-line-break", `Unable to connect to the server: net/http: invalid header field value for "Authorization"`, "no HTTP header can carry"},
		{"server-certificate", "Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority", "does not trust"},
		{"server-unreachable", "Unable to connect to the server: dial tcp: lookup x.eks.amazonaws.com: no such host", "no such host"},
		{"server-unreachable", "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?", "127.0.0.1:1 was refused"},
	}
}

func TestForClient(t *testing.T) {
	t.Parallel()
	for _, test := range clientCases() {
		v, ok := ForClient(test.printed)
		if !ok || v.Cause != test.cause || v.DecidedBy != HopClient || v.Outcome != Unauthorized {
			t.Errorf("%q: %v, %s by %s", test.printed, ok, v.Cause, v.DecidedBy)
			continue
		}
		if !strings.Contains(v.Summary, test.says) || v.Fix == "" || v.Evidence.Text == "" || strings.Contains(v.Evidence.Text, "\n") {
			t.Errorf("%q: summary %q, evidence %q, fix %q; want %q in the summary", test.printed, v.Summary, v.Evidence.Text, v.Fix, test.says)
		}
	}
	for _, printed := range []string{"", "no", "yes", "error: You must be logged in to the server (Unauthorized)", `Error from server (Forbidden): pods is forbidden: User "bob" cannot list resource "pods"`} {
		if v, ok := ForClient(printed); ok {
			t.Errorf("%q: %s", printed, v.Cause)
		}
	}
}
