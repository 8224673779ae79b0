package kube_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/kube"
)

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n"

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, manifest string
		want           []string // kind namespace/name of every object
	}{
		{"nothing", "", nil},
		{"only comments", "# nothing yet\n---\n# and nothing more\n", nil},
		{"one document", configMap, []string{"ConfigMap default/a"}},
		{"documents", "# first\n" + configMap + "---\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n",
			[]string{"ConfigMap default/a", "Namespace /b"}},
		{"a document start at the top", "---\n" + configMap, []string{"ConfigMap default/a"}},
		{"CRLF", strings.ReplaceAll(configMap+"---\n"+configMap, "\n", "\r\n"), []string{"ConfigMap default/a", "ConfigMap default/a"}},
		{"JSON", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}`, []string{"ConfigMap /a"}},
		{"a List", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n",
			[]string{"ConfigMap /a", "Secret /b"}},
		{"an empty List", "apiVersion: v1\nkind: List\nitems: []\n", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			objects, err := kube.Decode([]byte(tc.manifest))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range objects {
				got = append(got, o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, manifest, want string }{
		{"no kind", "apiVersion: v1\nmetadata: {name: a}\n",
			`manifest, document 1: an object needs apiVersion, kind and metadata.name, has "v1", "" and "a"`},
		{"no name, in the second document", configMap + "---\napiVersion: v1\nkind: Secret\n",
			`manifest, document 2: an object needs apiVersion, kind and metadata.name, has "v1", "Secret" and ""`},
		{"a name that is a number", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 1}\n", `has "v1", "ConfigMap" and ""`},
		{"metadata that is a list", "apiVersion: v1\nkind: ConfigMap\nmetadata: [a]\n", `has "v1", "ConfigMap" and ""`},
		{"an item without a kind", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, metadata: {name: a}}\n", `has "v1", "" and "a"`},
		{"an item that is a number", "apiVersion: v1\nkind: List\nitems: [1]\n", "manifest, document 1: "},
		{"a List in a List", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: List, items: []}\n", `has "v1", "List" and ""`},
		{"text", "hello\n", "manifest, document 1: "},
		{"a list", "- a\n- b\n", "manifest, document 1: "},
		{"no YAML", "a: [\n", "manifest, document 1: "},
		{"broken JSON", `{"apiVersion":"v1"`, "manifest, document 1: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			objects, err := kube.Decode([]byte(tc.manifest))
			if err == nil {
				t.Fatalf("decoded as %v", objects)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %q, want %q in it", err, tc.want)
			}
			if objects != nil {
				t.Errorf("objects come with the error: %v", objects)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		configMap, configMap + "---\n" + configMap, "# nothing\n", "", "---\n---\n",
		`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}]}`,
		"apiVersion: v1\nkind: List\nitems: {a: b}\n", "metadata: {name: [}", "a: &a [*a]\n", "\xff\x00", "1", "null",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, manifest []byte) {
		before := slices.Clone(manifest)
		objects, err := kube.Decode(manifest)
		if !slices.Equal(before, manifest) {
			t.Error("the manifest was changed")
		}
		if err != nil && objects != nil {
			t.Error("objects come with an error")
		}
		for _, o := range objects {
			if o.GetKind() == "" || o.GetAPIVersion() == "" || o.GetName() == "" {
				t.Errorf("an object without apiVersion, kind or name: %v", o.Object)
			}
		}
	})
}
