package awsquery

import (
	"fmt"
	"net/http"
)

const (
	ec2ContentType = "text/xml;charset=UTF-8"
	ec2Declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
)

// EC2Success encodes the answer of an EC2 operation in EC2's flavour of the protocol: no Result element, the
// request ID first, members in lower camel case and list elements named item (AWS's "ec2Query" protocol,
// smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html). members are the fields of the answer in order.
// Declaration, indentation (four spaces) and content type are from memory of EC2's answers, not from a record.
func EC2Success(namespace, operation, requestID string, members ...Member) (Response, error) {
	body, err := document(operation+"Response", namespace, "    ", append([]Member{{"requestId", requestID}}, members...)...)
	if err != nil {
		return Response{}, fmt.Errorf("encode the answer of %s: %w", operation, err)
	}
	return ec2Response(http.StatusOK, requestID, body), nil
}

// EC2Failure encodes a refusal as EC2 does, which differs from STS: another root, no Type, and RequestID with
// a capital D.
func EC2Failure(requestID string, e *Error) (Response, error) {
	type item struct {
		Code    string
		Message string
	}
	type list struct {
		Error item
	}
	body, err := document("Response", "", "", Member{"Errors", list{item{e.Code, e.Message}}}, Member{"RequestID", requestID})
	if err != nil {
		return Response{}, fmt.Errorf("encode the refusal %s: %w", e.Code, err)
	}
	return ec2Response(e.Status, requestID, body), nil
}

func ec2Response(status int, requestID string, body []byte) Response {
	return Response{
		Status: status, ContentType: ec2ContentType, RequestID: requestID,
		Body: append([]byte(ec2Declaration), body...),
	}
}
