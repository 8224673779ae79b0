package eks

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// exception is an error answer of the EKS API: an HTTP status, the exception's name in the x-amzn-ErrorType
// header, and a JSON body.
type exception struct {
	Status int
	Type   string // "ResourceNotFoundException"
	Body   any    // exceptionBody or messageBody
}

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

// messageBody is the body of an error that comes from in front of the EKS API, such as a bad signature.
type messageBody struct {
	Message string `json:"message"`
}

func invalidParameter(message string) *exception {
	return &exception{
		Status: http.StatusBadRequest,
		Type:   "InvalidParameterException",
		Body:   exceptionBody{messageBody: messageBody{message}},
	}
}

// clusterNotFound is AWS's answer to DescribeCluster for an unknown name. clusterName stays null there, unlike
// for operations on a part of a cluster: eksctl prints an exception without it in
// github.com/jenkins-x/jx issue 7620 (DescribeCluster), and with it in
// github.com/hashicorp/terraform-provider-aws issue 26528 (ListFargateProfiles).
func clusterNotFound(name string) *exception {
	return &exception{
		Status: http.StatusNotFound,
		Type:   "ResourceNotFoundException",
		Body:   exceptionBody{messageBody: messageBody{"No cluster found for name: " + name + "."}},
	}
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
