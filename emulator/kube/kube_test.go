package kube_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/kube"
)

func manifest(name, value string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {key: " + value + "}\n"
}

func TestApplyAndUndo(t *testing.T) {
	t.Parallel()
	server, client := startServer(t)
	server.put(configMaps+"there", object{"key": "before"})
	undo, err := client.Apply(t.Context(), []byte(manifest("there", "after")+"---\n"+manifest("new", "after")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{object{"key": "after"}, object{"key": "after"}}, []any{server.get("there"), server.get("new")}); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
	if err := undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{object{"key": "before"}, nil}, []any{server.get("there"), server.get("new")}); diff != "" {
		t.Errorf("undone (-want +got):\n%s", diff)
	}
	want := []string{ // undone in the opposite order
		"PATCH " + configMaps + "there", "PATCH " + configMaps + "new",
		"DELETE " + configMaps + "new", "PUT " + configMaps + "there",
	}
	if diff := cmp.Diff(want, server.writes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

// TestApplyInPart has the second of three objects refused: what came before it can be undone, the rest is not tried.
func TestApplyInPart(t *testing.T) {
	t.Parallel()
	server, client := startServer(t)
	server.refuse["PATCH "+configMaps+"second"] = http.StatusForbidden
	undo, err := client.Apply(t.Context(), []byte(manifest("first", "x")+"---\n"+manifest("second", "x")+"---\n"+manifest("third", "x")))
	if err == nil || err.Error() != "apply ConfigMap default/second: refused: Forbidden" {
		t.Errorf("error %v", err)
	}
	if server.get("first") == nil || server.get("third") != nil {
		t.Errorf("first is %v, third is %v", server.get("first"), server.get("third"))
	}
	if err := undo(t.Context()); err != nil {
		t.Error(err)
	}
	if server.get("first") != nil {
		t.Error("first is still there")
	}
}

func TestApplyRefusesBeforeAnythingChanges(t *testing.T) {
	t.Parallel()
	server, client := startServer(t)
	undo, err := client.Apply(t.Context(), []byte(manifest("first", "x")+"---\nkind: ConfigMap\n"))
	if err == nil || !strings.Contains(err.Error(), "document 2") {
		t.Errorf("error %v", err)
	}
	if err := undo(t.Context()); err != nil {
		t.Error(err)
	}
	if len(server.writes) > 0 {
		t.Errorf("changes: %v", server.writes)
	}
}

// TestUndoAgainstOthers undoes what somebody else has changed meanwhile.
func TestUndoAgainstOthers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		other func(*fakeServer)
	}{
		{"changed", func(s *fakeServer) { s.put(configMaps+"there", object{"key": "other"}) }},
		{"deleted", func(s *fakeServer) { delete(s.objects, configMaps+"there") }},
		{"deleted and made anew", func(s *fakeServer) {
			delete(s.objects, configMaps+"there")
			s.put(configMaps+"there", object{"key": "other"})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server, client := startServer(t)
			server.put(configMaps+"there", object{"key": "before"})
			undo, err := client.Apply(t.Context(), []byte(manifest("there", "after")+"---\n"+manifest("new", "after")))
			if err != nil {
				t.Fatal(err)
			}
			tc.other(server)
			delete(server.objects, configMaps+"new")
			if err := undo(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(any(object{"key": "before"}), server.get("there")); diff != "" {
				t.Errorf("undone (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUndoSaysWhatStays(t *testing.T) {
	t.Parallel()
	server, client := startServer(t)
	server.put(configMaps+"there", object{"key": "before"})
	undo, err := client.Apply(t.Context(), []byte(manifest("there", "after")+"---\n"+manifest("new", "after")+"---\n"+manifest("last", "after")))
	if err != nil {
		t.Fatal(err)
	}
	server.refuse["PUT "+configMaps+"there"] = http.StatusForbidden
	server.refuse["DELETE "+configMaps+"new"] = http.StatusForbidden
	err = undo(t.Context())
	const want = "restore ConfigMap default/new (delete it): refused: Forbidden\nrestore ConfigMap default/there: refused: Forbidden"
	if err == nil || err.Error() != want {
		t.Errorf("error %v\nwant  %s", err, want)
	}
	if server.get("last") != nil {
		t.Error("one refusal kept another object from being undone")
	}
}

func TestDeleteAndUndo(t *testing.T) {
	t.Parallel()
	server, client := startServer(t)
	server.put(configMaps+"there", object{"key": "before"})
	undo, err := client.Delete(t.Context(), []byte(manifest("there", "ignored")+"---\n"+manifest("missing", "x")))
	if err != nil {
		t.Fatal(err)
	}
	if server.get("there") != nil {
		t.Error("it is still there")
	}
	if err := undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{object{"key": "before"}, nil}, []any{server.get("there"), server.get("missing")}); diff != "" {
		t.Errorf("undone (-want +got):\n%s", diff)
	}
}

func TestDeleteRefused(t *testing.T) {
	t.Parallel()
	server, client := startServer(t)
	server.put(configMaps+"there", object{})
	server.refuse["DELETE "+configMaps+"there"] = http.StatusForbidden
	_, err := client.Delete(t.Context(), []byte(manifest("there", "x")))
	if err == nil || err.Error() != "delete ConfigMap default/there: refused: Forbidden" {
		t.Errorf("error %v", err)
	}
}

// TestApplyKindThatJustCame applies a definition and an object of its kind, which discovery did not know before.
func TestApplyKindThatJustCame(t *testing.T) {
	t.Parallel()
	const widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n"
	server, client := startServer(t)
	_, err := client.Apply(t.Context(), []byte(widget))
	if err == nil || err.Error() != `apply Widget w: no matches for kind "Widget" in version "example.com/v1"` {
		t.Errorf("error %v", err)
	}
	definition := "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\n"
	if _, err := client.Apply(t.Context(), []byte(definition+"---\n"+widget)); err != nil {
		t.Fatal(err)
	}
	if want := "PATCH /apis/example.com/v1/widgets/w"; !slices.Contains(server.writes, want) {
		t.Errorf("changes %v, want %s", server.writes, want)
	}
}

func TestExists(t *testing.T) {
	t.Parallel()
	server, client := startServer(t)
	server.put(configMaps+"there", object{})
	for name, want := range map[string]bool{"there": true, "missing": false} {
		objects, err := kube.Decode([]byte(manifest(name, "x")))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := client.Exists(t.Context(), objects[0]); got != want || err != nil {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}

func TestServiceAccountToken(t *testing.T) {
	t.Parallel()
	server, client := startServer(t)
	const path = "/api/v1/namespaces/default/serviceaccounts/builder/token"
	token, err := client.ServiceAccountToken(t.Context(), "default", "builder")
	if err != nil || token != "issued for "+path {
		t.Errorf("token %q, %v", token, err)
	}
	server.refuse["POST "+path] = http.StatusNotFound
	_, err = client.ServiceAccountToken(t.Context(), "default", "builder")
	if err == nil || err.Error() != "token of service account default/builder: refused: NotFound" {
		t.Errorf("error %v", err)
	}
}

func TestNewRefusesCertificates(t *testing.T) {
	t.Parallel()
	_, err := kube.New(kube.Config{Endpoint: "https://127.0.0.1:6443", CAPEM: []byte("no PEM"), CertPEM: []byte("no"), KeyPEM: []byte("no")})
	if err == nil || !strings.Contains(err.Error(), "client for https://127.0.0.1:6443: ") {
		t.Errorf("error %v", err)
	}
}
