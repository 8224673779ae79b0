package awsauth

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/explain"
)

func TestPresent(t *testing.T) {
	t.Parallel()
	got, errors := Present(map[string]string{
		"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/ci/dev\n  username: dev\n",
		"mapusers": "- userarn: arn:aws:iam::111122223333:user/ann\n  username: ann\n",
	})
	want := []explain.Mapping{{ARN: "arn:aws:iam::111122223333:role/ci/dev", Where: "aws-auth, mapRoles"}, {ARN: "arn:aws:iam::111122223333:user/ann", Where: "aws-auth, mapUsers"}}
	if diff := cmp.Diff(want, got); diff != "" || errors != 2 {
		t.Errorf("%d errors, (-want +got):\n%s", errors, diff)
	}
	if got, errors := Present(nil); len(got) != 0 || errors > 1 {
		t.Errorf("of nothing: %v, %d errors", got, errors)
	}
}
