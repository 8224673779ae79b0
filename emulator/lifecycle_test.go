package emulator

import (
	"testing"

	"github.com/eksemu/eksemu/emulator/eks"
)

// setStatus sets the status of a cluster in the EKS API.
func setStatus(t *testing.T, e *Environment, arn string, status eks.ClusterStatus) {
	t.Helper()
	if err := e.aws.clusters.UpdateStatus(arn, status); err != nil {
		t.Fatal(err)
	}
}

// TestNewClusterBeginsEmpty: what an earlier cluster of that name has left is not the new one's.
func TestNewClusterBeginsEmpty(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(e *Environment){
		"made by a caller of the EKS API": func(e *Environment) { e.createCluster(t.Context(), createdCluster(t, e, "scenarios").ARN) },
		"made by a scenario": func(e *Environment) {
			makeFolder(t, e, "scenarios")
			_, _ = e.addOverlayCluster(t.Context(), overlayCluster("scenarios"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := awsEnvironment(t) // whose executable there is not, so that no cluster starts
			var had, bootstrap bool
			if err := e.state.update(func(s *state) { s.Bootstrap["scenarios"], s.ARNs["scenarios"] = true, "arn:before" }); err != nil {
				t.Fatal(err)
			}
			e.opts.Command = func(string, []string) []string { // asked when the control plane starts
				had, bootstrap = hasFolder(e, "scenarios"), e.state.read().Bootstrap["scenarios"]
				return nil
			}
			had = true
			start(e)
			if had || bootstrap {
				t.Errorf("when it started there was a folder %t, the manifests had been applied %t", had, bootstrap)
			}
		})
	}
}
