package eks

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/eksemu/eksemu/emulator/access"
)

// large is a registry with a cluster of 200 access entries that have three policies each.
func large(b *testing.B, save func(Snapshot) error) (*Registry, string) {
	b.Helper()
	r := NewRegistry(RegistryOptions{})
	spec := testSpec(oregon, "dev")
	spec.AuthenticationMode, spec.NoCreatorAdmin = ModeAPI, true
	cluster, err := NewCluster(spec)
	if err != nil {
		b.Fatal(err)
	}
	if err := r.AddCluster(cluster, creator); err != nil {
		b.Fatal(err)
	}
	err = r.update(cluster.ARN, func(c *SavedCluster) (ChangeKind, error) {
		for n := range 200 {
			entry, err := addEntry(r, c, n)
			if err != nil {
				return "", err
			}
			for p := range 3 {
				entry.associate(fmt.Sprint(viewPolicy, p), access.Scope{Type: access.ScopeNamespace, Namespaces: []string{"a", "b-*"}}, c.Cluster.CreatedAt)
			}
		}
		return "", nil
	})
	if err != nil {
		b.Fatal(err)
	}
	r.save = save
	return r, cluster.ARN
}

func addEntry(r *Registry, c *SavedCluster, n int) (*SavedEntry, error) {
	p, _ := parsePrincipal(fmt.Sprintf("arn:aws:iam::111122223333:role/role-%04d", n))
	entry, err := r.newEntry(c, p, TypeStandard, c.Cluster.CreatedAt)
	if err != nil {
		return nil, err
	}
	entry.PrincipalID = fmt.Sprintf("AROA%017d", n)
	c.put(entry)
	return entry, nil
}

// The 201st entry: what the registry takes for it, and what it takes to write everything as JSON.
func BenchmarkCreateEntry(b *testing.B) {
	for name, save := range map[string]func(Snapshot) error{
		"registry": func(Snapshot) error { return nil },
		"with JSON": func(s Snapshot) error {
			_, err := json.Marshal(s)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			r, arn := large(b, save)
			before := r.state.Load()
			b.ReportAllocs()
			for b.Loop() {
				r.state.Store(before)
				err := r.update(arn, func(c *SavedCluster) (ChangeKind, error) {
					_, err := addEntry(r, c, 200)
					return AccessChanged, err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAccess(b *testing.B) {
	r, arn := large(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		if access, err := r.Access(arn); err != nil || len(access.Grants) != 600 {
			b.Fatal(len(access.Grants), err)
		}
	}
}
