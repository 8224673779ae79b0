package stsfake

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

var getAccessKeyInfoModel = []awsmodel.Member{
	awsmodel.Required("AccessKeyId", accessKeyIDType),
}

// accessKeyInfo is the answer of GetAccessKeyInfo.
type accessKeyInfo struct {
	Account string
}

// getAccessKeyInfo reads the account out of an access key ID, whether the key exists or not, for whoever has
// credentials (spec/sts.md section 4.1). The account of an ID that does not encode one is that of the key, if it
// exists. What AWS says about any other is not known: code and text are this project's.
func (s *Server) getAccessKeyInfo(r *request) (any, error) {
	id := r.params.Get("AccessKeyId")
	if r.caller.Temporary && r.caller.Type != iam.CallerAssumedRole { // spec/sts.md section 4.4; text and resource are inferred
		return nil, &iam.AccessDeniedError{
			Principal: r.caller.ARN, Action: "sts:GetAccessKeyInfo", Resource: "*",
			Reason: "sessions of users may not call it, whatever their policies say",
		}
	}
	if account, ok := AccountOfAccessKey(id); ok {
		return accessKeyInfo{account}, nil
	}
	_, owner, err := s.gate.Store.Credential(id, "")
	if err != nil {
		return nil, awsmodel.ValidationError("The access key ID does not name an account")
	}
	return accessKeyInfo{owner.AccountID}, nil
}

// AccountOfAccessKey decodes the account out of an access key ID of the new generation: four letters and 80 bits in
// base32, of which the first is 1 and the next 40 are the account (spec/sts.md section 4.1). It is false for any other ID.
func AccountOfAccessKey(id string) (string, bool) {
	if len(id) != 20 || !strings.HasPrefix(id, "AKIA") && !strings.HasPrefix(id, "ASIA") {
		return "", false
	}
	raw, err := base32.StdEncoding.DecodeString(id[4:])
	if err != nil || raw[0]&0x80 == 0 {
		return "", false
	}
	account := binary.BigEndian.Uint64(raw) << 1 >> 24
	if account >= 1e12 {
		return "", false
	}
	return fmt.Sprintf("%012d", account), true
}
