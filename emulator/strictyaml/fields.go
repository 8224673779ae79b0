package strictyaml

import (
	"reflect"
	"strings"
)

// fields are the keys that a struct accepts, by the rules of go.yaml.in/yaml/v3: the name in the yaml tag or the
// field's name in lower case, "-" for none, and ",inline" for the keys of a nested struct or map.
type fields struct {
	types map[string]reflect.Type
	names []string     // in the order of the struct
	rest  reflect.Type // type of the values of an inline map, which takes every other key; nil if there is none
}

func fieldsOf(t reflect.Type) fields {
	result := fields{types: map[string]reflect.Type{}}
	result.add(t, map[reflect.Type]bool{})
	return result
}

// add collects the fields of t; open guards against a struct that inlines itself.
func (f *fields) add(t reflect.Type, open map[reflect.Type]bool) {
	if open[t] {
		return
	}
	open[t] = true
	defer delete(open, t)
	for i := range t.NumField() {
		field := t.Field(i)
		name, options := yamlTag(field)
		switch {
		case name == "-" || (!field.IsExported() && !field.Anonymous):
		case strings.Contains(options, "inline"):
			f.inline(field.Type, open)
		default:
			f.types[name] = field.Type
			f.names = append(f.names, name)
		}
	}
}

func (f *fields) inline(t reflect.Type, open map[reflect.Type]bool) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct:
		f.add(t, open)
	case reflect.Map:
		f.rest = t.Elem()
	}
}

// yamlTag is the key of a field and the options after the first comma.
func yamlTag(field reflect.StructField) (name, options string) {
	name, options, _ = strings.Cut(field.Tag.Get("yaml"), ",")
	if name == "" {
		name = strings.ToLower(field.Name)
	}
	return name, options
}
