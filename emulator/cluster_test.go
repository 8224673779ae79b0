package emulator

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/eksemu/eksemu/emulator/authn"
	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/kube"
	"github.com/eksemu/eksemu/emulator/trace"
)

const awsAuthPath = "/api/v1/namespaces/kube-system/configmaps/aws-auth"

// apiServer is as much of one as applying the built-in manifests takes.
type apiServer struct {
	mu      sync.Mutex
	applied []string       // paths, in order
	refuse  map[string]int // path to the status of the next refusals
	times   int            // how often that path is still refused
	missing string         // the namespace for want of which it is refused
	refused func()         // called at each refusal
	exists  map[string]bool
	read    func(path string) any // what is there beside that, nil for nothing; may be nil
}

// trouble is a status for which something cannot be read.
type trouble int

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := r.URL.Path
	resource := func(groupVersion string, kinds ...string) {
		var list []any
		for _, kind := range kinds {
			list = append(list, map[string]any{"name": strings.ToLower(kind) + "s", "kind": kind, "namespaced": !strings.HasPrefix(kind, "Cluster")})
		}
		reply(w, http.StatusOK, map[string]any{"kind": "APIResourceList", "groupVersion": groupVersion, "resources": list})
	}
	const group = "rbac.authorization.k8s.io"
	switch {
	case path == "/api":
		reply(w, http.StatusOK, map[string]any{"kind": "APIVersions", "versions": []string{"v1"}})
	case path == "/apis":
		version := map[string]string{"groupVersion": group + "/v1", "version": "v1"}
		reply(w, http.StatusOK, map[string]any{"kind": "APIGroupList", "groups": []any{map[string]any{"name": group, "versions": []any{version}}}})
	case path == "/api/v1":
		resource("v1", "ConfigMap")
	case path == "/apis/"+group+"/v1":
		resource(group+"/v1", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
	case r.Method == http.MethodPatch && s.refuse[path] != 0 && s.times > 0:
		s.times--
		refuse(w, s.refuse[path], s.missing)
		s.refused()
	case r.Method == http.MethodPatch:
		s.applied = append(s.applied, path)
		reply(w, http.StatusOK, map[string]any{"apiVersion": "v1", "kind": "ConfigMap"})
	case s.exists[path]:
		reply(w, http.StatusOK, map[string]any{"apiVersion": "v1", "kind": "ConfigMap"})
	default:
		if s.read != nil {
			switch object := s.read(path).(type) {
			case nil:
			case trouble:
				failure(w, int(object))
				return
			default:
				reply(w, http.StatusOK, object)
				return
			}
		}
		failure(w, http.StatusNotFound)
	}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func failure(w http.ResponseWriter, status int) { refuse(w, status, "") }

// refuse says no, because a namespace is missing if one is named.
func refuse(w http.ResponseWriter, status int, namespace string) {
	reason := strings.ReplaceAll(http.StatusText(status), " ", "")
	body := map[string]any{"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": reason, "code": status, "message": "refused: " + reason}
	if namespace != "" {
		body["message"], body["details"] = `namespaces "`+namespace+`" not found`, map[string]string{"name": namespace, "kind": "namespaces"}
	}
	reply(w, status, body)
}

// withAPIServer gives an environment a cluster whose API server is played.
func withAPIServer(t *testing.T) (*Environment, *apiServer) {
	t.Helper()
	e := awsEnvironment(t)
	api := &apiServer{refuse: map[string]int{}, exists: map[string]bool{}, refused: func() {}}
	server := httptest.NewTLSServer(api)
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	client, err := kube.New(kube.Config{Endpoint: server.URL, CAPEM: ca})
	if err != nil {
		t.Fatal(err)
	}
	c := e.primary
	c.kube, c.info = client, cluster.Info{Endpoint: server.URL, CAPEM: ca}
	c.recorder = authn.NewRecorder(authn.RecorderConfig{Cluster: "my-cluster", Trace: e.trace, Now: e.opts.Now})
	return e, api
}

// TestManifestsAreAppliedOnce has what somebody edits in a cluster survive a restart.
func TestManifestsAreAppliedOnce(t *testing.T) {
	t.Parallel()
	e, api := withAPIServer(t)
	if err := e.applyManifests(t.Context(), e.primary); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(api.applied, awsAuthPath) {
		t.Errorf("aws-auth was not applied: %v", api.applied)
	}
	const role = "/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles/eks:authenticator"
	if api.applied[0] != role {
		t.Errorf("first was %s, want what EKS installs", api.applied[0])
	}
	api.applied = nil
	again, err := loadState(filepath.Join(e.files.Dir, "state.json"), e.state.SealingKey)
	if err != nil {
		t.Fatal(err)
	}
	e.state = again
	if err := e.applyManifests(t.Context(), e.primary); err != nil {
		t.Fatal(err)
	}
	for _, path := range api.applied {
		if name := path[strings.LastIndex(path, "/")+1:]; !strings.HasPrefix(name, "eks:") {
			t.Errorf("%s was applied at the second start", path)
		}
	}
	if len(api.applied) == 0 || api.applied[0] != role {
		t.Errorf("what EKS installs was not applied at the second start, but %v", api.applied)
	}
}

// TestManifestsOfAClusterMadeAnew are applied again, also if a start ends before it comes to that.
func TestManifestsOfAClusterMadeAnew(t *testing.T) {
	t.Parallel()
	e, api := withAPIServer(t)
	if err := e.applyManifests(t.Context(), e.primary); err != nil {
		t.Fatal(err)
	}
	for _, isNew := range []bool{false, true} {
		api.applied, e.primary.site.New = nil, isNew
		if err := e.forgetManifests(e.primary); err != nil {
			t.Fatal(err)
		}
		later, err := loadState(filepath.Join(e.files.Dir, "state.json"), e.state.SealingKey)
		if err != nil {
			t.Fatal(err)
		}
		e.state, e.primary.site.New = later, false
		if err := e.applyManifests(t.Context(), e.primary); err != nil || slices.Contains(api.applied, awsAuthPath) != isNew {
			t.Errorf("new %t: applied %v, %v", isNew, api.applied, err)
		}
	}
}

// TestManifestsWaitForNamespaces has an API server that says it is ready before it has made kube-system.
func TestManifestsWaitForNamespaces(t *testing.T) {
	t.Parallel()
	e, api := withAPIServer(t)
	api.refuse[awsAuthPath], api.times, api.missing = http.StatusNotFound, 2, "kube-system"
	if err := e.applyManifests(t.Context(), e.primary); err != nil {
		t.Fatal(err)
	}
	if api.times != 0 || !slices.Contains(api.applied, awsAuthPath) {
		t.Errorf("applied %v after refusals, %d left", api.applied, api.times)
	}
}

func TestManifestsThatAreRefused(t *testing.T) {
	t.Parallel()
	e, api := withAPIServer(t)
	api.refuse[awsAuthPath], api.times = http.StatusForbidden, 1
	err := e.applyManifests(t.Context(), e.primary)
	if err == nil || err.Error() != "manifests[0] of cluster my-cluster: apply ConfigMap kube-system/aws-auth: refused: Forbidden" {
		t.Errorf("error %v", err)
	}
	if e.state.Bootstrap["my-cluster"] {
		t.Error("the next start would take them for applied")
	}
}

// TestManifestsGiveUp is interrupted while a namespace is missing.
func TestManifestsGiveUp(t *testing.T) {
	t.Parallel()
	e, api := withAPIServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	api.refuse[awsAuthPath], api.times, api.missing = http.StatusNotFound, 1000, "kube-system"
	api.refused = func() {
		if api.times < 998 {
			cancel()
		}
	}
	err := e.primary.applyOnceReady(ctx, []byte(awsAuth))
	if want := `apply ConfigMap kube-system/aws-auth: namespaces "kube-system" not found`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestManifestsInTheWrongOrder: nobody will make that namespace, so nobody waits for it.
func TestManifestsInTheWrongOrder(t *testing.T) {
	t.Parallel()
	e, api := withAPIServer(t)
	api.refuse[awsAuthPath], api.times, api.missing = http.StatusNotFound, 1, "team-a"
	err := e.applyManifests(t.Context(), e.primary)
	const want = `manifests[0] of cluster my-cluster: apply ConfigMap kube-system/aws-auth: namespaces "team-a" not found (put what it needs into a manifest before this one)`
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestManifestName(t *testing.T) {
	t.Parallel()
	spec := config.Cluster{Manifests: []string{"a", "b"}, ManifestFiles: []string{"rbac.yaml"}, Files: []string{"c"}}
	for i, want := range []string{"manifests[0]", "manifests[1]", "manifestFiles[0] (rbac.yaml)"} {
		if got := manifestName(spec, i); got != want {
			t.Errorf("%d is %s, want %s", i, got, want)
		}
	}
}

// TestManifestsThatChanged: a cluster that is kept does not follow its configuration, and its user is told.
func TestManifestsThatChanged(t *testing.T) {
	t.Parallel()
	e, api := withAPIServer(t)
	if err := e.applyManifests(t.Context(), e.primary); err != nil {
		t.Fatal(err)
	}
	if err := e.applyManifests(t.Context(), e.primary); err != nil || len(e.Notes()) > 0 {
		t.Errorf("nothing has changed: %v, %q", err, e.Notes())
	}
	api.applied = nil
	e.primary.spec.Manifests = append(slices.Clone(e.primary.spec.Manifests), "{}")
	if err := e.applyManifests(t.Context(), e.primary); err != nil {
		t.Fatal(err)
	}
	const want = "the manifests of cluster my-cluster have changed since it was made, and were not applied: it keeps its objects. Apply them with kubectl, or begin anew with `eksemu down` and `eksemu up`"
	if diff := cmp.Diff([]string{want}, e.Notes()); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if slices.Contains(api.applied, awsAuthPath) {
		t.Error("they were applied")
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, manifests := range [][]string{nil, {""}, {"a"}, {"b"}, {"ab"}, {"a", "b"}, {"a", "", "b"}} {
		sum := digest(manifests)
		if seen[sum] || sum != digest(manifests) {
			t.Errorf("%q has the digest of others, or two", manifests)
		}
		seen[sum] = true
	}
}

func TestAwaitConfigMap(t *testing.T) {
	t.Parallel()
	e, api := withAPIServer(t)
	if err := e.primary.awaitConfigMap(t.Context(), 0, authn.ConfigMap); err != nil {
		t.Errorf("without aws-auth: %v", err)
	}
	api.exists[awsAuthPath] = true
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan error)
	before := e.trace.Last()
	go func() { done <- e.primary.awaitConfigMap(t.Context(), before, authn.ConfigMap) }()
	e.primary.recorder.Line(`{"level":"info","msg":"Received aws-auth watch event"}`)
	if err := <-done; err != nil {
		t.Errorf("it was read: %v", err)
	}
	if err := e.primary.awaitConfigMap(ctx, e.trace.Last(), authn.ConfigMap); !errors.Is(err, context.Canceled) {
		t.Errorf("it was never read: %v", err)
	}
	events, _ := e.trace.Since(0)
	if len(events) != 1 || events[0].Kind != trace.KindLog {
		t.Errorf("events %+v", events)
	}
}

// certifier is a backend that only issues certificates.
type certifier struct {
	cluster.Backend
	issued []string
}

func (c *certifier) ClientCertificate(username string, groups ...string) (cluster.Client, error) {
	c.issued = append(c.issued, username+" in "+strings.Join(groups, ","))
	return cluster.Client{CertPEM: []byte("certificate"), KeyPEM: []byte("key")}, nil
}

func (*certifier) Stop(context.Context) error { return nil }

func TestAuthenticatorFiles(t *testing.T) {
	t.Parallel()
	e, _ := withAPIServer(t)
	backend := &certifier{}
	e.primary.backend = backend
	if err := e.prepareAuthenticator(t.Context(), e.primary); err != nil {
		t.Fatal(err)
	}
	if err := e.writeAuthenticatorFiles(e.primary); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"eks:authenticator in "}, backend.issued); diff != "" {
		t.Errorf("certificates (-want +got):\n%s", diff)
	}
	server := e.primary.server
	kubeconfig, err := clientcmd.LoadFromFile(server.Kubeconfig)
	if err != nil || kubeconfig.Clusters["my-cluster"].Server != e.primary.info.Endpoint {
		t.Errorf("kubeconfig %+v, %v", kubeconfig, err)
	}
	if got := read(t, server.AWSConfig); got != string(e.aws.serviceProfile("my-cluster")) {
		t.Errorf("AWS configuration %q", got)
	}
	for _, path := range []string{server.Kubeconfig, server.AWSConfig} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if password, _ := server.Proxy.User.Password(); server.Proxy.User.Username() != authn.Component || password == "" || server.Proxy.Host == "" {
		t.Errorf("its AWS calls go through %s", server.Proxy)
	}
}
