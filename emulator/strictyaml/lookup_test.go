package strictyaml

import (
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte("base: &base {a: 1, b: 2}\nown: {<<: *base, b: 3, c: *base}\nlist: [x]\n"), &doc); err != nil {
		t.Fatal(err)
	}
	root := doc.Content[0]
	own := Lookup(root, "own")
	for key, want := range map[string]string{"a": "1", "b": "3", "d": ""} {
		got := ""
		if found := Lookup(own, key); found != nil {
			got = found.Value
		}
		if got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	if c := Lookup(own, "c"); c == nil || c != Lookup(root, "base") {
		t.Errorf("an alias: %+v", c)
	}
	if Lookup(nil, "a") != nil || Lookup(Lookup(root, "list"), "x") != nil {
		t.Error("what is no mapping has no keys")
	}
}
