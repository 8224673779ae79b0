package eks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// exception is an error answer of the EKS API: an HTTP status, the exception's name in the x-amzn-ErrorType
// header, and a JSON body.
type exception struct {
	Status int
	Type   string // "ResourceNotFoundException"
	Body   any    // exceptionBody or messageBody
	Reason string // what decided, for the record; "" if the message says it
}

// Error implements error.
func (e *exception) Error() string { return e.Type + ": " + e.message() }

// exceptionBody is the body of an exception that the EKS API defines. It always names all the resources that
// the exception could be about, null where it is not about one.
type exceptionBody struct {
	ClusterName        *string `json:"clusterName"`
	NodegroupName      *string `json:"nodegroupName"`
	FargateProfileName *string `json:"fargateProfileName"`
	AddonName          *string `json:"addonName"`
	SubscriptionID     *string `json:"subscriptionId"`
	messageBody
}

// messageBody is the body of an error that comes from in front of the EKS API, such as a bad signature, and of those
// that the API reference gives nothing but a message.
type messageBody struct {
	Message string `json:"message"`
}

// statusOf is the status of an exception, of the EKS API that occur here (botocore 1.43.11).
func statusOf(name string) int {
	switch name {
	case "AccessDeniedException":
		return http.StatusForbidden
	case "ResourceNotFoundException", "NotFoundException":
		return http.StatusNotFound
	case "ResourceInUseException":
		return http.StatusConflict
	case "ServerException":
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// refuse makes an exception of the EKS API that names no resource. Operations on access entries give such ones
// (github.com/aws-controllers-k8s/community issue 2144).
func refuse(name, format string, args ...any) *exception {
	return &exception{Status: statusOf(name), Type: name, Body: exceptionBody{messageBody: messageBody{fmt.Sprintf(format, args...)}}}
}

// plain makes an exception whose body has a message and nothing else.
func plain(name, format string, args ...any) *exception {
	return &exception{Status: statusOf(name), Type: name, Body: messageBody{fmt.Sprintf(format, args...)}}
}

func invalidParameter(format string, args ...any) *exception {
	return refuse("InvalidParameterException", format, args...)
}

// of names the cluster that an exception is about, as operations on clusters do: CreateCluster
// (github.com/terraform-aws-modules/terraform-aws-eks issue 1991), UpdateClusterConfig
// (github.com/eksctl-io/eksctl issue 4043), UpdateClusterVersion (github.com/rancher/rancher issue 28939) and
// DescribeUpdate (github.com/aws/aws-cli issue 10252). DescribeCluster does not: see clusterNotFound.
func (e *exception) of(cluster string) *exception {
	if body, ok := e.Body.(exceptionBody); ok {
		body.ClusterName = &cluster
		e.Body = body
	}
	return e
}

// clusterNotFound is AWS's answer to DescribeCluster for an unknown name. clusterName stays null there, unlike
// for operations on a part of a cluster: eksctl prints an exception without it in
// github.com/jenkins-x/jx issue 7620 (DescribeCluster), and with it in
// github.com/hashicorp/terraform-provider-aws issue 26528 (ListFargateProfiles).
func clusterNotFound(name string) *exception {
	return refuse("ResourceNotFoundException", "No cluster found for name: %s.", name)
}

// asException is the answer to an error of an operation.
func asException(err error) *exception {
	var refusal *exception
	var denied *iam.AccessDeniedError
	var unsaved *SaveError
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.As(err, &denied):
		answer := plain("AccessDeniedException", "%s", denied.Message())
		answer.Reason = denied.Reason
		return answer
	case errors.As(err, &unsaved): // the text is ours
		return serverError("The change could not be saved, and was not made.", err)
	}
	return serverError("The request failed because of an internal error.", err) // ours, too
}

func serverError(message string, err error) *exception {
	e := refuse("ServerException", "%s", message)
	e.Reason = err.Error()
	return e
}

// message returns the text that clients show.
func (e *exception) message() string {
	switch body := e.Body.(type) {
	case exceptionBody:
		return body.Message
	case messageBody:
		return body.Message
	}
	return ""
}

// encode returns v as compact JSON. Like AWS, and unlike json.Marshal, it leaves <, > and & as they are.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
