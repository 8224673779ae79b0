package explain

import (
	"strings"
	"testing"
)

func TestClosest(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::111122223333:role/Deployer"
	for _, tc := range []struct{ name, arn, mapped, want string }{
		{"path", role, "arn:aws:iam::111122223333:role/ci/Deployer", "its path"},
		{"session", role, "arn:aws:sts::111122223333:assumed-role/Deployer/me", "being the ARN of a session, not of its role"},
		{"account", role, "arn:aws:iam::444455556666:role/Deployer", "its account"},
		{"partition", role, "arn:aws-cn:iam::111122223333:role/Deployer", "its partition"},
		{"account and partition", role, "arn:aws-cn:iam::444455556666:role/Deployer", "its account and its partition"},
		{"case", role, "arn:aws:iam::111122223333:role/deployer", "its letter case"},
		{"one character less", role, "arn:aws:iam::111122223333:role/Deployr", "one character of its name"},
		{"one character more", role, "arn:aws:iam::111122223333:role/Deployers", "one character of its name"},
		{"another character", role, "arn:aws:iam::111122223333:role/Deploxer", "one character of its name"},
		{"swapped", role, "arn:aws:iam::111122223333:role/Deploeyr", "a few characters of its name"},
		{"kind", role, "arn:aws:iam::111122223333:user/Deployer", "being a user, not a role"},
		{"kind of a user", "arn:aws:iam::111122223333:user/ann-lee", "arn:aws:iam::111122223333:role/ann-lee", "being a role, not a user"},
		{"user's path", "arn:aws:iam::111122223333:user/people/ann", "arn:aws:iam::111122223333:user/ann", "its path"},
		{"profile", role, "arn:aws:iam::111122223333:instance-profile/Deployer", "being of the kind instance-profile, not a role"},
		{"blanks", role, role + " ", "blanks around it"},
		{"no ARN", role, "Deployer", "not being an ARN"},
		{"SSO", "arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_0123456789abcdef", "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_fedcba9876543210", "its path and the random end of the SSO role's name"},
		{"other name", role, "arn:aws:iam::111122223333:role/Auditor", ""},
		{"nothing", role, "", ""},
		{"near name elsewhere", role, "arn:aws-cn:iam::444455556666:user/Deploeyr", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			miss, found := Closest(tc.arn, []Mapping{{ARN: "arn:aws:iam::999999999999:role/Unrelated"}, {ARN: tc.mapped, Where: "aws-auth, mapRoles"}})
			if got := strings.Join(miss.Differs, " and "); got != tc.want || found != (tc.want != "") {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if want := "closest is " + tc.mapped + " (aws-auth, mapRoles), which differs by " + tc.want; found && miss.String() != want {
				t.Errorf("got %q, want %q", miss, want)
			}
		})
	}
	best, _ := Closest(role, []Mapping{{ARN: "arn:aws:iam::111122223333:role/Deploers"}, {ARN: "arn:aws:iam::111122223333:role/a/b/Deployer"}, {ARN: "arn:aws:iam::444455556666:role/Deployer"}})
	if best.ARN != "arn:aws:iam::111122223333:role/a/b/Deployer" {
		t.Errorf("the best of three is %s", best)
	}
	byID, _ := Closest(role, []Mapping{{ARN: "arn:aws:iam::111122223333:role/ci/Deployer", Where: "access entry", ByID: true}})
	if !strings.Contains(byID.String(), "deleted, and made again since") {
		t.Error(byID)
	}
}
