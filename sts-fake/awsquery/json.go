package awsquery

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// jsonObject encodes an object compactly, its keys and those of every object in it in alphabetical order, and numbers
// as their own encoder wrote them. Names are plain: nothing in them has to be escaped.
func jsonObject(members ...Member) ([]byte, error) {
	slices.SortFunc(members, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	buf := append(make([]byte, 0, 640), '{')
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for i, m := range members {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(append(append(buf, '"'), m.Name...), `":`...)
		b.Reset()
		if err := enc.Encode(m.Value); err != nil {
			return nil, err
		}
		buf = appendSorted(buf, bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	}
	return append(buf, '}'), nil
}

// appendSorted appends a JSON value with its keys sorted. The value is as encoding/json writes it: well-formed, compact,
// and with keys that are plain names.
func appendSorted(buf, value []byte) []byte {
	switch value[0] {
	case '{':
		return appendObject(buf, value)
	case '[':
		buf = append(buf, '[')
		for rest := value[1:]; rest[0] != ']'; {
			if rest[0] == ',' {
				buf, rest = append(buf, ','), rest[1:]
			}
			size := valueSize(rest)
			buf, rest = appendSorted(buf, rest[:size]), rest[size:]
		}
		return append(buf, ']')
	}
	return append(buf, value...)
}

func appendObject(buf, object []byte) []byte {
	type member struct{ key, value []byte }
	var space [16]member
	members := space[:0]
	for rest := object[1:]; rest[0] != '}'; {
		if rest[0] == ',' {
			rest = rest[1:]
		}
		colon := valueSize(rest)
		end := colon + 1 + valueSize(rest[colon+1:])
		members = append(members, member{rest[1 : colon-1], rest[colon+1 : end]})
		rest = rest[end:]
	}
	slices.SortFunc(members, func(a, b member) int { return bytes.Compare(a.key, b.key) })
	buf = append(buf, '{')
	for i, m := range members {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(append(append(buf, '"'), m.key...), `":`...)
		buf = appendSorted(buf, m.value)
	}
	return append(buf, '}')
}

// valueSize is the length of the value that text begins with.
func valueSize(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
			continue
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '}', ']':
			if depth == 0 {
				return i // the end of a number or a word
			}
			depth--
		case ',':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(text)
}
