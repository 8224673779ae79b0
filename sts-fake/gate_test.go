package stsfake_test

import (
	"net/http"
	"testing"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// Which endpoint a request came to decides which service, region and partition it must be signed for.
func TestHostDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.session(t, devARN, iam.SessionOptions{})
	const foreign = "the host is of another partition of AWS than the identities"
	misdirected := func(host string) string { return `the host "` + host + `" is no endpoint of sts` }
	for name, tt := range map[string]struct {
		try                   try
		status                int
		code, message, reason string
	}{
		"its own region":            {try{host: "STS.us-west-2.amazonaws.com.:443"}, 200, "", "", ""},
		"another region, with dot":  {try{host: "sts.us-west-2.amazonaws.com.", region: "eu-west-1"}, 403, "SignatureDoesNotMatch", invalidRegion, ""},
		"direct, loopback":          {try{host: "127.0.0.1:4500", region: "eu-west-1"}, 200, "", "", ""},
		"direct, a name":            {try{host: "sts.example.test", region: "eu-west-1"}, 200, "", "", ""},
		"other service":             {try{host: "eks.us-west-2.amazonaws.com"}, 421, "", misdirected("eks.us-west-2.amazonaws.com"), ""},
		"other service, signed":     {try{host: "eks.us-west-2.amazonaws.com", service: "eks"}, 421, "", misdirected("eks.us-west-2.amazonaws.com"), ""},
		"other service, unsigned":   {try{host: "eks.us-west-2.amazonaws.com", unsigned: true}, 421, "", misdirected("eks.us-west-2.amazonaws.com"), ""},
		"no endpoint":               {try{host: "bucket.s3.amazonaws.com"}, 421, "", misdirected("bucket.s3.amazonaws.com"), ""},
		"a region that it has not":  {try{host: "sts.cn-north-1.amazonaws.com"}, 421, "", misdirected("sts.cn-north-1.amazonaws.com"), ""},
		"other partition":           {try{host: "sts.cn-north-1.amazonaws.com.cn", region: "cn-north-1"}, 403, "InvalidClientTokenId", invalidToken + ".", foreign},
		"other partition, session":  {try{host: "sts.us-gov-west-1.amazonaws.com", region: "us-gov-west-1", by: &session}, 403, "InvalidClientTokenId", invalidToken, foreign},
		"partition after the scope": {try{host: "sts.cn-north-1.amazonaws.com.cn"}, 403, "SignatureDoesNotMatch", invalidRegion, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tt.try.form = identityForm
			rec := w.do(t, tt.try)
			call := w.lastCall(t)
			if rec.Code != tt.status || call.Status != tt.status || call.Code != tt.code || call.Message != tt.message || call.Reason != tt.reason {
				t.Errorf("got %d, observed %d %s %q, reason %q", rec.Code, call.Status, call.Code, call.Message, call.Reason)
			}
			if rec.Code == http.StatusMisdirectedRequest && rec.Body.Len() != 0 {
				t.Errorf("a body: %q", rec.Body)
			}
		})
	}
}

// Without an Action there is nothing to redirect at an endpoint of another service.
func TestMisdirectedBeforeRedirect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if rec := w.do(t, try{host: "eks.us-west-2.amazonaws.com", unsigned: true}); rec.Code != http.StatusMisdirectedRequest {
		t.Errorf("got %d", rec.Code)
	}
}
