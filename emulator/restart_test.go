package emulator

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/eksemu/eksemu/emulator/eks"
)

// restarted is the AWS side of an environment anew over the same folder, as after a kill: nothing but the folder's lock
// ends in between.
func restarted(t *testing.T, e *Environment) (*Environment, error) {
	t.Helper()
	if err := e.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	n := newEnvironment(t.Context(), e.opts)
	t.Cleanup(func() {
		if err := n.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if err := n.prepare(t.Context()); err != nil {
		return n, err
	}
	return n, n.startAWS(t.Context())
}

// mustRestart is restarted where nothing is in the way.
func mustRestart(t *testing.T, e *Environment) *Environment {
	t.Helper()
	n, err := restarted(t, e)
	if err != nil {
		t.Fatalf("it does not start again: %v", err)
	}
	return n
}

const accountARN = "arn:aws:iam::111122223333:"

// createdCluster is a cluster that a caller of the EKS API made, as far as the registry and its folder go.
func createdCluster(t *testing.T, e *Environment, name string) eks.Cluster {
	t.Helper()
	c, err := eks.NewCluster(eks.ClusterSpec{
		Partition: "aws", Scope: eks.Scope{AccountID: "111122223333", Region: "us-west-2"}, Name: name, Version: "1.37",
		AuthenticationMode: eks.ModeAPI, RoleARN: accountARN + "role/my-cluster-role",
		Issuer: "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE", CreatedAt: e.opts.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	creator := eks.Principal{ARN: accountARN + "user/trurl", ID: e.aws.principalID(accountARN + "user/trurl")}
	if err := e.aws.clusters.AddCluster(c, creator); err != nil {
		t.Fatal(err)
	}
	makeFolder(t, e, name)
	return c
}

// makeFolder gives a cluster something that its control plane has left.
func makeFolder(t *testing.T, e *Environment, name string) {
	t.Helper()
	if err := os.MkdirAll(e.files.cluster(name), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(e.files.cluster(name), "data"), "")
}

// hasFolder tells whether what makeFolder has made is there.
func hasFolder(e *Environment, name string) bool {
	_, err := os.Stat(filepath.Join(e.files.cluster(name), "data"))
	return err == nil
}

// statusOf is the status of a cluster in the EKS API, "" if there is none.
func statusOf(e *Environment, arn string) eks.ClusterStatus {
	c, _ := e.aws.clusters.ClusterByARN(arn)
	return c.Status
}

// makeDirectory puts a folder in the place of a file, which then cannot be written.
func makeDirectory(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	makeAll(t, filepath.Join(path, "in the way"))
}

func makeAll(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
}

// irremovable makes the removal of a cluster fail, until what it returns is called.
func irremovable(t *testing.T, e *Environment, name string) (mend func()) {
	t.Helper()
	if err := e.state.update(func(s *state) { s.Backend = BackendEmbedded }); err != nil { // whatever the marker says
		t.Fatal(err)
	}
	dir := filepath.Join(e.files.cluster(name), controlPlaneDir)
	makeAll(t, dir)
	marker := filepath.Join(dir, "kind.json")
	write(t, marker, "?")
	return func() {
		t.Helper()
		if err := os.Remove(marker); err != nil {
			t.Fatal(err)
		}
	}
}
