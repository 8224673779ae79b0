package iam

import (
	"encoding/json"
	"strings"
	"testing"
)

// roundTripPolicy writes a policy as JSON, within other JSON, and reads it again.
func roundTripPolicy(t *testing.T, p Policy) Policy {
	t.Helper()
	data, err := json.MarshalIndent(map[string]Policy{"policy": p}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]Policy
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out["policy"]
}

// [M] IAM gives a document back as it was written (localstack's recordings, test_iam_roles.snapshot.json: one statement
// that is no list stays one, a list of one stays a list).
func TestPolicyText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"Version":"2012-10-17","Statement":{"Action":["s3:ListBucket"],"Effect":"Allow","Resource":"*"}}`,
		"{\n  \"Statement\": [ {\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]\n}\n",
		`{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::a<b>&c/*"}}`,
		`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true},"NumericLessThan":{"a:b":1.50}}}}`,
	} {
		p := policy(t, "%s", text)
		if p.Text() != text {
			t.Errorf("%q became %q", text, p.Text())
		}
		if got := roundTripPolicy(t, p).Text(); got != text {
			t.Errorf("%q became %q through JSON", text, got)
		}
	}
	if got := (Policy{}).Text(); got != "" {
		t.Errorf("no policy is %q", got)
	}
	made, err := parsePolicy([]byte(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := made.Text(), `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Action":["*"],"Resource":["*"]}]}`; got != want {
		t.Errorf("without a source: got %s, want %s", got, want)
	}
}

// A deleted principal's ID stands where its ARN stood, and nothing else changes but spaces.
func TestPolicyTextOfDeletedPrincipals(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	alice, bob := putUser(t, s, User{AccountID: account, Name: "alice"}), putUser(t, s, User{AccountID: account, Name: "bob"})
	text := `{"Version": "2012-10-17", "Statement": [
		{"Sid": "", "Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com", "AWS": ["*", "ALICE", "111122223333"]}, "Condition": {"Bool": {"aws:SecureTransport": [true, "true"]}, "NumericEquals": {"a:b": 7}}},
		{"Action": ["sts:TagSession"], "Effect": "Deny", "NotPrincipal": {"AWS": "BOB"}}, {"Action": "sts:*", "Effect": "Deny", "Principal": "*"}]}`
	text = strings.NewReplacer("ALICE", alice.ARN("aws"), "BOB", bob.ARN("aws"), `"Sid": "", `, "").Replace(text)
	role := putRole(t, s, Role{AccountID: account, Name: "dev", TrustPolicy: policy(t, "%s", text)})
	if role.TrustPolicy.Text() != text {
		t.Errorf("got %s, want %s", role.TrustPolicy.Text(), text)
	}
	for _, u := range []User{bob, alice} {
		if err := s.DeleteUser(u.ARN("aws")); err != nil {
			t.Fatal(err)
		}
	}
	shown, err := s.Role(role.ARN("aws"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(alice.ARN("aws"), alice.UniqueID, bob.ARN("aws"), bob.UniqueID, "\n", "", "\t", "", ": ", ":", ", ", ",").Replace(text)
	if got := shown.TrustPolicy.Text(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
