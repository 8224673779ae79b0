package stsfake

import (
	"net/http"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
)

var decodeAuthorizationMessageModel = []awsmodel.Member{
	awsmodel.Required("EncodedMessage", encodedMessageType),
}

// decodedMessage is the answer of DecodeAuthorizationMessage.
type decodedMessage struct {
	DecodedMessage string
}

// decodeAuthorizationMessage opens a message that a service of this fake AWS sealed. It needs permission for
// sts:DecodeAuthorizationMessage (STS API reference). The resource in its refusal and the text about a message that does
// not open are not AWS's word.
func (s *Server) decodeAuthorizationMessage(r *request) (any, error) {
	if err := s.gate.Store.Authorize(r.caller, "sts:DecodeAuthorizationMessage", "*", r.context(), nil); err != nil {
		return nil, err
	}
	document, ok := s.gate.Store.OpenMessage(r.params.Get("EncodedMessage"))
	if !ok {
		return nil, &awsquery.Error{
			Status: http.StatusBadRequest, Code: "InvalidAuthorizationMessageException", Message: "Message is not valid",
		}
	}
	return decodedMessage{document}, nil
}
