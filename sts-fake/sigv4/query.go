package sigv4

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// parameter is one parameter of the query, name and value in canonical encoding.
type parameter struct{ name, value string }

// query holds the parameters in received order until sort is called.
type query []parameter

// parseQuery splits the raw query on "&" and the first "=" and brings names and values into canonical encoding. A
// parameter without "=" has an empty value; nothing between two "&" is no parameter. A broken escape is check 4.
func parseQuery(raw string) (query, error) {
	if raw == "" {
		return nil, nil
	}
	n := strings.Count(raw, "&") + 1
	if n > maxParameters {
		return nil, withoutDocument(CheckSize, http.StatusBadRequest, "the query has more than "+strconv.Itoa(maxParameters)+" parameters")
	}
	q := make(query, 0, n)
	for raw != "" {
		p, size, problem := cutParameter(raw)
		if problem != "" {
			// 400 is not AWS's word: recorded nowhere, and its CommonErrors page says 404 (spec/sts.md §2.2).
			return nil, refuse(CheckQuery, http.StatusBadRequest, codeMalformedQueryString, problem)
		}
		if size > 0 {
			q = append(q, p)
		}
		raw = raw[min(size+1, len(raw)):]
	}
	return q, nil
}

// cutParameter reads the parameter that raw begins with, and says how long it is there. One that is in canonical encoding
// already, as clients send it, is read in one go.
func cutParameter(raw string) (p parameter, size int, problem string) {
	if name := canonicalPrefix(raw); name < len(raw) && raw[name] == '=' {
		value := raw[name+1:]
		size := canonicalPrefix(value)
		if size == len(value) || value[size] == '&' {
			return parameter{raw[:name], value[:size]}, name + 1 + size, ""
		}
	}
	pair, _, _ := strings.Cut(raw, "&")
	name, value, _ := strings.Cut(pair, "=")
	if p.name, problem = canonicalElement(name); problem == "" {
		p.value, problem = canonicalElement(value)
	}
	return p, len(pair), problem
}

// first returns the decoded value of the first parameter of that name: of duplicates the first wins.
func (q query) first(name string) (value string, ok bool) {
	for _, p := range q {
		if p.name == name {
			return decode(p.value), true
		}
	}
	return "", false
}

// sort orders by encoded name, then by encoded value. Comparing whole "name=value" strings would put "Param-3=…"
// before "Param=…", since "-" sorts before "=".
func (q query) sort() {
	slices.SortFunc(q, func(a, b parameter) int {
		if order := strings.Compare(a.name, b.name); order != 0 {
			return order
		}
		return strings.Compare(a.value, b.value)
	})
}

// appendTo writes the canonical query string. It leaves out the signature and nothing else.
func (q query) appendTo(buf []byte, redact bool) []byte {
	start := len(buf)
	for _, p := range q {
		if p.name == paramSignature {
			continue
		}
		if len(buf) > start {
			buf = append(buf, '&')
		}
		buf = append(buf, p.name...)
		buf = append(buf, '=')
		if redact && isSecret(p.name) {
			buf = append(buf, redacted...)
			continue
		}
		buf = append(buf, p.value...)
	}
	return buf
}
