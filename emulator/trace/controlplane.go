package trace

import (
	"slices"
	"strings"
)

// Administrator is the user name of eksemu's own client certificate, which is also the break-glass one.
const Administrator = "eksemu-admin"

// ControlPlaneUsers returns the user names under which the control plane calls its own API server: the API
// server's loopback client, the controller manager, the scheduler, and the authenticator's watch of
// aws-auth (eks:authenticator, spec/eks.md §1.5).
func ControlPlaneUsers() []string {
	return []string{"system:apiserver", "system:kube-controller-manager", "system:kube-scheduler", "eks:authenticator"}
}

// OfControlPlane says whether a request is part of the environment's own machinery instead of a person's or a
// client's:
//
//   - one of [ControlPlaneUsers];
//   - a service account in kube-system under which the controller manager runs one of its controllers. It ends
//     such a client's user agent with "/" and the user name (k8s.io/controller-manager/pkg/clientbuilder), which
//     tells its requests from those of a person who tries out a service account of kube-system;
//   - eksemu's own as [Administrator], whose user agents begin with "eksemu";
//   - a health probe by nobody in particular.
func (r *Request) OfControlPlane() bool {
	switch {
	case slices.Contains(ControlPlaneUsers(), r.Username):
		return true
	case r.Username == Administrator:
		return strings.HasPrefix(r.UserAgent, "eksemu")
	case r.Username == "", r.Username == "system:anonymous":
		return r.isProbe()
	}
	return strings.HasPrefix(r.Username, "system:serviceaccount:kube-system:") && strings.HasSuffix(r.UserAgent, "/"+r.Username)
}

// isProbe says whether a request is for one of the health paths.
func (r *Request) isProbe() bool {
	path, _, _ := strings.Cut(r.URI, "?")
	return slices.ContainsFunc([]string{"/healthz", "/livez", "/readyz"}, func(probe string) bool {
		return path == probe || strings.HasPrefix(path, probe+"/")
	})
}
