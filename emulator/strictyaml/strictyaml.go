// Package strictyaml reads YAML files that people write by hand, and answers with everything that is wrong with
// them at once: the file, the line, the field, what is wrong and what to write instead.
//
// A reader that stops at the first mistake, or that ignores a misspelt key, costs its user an evening. So
// [Decode] walks the YAML tree next to the Go type before it fills anything in, and collects
//
//   - unknown keys at every depth, with the nearest known one ("did you mean"),
//   - keys that are written twice,
//   - values of the wrong type, numbers and booleans where text belongs, durations without a unit,
//   - keys without a value, empty files, more documents than asked for,
//   - anchors that contain themselves and aliases that expand to an unreasonable size.
//
// Only when there is no problem is the target written; it is never half filled.
//
//	var env Environment
//	doc, problems := strictyaml.Decode("env.yaml", data, &env)
//	if len(problems) > 0 {
//		return problems // one per line: env.yaml:12: users[2].nmae: unknown field (did you mean "name"?)
//	}
//	if env.Region == "" {
//		problems = append(problems, doc.Problem(`write a region such as "us-west-2"`, "no region", "region"))
//	}
//
// The [Document] remembers where each field was written, so that a package can report what only it understands
// (a name that does not exist, a policy that does not parse) at the right line. Bad input never panics.
package strictyaml

import (
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Decode reads the one YAML document in data into out, a non-nil pointer. file names the data in problems; it
// is not opened. On success out holds exactly what the document says: whatever it held before is replaced. With
// problems out is left alone, and the Document is nil if the text is not YAML at all.
func Decode(file string, data []byte, out any) (*Document, Problems) {
	doc, problems := single(file, data)
	if doc == nil {
		return nil, problems
	}
	value, more := doc.decode(out)
	problems = append(problems, more...).sorted()
	if len(problems) == 0 {
		assign(out, value)
	}
	return doc, problems
}

// DecodePartly is [Decode] for callers that go on to check the meaning of a file although its form is wrong, so
// that their problems can be reported together: out holds what could be read, problems or not. With problems it
// is good for nothing but that check. The Document is nil if there is nothing to check: the text is not YAML, or so
// large or so wrong that it was not read to the end. Whatever was written wrongly is missing or empty in it, and so is what
// follows a value whose UnmarshalYAML returned an error other than a *yaml.TypeError.
func DecodePartly(file string, data []byte, out any) (*Document, Problems) {
	doc, problems := single(file, data)
	if doc == nil {
		return nil, problems
	}
	value, more := doc.decode(out)
	problems = append(problems, more...).sorted()
	if !value.IsValid() {
		return nil, problems
	}
	assign(out, value)
	return doc, problems
}

// single is the one document in data.
func single(file string, data []byte) (*Document, Problems) {
	docs, problems := Parse(file, data)
	if len(docs) == 0 {
		return nil, problems
	}
	for _, extra := range docs[1:] {
		problems = append(problems, extra.Problem("keep one document and move the others to files of their own",
			"a second YAML document where one is expected"))
	}
	return docs[0], problems
}

// DecodeAll reads every YAML document in data, separated by "---", into out, a non-nil pointer to a slice with
// one element for each document. Documents without content are skipped, as kubectl does. With problems in any
// document out is left alone. The Documents are in the order of the slice.
func DecodeAll(file string, data []byte, out any) ([]*Document, Problems) {
	docs, problems := Parse(file, data)
	slice := reflect.ValueOf(out)
	if slice.Kind() != reflect.Pointer || slice.IsNil() || slice.Elem().Kind() != reflect.Slice {
		return docs, append(problems, Problem{File: file, Line: 1,
			Message: fmt.Sprintf("decode into %T: want a pointer to a slice", out)})
	}
	values := reflect.MakeSlice(slice.Elem().Type(), 0, len(docs))
	for _, doc := range docs {
		element := reflect.New(slice.Elem().Type().Elem())
		problems = append(problems, doc.Decode(element.Interface())...)
		values = reflect.Append(values, element.Elem())
	}
	if len(problems) == 0 {
		slice.Elem().Set(values)
	}
	return docs, problems.sorted()
}

// Decode reads the document into out, a non-nil pointer, as the function [Decode] does. Use it after [Parse],
// when the document itself says which type it is (see [Document.Value]).
func (d *Document) Decode(out any) Problems {
	value, problems := d.decode(out)
	if len(problems) == 0 {
		assign(out, value)
	}
	return problems
}

// decode checks the document against the type that out points to and decodes it into a new value of that type.
// With problems the value is what can be read; it is invalid if reading would be pointless or too expensive.
func (d *Document) decode(out any) (reflect.Value, Problems) {
	target := reflect.ValueOf(out)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return reflect.Value{}, Problems{d.Problem("", fmt.Sprintf("decode into %T: want a non-nil pointer", out))}
	}
	check := checker{file: d.File}
	check.value(d.root, target.Type().Elem(), nil)
	if check.stopped {
		return reflect.Value{}, check.problems.sorted()
	}
	if len(check.problems) > 0 {
		dropRepeated(d.root)
	}
	fresh := reflect.New(target.Type().Elem())
	if err := d.root.Decode(fresh.Interface()); err != nil && len(check.problems) == 0 {
		check.problems = Problems{d.Problem("", reason(err))}
	}
	return fresh.Elem(), check.problems.sorted()
}

// dropRepeated removes keys that are written again, after they were reported: the YAML library would not read
// anything of such a mapping.
func dropRepeated(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		seen := map[string]bool{}
		kept := n.Content[:0:0]
		for i := 0; i+1 < len(n.Content); i += 2 {
			if key := n.Content[i].Value; !seen[key] {
				seen[key] = true
				kept = append(kept, n.Content[i], n.Content[i+1])
			}
		}
		n.Content = kept
	}
	for _, inner := range n.Content {
		dropRepeated(inner)
	}
}

func assign(out any, value reflect.Value) { reflect.ValueOf(out).Elem().Set(value) }

// JSON turns a YAML value into JSON, with keys in the order in which they were written. It exists for types
// whose UnmarshalYAML accepts a JSON document in YAML clothes, such as an IAM policy. A date stays the text that
// was written ("2012-10-17"), because JSON has no dates. The error is [Problems] without a file name.
func JSON(node *yaml.Node) ([]byte, error) {
	check := checker{}
	check.value(node, nil, nil)
	if len(check.problems) > 0 {
		return nil, check.problems.sorted()
	}
	return appendJSON(nil, node)
}
