package emulator

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eksemu/eksemu/emulator/eks"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

func TestKeptRoundTrip(t *testing.T) {
	t.Parallel()
	k := kept{t.TempDir()}
	if users, clusters, err := k.load(); err != nil || len(users.Users) != 0 || len(clusters.Clusters) != 0 {
		t.Errorf("the first start: %+v, %+v, %v", users, clusters, err)
	}
	users := func(name string) iam.Snapshot { return iam.Snapshot{Users: []iam.User{{Name: name}}} }
	clusters := func(name string) eks.Snapshot {
		return eks.Snapshot{Clusters: []*eks.SavedCluster{{Cluster: eks.Cluster{Name: name}}}}
	}
	expect := func(what, want string) {
		t.Helper()
		u, c, err := k.load()
		if err != nil || len(u.Users) != 1 || u.Users[0].Name != want || len(c.Clusters) != 1 || c.Clusters[0].Cluster.Name != want {
			t.Errorf("%s: %+v, %+v, %v", what, u, c, err)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(k.saveIAM(users("now")))
	do(k.saveClusters(clusters("now")))
	expect("what was saved", "now")
	do(k.save(iamFile+beforeSuffix, users("before"))) // and killed in the middle of mark
	expect("half a mark", "now")
	do(k.mark(users("before"), clusters("before")))
	expect("a mark", "before")
	do(k.saveIAM(users("now")))
	do(k.saveClusters(clusters("now")))
	do(k.mark(users("before"), clusters("before")))
	do(remove(k.dir, clustersFile+beforeSuffix)) // and killed in the middle of unmark
	expect("half of it forgotten", "now")
	do(k.unmark())
	do(k.unmark())
	expect("all of it forgotten", "now")
	info, err := os.Stat(k.path(iamFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the secret keys: %v, %v", info.Mode(), err)
	}
}

// TestDamagedKeptFilesAreRefused: the start names the file, and leaves it as it is.
func TestDamagedKeptFilesAreRefused(t *testing.T) {
	t.Parallel()
	const noClusterName = `{"Clusters": [{"Cluster": {"arn": "arn:aws:eks:us-west-2:111122223333:cluster/other", "name": ""}}]}`
	for name, files := range map[string]map[string]string{
		"IAM":               {iamFile: "{"},
		"EKS":               {clustersFile: "[]"},
		"empty":             {clustersFile: ""},
		"EKS that is wrong": {clustersFile: noClusterName},
		"a mark":            {iamFile + beforeSuffix: "{}", clustersFile + beforeSuffix: "?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := testOptions(t)
			if err := os.MkdirAll(o.Dir, 0o700); err != nil {
				t.Fatal(err)
			}
			for file, content := range files {
				write(t, filepath.Join(o.Dir, file), content)
			}
			_, err := Start(context.WithoutCancel(t.Context()), o)
			if err == nil || !strings.HasPrefix(err.Error(), "start the AWS endpoints: state file "+o.Dir) ||
				!strings.Contains(err.Error(), "is damaged and was left as it is: remove the environment with `eksemu down`") {
				t.Errorf("error %v", err)
			}
			for file, content := range files {
				if got := read(t, filepath.Join(o.Dir, file)); got != content {
					t.Errorf("%s is now %q", file, got)
				}
			}
		})
	}
}
