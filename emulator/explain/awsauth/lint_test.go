package awsauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"
	yamlv3 "go.yaml.in/yaml/v3"
	"gopkg.in/yaml.v2"
	"sigs.k8s.io/aws-iam-authenticator/pkg/config"
	"sigs.k8s.io/aws-iam-authenticator/pkg/mapper/configmap"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// whole is a ConfigMap as kubectl prints it, around data.
func whole(data string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\ndata:\n" + data
}

// nodes is the entry of a node role, in a section that begins on the line before.
const nodes = `    - rolearn: arn:aws:iam::111122223333:role/node
      username: system:node:{{EC2PrivateDNSName}}
      groups: [system:bootstrappers, system:nodes]
`

// role and user are sections of one entry. Their ARNs are on the line after the section's.
func role(arn string) string {
	return "mapRoles: |\n  - rolearn: " + arn + "\n    username: dev\n    groups: [developers]\n"
}

func user(arn string) string {
	return "mapUsers: |\n  - userarn: " + arn + "\n    username: dev\n    groups: [developers]\n"
}

// lintCase is a file, and its findings as "LINE ID"; left are those that Fixed still has.
type lintCase struct {
	name, file string
	want, left []string
}

func lintCases() []lintCase {
	const dev = "arn:aws:iam::111122223333:role/dev"
	one := func(name, file string, want string) lintCase { return lintCase{name, file, []string{want}, nil} }
	stays := func(name, file string, want string) lintCase {
		return lintCase{name, file, []string{want}, []string{want}}
	}
	return []lintCase{
		{"good", whole("  mapRoles: |\n" + nodes + "  mapUsers: |\n    - userarn: arn:aws:iam::111122223333:user/people/ann\n      username: ann\n  mapAccounts: |\n    - \"111122223333\"\n    - 012345678901\n"), nil, nil},
		{"empty forms", "mapRoles: '``'\nmapUsers: ''\nmapAccounts: '\"\"'\n", nil, nil},
		{"keys in any case", "mapRoles: |\n  - RoleARN: " + dev + "\n    UserName: dev\n    GROUPS: [developers]\n", nil, nil},
		{"bare list", "- rolearn: " + dev + "\n  username: dev\n", nil, nil},
		{"merge key", "mapRoles: |\n  - &dev\n    rolearn: " + dev + "\n    username: dev\n    groups: [developers]\n  - <<: *dev\n    rolearn: " + dev + "2\n", nil, nil},
		{"merge keys", "mapRoles: |\n  - &a\n    rolearn: " + dev + "\n    username: a\n  - &b {rolearn: " + dev + "2, username: b}\n  - <<: [*b, *a]\n    rolearn: " + dev + "3\n  - <<: {username: c}\n    rolearn: " + dev + "4\n", nil, nil},
		stays("merge key behind what it overrides", "mapRoles: |\n  - &dev\n    rolearn: "+dev+"\n    username: dev\n  - rolearn: "+dev+"2\n    <<: *dev\n", "3 duplicate"),
		stays("nothing but a username merged", "mapRoles: |\n  - &dev\n    username: dev\n    rolearn: "+dev+"\n  - <<: {username: x}\n", "5 no-arn"),
		one("merged path", "mapRoles: |\n  - &dev\n    rolearn: arn:aws:iam::111122223333:role/ci/dev\n    username: dev\n  - <<: *dev\n    rolearn: "+dev+"2\n", "3 role-path"),
		one("merged groups as text", "mapRoles: |\n  - &dev\n    rolearn: "+dev+"\n    username: dev\n    groups: &g developers\n  - <<: *dev\n    rolearn: "+dev+"2\n    groups: *g\n", "5 groups-not-a-list"),
		{"bare list that merges", "- <<: {username: dev}\n  rolearn: " + dev + "\n", nil, nil},
		{"data alone", "data:\n  mapRoles: |\n    - rolearn: " + dev + "\n      username: dev\n", nil, nil},
		{"list of objects", "kind: List\nitems:\n- kind: ConfigMap\n  metadata: {name: other}\n- kind: ConfigMap\n  metadata: {name: aws-auth}\n  data:\n    mapRoles: |\n" + strings.ReplaceAll(nodes, "    ", "      "), nil, nil},
		one("role path", role("arn:aws:iam::111122223333:role/ci/dev"), "2 role-path"),
		one("session", role("arn:aws:sts::111122223333:assumed-role/dev/me"), "2 session-arn"),
		one("SSO path", role("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/us-west-2/AWSReservedSSO_Admin_0123456789abcdef"), "2 sso-path"),
		one("region", role("arn:aws:iam:us-west-2:111122223333:role/dev"), "2 region"),
		one("blanks", role(`" `+dev+`"`), "2 blanks"),
		{"blanks and path", role(`"arn:aws:iam::111122223333:role/ci/dev "`), []string{"2 blanks", "2 role-path"}, nil},
		stays("wildcard", role("arn:aws:iam::111122223333:role/*"), "2 wildcard"),
		stays("no ARN form", role("dev"), "2 arn-form"),
		stays("number", role("111122223333"), "2 arn-form"),
		stays("short account", role("arn:aws:iam::11112222333:role/dev"), "2 account"),
		stays("partition", role("arn:awss:iam::111122223333:role/dev"), "2 partition"),
		stays("other partition", role("arn:aws-cn:iam::111122223333:role/dev"), "2 partition"),
		stays("instance profile", role("arn:aws:iam::111122223333:instance-profile/dev"), "2 arn-kind"),
		stays("group", user("arn:aws:iam::111122223333:group/dev"), "2 arn-kind"),
		stays("root", user("arn:aws:iam::111122223333:root"), "2 root"),
		stays("no name", role("arn:aws:iam::111122223333:role/"), "2 arn-kind"),
		stays("user in mapRoles", role("arn:aws:iam::111122223333:user/dev"), "2 wrong-section"),
		stays("role in mapUsers", user(dev), "2 wrong-section"),
		one("key of a role", "mapUsers: |\n  - rolearn: arn:aws:iam::111122223333:user/ann\n    username: x\n", "2 unknown-field"),
		{"section in lower case", strings.Replace(role(dev), "mapRoles", "maproles", 1), []string{"1 key-case"}, nil},
		stays("section twice", role(dev)+"maproles: |\n  - rolearn: "+dev+"\n    username: x\n", "5 key-case"),
		stays("other key", role(dev)+"color: blue\n", "5 unknown-key"),
		one("no block", "mapRoles:\n- rolearn: "+dev+"\n  username: dev\n", "1 not-text"),
		one("accounts as a number", "mapAccounts: 111122223333\n", "1 not-text"),
		stays("not a list", "mapRoles: |\n  rolearn: "+dev+"\n", "2 not-a-list"),
		stays("malformed", "mapRoles: |\n  - rolearn: "+dev+"\n    username: dev\n   groups: [a]\n", "4 malformed"),
		one("tabs", "mapRoles: |\n  - rolearn: "+dev+"\n  \tusername: dev\n", "3 tabs"),
		one("indentation", "mapRoles: |\n  - rolearn: "+dev+"\n    username: dev\n    groups:\n      - developers\n        - viewers\n", "5 indentation"),
		one("groups as text", "mapRoles: |\n  - rolearn: "+dev+"\n    username: dev\n    groups: developers\n", "4 groups-not-a-list"),
		one("group as a number", "mapRoles: |\n  - rolearn: "+dev+"\n    username: dev\n    groups: [1234]\n", "4 group-not-text"),
		stays("groups as a mapping", "mapRoles: |\n  - rolearn: "+dev+"\n    username: dev\n    groups: {a: b}\n", "4 groups-not-a-list"),
		one("misspelt field", "mapRoles: |\n  - rolearn: "+dev+"\n    user_name: dev\n", "3 unknown-field"),
		stays("unknown field", "mapRoles: |\n  - rolearn: "+dev+"\n    username: dev\n    comment: x\n", "4 unknown-field"),
		one("arn", "mapRoles: |\n  - arn: "+dev+"\n    username: dev\n", "2 unknown-field"),
		stays("field twice", "mapRoles: |\n  - rolearn: "+dev+"\n    roleARN: "+dev+"s\n    username: dev\n", "3 duplicate-key"),
		stays("nothing", "mapRoles: |\n  - username: dev\n", "2 no-arn"),
		stays("no entry", "mapRoles: |\n  - "+dev+"\n", "2 not-an-entry"),
		stays("no username", "mapRoles: |\n  - rolearn: "+dev+"\n    groups: [a]\n", "2 no-username"),
		one("username as a number", "mapRoles: |\n  - rolearn: "+dev+"\n    username: 42\n", "3 username-not-text"),
		one("template", "mapRoles: |\n  - rolearn: "+dev+"\n    username: \"{{ SessionName }}\"\n", "3 template"),
		stays("unknown template", "mapRoles: |\n  - rolearn: "+dev+"\n    username: x-{{Color}}\n", "3 template"),
		stays("node template for people", "mapRoles: |\n  - rolearn: "+dev+"\n    username: \"{{EC2PrivateDNSName}}\"\n", "3 node-template"),
		stays("node template for users", "mapUsers: |\n  - userarn: arn:aws:iam::111122223333:user/ann\n    username: \"{{EC2PrivateDNSName}}\"\n", "3 node-template"),
		stays("session of a user", "mapUsers: |\n  - userarn: arn:aws:iam::111122223333:user/ann\n    username: a-{{SessionName}}\n", "3 session-template"),
		one("node without bootstrappers", "mapRoles: |\n  - rolearn: "+dev+"\n    username: system:node:{{EC2PrivateDNSName}}\n    groups: [system:nodes]\n", "3 node-groups"),
		stays("groups that another entry has, too", "mapRoles: |\n  - rolearn: "+dev+"\n    username: dev\n    groups: &g [developers]\n  - rolearn: "+dev+"-node\n    username: system:node:{{EC2PrivateDNSName}}\n    groups: *g\n", "6 node-groups"),
		stays("an entry that is merged", "mapRoles: |\n  - &base\n    rolearn: "+dev+"\n    username: dev\n    groups: [developers]\n  - <<: *base\n    rolearn: "+dev+"-node\n    username: system:node:{{EC2PrivateDNSName}}\n", "8 node-groups"),
		stays("node without groups", "mapRoles: |\n  - rolearn: "+dev+"\n    username: system:node:{{EC2PrivateDNSName}}\n", "3 node-groups"),
		stays("node of another name", "mapRoles: |\n  - rolearn: "+dev+"\n    username: node\n    groups: [system:bootstrappers, system:nodes]\n", "3 node-username"),
		stays("masters", "mapRoles: |\n  - rolearn: "+dev+"\n    username: dev\n    groups:\n    - system:masters\n", "5 masters"),
		stays("same twice", role(dev)+"  - rolearn: "+dev+"\n    username: dev\n    groups: [developers]\n", "2 duplicate"),
		stays("twice", role(dev)+"  - rolearn: "+strings.Replace(dev, "dev", "DEV", 1)+"\n    username: other\n", "2 duplicate"),
		stays("users by chance", "mapUsers: |\n  - userarn: arn:aws:iam::111122223333:user/Ann\n    username: a\n  - userarn: arn:aws:iam::111122223333:user/ann\n    username: b\n", "2 ambiguous"),
		{"duplicate once mended", role("arn:aws:iam::111122223333:role/ci/dev") + "  - rolearn: " + dev + "\n    username: b\n", []string{"2 role-path", "2 duplicate"}, []string{"2 duplicate"}},
		{"in both sections", role(dev) + user(dev), []string{"6 wrong-section", "6 duplicate"}, []string{"6 wrong-section", "6 duplicate"}},
		stays("account", "mapAccounts: |\n  - 11112222333\n", "2 account"),
		stays("SSO matcher", "mapRoles: |\n  - sso: {permissionSetName: Admin, accountID: \"111122223333\"}\n    username: x\n", "2 sso-matcher"),
		{"quoted text", "mapRoles: \"- rolearn: " + dev + " \\n  username: dev\\n  groups:\\n  - a\\n\\\n  \\  - b\\n- rolearn: arn:aws:iam::111122223333:role/ci/x\\n  username: x\\n\"\n", []string{"2 role-path"}, nil},
		{"JSON", `{"kind":"ConfigMap","metadata":{"name":"aws-auth"},` + "\n" + `"data":{"mapRoles":"- rolearn: arn:aws:iam::111122223333:role/ci/dev\n  username: dev\n"}}`, []string{"0 no-node-role", "2 role-path"}, []string{"0 no-node-role"}},
		{"another name", strings.Replace(whole("  mapRoles: |\n"+nodes), "aws-auth", "aws-auht", 1), []string{"4 wrong-name"}, nil},
		{"another namespace", strings.Replace(whole("  mapRoles: |\n"+nodes), "kube-system", "default", 1), []string{"5 wrong-namespace"}, nil},
		{"beside data", "kind: ConfigMap\nmetadata: {name: aws-auth}\nmapRoles: |\n" + nodes, []string{"1 no-data", "3 outside-data"}, []string{"1 no-data", "3 outside-data"}},
		{"nobody for nodes", whole("  mapUsers: |\n    - userarn: arn:aws:iam::111122223333:user/ann\n      username: ann\n"), []string{"0 no-node-role"}, []string{"0 no-node-role"}},
	}
}

