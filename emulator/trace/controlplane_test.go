package trace_test

import (
	"testing"

	"github.com/eksemu/eksemu/emulator/trace"
)

func TestOfControlPlane(t *testing.T) {
	t.Parallel()
	const controller = "system:serviceaccount:kube-system:namespace-controller"
	const kubectl = "kubectl/v1.37.2 (linux/amd64) kubernetes/abcdef0"
	for _, test := range []struct {
		user, agent, uri string
		want             bool
	}{
		{"system:apiserver", "", "/api", true},
		{"system:kube-controller-manager", kubectl, "/api", true},
		{"system:kube-scheduler", "", "/api", true},
		{"eks:authenticator", "", "/api", true},
		{controller, "eksemu/v1.37.2 (linux/amd64) kubernetes/abcdef0/" + controller, "/api", true},
		{controller, kubectl, "/api", false},
		{"system:serviceaccount:default:ci", "x/system:serviceaccount:default:ci", "/api", false},
		{trace.Administrator, "eksemu/0.1.0", "/api", true},
		{trace.Administrator, kubectl, "/api", false},
		{"", kubectl, "/api", false},
		{"", "kube-probe/1.37", "/livez", true},
		{"system:anonymous", "", "/readyz/etcd?verbose", true},
		{"system:anonymous", "", "/readyzzz", false},
		{"alice", kubectl, "/readyz", false},
		{"alice", "kube-controller-manager/v1.37.2", "/api", false}, // a user agent proves nothing
	} {
		request := trace.Request{Username: test.user, UserAgent: test.agent, URI: test.uri}
		if got := request.OfControlPlane(); got != test.want {
			t.Errorf("%+v: %t, want %t", test, got, test.want)
		}
	}
}
