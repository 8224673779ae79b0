package sigv4_test

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/eksemu/eksemu/sts-fake/sigv4"
)

// A handler knows its own secrets; here there is one, and the signature is that of somebody else's.
func ExampleVerifier_Parse() {
	verifier := sigv4.Verifier{
		Service:     "sts",
		ValidRegion: func(region string) bool { return region == "us-west-2" },
		Now:         func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	}
	r, err := http.NewRequest(http.MethodGet, "https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"+
		"&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260102%2Fus-west-2%2Fsts%2Faws4_request"+
		"&X-Amz-Date=20260102T030000Z&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=00", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	r.Header.Set("x-k8s-aws-id", "my-cluster")

	signed, err := verifier.Parse(sigv4.FromHTTP(r, nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(signed.AccessKeyID, signed.Scope, signed.Form)

	var refusal *sigv4.Refusal
	if err := signed.Verify("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"); errors.As(err, &refusal) {
		fmt.Println(refusal.Status, refusal.Code)
		fmt.Println(refusal.CanonicalRequest)
	}
	// Output:
	// AKIAIOSFODNN7EXAMPLE 20260102/us-west-2/sts/aws4_request query
	// 403 SignatureDoesNotMatch
	// GET
	// /
	// Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260102%2Fus-west-2%2Fsts%2Faws4_request&X-Amz-Date=20260102T030000Z&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id
	// host:sts.us-west-2.amazonaws.com
	// x-k8s-aws-id:my-cluster
	//
	// host;x-k8s-aws-id
	// e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
}
