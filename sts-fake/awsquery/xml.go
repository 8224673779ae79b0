package awsquery

import (
	"bytes"
	"encoding"
	"encoding/xml"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// xmlWriter writes what encoding/xml writes for the values that answers are made of, to which the tests compare it, at
// a fraction of its cost: an encoder there begins with a buffer of 4 KiB, several times an answer.
//
// Those values are texts, whole numbers, booleans, what marshals itself as text, pointers, slices and structs. A field has its
// own name or that of its xml tag, those of an embedded struct are fields of the struct around it; a tag "Tags>member"
// puts the elements of a slice below one more element, and ",omitempty" leaves out what is empty. A nil pointer is left
// out.
type xmlWriter struct {
	buf    []byte
	indent string // of one level; "" puts everything on one line
	depth  int
	nested bool // the last tag written was an end tag: that of the element around it gets a line of its own
}

// value writes an element, or for a slice as many as it has.
func (w *xmlWriter) value(name string, v reflect.Value) error {
	if !v.IsValid() {
		return nil
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8 {
		for i := range v.Len() {
			if err := w.value(name, v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
	w.start(name, "")
	if err := w.content(v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	w.end(name)
	return nil
}

// content writes what is between two tags.
func (w *xmlWriter) content(v reflect.Value) error {
	if v.Type().NumMethod() > 0 {
		if m, ok := v.Interface().(encoding.TextMarshaler); ok {
			text, err := m.MarshalText()
			w.text(string(text))
			return err
		}
	}
	switch v.Kind() {
	case reflect.String:
		w.text(v.String())
	case reflect.Bool:
		w.buf = strconv.AppendBool(w.buf, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.buf = strconv.AppendInt(w.buf, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		w.buf = strconv.AppendUint(w.buf, v.Uint(), 10)
	case reflect.Struct:
		return w.fields(v)
	default:
		return fmt.Errorf("an answer has no values of type %s; use a struct, a slice, a text, a number or a boolean", v.Type())
	}
	return nil
}

// fields writes the fields of a struct; those of a struct that is embedded are its own.
func (w *xmlWriter) fields(v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		var err error
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct && f.Tag.Get("xml") == "":
			err = w.fields(v.Field(i))
		case f.IsExported() || f.Anonymous:
			err = w.field(f, v.Field(i))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *xmlWriter) field(f reflect.StructField, v reflect.Value) error {
	name, options, _ := strings.Cut(f.Tag.Get("xml"), ",")
	if f.Anonymous || options != "" && options != "omitempty" {
		return fmt.Errorf("%s: an answer embeds nothing but structs, and has no xml option but omitempty", f.Name)
	}
	if options != "" && empty(v) {
		return nil
	}
	if name == "" {
		name = f.Name
	}
	list, member, ok := strings.Cut(name, ">")
	if !ok {
		return w.value(name, v)
	}
	w.start(list, "")
	if err := w.value(member, v); err != nil {
		return err
	}
	w.end(list)
	return nil
}

// empty says whether omitempty leaves a value out.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Struct:
		return false
	case reflect.Slice:
		return v.Len() == 0
	}
	return v.IsZero()
}

func (w *xmlWriter) start(name, namespace string) {
	w.newLine()
	w.buf = append(append(w.buf, '<'), name...)
	if namespace != "" {
		w.buf = append(w.buf, ` xmlns="`...)
		w.text(namespace)
		w.buf = append(w.buf, '"')
	}
	w.buf = append(w.buf, '>')
	w.depth++
	w.nested = false
}

func (w *xmlWriter) end(name string) {
	w.depth--
	if w.nested {
		w.newLine()
	}
	w.buf = append(append(append(w.buf, "</"...), name...), '>')
	w.nested = true
}

// newLine begins a line, but for the first one.
func (w *xmlWriter) newLine() {
	if w.indent == "" || len(w.buf) == 0 {
		return
	}
	w.buf = append(w.buf, '\n')
	for range w.depth {
		w.buf = append(w.buf, w.indent...)
	}
}

// text writes text, escaped as encoding/xml does, but for quotes: AWS leaves ' as it is (spec/sts.md section 2.1); that it
// does so with " is inferred.
func (w *xmlWriter) text(s string) {
	if plain(s) {
		w.buf = append(w.buf, s...)
		return
	}
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	escaped := bytes.ReplaceAll(b.Bytes(), []byte("&#39;"), []byte("'"))
	w.buf = append(w.buf, bytes.ReplaceAll(escaped, []byte("&#34;"), []byte(`"`))...)
}

// plain says whether a text has nothing to escape in it.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}
