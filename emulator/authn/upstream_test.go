package authn

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/aws-iam-authenticator/pkg/config"
	"sigs.k8s.io/aws-iam-authenticator/pkg/errutil"
	"sigs.k8s.io/aws-iam-authenticator/pkg/fileutil"
	"sigs.k8s.io/aws-iam-authenticator/pkg/mapper"
	"sigs.k8s.io/aws-iam-authenticator/pkg/mapper/dynamicfile"
	"sigs.k8s.io/aws-iam-authenticator/pkg/mapper/file"
	"sigs.k8s.io/aws-iam-authenticator/pkg/token"
)

// These tests give the files to upstream's own code.

func upstreamConfig(t *testing.T, s *Server) config.Config {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(read(t, s, configFile)))
	decoder.DisallowUnknownFields()
	var cfg config.Config
	if err := decoder.Decode(&cfg); err != nil {
		t.Fatalf("upstream's config.Config does not take our file: %v", err)
	}
	return cfg
}

func TestUpstreamConfig(t *testing.T) {
	t.Parallel()
	s := testServer(t)
	if err := s.Write(testAccess(APIAndConfigMap)); err != nil {
		t.Fatal(err)
	}
	cfg := upstreamConfig(t, s)
	if errs := mapper.ValidateBackendMode(cfg.BackendMode); len(errs) > 0 {
		t.Error(errs)
	}
	if cfg.ListenAddr() != s.Address() || cfg.ServerAddr() != s.Address() {
		t.Errorf("listens on %s as %s, want %s", cfg.ListenAddr(), cfg.ServerAddr(), s.Address())
	}
	if cfg.CertPath() != filepath.Join(s.Dir, certFile) || cfg.KeyPath() != filepath.Join(s.Dir, keyFile) {
		t.Errorf("certificate %s, key %s", cfg.CertPath(), cfg.KeyPath())
	}
	// The health endpoint's address, as upstream makes it (pkg/server/server.go, Run).
	if listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", ":65536"); err == nil {
		listener.Close()
		t.Error("port 65536 can be listened on")
	}
	if cfg.HealthPort != 65536 {
		t.Errorf("health port %d", cfg.HealthPort)
	}
}

// mapAll asks a mapper for every identity and returns "username groups" or the error.
func mapAll(m mapper.Mapper, identities map[string]*token.Identity) map[string]string {
	out := make(map[string]string, len(identities))
	for name, identity := range identities {
		mapping, err := m.Map(identity)
		if err != nil {
			out[name] = err.Error()
			continue
		}
		out[name] = mapping.Username + " " + strings.Join(mapping.Groups, ",")
	}
	return out
}

func TestUpstreamMountedFile(t *testing.T) {
	t.Parallel()
	s := testServer(t)
	if err := s.Write(testAccess(ConfigMap)); err != nil {
		t.Fatal(err)
	}
	m, err := file.NewFileMapper(upstreamConfig(t, s))
	if err != nil {
		t.Fatal(err)
	}
	notMapped := errutil.ErrNotMapped.Error()
	want := map[string]string{"creator": "kubernetes-admin system:masters", "service": "eks:node-manager ", "other": notMapped}
	got := mapAll(m, map[string]*token.Identity{ // as upstream canonicalises session ARNs: without the role's path
		"creator": {CanonicalARN: "arn:aws:iam::111122223333:role/creator"},
		"service": {CanonicalARN: "arn:aws:iam::111122223333:role/AWSServiceRoleForAmazonEKS"},
		"other":   {CanonicalARN: "arn:aws:iam::111122223333:role/Admin"},
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("MountedFile (-want +got):\n%s", diff)
	}

	user := testAccess(ConfigMap)
	user.Creator = "arn:aws:iam::111122223333:user/people/trurl"
	if err := s.Write(user); err != nil {
		t.Fatal(err)
	}
	if m, err = file.NewFileMapper(upstreamConfig(t, s)); err != nil {
		t.Fatal(err)
	}
	want = map[string]string{"creator": "kubernetes-admin system:masters"}
	if diff := cmp.Diff(want, mapAll(m, map[string]*token.Identity{"creator": {CanonicalARN: user.Creator}})); diff != "" {
		t.Errorf("a user as creator (-want +got):\n%s", diff)
	}
}

func TestUpstreamDynamicFile(t *testing.T) {
	t.Parallel()
	s := testServer(t)
	if err := s.Write(testAccess(API)); err != nil {
		t.Fatal(err)
	}
	m, err := dynamicfile.NewDynamicFileMapper(upstreamConfig(t, s))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.CallBackForFileLoad([]byte(read(t, s, entriesFile))); err != nil {
		t.Fatal(err)
	}
	admin, bob := "arn:aws:iam::111122223333:role/Admin", "arn:aws:iam::111122223333:user/people/bob"
	want := map[string]string{
		"role":           "arn:aws:sts::111122223333:assumed-role/Admin/{{SessionName}} ops",
		"user":           bob + " ",
		"recreated role": errutil.ErrNotMapped.Error(),
		"another ARN":    errutil.ErrIDAndARNMismatch.Error(),
	}
	got := mapAll(m, map[string]*token.Identity{
		"role":           {CanonicalARN: admin, UserID: "AROAADMINEXAMPLE"},
		"user":           {CanonicalARN: bob, UserID: "AIDABOBEXAMPLE"},
		"recreated role": {CanonicalARN: admin, UserID: "AROANEWEXAMPLE"},
		"another ARN":    {CanonicalARN: bob, UserID: "AROAADMINEXAMPLE"},
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("DynamicFile (-want +got):\n%s", diff)
	}
}

// loads collects what upstream's file watcher reads.
type loads chan []byte

func (l loads) CallBackForFileLoad(content []byte) error { l <- content; return nil }
func (l loads) CallBackForFileDeletion() error           { return errors.New("the file is gone") }

// TestUpstreamWatch: upstream's watcher sees every change, and never anything but a whole document.
func TestUpstreamWatch(t *testing.T) {
	t.Parallel()
	s := testServer(t)
	a := testAccess(API)
	if err := s.Write(a); err != nil {
		t.Fatal(err)
	}
	seen := make(loads)
	fileutil.StartLoadDynamicFile(filepath.Join(s.Dir, entriesFile), seen, t.Context().Done())
	next := func() dynamicFile {
		var content dynamicFile
		select {
		case raw := <-seen:
			if err := json.Unmarshal(raw, &content); err != nil {
				t.Errorf("read %q: %v", bytes.TrimSpace(raw), err)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("upstream does not see the change")
		}
		return content
	}
	if got := next(); len(got.MapUsers) != 1 {
		t.Fatalf("at start: %+v", got)
	}
	user := a.Entries[1]
	for n, entries := range [][]Mapping{nil, {user}, {a.Entries[0], user}, {a.Entries[0]}} {
		a.Entries = entries
		s.Now = func() time.Time { return time.Unix(1700000001+int64(n), 0) }
		if _, err := s.Update(a); err != nil {
			t.Fatal(err)
		}
		if got := next(); len(got.MapRoles)+len(got.MapUsers) != len(entries) || got.Version != newStamp(s.Now()).Version {
			t.Errorf("change %d: %+v", n, got)
		}
	}
}
