package eks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"
)

// serviceLinkedRole is in the list of entries of every cluster that has entries.
const serviceLinkedRole = "arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"

func TestEntryTypes(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "dev", types.AuthenticationModeApi)
	role := e.role(t, "111122223333", "/team/", "worker", "ec2.amazonaws.com")
	abroad := e.role(t, "444455556666", "/", "visitor", "ec2.amazonaws.com")
	for _, test := range []struct {
		principal, kind string
		username        string
		groups          []string
		arn             string // without the ID
	}{
		{"arn:aws:iam::444455556666:user/pirx", "", "arn:aws:iam::444455556666:user/pirx", []string{}, "user/444455556666/pirx/"},
		{abroad, "STANDARD", "arn:aws:sts::444455556666:assumed-role/visitor/{{SessionName}}", []string{}, "role/444455556666/visitor/"},
		{"arn:aws:iam::111122223333:root", "STANDARD", "arn:aws:iam::111122223333:root", []string{}, "root/111122223333/root/"},
		{role, "STANDARD", "arn:aws:sts::111122223333:assumed-role/worker/{{SessionName}}", []string{}, "role/111122223333/worker/"},
		{role, "EC2_LINUX", "system:node:{{EC2PrivateDNSName}}", []string{"system:nodes"}, "role/111122223333/worker/"},
		{role, "EC2_WINDOWS", "system:node:{{EC2PrivateDNSName}}", []string{"system:nodes", "eks:kube-proxy-windows"}, "role/111122223333/worker/"},
		{role, "FARGATE_LINUX", "system:node:{{SessionName}}", []string{"system:bootstrappers", "system:nodes", "system:node-proxier"}, "role/111122223333/worker/"},
		{role, "HYBRID_LINUX", "system:node:{{SessionName}}", []string{"system:nodes"}, "role/111122223333/worker/"},
		{role, "EC2", "system:node:{{EC2PrivateDNSName}}", []string{"system:nodes"}, "role/111122223333/worker/"},
		{role, "HYPERPOD_LINUX", "system:node:{{SessionName}}", []string{"system:nodes"}, "role/111122223333/worker/"},
	} {
		what := test.kind + " for " + test.principal
		in := &awseks.CreateAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &test.principal, Tags: map[string]string{"team": "robots"}}
		if test.kind != "" {
			in.Type = &test.kind
		}
		out, err := e.trurl().CreateAccessEntry(t.Context(), in)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		now := time.Time(timestamp(e.now))
		want := types.AccessEntry{
			ClusterName: aws.String("dev"), PrincipalArn: &test.principal, KubernetesGroups: test.groups, AccessEntryArn: out.AccessEntry.AccessEntryArn,
			CreatedAt: &now, ModifiedAt: &now, Tags: map[string]string{"team": "robots"}, Username: &test.username, Type: out.AccessEntry.Type,
		}
		if diff := cmp.Diff(want, *out.AccessEntry, sdkTypes()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		form := regexp.MustCompile(`^arn:aws:eks:us-west-2:111122223333:access-entry/dev/` + test.arn + `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
		if arn := aws.ToString(out.AccessEntry.AccessEntryArn); !form.MatchString(arn) {
			t.Errorf("%s: ARN %q", what, arn)
		}
		described, err := e.trurl().DescribeAccessEntry(t.Context(), &awseks.DescribeAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &test.principal})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(out.AccessEntry, described.AccessEntry, sdkTypes()); diff != "" {
			t.Errorf("%s: described (-want +got):\n%s", what, diff)
		}
		if _, err := e.trurl().DeleteAccessEntry(t.Context(), &awseks.DeleteAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &test.principal}); err != nil {
			t.Fatal(err)
		}
	}
}

// Texts that comments call measured are AWS's of 2026-09-24 and 25 (spec/eks.md section 3.5).
func TestCreateEntryRefusals(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "dev", types.AuthenticationModeApiAndConfigMap)
	e.create(t, "old", types.AuthenticationModeConfigMap)
	role := e.role(t, "111122223333", "/", "worker", "ec2.amazonaws.com")
	taken := e.entry(t, "dev", "taken")
	const user, abroad = "arn:aws:iam::111122223333:user/trurl", "arn:aws:iam::444455556666:role/visitor"
	const (
		noCluster  = "404 ResourceNotFoundException: No cluster found for name: none."
		linked     = "400 InvalidParameterException: The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role"
		needsRole  = "400 InvalidParameterException: AccessEntry principalArn must be IAM role when using types [EC2_LINUX, EC2_WINDOWS, FARGATE_LINUX, HYBRID_LINUX, EC2]"
		otherOwner = "400 InvalidParameterException: AccessEntry principalArn must be from the same account as the cluster when using types [EC2_LINUX, EC2_WINDOWS, FARGATE_LINUX, HYBRID_LINUX, EC2]"
		badFormat  = "400 InvalidParameterException: The principalArn parameter format is not valid"
		nobody     = "400 InvalidParameterException: The specified principalArn is invalid: invalid principal."
		wrongMode  = "400 InvalidRequestException: The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation."
		username   = "400 InvalidParameterException: The username must not begin with "
	)
	group := func(name, prefix string) string {
		return fmt.Sprintf("400 InvalidParameterException: The kubernetes group name %s is invalid, it cannot start with %s", name, prefix)
	}
	for _, test := range []struct {
		what, cluster, principal, kind, username string
		groups                                   []string
		want                                     string
	}{
		{"service-linked role", "dev", serviceLinkedRole, "", "", nil, linked},                                                         // measured
		{"service-linked role before the cluster", "none", serviceLinkedRole, "EC2_LINUX", "", nil, linked},                            // measured
		{"service-linked role of another account", "none", strings.Replace(serviceLinkedRole, "1111", "9999", 1), "", "", nil, linked}, // measured
		{"session", "dev", "arn:aws:sts::111122223333:assumed-role/worker/me", "", "", nil, badFormat},
		{"no ARN", "none", "worker", "", "", nil, badFormat},
		{"user as a node", "none", user, "EC2_LINUX", "", nil, needsRole},               // measured
		{"user as a Windows node", "none", user, "EC2_WINDOWS", "", nil, needsRole},     // measured
		{"user as a Fargate node", "none", user, "FARGATE_LINUX", "", nil, needsRole},   // measured
		{"user as a hybrid node", "none", user, "HYBRID_LINUX", "", nil, needsRole},     // measured
		{"user as an Auto Mode node", "none", user, "EC2", "", nil, needsRole},          // measured
		{"user in general", "none", user, "STANDARD", "", nil, noCluster},               // measured: not refused before the cluster
		{"node of another account", "none", abroad, "EC2_LINUX", "", nil, otherOwner},   // measured
		{"anything of another account", "none", abroad, "STANDARD", "", nil, noCluster}, // measured
		{"unknown type", "dev", role, "Standard", "", nil, "400 InvalidParameterException: AccessEntry type must be one of [EC2_LINUX, EC2_WINDOWS, FARGATE_LINUX, HYBRID_LINUX, EC2, HYPERPOD_LINUX, STANDARD]"},
		{"username system:", "none", role, "", "system:cdkpf", nil, username + "system:"}, // measured
		{"username eks:", "none", role, "", "eks:x", nil, username + "eks:"},              // measured
		{"username aws:", "none", role, "", "aws:x", nil, username + "aws:"},              // measured
		{"username amazon:", "none", role, "", "amazon:x", nil, username + "amazon:"},     // measured
		{"username iam:", "none", role, "", "iam:x", nil, username + "iam:"},              // measured
		{"username sts:", "none", role, "", "sts:foo", nil, noCluster},                    // measured
		{"session name in front", "dev", role, "", "{{SessionName}}", nil, "400 InvalidParameterException: The username must have a colon before {{SessionName}}"},
		{"raw session name in front", "dev", role, "", "me-{{SessionNameRaw}}", nil, "400 InvalidParameterException: The username must have a colon before {{SessionNameRaw}}"},
		{"group system:masters", "none", role, "", "", []string{"a", "system:masters"}, group("system:masters", "system:")},                                                                                                       // measured
		{"group eks:", "none", role, "", "", []string{"eks:x"}, group("eks:x", "eks:")},                                                                                                                                           // measured
		{"group iam:", "none", role, "", "", []string{"iam:x"}, group("iam:x", "iam:")},                                                                                                                                           // measured
		{"group system", "none", role, "", "", []string{"system"}, noCluster},                                                                                                                                                     // measured
		{"groups of a node", "dev", role, "EC2_LINUX", "", []string{"viewers"}, `400 InvalidParameterException: The specified kubernetesGroups is invalid: setting kubernetesGroups is not allowed when the type is "EC2_LINUX"`}, // measured
		{"username of a node", "dev", role, "EC2_LINUX", "node", nil, `400 InvalidParameterException: The specified username is invalid: setting username is not allowed when the type is "EC2_LINUX"`},                           // measured
		{"groups of a node, no cluster", "none", role, "EC2_LINUX", "", []string{"viewers"}, noCluster},
		{"reserved username of a node", "dev", role, "EC2_LINUX", "system:node:x", nil, username + "system:"},
		{"no cluster", "none", role, "", "", nil, noCluster},
		{"CONFIG_MAP", "old", role, "", "", nil, wrongMode}, // measured
		{"CONFIG_MAP before the principal", "old", "arn:aws:iam::111122223333:role/nobody", "", "", nil, wrongMode},
		{"nobody", "dev", "arn:aws:iam::111122223333:role/nobody", "", "", nil, nobody},
		{"path missing", "dev", "arn:aws:iam::111122223333:role/AWSReservedSSO_x", "", "", nil, nobody},
		{"nobody's user", "dev", "arn:aws:iam::111122223333:user/nobody", "", "", nil, nobody},
		{"another partition", "dev", "arn:aws-cn:iam::111122223333:role/worker", "", "", nil, nobody},
		{"root of another partition", "dev", "arn:aws-cn:iam::111122223333:root", "", "", nil, nobody},
		{"duplicate", "dev", taken, "", "", nil, "409 ResourceInUseException: The specified access entry resource is already in use on this cluster."}, // measured
		{"duplicate of another type", "dev", taken, "EC2_LINUX", "", nil, "409 ResourceInUseException: The specified access entry resource is already in use on this cluster."},
	} {
		in := &awseks.CreateAccessEntryInput{ClusterName: &test.cluster, PrincipalArn: &test.principal, KubernetesGroups: test.groups}
		if test.kind != "" {
			in.Type = &test.kind
		}
		if test.username != "" {
			in.Username = &test.username
		}
		_, err := e.trurl().CreateAccessEntry(t.Context(), in)
		wantRefusal(t, test.what, err, test.want)
	}
}

func TestOtherEntryRefusals(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "dev", types.AuthenticationModeApi)
	e.create(t, "old", types.AuthenticationModeConfigMap)
	role := e.entry(t, "dev", "dev")
	node := e.role(t, "111122223333", "/", "node", "ec2.amazonaws.com")
	if _, err := e.trurl().CreateAccessEntry(t.Context(), &awseks.CreateAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &node, Type: aws.String("EC2_LINUX")}); err != nil {
		t.Fatal(err)
	}
	type target struct{ cluster, principal string }
	operations := map[string]func(target) error{
		"describe": func(on target) error {
			_, err := e.trurl().DescribeAccessEntry(t.Context(), &awseks.DescribeAccessEntryInput{ClusterName: &on.cluster, PrincipalArn: &on.principal})
			return err
		},
		"update": func(on target) error {
			_, err := e.trurl().UpdateAccessEntry(t.Context(), &awseks.UpdateAccessEntryInput{ClusterName: &on.cluster, PrincipalArn: &on.principal, KubernetesGroups: []string{"a"}})
			return err
		},
		"rename": func(on target) error { // as Terraform does it
			_, err := e.trurl().UpdateAccessEntry(t.Context(), &awseks.UpdateAccessEntryInput{ClusterName: &on.cluster, PrincipalArn: &on.principal, Username: aws.String("system:node:{{EC2PrivateDNSName}}")})
			return err
		},
		"delete": func(on target) error {
			_, err := e.trurl().DeleteAccessEntry(t.Context(), &awseks.DeleteAccessEntryInput{ClusterName: &on.cluster, PrincipalArn: &on.principal})
			return err
		},
		"list policies": func(on target) error {
			_, err := e.trurl().ListAssociatedAccessPolicies(t.Context(), &awseks.ListAssociatedAccessPoliciesInput{ClusterName: &on.cluster, PrincipalArn: &on.principal})
			return err
		},
		"list": func(on target) error {
			_, err := e.trurl().ListAccessEntries(t.Context(), &awseks.ListAccessEntriesInput{ClusterName: &on.cluster})
			return err
		},
	}
	const (
		noEntry   = "404 ResourceNotFoundException: The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'."
		noCluster = "404 ResourceNotFoundException: No cluster found for name: none."
		standard  = `400 InvalidParameterException: This operation can only be performed on Access Entries with a type of "STANDARD".`
		linked    = "400 InvalidParameterException: The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role"
		wrongMode = "400 InvalidRequestException: The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation."
		reserved  = "400 InvalidParameterException: The username must not begin with system:"
		badFormat = "400 InvalidParameterException: The principalArn parameter format is not valid"
	)
	nobody := "arn:aws:iam::111122223333:role/nobody"
	for _, test := range []struct {
		operation string
		on        target
		want      string
	}{
		{"describe", target{"dev", nobody}, noEntry},
		{"describe", target{"none", role}, noCluster},
		{"describe", target{"old", role}, wrongMode}, // measured
		{"describe", target{"dev", "worker"}, badFormat},
		{"update", target{"dev", nobody}, noEntry},
		{"update", target{"dev", node}, standard}, // measured
		{"update", target{"dev", serviceLinkedRole}, linked},
		{"update", target{"old", role}, wrongMode}, // measured
		{"rename", target{"dev", node}, reserved},
		{"rename", target{"none", node}, reserved},
		{"delete", target{"dev", nobody}, noEntry},
		{"delete", target{"dev", serviceLinkedRole}, linked},
		{"delete", target{"old", role}, wrongMode}, // measured
		{"delete", target{"none", role}, noCluster},
		{"list policies", target{"dev", nobody}, noEntry},
		{"list policies", target{"old", role}, wrongMode}, // measured
		{"list", target{"old", ""}, wrongMode},            // measured
		{"list", target{"none", ""}, noCluster},
	} {
		wantRefusal(t, fmt.Sprint(test.operation, " ", test.on), operations[test.operation](test.on), test.want)
	}
}

func TestUpdateEntry(t *testing.T) {
	t.Parallel()
	e := start(t)
	arn := e.create(t, "dev", types.AuthenticationModeApi)
	role := e.entry(t, "dev", "dev")
	e.announced()
	update := func(groups []string, username *string) *types.AccessEntry {
		t.Helper()
		e.now = e.now.Add(time.Second)
		out, err := e.trurl().UpdateAccessEntry(t.Context(), &awseks.UpdateAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &role, KubernetesGroups: groups, Username: username})
		if err != nil {
			t.Fatal(err)
		}
		return out.AccessEntry
	}
	const own = "arn:aws:sts::111122223333:assumed-role/dev/{{SessionName}}"
	for _, test := range []struct {
		groups   []string
		username *string
		want     string
	}{
		{[]string{"a", "b"}, nil, "[a b] " + own},
		{nil, aws.String("dev:{{SessionName}}"), "[a b] dev:{{SessionName}}"},
		{[]string{}, nil, "[] dev:{{SessionName}}"},
		{nil, nil, "[] dev:{{SessionName}}"},
	} {
		got := update(test.groups, test.username)
		if have := fmt.Sprint(got.KubernetesGroups, " ", aws.ToString(got.Username)); have != test.want {
			t.Errorf("update to %v: %s, want %s", test.groups, have, test.want)
		}
		if !got.ModifiedAt.Equal(time.Time(timestamp(e.now))) || !got.CreatedAt.Before(*got.ModifiedAt) {
			t.Errorf("update to %v: created %v, modified %v", test.groups, got.CreatedAt, got.ModifiedAt)
		}
	}
	if diff := cmp.Diff([]Change{{AccessChanged, arn}, {AccessChanged, arn}, {AccessChanged, arn}, {AccessChanged, arn}}, e.announced()); diff != "" {
		t.Errorf("announced (-want +got):\n%s", diff)
	}
}

func TestListEntries(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "dev", types.AuthenticationModeApi)
	var roles []string
	for n := range 5 {
		roles = append(roles, e.entry(t, "dev", fmt.Sprintf("role-%d", n)))
	}
	view := "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
	for _, role := range roles[1:3] {
		if _, err := e.trurl().AssociateAccessPolicy(t.Context(), association("dev", role, view)); err != nil {
			t.Fatal(err)
		}
	}
	all := append([]string{serviceLinkedRole}, append(roles, "arn:aws:iam::111122223333:user/trurl")...)
	for _, test := range []struct {
		what   string
		policy *string
		limit  *int32
		pages  int
		want   []string
	}{
		{"all", nil, nil, 1, all},
		{"pages of 3", nil, aws.Int32(3), 3, all},
		{"a policy", &view, nil, 1, roles[1:3]},
		{"a policy, pages of 1", &view, aws.Int32(1), 2, roles[1:3]},
		{"a policy that nobody has", aws.String("arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy"), nil, 1, nil},
	} {
		pager := awseks.NewListAccessEntriesPaginator(e.trurl(), &awseks.ListAccessEntriesInput{ClusterName: aws.String("dev"), AssociatedPolicyArn: test.policy, MaxResults: test.limit})
		pages, got := 0, []string(nil)
		for pager.HasMorePages() {
			page, err := pager.NextPage(t.Context())
			if err != nil {
				t.Fatalf("%s: %v", test.what, err)
			}
			pages++
			got = append(got, page.AccessEntries...)
		}
		if diff := cmp.Diff(test.want, got); diff != "" || pages != test.pages {
			t.Errorf("%s: %d pages, want %d; (-want +got):\n%s", test.what, pages, test.pages, diff)
		}
	}
	_, err := e.trurl().ListAccessEntries(t.Context(), &awseks.ListAccessEntriesInput{ClusterName: aws.String("dev"), AssociatedPolicyArn: aws.String("arn:aws:iam::aws:policy/x")})
	wantRefusal(t, "IAM policy", err, "400 InvalidParameterException: The policyArn parameter format is not valid")
}

// A request that an SDK sends again because its answer got lost is answered as before and does nothing twice.
func TestRepeatedEntry(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "dev", types.AuthenticationModeApi)
	role := e.role(t, "111122223333", "/", "dev", "ec2.amazonaws.com")
	in := &awseks.CreateAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &role, ClientRequestToken: aws.String("once")}
	first, err := e.trurl().CreateAccessEntry(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	e.announced()
	saves := e.saves
	again, err := e.trurl().CreateAccessEntry(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.AccessEntry, again.AccessEntry, sdkTypes()); diff != "" || e.saves != saves || len(e.announced()) > 0 {
		t.Errorf("the second answer differs, or something was saved or announced (-first +second):\n%s", diff)
	}
	const inUse = "409 ResourceInUseException: The specified access entry resource is already in use on this cluster."
	in.KubernetesGroups = []string{"a"}
	_, err = e.trurl().CreateAccessEntry(t.Context(), in)
	wantRefusal(t, "the same token with other groups", err, inUse)
	in.KubernetesGroups, in.ClientRequestToken = nil, aws.String("twice")
	_, err = e.trurl().CreateAccessEntry(t.Context(), in)
	wantRefusal(t, "another token", err, inUse)
}

func TestEntryJSON(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "dev", types.AuthenticationModeApi)
	keys := e.keys["trurl"]
	user := "/clusters/dev/access-entries/" + url.PathEscape("arn:aws:iam::111122223333:user/trurl")
	id := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	at := mustJSON(t, timestamp(e.now))
	for target, want := range map[string]string{
		user: `{"accessEntry":{"clusterName":"dev","principalArn":"arn:aws:iam::111122223333:user/trurl","kubernetesGroups":[],` +
			`"accessEntryArn":"arn:aws:eks:us-west-2:111122223333:access-entry/dev/user/111122223333/trurl/ID","createdAt":` + at + `,"modifiedAt":` + at +
			`,"tags":{},"username":"arn:aws:iam::111122223333:user/trurl","type":"STANDARD"}}`,
		user + "/access-policies": `{"clusterName":"dev","principalArn":"arn:aws:iam::111122223333:user/trurl","nextToken":null,"associatedAccessPolicies":[` +
			`{"policyArn":"arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy","accessScope":{"type":"cluster","namespaces":[]},"associatedAt":` + at +
			`,"modifiedAt":` + at + `}]}`,
		"/clusters/dev/access-entries?maxResults=1": `{"accessEntries":["` + serviceLinkedRole + `"],"nextToken":"` + formatNextToken("ListAccessEntries", serviceLinkedRole) + `"}`,
	} {
		answer, body := e.get(t, target, &keys)
		if diff := cmp.Diff(want, id.ReplaceAllString(body, "ID")); answer.StatusCode != http.StatusOK || diff != "" {
			t.Errorf("%s: %d (-want +got):\n%s", target, answer.StatusCode, diff)
		}
	}
	answer, body := e.send(t, http.MethodDelete, user, "", &keys)
	if answer.StatusCode != http.StatusOK || body != "{}" {
		t.Errorf("DELETE: %d %s", answer.StatusCode, body)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
