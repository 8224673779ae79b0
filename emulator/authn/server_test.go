package authn

import (
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
)

func testServer(t *testing.T) *Server {
	t.Helper()
	return &Server{
		Dir: filepath.Join(t.TempDir(), "authenticator"), Port: 21362,
		CertPEM: []byte("certificate"), KeyPEM: []byte("key"),
		Kubeconfig: "/state/authenticator.kubeconfig",
		Command:    []string{"/usr/bin/eksemu", "child", "aws-iam-authenticator"},
		Proxy:      &url.URL{Scheme: "http", User: url.User("aws-iam-authenticator"), Host: "127.0.0.1:4566"},
		CABundle:   "/state/ca-bundle.pem", Region: "us-west-2",
		AWSConfig: "/state/aws-config",
		Now:       func() time.Time { return time.Unix(1700000000, 0) },
	}
}

func read(t *testing.T, s *Server, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestWriteGolden(t *testing.T) {
	t.Parallel()
	for _, mode := range []AuthenticationMode{ConfigMap, APIAndConfigMap, API} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			s := testServer(t)
			if err := s.Write(testAccess(mode)); err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, name := range []string{configFile, entriesFile, modeFile} {
				all.WriteString("-- " + name + " --\n" + strings.ReplaceAll(read(t, s, name), s.Dir, "DIR"))
			}
			golden.Assert(t, all.String(), strings.ToLower(string(mode))+".txt")
			for name, want := range map[string]string{certFile: "certificate", keyFile: "key"} {
				if got := read(t, s, name); got != want {
					t.Errorf("%s: %q", name, got)
				}
			}
			checkModes(t, s.Dir)
		})
	}
}

// checkModes: the folder holds a private key and the names of people, for nobody else to read.
func checkModes(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	s := testServer(t)
	bad := testAccess(ConfigMap)
	bad.Creator = "nobody"
	if err := s.Write(bad); !strings.Contains(errorText(err), `ARN "nobody"`) {
		t.Errorf("bad ARN: %v", err)
	}
	s.Kubeconfig = ""
	if err := s.Write(testAccess(APIAndConfigMap)); !strings.HasSuffix(errorText(err), "authentication mode API_AND_CONFIG_MAP reads aws-auth: set Kubeconfig") {
		t.Errorf("no kubeconfig: %v", err)
	}
	if _, err := os.Stat(s.Dir); !os.IsNotExist(err) {
		t.Errorf("something was written: %v", err)
	}
	if err := s.Write(testAccess(API)); err != nil {
		t.Errorf("no kubeconfig, but no aws-auth either: %v", err)
	}
	before := read(t, s, entriesFile)
	bad = testAccess(API)
	bad.Entries[1].PrincipalID = ""
	if _, err := s.Update(bad); err == nil || read(t, s, entriesFile) != before {
		t.Errorf("an access entry without principal ID: %v, now %s", err, read(t, s, entriesFile))
	}
	s.Dir = filepath.Join(s.Dir, configFile) // a file
	if err := s.Write(testAccess(API)); !strings.Contains(errorText(err), "make the authenticator's folder") {
		t.Errorf("unusable folder: %v", err)
	}
}

// TestUpdate: each watched file is written when it changes, in place, and only then.
func TestUpdate(t *testing.T) {
	t.Parallel()
	s := testServer(t)
	if err := s.Write(testAccess(ConfigMap)); err != nil {
		t.Fatal(err)
	}
	entries, mode := read(t, s, entriesFile), read(t, s, modeFile)
	s.Now = func() time.Time { return time.Unix(1700000001, 0) }

	if updated, err := s.Update(testAccess(ConfigMap)); err != nil || updated != (Updated{}) {
		t.Fatal(updated, err)
	}
	if read(t, s, entriesFile) != entries || read(t, s, modeFile) != mode {
		t.Error("nothing changed, but something was written")
	}

	a := testAccess(APIAndConfigMap)
	if updated, err := s.Update(a); err != nil || updated != (Updated{Mode: true}) {
		t.Fatal(updated, err)
	}
	if read(t, s, entriesFile) != entries {
		t.Error("the mode changed, and the entries were written")
	}
	changed := read(t, s, modeFile)
	if !strings.Contains(changed, `"backendMode": "DynamicFile EKSConfigMap"`) || !strings.Contains(changed, `"1700000001"`) {
		t.Errorf("mode: %s", changed)
	}

	inode, err := os.Stat(filepath.Join(s.Dir, entriesFile))
	if err != nil {
		t.Fatal(err)
	}
	a.Entries = nil
	if updated, err := s.Update(a); err != nil || updated != (Updated{Entries: true}) {
		t.Fatal(updated, err)
	}
	after, err := os.Stat(filepath.Join(s.Dir, entriesFile))
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(inode, after) {
		t.Error("the file was replaced: upstream would stop watching it")
	}
	got := read(t, s, entriesFile)
	if len(got) != len(entries) || !strings.Contains(got, `"mapRoles": []`) || strings.Contains(got, "AROAADMINEXAMPLE") || read(t, s, modeFile) != changed {
		t.Errorf("entries after all were deleted: %q", got)
	}
	if updated, err := s.Update(a); err != nil || updated != (Updated{}) || read(t, s, entriesFile) != got {
		t.Errorf("a padded file was written again: %v", err)
	}
}

func TestSpec(t *testing.T) {
	t.Parallel()
	s := testServer(t)
	spec, err := s.Spec()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"child", "aws-iam-authenticator", "--config", filepath.Join(s.Dir, "config.json")}
	if diff := cmp.Diff(want, spec.Args); diff != "" || spec.Path != "/usr/bin/eksemu" || spec.Name != "aws-iam-authenticator" || spec.Ready == nil {
		t.Errorf("spec %+v\n%s", spec, diff)
	}
	env := maps.Collect(func(yield func(string, string) bool) {
		for _, entry := range spec.Env {
			name, value, _ := strings.Cut(entry, "=")
			yield(name, value)
		}
	})
	if diff := cmp.Diff(map[string]string{
		"HTTPS_PROXY": "http://aws-iam-authenticator@127.0.0.1:4566", "NO_PROXY": "127.0.0.1,localhost",
		"SSL_CERT_FILE": "/state/ca-bundle.pem", "AWS_CA_BUNDLE": "/state/ca-bundle.pem",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/state/aws-config", "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_REGION": "us-west-2", "PATH": "/usr/bin:/bin",
	}, env); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	s.AWSConfig = ""
	if !slices.Contains(s.env(), "AWS_CONFIG_FILE="+os.DevNull) {
		t.Error("without a configuration of its own, the SDK would read the user's")
	}
	s.Command = nil
	if _, err := s.Spec(); !strings.Contains(errorText(err), "set Command") {
		t.Errorf("no command: %v", err)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	health := "ok"
	server := fakeServer(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/healthz" {
			t.Errorf("asked for %s", req.URL.Path)
		}
		_, _ = io.WriteString(w, health)
	})
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(address.Port())
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Port: port, RootCAs: pool(server)}
	if s.Address() != server.Listener.Addr().String() {
		t.Errorf("address %s", s.Address())
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	health = "<html>"
	if err := s.Ready(t.Context()); !strings.Contains(errorText(err), `answered 200 OK "<html>" to /healthz: is another program on that port?`) {
		t.Error(err)
	}
	server.Close()
	if err := s.Ready(t.Context()); !strings.Contains(errorText(err), "connection refused") {
		t.Error(err)
	}
}
