package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

const (
	maxPolicyBytes = 64 << 10 // above every quota of IAM (10,240 characters for a role's policies)
	maxPolicyDepth = 8        // a valid policy has 6: document, Statement, element, Condition, operator, values
)

// member is a key and its value in a JSON object; an object is its members in the order of the text.
type (
	member struct {
		key   string
		value any // object, []any, string, json.Number, bool or nil
	}
	object []member
)

// readJSON reads one JSON value, keeping the order of keys and refusing duplicates, which encoding/json on its
// own would let overwrite each other.
func readJSON(data []byte) (any, error) {
	if len(data) > maxPolicyBytes {
		return nil, fmt.Errorf("the document has %d bytes: at most %d are read", len(data), maxPolicyBytes)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("the document is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	value, err := readValue(dec, 0)
	if err != nil {
		return nil, jsonError(dec, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("more text after the end of the JSON value at byte %d", dec.InputOffset())
	}
	return value, nil
}

func jsonError(dec *json.Decoder, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("not JSON: the document ends too early")
	}
	return fmt.Errorf("not JSON at byte %d: %w", dec.InputOffset(), err)
}

func readValue(dec *json.Decoder, depth int) (any, error) {
	if depth > maxPolicyDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", maxPolicyDepth)
	}
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return readObject(dec, depth)
	case json.Delim('['):
		return readArray(dec, depth)
	}
	return token, nil
}

func readArray(dec *json.Decoder, depth int) (any, error) {
	list := []any{}
	for dec.More() {
		value, err := readValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := dec.Token()
	return list, err
}

func readObject(dec *json.Decoder, depth int) (any, error) {
	members := object{}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string)
		if seen[key] {
			return nil, fmt.Errorf("key %q is there twice", key)
		}
		seen[key] = true
		value, err := readValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		members = append(members, member{key, value})
	}
	_, err := dec.Token()
	return members, err
}
