package eks

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// A role that was deleted and made again has the same ARN and another ID: its entry is still there and matches nobody,
// until it is made again, too.
func TestRecreatedRole(t *testing.T) {
	t.Parallel()
	e := start(t)
	arn := e.create(t, "dev", types.AuthenticationModeApi)
	role := e.entry(t, "dev", "dev")
	id := func() string {
		t.Helper()
		access, err := e.clusters.Access(arn)
		if err != nil || len(access.Entries) != 2 {
			t.Fatalf("access %+v, %v", access, err)
		}
		return access.Entries[0].PrincipalID
	}
	first := id()
	if err := e.store.DeleteRole(role); err != nil {
		t.Fatal(err)
	}
	e.role(t, "111122223333", "/", "dev", "ec2.amazonaws.com")
	made, err := e.store.Role(role)
	if err != nil || made.UniqueID == first {
		t.Fatalf("role %+v, %v; want another ID than %s", made, err, first)
	}
	if id() != first {
		t.Error("the entry follows the ARN")
	}
	_, err = e.trurl().CreateAccessEntry(t.Context(), &awseks.CreateAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &role})
	wantRefusal(t, "create it beside", err, "409 ResourceInUseException: The specified access entry resource is already in use on this cluster.")
	if _, err := e.trurl().DeleteAccessEntry(t.Context(), &awseks.DeleteAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &role}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.trurl().CreateAccessEntry(t.Context(), &awseks.CreateAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &role}); err != nil {
		t.Fatal(err)
	}
	if id() != made.UniqueID {
		t.Error("the new entry has the old ID")
	}
}

// A user who was renamed has the same ID and another ARN. [X] There is one entry for both.
func TestRenamedUser(t *testing.T) {
	t.Parallel()
	e := start(t)
	dev := e.create(t, "dev", types.AuthenticationModeApi)
	const before, after = "arn:aws:iam::444455556666:user/pirx", "arn:aws:iam::444455556666:user/pilot/pirx"
	create := func(arn string) error {
		_, err := e.trurl().CreateAccessEntry(t.Context(), &awseks.CreateAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &arn})
		return err
	}
	if err := create(before); err != nil {
		t.Fatal(err)
	}
	if err := e.store.RenameUser(before, "/pilot/", ""); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, "create another", create(after), "409 ResourceInUseException: The specified access entry resource is already in use on this cluster.")
	if _, err := e.trurl().DeleteAccessEntry(t.Context(), &awseks.DeleteAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: aws.String(before)}); err != nil {
		t.Fatal(err)
	}
	if err := create(after); err != nil {
		t.Errorf("instead of the old one: %v", err)
	}
	got, err := e.clusters.Access(dev)
	if err != nil || len(got.Entries) != 2 || got.Entries[1].PrincipalARN != after {
		t.Errorf("access %+v, %v", got, err)
	}
}

func TestParsePrincipal(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]principalRef{
		"arn:aws:iam::111122223333:user/trurl":                {partition: "aws", accountID: "111122223333", kind: "user", path: "/", name: "trurl"},
		"arn:aws-us-gov:iam::111122223333:role/a/b/c":         {partition: "aws-us-gov", accountID: "111122223333", kind: "role", path: "/a/b/", name: "c"},
		"arn:aws:iam::111122223333:root":                      {partition: "aws", accountID: "111122223333", kind: "root", name: "root"},
		"arn:aws:iam::111122223333:role/aws-reserved/sso/X_1": {partition: "aws", accountID: "111122223333", kind: "role", path: "/aws-reserved/sso/", name: "X_1"},
	} {
		want.arn = arn
		if got, ok := parsePrincipal(arn); !ok || got != want {
			t.Errorf("%s: %+v, %v; want %+v", arn, got, ok, want)
		}
	}
	for _, arn := range []string{
		"", "trurl", "arn:aws:sts::111122223333:assumed-role/r/s", "arn:aws:iam::111122223333:group/g", "arn:aws:iam::11112222333:user/u",
		"arn:aws:iam:us-west-2:111122223333:user/u", "arn:aws:iam::111122223333:user/", "arn:aws:iam::111122223333:role/a/", "arn:aws:iam::111122223333:user/a b",
		"arn:aws:iam::111122223333:rooty", "arn:gcp:iam::111122223333:user/u", "arn:aws:iam::111122223333:oidc-provider/x", "arn:aws:iam::111122223333:user/u\n",
	} {
		if got, ok := parsePrincipal(arn); ok {
			t.Errorf("%q: %+v, want none", arn, got)
		}
	}
}

func FuzzParsePrincipal(f *testing.F) {
	f.Add("arn:aws:iam::111122223333:user/trurl")
	f.Add("arn:aws:iam::111122223333:role/a/b")
	f.Add("arn:aws:iam::111122223333:root")
	f.Add("arn:aws:iam::111122223333:role//")
	f.Fuzz(func(t *testing.T, arn string) {
		p, ok := parsePrincipal(arn)
		if !ok {
			return
		}
		again := "arn:" + p.partition + ":iam::" + p.accountID + ":" + p.kind
		if p.kind != kindRoot {
			again += p.path + p.name
		}
		if again != arn || strings.Contains(p.name, "/") {
			t.Errorf("%q: %+v, which is %q", arn, p, again)
		}
	})
}
