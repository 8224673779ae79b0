package audit

import (
	"slices"
	"testing"

	"gotest.tools/v3/golden"
	auditinternal "k8s.io/apiserver/pkg/apis/audit"
	auditpolicy "k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/eksemu/eksemu/emulator/trace"
)

func TestPolicyGolden(t *testing.T) {
	t.Parallel()
	got, err := Policy(trace.ControlPlaneUsers())
	if err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, string(got), "policy.yaml")
}

// TestPolicyEvaluates asks the API server's own evaluator what the policy does with each kind of request.
func TestPolicyEvaluates(t *testing.T) {
	t.Parallel()
	raw, err := Policy(trace.ControlPlaneUsers())
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := auditpolicy.LoadPolicyFromBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	evaluator := auditpolicy.NewPolicyRuleEvaluator(loaded)

	alice := &user.DefaultInfo{Name: "alice", Groups: []string{"developers", "system:authenticated"}}
	kcm := &user.DefaultInfo{Name: "system:kube-controller-manager", Groups: []string{"system:authenticated"}}
	anonymous := &user.DefaultInfo{Name: "system:anonymous", Groups: []string{"system:unauthenticated"}}
	pods := authorizer.AttributesRecord{Verb: "watch", Resource: "pods", Namespace: "default", ResourceRequest: true}
	review := authorizer.AttributesRecord{Verb: "create", APIGroup: reviewGroup, Resource: "selfsubjectaccessreviews", ResourceRequest: true}
	rules := authorizer.AttributesRecord{Verb: "create", APIGroup: reviewGroup, Resource: "selfsubjectrulesreviews", ResourceRequest: true}
	discovery := authorizer.AttributesRecord{Verb: "get", Path: "/api"}
	health := authorizer.AttributesRecord{Verb: "get", Path: "/readyz/poststarthook/rbac"}

	for name, test := range map[string]struct {
		user    user.Info
		request authorizer.AttributesRecord
		level   auditinternal.Level
		started bool // whether ResponseStarted is audited
	}{
		"a person's watch":                 {alice, pods, auditinternal.LevelMetadata, false},
		"a person's access review":         {alice, review, auditinternal.LevelRequestResponse, true},
		"a person's rules review":          {alice, rules, auditinternal.LevelRequestResponse, true},
		"a person's discovery":             {alice, discovery, auditinternal.LevelMetadata, false},
		"failed authentication":            {nil, pods, auditinternal.LevelMetadata, true},
		"failed authentication, review":    {nil, review, auditinternal.LevelRequestResponse, true},
		"failed authentication, no object": {nil, discovery, auditinternal.LevelMetadata, true},
		"anonymous health check":           {anonymous, health, auditinternal.LevelNone, true},
		"controller manager":               {kcm, pods, auditinternal.LevelNone, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attributes := test.request
			attributes.User = test.user
			got := evaluator.EvaluatePolicyRule(attributes)
			if got.Level != test.level {
				t.Errorf("level %s, want %s", got.Level, test.level)
			}
			if !slices.Contains(got.OmitStages, auditinternal.StageRequestReceived) {
				t.Errorf("RequestReceived is not omitted: %v", got.OmitStages)
			}
			if slices.Contains(got.OmitStages, auditinternal.StageResponseComplete) || slices.Contains(got.OmitStages, auditinternal.StagePanic) {
				t.Errorf("a last stage is omitted: %v", got.OmitStages)
			}
			if started := !slices.Contains(got.OmitStages, auditinternal.StageResponseStarted); started != test.started {
				t.Errorf("ResponseStarted audited: %t, want %t", started, test.started)
			}
		})
	}
}

func TestPolicyWithoutControlPlane(t *testing.T) {
	t.Parallel()
	raw, err := Policy(nil)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := auditpolicy.LoadPolicyFromBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	request := authorizer.AttributesRecord{Verb: "get", Resource: "pods", ResourceRequest: true}
	if got := auditpolicy.NewPolicyRuleEvaluator(loaded).EvaluatePolicyRule(request); got.Level != auditinternal.LevelMetadata {
		t.Errorf("level %s, want Metadata: a rule without users would silence everybody", got.Level)
	}
}
