package stsfake

// callerIdentity is in the order of the STS API reference's sample.
type callerIdentity struct {
	Arn     string
	UserID  string `xml:"UserId" json:"UserId"`
	Account string
}

// getCallerIdentity says who the caller is. It needs no permission: not even an explicit Deny keeps anyone from
// it, nor an inactive region (spec/sts.md section 4.1).
func (s *Server) getCallerIdentity(r *request) (any, error) {
	return callerIdentity{Arn: r.caller.ARN, UserID: r.caller.UserID, Account: r.caller.AccountID}, nil
}
