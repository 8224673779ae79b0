package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/config"
)

// TestProblems adds one mistake to the minimal file: replace says what becomes what.
func TestProblems(t *testing.T) {
	t.Parallel()
	const (
		user    = "- name: trurl\n"
		role    = "- name: r\n"
		cluster = "{name: c, creator: trurl, role: r}"
		trust   = `{Version: "2012-10-17", Statement: [{Effect: Allow, Principal: "*", Action: sts:AssumeRole}]}`
		kind    = "kind: Environment\n"
	)
	key := func(id, secret, rest string) string {
		return user + "  accessKeys: [{id: " + id + ", secret: " + secret + rest + "}]\n"
	}
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	generated := config.Default().Users[0].AccessKeys[0].ID
	for _, test := range []struct{ name, from, to, want string }{
		{"no kind", kind, "", `e.yaml:1: kind: no kind (write kind: Environment)`},
		{"another kind", kind, "kind: Scenario\n", `e.yaml:2: kind: "Scenario" is not Environment (write kind: Environment)`},
		{"account", kind, kind + "account: '1234'\n", `e.yaml:3: account: the account "1234" is not 12 digits (write one such as "111122223333")`},
		{"account as a number", kind, kind + "account: 111122223333\n", `e.yaml:3: account: expected text, found the number 111122223333 (put it in quotes: "111122223333")`},
		{"empty region", kind, kind + "region: ''\n", `e.yaml:3: region: "" is not a region (write one such as "us-west-2")`},
		{"account of a user", user, user + "  account: x\n", `e.yaml:5: users[0].account: the account "x" is not 12 digits (write one such as "111122223333")`},
		{"name", user, user + "- name: al ice\n", `e.yaml:5: users[1].name: "al ice" is not an IAM name (use 1 to 64 letters, digits and _+=,.@-)`},
		{"long name", user, user + "- name: " + strings.Repeat("a", 65) + "\n", `e.yaml:5: users[1].name: "` + strings.Repeat("a", 65) + `" is not an IAM name (use 1 to 64 letters, digits and _+=,.@-)`},
		{"no name", user, user + "- path: /x/\n", `e.yaml:5: users[1].name: no name`},
		{"path", role, role + "  path: x/\n", `e.yaml:7: roles[0].path: "x/" is not an IAM path (write "/" or one such as "/team/", of at most 512 visible ASCII characters)`},
		{"same user", user, user + user, `e.yaml:5: users[1].name: the user on line 4 is named "trurl" too (choose another: it is also the name of an AWS profile)`},
		{"same user in other case", user, user + "- name: Trurl\n", `e.yaml:5: users[1].name: the user on line 4 has the same name as "Trurl" (choose another: IAM does not distinguish upper and lower case)`},
		{"user and role", user, user + "- name: r\n", `e.yaml:7: roles[0].name: the user on line 5 is named "r" too (choose another: it is also the name of an AWS profile)
e.yaml:10: clusters[0].role: "r" is the user on line 5 (name a role)`},
		{"name of the default profile", user, user + "- name: default\n", `e.yaml:5: users[1].name: "default" is the profile of the first cluster's creator (choose another name)`},
		{"key", user, key("akia", secret, ""), `e.yaml:5: users[0].accessKeys[0].id: "akia" is not the ID of a long-term access key (write AKIA and 16 upper-case letters or digits)`},
		{"no key", user, user + "  accessKeys: [{secret: " + secret + "}]\n", `e.yaml:5: users[0].accessKeys[0].id: no id (write one, or leave accessKeys out to get one)`},
		{"secret", user, key("AKIAIOSFODNN7EXAMPLE", "short", ""), `e.yaml:5: users[0].accessKeys[0].secret: not a secret access key (write 40 characters of letters, digits and /+=)`},
		{"status", user, key("AKIAIOSFODNN7EXAMPLE", secret, ", status: active"), `e.yaml:5: users[0].accessKeys[0].status: "active" is not a status of an access key (did you mean "Active"?)`},
		{"same key", user, key("AKIAIOSFODNN7EXAMPLE", secret, "") + strings.Replace(key("AKIAIOSFODNN7EXAMPLE", secret, ""), "trurl", "alice", 1), `e.yaml:7: users[1].accessKeys[0].id: AKIAIOSFODNN7EXAMPLE is an access key of trurl already (write another)`},
		{"generated key of another", user, strings.Replace(key(generated, secret, ""), "trurl", "alice", 1) + user, `e.yaml:6: users[1]: the generated key ` + generated + ` of this user is one of alice (give that user another one)`},
		{"three keys", user, strings.Replace(key("AKIAIOSFODNN7EXAMPL1", secret, ""), "}]", "}, {id: AKIAIOSFODNN7EXAMPL2, secret: "+secret+"}, {id: AKIAIOSFODNN7EXAMPL3, secret: "+secret+"}]", 1), `e.yaml:5: users[0].accessKeys: 3 access keys, and IAM allows 2 (remove the others)`},
		{"session", role, role + "  maxSessionDuration: 13h\n", `e.yaml:7: roles[0].maxSessionDuration: 13h0m0s is not a duration that IAM allows (write 1h to 12h)`},
		{"no session", role, role + "  maxSessionDuration: 0s\n", `e.yaml:7: roles[0].maxSessionDuration: 0s is not a duration that IAM allows (write 1h to 12h)`},
		{"source", role, role + "  sourceProfile: trul\n", `e.yaml:7: roles[0].sourceProfile: there is no user, role or instance named "trul" (did you mean "trurl"?)`},
		{"own source", role, role + "  sourceProfile: r\n", `e.yaml:7: roles[0].sourceProfile: a role cannot be its own source (name the user that assumes it)`},
		{"sources in a ring", role, role + "  sourceProfile: s\n  trustPolicy: " + trust + "\n- name: s\n  sourceProfile: r\n", `e.yaml:7: roles[0].sourceProfile: "s" leads back to this role: nobody has credentials to begin with (name a user as the source of one of them)
e.yaml:10: roles[1].sourceProfile: "r" leads back to this role: nobody has credentials to begin with (name a user as the source of one of them)`},
		{"external ID", role, role + "  externalId: a b\n", `e.yaml:7: roles[0].externalId: "a b" is not an external ID (use 2 to 1224 letters, digits and _+=,.@:/-)`},
		{"no trust policy", trust, "", `e.yaml:7: roles[0].trustPolicy: no value (write text, or remove the key)`},
		{"trust policy left out", "  trustPolicy: " + trust + "\n", "", `e.yaml:6: roles[0].trustPolicy: no trustPolicy (say who may assume the role: a Statement with a Principal)`},
		{"trust policy as a list", trust, "[a]", `e.yaml:7: roles[0].trustPolicy: expected a policy, as a mapping or as JSON text`},
		{"trust policy is no JSON", trust, "'{'", `e.yaml:7: roles[0].trustPolicy: not JSON: the document ends too early`},
		{"trust policy without a principal", trust, "\n    Version: '2012-10-17'\n    Statement:\n    - Effect: Allow\n      Action: sts:AssumeRole\n", `e.yaml:10: roles[0].trustPolicy.Statement[0]: has no Principal: a trust policy names who may assume the role`},
		{"trust of nobody", trust, `{Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:user/nobody"}, Action: sts:AssumeRole}]}`,
			`e.yaml:7: roles[0].trustPolicy: principal arn:aws:iam::111122223333:user/nobody does not exist: create it first, or trust its account`},
		{"policy without a name", user, user + "  policies: [{document: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}}]\n", `e.yaml:5: users[0].policies[0].name: no name (write one)`},
		{"policy with a principal", role, role + "  policies: [{name: p, document: " + trust + "}]\n", `e.yaml:7: roles[0].policies[0].document.Statement[0]: has a Principal: the principal of an identity policy is who has it
e.yaml:7: roles[0].policies[0].document.Statement[0]: has no Resource`},
		{"policy without a document", user, user + "  policies: [{name: p}, {name: p, document: ''}]\n", `e.yaml:5: users[0].policies[0].document: no policy (write a Version and a Statement)
e.yaml:5: users[0].policies[1].name: there is a policy named "p" already (choose another)
e.yaml:5: users[0].policies[1].document: no policy (write a Version and a Statement)`},
		{"name of a policy", user, user + "  policies: [{name: a/b, document: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}}]\n", `e.yaml:5: users[0].policies[0].name: "a/b" is not the name of a policy (use 1 to 128 letters, digits and _+=,.@-)`},
		{"instance", kind, kind + "instances: [{id: i-0123456789ABCDEF0, role: r, privateDnsName: a.internal}]\n", `e.yaml:3: instances[0].id: "i-0123456789ABCDEF0" is not an instance ID (write i- and 17 (or 8) hexadecimal digits)`},
		{"role of an instance", kind, kind + "instances: [{id: i-01234567, role: trurl, privateDnsName: a.internal}]\n", `e.yaml:3: instances[0].role: "trurl" is the user on line 5 (name a role)`},
		{"host name", kind, kind + "instances: [{id: i-01234567, role: r, privateDnsName: -a.internal}]\n", `e.yaml:3: instances[0].privateDnsName: "-a.internal" is not a DNS name (write one such as "ip-192-168-12-34.us-west-2.compute.internal")`},
		{"same host name", kind, kind + "instances:\n- {id: i-01234567, role: r, privateDnsName: a.internal}\n- {id: i-01234568, role: r, privateDnsName: a.internal}\n", `e.yaml:5: instances[1].privateDnsName: i-01234567 has this name already (write another)`},
		{"same instance", kind, kind + "instances:\n- {id: i-01234567, role: r, privateDnsName: a}\n- {id: i-01234567, role: r, privateDnsName: b}\n", `e.yaml:5: instances[1].id: the instance on line 4 is named "i-01234567" too (choose another: it is also the name of an AWS profile)`},
		{"no cluster name", cluster, "{creator: trurl, role: r}", `e.yaml:9: clusters[0].name: no name (write one)`},
		{"cluster name", cluster, "{name: -c, creator: trurl, role: r}", `e.yaml:9: clusters[0].name: "-c" is not the name of a cluster (begin with a letter or digit and use at most 100 letters, digits, - and _)`},
		{"same cluster", cluster, cluster + "\n- " + cluster, `e.yaml:10: clusters[1].name: the cluster on line 9 is named "c" too (choose another)`},
		{"version", cluster, "{name: c, creator: trurl, role: r, version: '1.30'}", `e.yaml:9: clusters[0].version: Kubernetes 1.30 is not the version that this build runs (write "1.37", or leave it out)`},
		{"no creator", cluster, "{name: c, role: r}", `e.yaml:9: clusters[0].creator: no creator (name a user or role)`},
		{"creator", cluster, "{name: c, creator: klapaucius, role: r}", `e.yaml:9: clusters[0].creator: there is no user or role named "klapaucius" (known: r, trurl)`},
		{"role of the cluster", cluster, "{name: c, creator: trurl, role: trurl}", `e.yaml:9: clusters[0].role: "trurl" is the user on line 4 (name a role)`},
		{"no such mode", cluster, "{name: c, creator: trurl, role: r, authenticationMode: config_map}", `e.yaml:9: clusters[0].authenticationMode: "config_map" is not an authentication mode of EKS (write CONFIG_MAP, API_AND_CONFIG_MAP or API)`},
		{"negative TTL", cluster, "{name: c, creator: trurl, role: r, tokenCacheTTL: -1s}", `e.yaml:9: clusters[0].tokenCacheTTL: -1s is no time to keep a token (write 0s or more)`},
		{"manifest", cluster, "{name: c, creator: trurl, role: r, manifests: ['kind: ConfigMap', '', '[a']}", `e.yaml:9: clusters[0].manifests[0]: no apiVersion (is this a Kubernetes object?)
e.yaml:9: clusters[0].manifests[0]: no metadata.name (is this a Kubernetes object?)
e.yaml:9: clusters[0].manifests[1]: the file is empty (write at least one key)
e.yaml:9: clusters[0].manifests[2]: did not find expected ',' or ']'`},
		{"manifest as a mapping", cluster, "{name: c, creator: trurl, role: r, manifests: [{kind: ConfigMap}]}", `e.yaml:9: clusters[0].manifests[0]: expected text, found a mapping`},
		{"manifest file", cluster, "{name: c, creator: trurl, role: r, manifestFiles: [broken.yaml, '']}", `broken.yaml:2: did not find expected node content
e.yaml:9: clusters[0].manifestFiles[1]: no path (write the path of a file)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(minimal, test.from) {
				t.Fatalf("the minimal file does not contain %q", test.from)
			}
			env, problems := config.Load("e.yaml", []byte(strings.Replace(minimal, test.from, test.to, 1)), options())
			if diff := cmp.Diff(test.want, problems.Error()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if env != nil {
				t.Error("there is an environment although there are problems")
			}
		})
	}
}

func TestNobodyToAssumeARole(t *testing.T) {
	t.Parallel()
	text := strings.Replace(minimal, "users:\n- name: trurl\n", "", 1)
	text = strings.Replace(text, "creator: trurl", "creator: r", 1)
	_, problems := config.Load("e.yaml", []byte(text), options())
	if want := `e.yaml:4: roles[0].sourceProfile: nobody to assume this role (add a user, or name the identity that assumes this role)`; problems.Error() != want {
		t.Errorf("got  %v\nwant %v", problems, want)
	}
}

func TestManifestFilesNeedAReader(t *testing.T) {
	t.Parallel()
	text := strings.Replace(minimal, "{name: c,", "{name: c, manifestFiles: [good.yaml],", 1)
	_, problems := config.Load("e.yaml", []byte(text), config.Options{})
	if want := `e.yaml:9: clusters[0].manifestFiles[0]: manifest files cannot be read here (put the manifest into manifests)`; problems.Error() != want {
		t.Errorf("got  %v\nwant %v", problems, want)
	}
	text = strings.Replace(minimal, "{name: c,", "{name: c, version: v1,", 1)
	_, problems = config.Load("e.yaml", []byte(text), config.Options{})
	if want := `e.yaml:9: clusters[0].version: "v1" is not a version of Kubernetes (write a minor version such as "1.37")`; problems.Error() != want {
		t.Errorf("got  %v\nwant %v", problems, want)
	}
}
