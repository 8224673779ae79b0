package authn

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const account = "111122223333"

// testAccess has one of everything.
func testAccess(mode AuthenticationMode) Access {
	return Access{
		Cluster: "my-cluster", Partition: "aws", AuthenticationMode: mode,
		Creator: "arn:aws:iam::" + account + ":role/team/platform/creator",
		ServiceRoles: []Mapping{{
			ARN:      "arn:aws:iam::" + account + ":role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS",
			Username: "eks:node-manager", Groups: nil,
		}},
		Entries: []Mapping{
			{
				ARN: "arn:aws:iam::" + account + ":role/path/Admin", PrincipalID: "AROAADMINEXAMPLE",
				Username: "arn:aws:sts::" + account + ":assumed-role/Admin/{{SessionName}}", Groups: []string{"ops"},
			},
			{ARN: "arn:aws:iam::" + account + ":user/people/bob", PrincipalID: "AIDABOBEXAMPLE", Username: "arn:aws:iam::" + account + ":user/people/bob"},
		},
	}
}

func TestMappers(t *testing.T) {
	t.Parallel()
	for mode, want := range map[AuthenticationMode]string{
		ConfigMap:       "MountedFile EKSConfigMap",
		APIAndConfigMap: "DynamicFile EKSConfigMap",
		API:             "DynamicFile",
	} {
		got, err := mode.mappers()
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v", mode, got, err)
		}
	}
	_, err := AuthenticationMode("API_ONLY").mappers()
	if errorText(err) != `authentication mode "API_ONLY": use CONFIG_MAP, API_AND_CONFIG_MAP or API` {
		t.Error(err)
	}
}

func TestParsePrincipal(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]principal{
		"arn:aws:iam::111122223333:role/admin":               {arn: "arn:aws:iam::111122223333:role/admin", role: true},
		"arn:aws:iam::111122223333:role/a/b/admin":           {arn: "arn:aws:iam::111122223333:role/admin", role: true},
		"arn:aws:sts::111122223333:assumed-role/admin/s@x.y": {arn: "arn:aws:iam::111122223333:role/admin", role: true},
		"arn:aws:iam::111122223333:user/a/b/alice":           {arn: "arn:aws:iam::111122223333:user/a/b/alice"},
		"arn:aws:iam::111122223333:root":                     {arn: "arn:aws:iam::111122223333:root"},
		"arn:aws:sts::111122223333:federated-user/f":         {arn: "arn:aws:sts::111122223333:federated-user/f"},
	} {
		got, err := parsePrincipal(arn, "aws")
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", arn, got, err, want)
		}
	}
	for _, arn := range []string{
		"", "admin", "arn:aws:iam::111122223333:role/", "arn:aws:iam::111122223333:role", "arn:aws:iam::1111:role/admin",
		"arn:aws:iam:us-west-2:111122223333:role/admin", "arn:aws:iam::111122223333:group/g", "arn:aws:iam::111122223333:rolex/admin",
		"arn:aws:sts::111122223333:assumed-role/admin", "arn:aws:sts::111122223333:assumed-role/p/admin/s", "arn:aws:eks:us-west-2:111122223333:cluster/c",
		"arn:aws:iam::111122223333:role/admin\n", "arn:aws-cn:iam::111122223333:role/admin",
	} {
		if got, err := parsePrincipal(arn, "aws"); err == nil || got != (principal{}) {
			t.Errorf("%q: %+v, want an error", arn, got)
		}
	}
}

// TestAccessProblems: all of them, each by name and with what to do.
func TestAccessProblems(t *testing.T) {
	t.Parallel()
	a := Access{
		AuthenticationMode: "BOTH",
		Partition:          "aws",
		Creator:            "alice",
		ServiceRoles:       []Mapping{{ARN: "arn:aws-cn:iam::111122223333:role/r"}},
		Entries: []Mapping{
			{ARN: "arn:aws:iam::111122223333:role/one", PrincipalID: "AROASAME"},
			{ARN: "arn:aws:iam::111122223333:role/two", PrincipalID: "AROASAME"},
			{ARN: "arn:aws:iam::111122223333:user/bob"},
			{ARN: "bob", PrincipalID: "AIDABOB"},
		},
	}
	want := strings.Join([]string{
		`access to cluster "": cluster name is empty: tokens are signed for one`,
		`authentication mode "BOTH": use CONFIG_MAP, API_AND_CONFIG_MAP or API`,
		`ARN "alice": want that of an IAM role or user, such as arn:aws:iam::111122223333:role/NAME`,
		`ARN "arn:aws-cn:iam::111122223333:role/r" is of partition aws-cn: the cluster is in aws`,
		`access entries for arn:aws:iam::111122223333:role/one and arn:aws:iam::111122223333:role/two have the same principal ID AROASAME: remove one`,
		`access entry for arn:aws:iam::111122223333:user/bob has no principal ID: set the unique ID that IAM gave the principal`,
		`access entry: ARN "bob": want that of an IAM role or user, such as arn:aws:iam::111122223333:role/NAME`,
	}, "\n")
	if diff := cmp.Diff(want, errorText(a.check())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	for _, mode := range []AuthenticationMode{ConfigMap, APIAndConfigMap, API} {
		a := testAccess(mode)
		if err := a.check(); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// TestLeaveOut: what is wrong with some entries is told, and the others stay.
func TestLeaveOut(t *testing.T) {
	t.Parallel()
	a := testAccess(API)
	good := a.Entries
	a.Entries = append([]Mapping{{ARN: "bob", PrincipalID: "AIDABOB"}}, append(append([]Mapping{}, good...),
		Mapping{ARN: good[0].ARN + "2", PrincipalID: good[0].PrincipalID}, Mapping{ARN: "arn:aws:iam::" + account + ":user/nobody"})...)
	if err := a.LeaveOut(); strings.Count(errorText(err), "access entr") != 3 {
		t.Errorf("problems %v", err)
	}
	if diff := cmp.Diff(good, a.Entries); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if err := a.check(); err != nil {
		t.Errorf("what is left is refused: %v", err)
	}
}
