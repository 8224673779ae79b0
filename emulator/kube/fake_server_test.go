package kube_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eksemu/eksemu/emulator/kube"
)

// fakeServer is the little of an API server that the client needs, with the rules that undoing runs into: a stale
// resourceVersion is a conflict, another uid too, and a new object must have no resourceVersion. ConfigMaps and
// service account tokens are there from the start, Widgets once a CustomResourceDefinition is.
type fakeServer struct {
	mu       sync.Mutex
	objects  map[string]map[string]any // by URL path
	writes   []string                  // "METHOD path" of every change
	refuse   map[string]int            // "METHOD path" to the status of a refusal
	revision int
}

type object = map[string]any

const configMaps = "/api/v1/namespaces/default/configmaps/"

func startServer(t *testing.T) (*fakeServer, *kube.Client) {
	t.Helper()
	f := &fakeServer{objects: map[string]map[string]any{}, refuse: map[string]int{}}
	server := httptest.NewTLSServer(f)
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	client, err := kube.New(kube.Config{Endpoint: server.URL, CAPEM: ca, AccountWait: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	return f, client
}

// put stores an object as it was before a test, and returns it.
func (f *fakeServer) put(path string, data object) object {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.store(path, object{"apiVersion": "v1", "kind": "ConfigMap", "metadata": object{}, "data": data})
}

// get returns the data of a ConfigMap, nil if there is none.
func (f *fakeServer) get(name string) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.objects[configMaps+name]["data"]
}

func (f *fakeServer) store(p string, o object) object {
	f.revision++
	uid := any(fmt.Sprint("uid-", f.revision))
	if old := f.objects[p]; old != nil {
		uid = old["metadata"].(object)["uid"]
	}
	metadata := maps.Clone(o["metadata"].(object))
	maps.Copy(metadata, object{"name": path.Base(p), "resourceVersion": fmt.Sprint(f.revision), "uid": uid})
	o["metadata"] = metadata
	f.objects[p] = o
	return o
}

func (f *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if answer := f.discovery(r.URL.Path); answer != nil {
		writeJSON(w, http.StatusOK, answer)
		return
	}
	write := r.Method + " " + r.URL.Path
	if r.Method != http.MethodGet {
		f.writes = append(f.writes, write)
	}
	if status := f.refuse[write]; status != 0 {
		writeJSON(w, status, failure(status))
		return
	}
	status, answer := f.change(r)
	writeJSON(w, status, answer)
}

func (f *fakeServer) change(r *http.Request) (int, any) {
	p := r.URL.Path
	if strings.HasSuffix(p, "/token") {
		return http.StatusCreated, object{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "status": object{"token": "issued for " + p}}
	}
	body := object{}
	if raw, err := io.ReadAll(r.Body); err != nil || len(raw) > 0 && json.Unmarshal(raw, &body) != nil {
		return http.StatusBadRequest, failure(http.StatusBadRequest)
	}
	old := f.objects[p]
	query := r.URL.Query()
	metadata, _ := body["metadata"].(object)
	switch {
	case r.Method == http.MethodPatch && (r.Header.Get("Content-Type") != "application/apply-patch+yaml" ||
		query.Get("fieldManager") != kube.FieldManager || query.Get("force") != "true"):
		return http.StatusUnsupportedMediaType, failure(http.StatusUnsupportedMediaType)
	case r.Method == http.MethodPatch:
		return http.StatusOK, f.store(p, body)
	case r.Method == http.MethodPost && (metadata["resourceVersion"] != nil || metadata["uid"] != nil):
		return http.StatusBadRequest, failure(http.StatusBadRequest)
	case r.Method == http.MethodPost:
		return http.StatusCreated, f.store(p+"/"+metadata["name"].(string), body)
	case old == nil:
		return http.StatusNotFound, failure(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		delete(f.objects, p)
		return http.StatusOK, object{"apiVersion": "v1", "kind": "Status", "status": "Success"}
	case r.Method == http.MethodPut && metadata["resourceVersion"] != nil && metadata["resourceVersion"] != old["metadata"].(object)["resourceVersion"],
		r.Method == http.MethodPut && metadata["uid"] != nil && metadata["uid"] != old["metadata"].(object)["uid"]:
		return http.StatusConflict, failure(http.StatusConflict)
	case r.Method == http.MethodPut:
		return http.StatusOK, f.store(p, body)
	}
	return http.StatusOK, old
}

func (f *fakeServer) discovery(p string) any {
	group := object{"name": "example.com", "versions": []any{object{"groupVersion": "example.com/v1", "version": "v1"}}}
	crd := object{"name": "apiextensions.k8s.io", "versions": []any{object{"groupVersion": "apiextensions.k8s.io/v1", "version": "v1"}}}
	resources := func(groupVersion, name, kind string, namespaced bool) object {
		return object{"kind": "APIResourceList", "groupVersion": groupVersion, "resources": []any{
			object{"name": name, "kind": kind, "namespaced": namespaced, "verbs": []any{"get", "patch"}}}}
	}
	defined := slices.ContainsFunc(slices.Collect(maps.Keys(f.objects)), func(p string) bool { return strings.Contains(p, "customresourcedefinitions") })
	switch p {
	case "/api":
		return object{"kind": "APIVersions", "versions": []any{"v1"}}
	case "/api/v1":
		return resources("v1", "configmaps", "ConfigMap", true)
	case "/apis/apiextensions.k8s.io/v1":
		return resources("apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition", false)
	case "/apis/example.com/v1":
		return resources("example.com/v1", "widgets", "Widget", false)
	case "/apis":
		if !defined {
			return object{"kind": "APIGroupList", "apiVersion": "v1", "groups": []any{crd}}
		}
		return object{"kind": "APIGroupList", "apiVersion": "v1", "groups": []any{crd, group}}
	}
	return nil
}

func failure(status int) object {
	reason := strings.ReplaceAll(http.StatusText(status), " ", "")
	return object{"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": reason, "code": status, "message": "refused: " + reason}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