// brief are findings as the cases have them.
func brief(list []explain.Finding) []string {
	var all []string
	for _, f := range list {
		all = append(all, fmt.Sprintf("%d %s", f.Line, f.ID))
	}
	return all
}

func TestLint(t *testing.T) {
	t.Parallel()
	for _, tc := range lintCases() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, err := Lint([]byte(tc.file), Options{File: "aws-auth.yaml", Partition: "aws"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, brief(r.Findings)); diff != "" {
				t.Errorf("findings (-want +got):\n%s%s\n%v", diff, tc.file, r.Findings)
			}
			if diff := cmp.Diff(tc.left, brief(r.Left)); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
			checkFixed(t, r)
		})
	}
}

// checkFixed lints what was fixed: nothing that can be put right may be left in it.
func checkFixed(t *testing.T, r Report) {
	t.Helper()
	again, err := Lint([]byte(r.Fixed), Options{File: r.File, Partition: "aws"})
	if err != nil {
		t.Fatalf("what was fixed is no ConfigMap: %v\n%s", err, r.Fixed)
	}
	if len(again.Findings) != len(again.Left) {
		t.Errorf("what was fixed is not: %v\n%s", again.Findings, r.Fixed)
	}
	for _, f := range r.Findings {
		if f.Severity == explain.SeverityError && (f.Message == "" || f.Fix == "") {
			t.Errorf("no fix: %+v", f)
		}
	}
	checkShown(t, r)
}

