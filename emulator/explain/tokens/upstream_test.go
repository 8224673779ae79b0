package tokens

import (
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"sigs.k8s.io/aws-iam-authenticator/pkg/token"

	"github.com/eksemu/eksemu/emulator/explain"
)

// noNetwork stands in for the transport of upstream's verifier: whoever gets this far has passed every check.
type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) { return nil, errNoNetwork{} }

type errNoNetwork struct{}

func (errNoNetwork) Error() string { return "no network here" }

// TestAsUpstream gives every token to the authenticator's own verifier, which has the real clock: the tokens are made
// again for now. What it says must be what a report says, and where it would ask STS, a report must have nothing
// against the token on the authenticator's part.
//
//nolint:paralleltest // upstream's verifier has no other transport than http.DefaultTransport
func TestAsUpstream(t *testing.T) {
	transport := http.DefaultTransport
	http.DefaultTransport = noNetwork{}
	logrus.SetOutput(io.Discard)
	t.Cleanup(func() { http.DefaultTransport = transport })
	now := time.Now()
	asked := 0
	for _, tc := range allCases(now) {
		for _, partition := range []string{"aws", "aws-cn", "aws-us-gov", "aws-moon"} {
			for _, region := range []string{"", "us-west-2", "us-moon-1"} {
				_, err := token.NewVerifier("prod", partition, region).Verify(tc.token)
				compare(t, tc.name+" in "+partition+" "+region, err.Error(), Dissect(tc.token, Options{Now: time.Now(), Cluster: "prod", Partition: partition, Region: region}))
				if strings.Contains(err.Error(), "no network here") {
					asked++
				}
			}
		}
	}
	if asked < 100 {
		t.Errorf("STS would have been asked %d times: these tokens test little", asked)
	}
	all := []string{"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"}
	for i, host := range endpoints() {
		text := build{host: host}.token(now)
		for _, partition := range []string{all[i%len(all)], all[(i/len(all))%len(all)], likelyPartition(host)} { // all of each would take minutes with the race detector
			_, err := token.NewVerifier("prod", partition, "us-moon-1").Verify(text)
			compare(t, host+" in "+partition, err.Error(), Dissect(text, Options{Now: now, Cluster: "prod", Partition: partition, Region: "us-moon-1"}))
		}
	}
}

// endpoints are host names of STS, and some that are nearly so.
func endpoints() []string {
	var hosts []string
	for _, region := range []string{"us-east-1", "us-moon-1", "us-gov-west-1", "cn-north-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", "eusc-de-east-1", "x"} {
		for _, service := range []string{"sts", "sts-fips"} {
			for _, suffix := range []string{"amazonaws.com", "api.aws", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "c2s.ic.gov", "sc2s.sgov.gov", "cloud.adc-e.uk", "csp.hci.ic.gov", "amazonaws.eu", "api.amazonwebservices.eu"} {
				hosts = append(hosts, service+"."+region+"."+suffix)
			}
		}
	}
	return append(hosts, globalHost, "sts.us-east-1", "x.y.z")
}

// neverThere tells whether a token cannot be sent, or is one that the API server verifies: the authenticator does not
// decide about it.
func neverThere(r Report) bool { return r.DecidedBy == explain.HopClient || r.Token.JWT }

// compare holds what upstream says against a report.
func compare(t *testing.T, name, upstream string, r Report) {
	t.Helper()
	if neverThere(r) {
		return
	}
	if strings.Contains(upstream, "no network here") {
		if r.DecidedBy == explain.HopToken {
			t.Errorf("%s: upstream asks STS, and here it is %s: %s", name, r.Cause, r.Evidence.Text)
		}
		return
	}
	if strings.HasPrefix(upstream, formatError+`parse "`) { // it quotes the URL, which a report does not
		upstream = formatError + `parse "[redacted]": ` + upstream[strings.LastIndex(upstream, `": `)+3:]
	}
	if strings.Contains(upstream, "duplicate query parameter") { // which of the two is named is chance
		upstream, r.Evidence.Text = strings.ToLower(upstream), strings.ToLower(r.Evidence.Text)
	}
	if r.DecidedBy != explain.HopToken || r.Evidence.Text != explain.Clean(upstream) {
		t.Errorf("%s:\nupstream says %s\nand here %s says %s", name, upstream, r.DecidedBy, r.Evidence.Text)
	}
}

// FuzzAsUpstream gives what a token may hold to the authenticator's own verifier. Which of several faulty parameters that
// names is chance, so there the cause is not compared.
func FuzzAsUpstream(f *testing.F) {
	transport := http.DefaultTransport
	http.DefaultTransport = noNetwork{}
	logrus.SetOutput(io.Discard)
	f.Cleanup(func() { http.DefaultTransport = transport })
	for _, tc := range allCases(time.Now()) {
		f.Add(tc.token, "")
		if raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(tc.token, prefix)); err == nil {
			f.Add("", string(raw))
		}
	}
	f.Fuzz(func(t *testing.T, text, address string) {
		if address != "" {
			text = prefix + base64.RawURLEncoding.EncodeToString([]byte(address))
		}
		_, err := token.NewVerifier("prod", "aws", "us-west-2").Verify(text)
		r := Dissect(text, Options{Now: time.Now(), Cluster: "prod", Partition: "aws", Region: "us-west-2"})
		if neverThere(r) {
			return
		}
		refused := !strings.Contains(err.Error(), "no network here")
		if refused != (r.DecidedBy == explain.HopToken) {
			t.Fatalf("upstream says %v, here %s says %s", err, r.DecidedBy, r.Evidence.Text)
		}
		want := explain.CauseOfToken(explain.Clean(err.Error()), nil).ID
		if chance := []string{"token-unknown-parameter", "token-repeated-parameter", "token-duplicate-parameter"}; refused && r.Cause != want && !slices.Contains(chance, want) {
			t.Errorf("upstream says %v: %s, here %s: %s", err, want, r.Evidence.Text, r.Cause)
		}
	})
}
