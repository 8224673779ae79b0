package awsquery

import (
	"fmt"
	"net/http"
	"reflect"
)

// Success encodes the answer of an operation. result is a struct whose fields are the members in AWS's order, named
// by xml and json tags where AWS spells them otherwise; nil gives an answer without a result. Its values are texts,
// whole numbers, booleans, [Timestamp]s, pointers to them, structs and slices; ",omitempty" is understood, and for XML
// "Tags>member" is. namespace is the service's XML namespace.
//
// XML is indented by two spaces and ends in a newline, without an XML declaration; JSON is compact with its
// keys in alphabetical order (spec/sts.md section 2.1).
func Success(f Format, namespace, operation, requestID string, result any) (Response, error) {
	body, err := encodeSuccess(f, namespace, operation, requestID, result)
	if err != nil {
		return Response{}, fmt.Errorf("encode the answer of %s: %w", operation, err)
	}
	return Response{Status: http.StatusOK, ContentType: f.contentType(), RequestID: requestID, Body: body}, nil
}

type metadata struct {
	RequestID string `xml:"RequestId" json:"RequestId"`
}

func encodeSuccess(f Format, namespace, operation, requestID string, result any) ([]byte, error) {
	members := []Member{{operation + "Result", result}, {"ResponseMetadata", metadata{requestID}}}
	if result == nil {
		members = members[1:]
	}
	root := operation + "Response"
	if f == XML {
		return document(root, namespace, "  ", members...)
	}
	object, err := jsonObject(members...)
	if err != nil {
		return nil, err
	}
	return append(append([]byte(`{"`+root+`":`), object...), '}'), nil
}

type errorDetail struct {
	Type    string
	Code    string
	Message string
}

// Failure encodes a refusal. In JSON it has no ErrorResponse around it (spec/sts.md section 2.1).
func Failure(f Format, namespace, requestID string, e *Error) (Response, error) {
	members := []Member{{"Error", errorDetail{e.fault(), e.Code, e.Message}}, {"RequestId", requestID}}
	var body []byte
	var err error
	if f == JSON {
		body, err = jsonObject(members...)
	} else {
		body, err = document("ErrorResponse", namespace, "  ", members...)
	}
	if err != nil {
		return Response{}, fmt.Errorf("encode the refusal %s: %w", e.Code, err)
	}
	return Response{Status: e.Status, ContentType: f.contentType(), RequestID: requestID, Body: body}, nil
}

// Member is an element below the root of an XML answer: its name, and a value as in [Success].
type Member struct {
	Name  string
	Value any
}

// document is an XML document of one root and its children. indent "" puts everything on one line. It ends in
// a newline if it is indented.
func document(root, namespace, indent string, children ...Member) ([]byte, error) {
	w := xmlWriter{buf: make([]byte, 0, 640), indent: indent}
	w.start(root, namespace)
	for _, c := range children {
		if err := w.value(c.Name, reflect.ValueOf(c.Value)); err != nil {
			return nil, err
		}
	}
	w.end(root)
	if indent != "" {
		w.buf = append(w.buf, '\n')
	}
	return w.buf, nil
}