// checkShown prints a report and fails if it shows a control character.
func checkShown(t *testing.T, r Report) {
	t.Helper()
	var text bytes.Buffer
	if err := explain.WriteFindings(&text, r.Findings, explain.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(text.String(), "\x00\x07\x08\x1b\r\t\u202e") {
		t.Fatalf("control character in %q", text.String())
	}
}

func TestKnownPrincipals(t *testing.T) {
	t.Parallel()
	known := []explain.Mapping{{ARN: "arn:aws:iam::111122223333:role/ci/deployer"}, {ARN: "arn:aws:iam::111122223333:user/ann"}}
	r, err := Lint([]byte(role("arn:aws:iam::111122223333:role/deployr")+user("arn:aws:iam::111122223333:user/ann")), Options{File: "f", Known: known})
	if err != nil || len(r.Findings) != 1 || r.Findings[0].ID != "unknown-principal" || !strings.Contains(r.Findings[0].Message, "differs by one character of its name") || r.Findings[0].Fix != "arn:aws:iam::111122223333:role/deployer" {
		t.Errorf("%v %+v", err, r.Findings)
	}
}

func TestNoConfigMap(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"":                               "empty",
		"a: [":                           "f:1",
		"kind: Pod\nmetadata: {name: x}": "no aws-auth ConfigMap",
		"hello":                          "no aws-auth ConfigMap",
		"\xff":                           "UTF-8",
	} {
		if _, err := Lint([]byte(file), Options{File: "f"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// TestMergedAsUpstream holds the ARNs and usernames that findings are about against those that upstream makes of merged
// entries.
func TestMergedAsUpstream(t *testing.T) {
	t.Parallel()
	tested := 0
	for _, tc := range lintCases() {
		if !strings.Contains(tc.file, "<<") || strings.HasPrefix(tc.file, "- ") {
			continue
		}
		tested++
		l := &linter{Options: Options{File: "f"}, file: tc.file}
		if err := l.read([]byte(tc.file)); err != nil {
			t.Fatal(err)
		}
		var want, got []string
		kept, err := roles(strictyaml.Lookup(l.data, mapRoles).Value)
		for _, m := range kept {
			want = append(want, m.ARN+" "+m.Username)
		}
		list := &yamlv3.Node{}
		if err := errors.Join(ignoreType(err), yamlv3.Unmarshal([]byte(strictyaml.Lookup(l.data, mapRoles).Value), list)); err != nil {
			t.Fatal(err)
		}
		for _, entry := range list.Content[0].Content {
			found := map[string]string{}
			for _, p := range pairs(entry) {
				found[p.key.Value] = p.value.Value
			}
			if found[roleARN] != "" {
				got = append(got, found[roleARN]+" "+found[username])
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-upstream +here):\n%s", tc.name, diff)
		}
	}
	if tested < 5 {
		t.Errorf("%d merges", tested)
	}
}

// ignoreType leaves out an error about a value's type, with which the entries count all the same.
func ignoreType(err error) error {
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return nil
	}
	return err
}

// TestManyMerges has mappings that merge each other more often than anybody could follow.
func TestManyMerges(t *testing.T) {
	t.Parallel()
	text := "- &a0 {rolearn: x, username: y}\n"
	for i := range 30 {
		text += fmt.Sprintf("- &a%d {<<: [*a%d, *a%d, *a%d]}\n", i+1, i, i, i)
	}
	list := &yamlv3.Node{}
	if err := yamlv3.Unmarshal([]byte(text), list); err != nil {
		t.Fatal(err)
	}
	if got := pairs(list.Content[0].Content[30]); len(got) > maxMerged {
		t.Errorf("%d pairs", len(got))
	}
}

// TestAsUpstream holds the mappings that count against those of upstream's ParseMap.
//
//nolint:paralleltest // upstream logs through logrus's standard logger
func TestAsUpstream(t *testing.T) {
	logrus.SetOutput(io.Discard)
	for _, tc := range lintCases() {
		compare(t, tc.file)
		if r, err := Lint([]byte(tc.file), Options{}); err == nil {
			compare(t, r.Fixed)
		}
	}
}

// compare gives the data of a file to upstream, as text where the API server has text.
func compare(t *testing.T, file string) {
	t.Helper()
	r, err := Lint([]byte(file), Options{})
	if err != nil {
		return
	}
	var object struct{ Data map[string]string }
	var bare map[string]string
	if yaml.Unmarshal([]byte(file), &object) != nil || object.Data == nil {
		if yaml.Unmarshal([]byte(file), &bare) != nil {
			return // the API server refuses it
		}
		object.Data = bare
	}
	users, roles, accounts, _ := configmap.ParseMap(object.Data)
	var want []Mapping
	for _, m := range roles {
		if m.SSO == nil {
			want = append(want, Mapping{mapRoles, m.RoleARN, m.Username, m.Groups})
		}
	}
	for _, m := range users {
		want = append(want, Mapping{mapUsers, m.UserARN, m.Username, m.Groups})
	}
	if diff := cmp.Diff(want, r.Mappings, cmp.Transformer("", func(m []Mapping) string { return fmt.Sprint(m) })); diff != "" {
		t.Errorf("mappings (-upstream +here):\n%s\n%s", diff, file)
	}
	if fmt.Sprint(accounts) != fmt.Sprint(r.Accounts) {
		t.Errorf("accounts: upstream has %v, here %v\n%s", accounts, r.Accounts, file)
	}
}

// TestErrorsLockOut maps the principal of every ARN that is called an error by upstream's own comparison: it must not
// match, and what Fixed has in its place must.
func TestErrorsLockOut(t *testing.T) {
	t.Parallel()
	const canonical = "arn:aws:iam::111122223333:role/dev"
	for _, arn := range []string{
		"arn:aws:iam::111122223333:role/ci/dev", "arn:aws:sts::111122223333:assumed-role/dev/me", "arn:aws:iam:us-west-2:111122223333:role/dev", `" arn:aws:iam::111122223333:role/dev"`,
	} {
		r, err := Lint([]byte(role(arn)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		fixed, _ := Lint([]byte(r.Fixed), Options{})
		before, after := config.RoleMapping{RoleARN: r.Mappings[0].ARN}, config.RoleMapping{RoleARN: fixed.Mappings[0].ARN}
		if before.Matches(canonical) || !after.Matches(canonical) {
			t.Errorf("%s matches: %t, and %s: %t", arn, before.Matches(canonical), after.RoleARN, after.Matches(canonical))
		}
	}
}

func FuzzLint(f *testing.F) {
	for _, tc := range lintCases() {
		f.Add([]byte(tc.file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := Lint(file, Options{File: "f", Partition: "aws"})
		if err != nil {
			return
		}
		checkShown(t, r)
		if again, err := Lint([]byte(r.Fixed), Options{File: "f", Partition: "aws"}); err != nil || len(again.Findings) != len(again.Left) {
			t.Errorf("what was fixed is not: %v %v\n%s", err, again.Findings, r.Fixed)
		}
	})
}

// FuzzAsUpstream gives a text in each section to upstream's ParseMap.
func FuzzAsUpstream(f *testing.F) {
	logrus.SetOutput(io.Discard)
	for _, tc := range lintCases() {
		f.Add(tc.file)
		_, section, _ := strings.Cut(tc.file, "|\n")
		f.Add(section)
	}
	f.Add("- 012345678901\n- ~\n- true\n- 1_0\n")
	f.Fuzz(func(t *testing.T, text string) {
		wantUsers, wantRoles, wantAccounts, _ := configmap.ParseMap(map[string]string{mapRoles: text, mapUsers: text, mapAccounts: text})
		var want []Mapping
		for _, m := range wantRoles {
			if m.SSO == nil {
				want = append(want, Mapping{mapRoles, m.RoleARN, m.Username, m.Groups})
			}
		}
		for _, m := range wantUsers {
			want = append(want, Mapping{mapUsers, m.UserARN, m.Username, m.Groups})
		}
		got, _ := roles(text)
		more, _ := users(text)
		if got = append(got, more...); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("upstream has %v, here %v", want, got)
		}
		if list, _ := accounts(text); fmt.Sprint(list) != fmt.Sprint(wantAccounts) {
			t.Errorf("upstream has the accounts %q, here %q", wantAccounts, list)
		}
	})
}
