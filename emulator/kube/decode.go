package kube

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Decode reads every object of a manifest: YAML documents or JSON, Lists unpacked. An object without apiVersion,
// kind or name is an error that says which document it stands in.
func Decode(manifest []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(manifest)))
	for document := 1; ; document++ {
		raw, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("manifest, document %d: %w", document, err)
		}
		decoded, err := decodeDocument(raw)
		if err != nil {
			return nil, fmt.Errorf("manifest, document %d: %w", document, err)
		}
		objects = append(objects, decoded...)
	}
}

func decodeDocument(raw []byte) ([]*unstructured.Unstructured, error) {
	object := map[string]any{}
	if err := yaml.Unmarshal(raw, &object); err != nil {
		return nil, err
	}
	if len(object) == 0 {
		return nil, nil // only comments
	}
	one := &unstructured.Unstructured{Object: object}
	if !one.IsList() {
		return []*unstructured.Unstructured{one}, check(one)
	}
	var objects []*unstructured.Unstructured
	err := one.EachListItem(func(item runtime.Object) error {
		u := item.(*unstructured.Unstructured)
		objects = append(objects, u)
		return check(u)
	})
	return objects, err
}

func check(object *unstructured.Unstructured) error {
	if object.GetAPIVersion() == "" || object.GetKind() == "" || object.GetName() == "" {
		return fmt.Errorf("an object needs apiVersion, kind and metadata.name, has %q, %q and %q", object.GetAPIVersion(), object.GetKind(), object.GetName())
	}
	return nil
}
