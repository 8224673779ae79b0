package strictyaml

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
)

// scalar checks a value of a basic type. The YAML library is more generous than this: it reads "yes" as true, a
// number as text and a bare number as nanoseconds, which is rarely what was meant.
func (c *checker) scalar(n *yaml.Node, t reflect.Type, path []any) {
	c.count(n, path)
	if !tagFits(n.ShortTag(), t) {
		c.wrongType(n, t, path)
		return
	}
	if t == durationType {
		if _, err := time.ParseDuration(n.Value); err != nil {
			c.wrongType(n, t, path)
		}
		return
	}
	if err := n.Decode(reflect.New(t).Interface()); err != nil {
		c.report(n, path, "write "+article(t), "%s does not fit %s", c.describe(n, t), noun(t))
	}
}

func tagFits(tag string, t reflect.Type) bool {
	switch {
	case t == durationType:
		return tag == "!!str"
	case t == timeType:
		return tag == "!!timestamp"
	}
	switch t.Kind() {
	case reflect.String:
		return tag == "!!str" || tag == "!!timestamp" // 2012-10-17 without quotes is what was meant
	case reflect.Bool:
		return tag == "!!bool"
	case reflect.Float32, reflect.Float64:
		return tag == "!!float" || tag == "!!int"
	default:
		return tag == "!!int"
	}
}

// wrongType reports a value of another type than the field's, with what to write instead.
func (c *checker) wrongType(n *yaml.Node, t reflect.Type, path []any) {
	fix := ""
	word := strings.ToLower(n.Value)
	switch {
	case n.Kind == yaml.ScalarNode && t.Kind() == reflect.String && c.hides(t):
		fix = "put it in quotes"
	case n.Kind == yaml.ScalarNode && t.Kind() == reflect.String:
		fix = "put it in quotes: " + strconv.Quote(n.Value)
	case t == durationType:
		fix = `write a number with a unit, such as "15m" or "1h30m"`
	case t.Kind() == reflect.Bool && (word == "yes" || word == "on" || word == "y"):
		fix = "write true"
	case t.Kind() == reflect.Bool && (word == "no" || word == "off" || word == "n"):
		fix = "write false"
	case n.Kind != yaml.SequenceNode && t.Kind() == reflect.Slice:
		fix = `start each item with "- "`
	}
	c.report(n, path, fix, "expected %s, found %s", noun(t), c.describe(n, t))
}

// noun is what a type is called in problems.
func noun(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a duration"
	case t == timeType:
		return "a date and time"
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Struct, reflect.Map:
		return "a mapping"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number from 0"
	default:
		return "a whole number"
	}
}

// article is what to write for a type.
func article(t reflect.Type) string {
	switch {
	case t == durationType:
		return `a duration such as "15m"`
	case t == timeType:
		return `a date and time such as "2006-01-02T15:04:05Z"`
	default:
		return noun(t)
	}
}

// maxQuoted is how much of a wrong value is repeated in a problem, in characters.
const maxQuoted = 40

// describe is what a value is called in problems.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias"
	case isNull(n):
		return "nothing"
	}
	value := []rune(n.Value)
	if len(value) > maxQuoted {
		value = append(value[:maxQuoted:maxQuoted], '…')
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "the number " + string(value)
	case "!!bool":
		return "the boolean " + string(value)
	default:
		return strconv.Quote(string(value))
	}
}
