package audit

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// policy is the part of audit.k8s.io/v1 Policy that [Policy] writes.
type policy struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	OmitStages []string `yaml:"omitStages"`
	Rules      []rule   `yaml:"rules"`
}

// rule is the part of a PolicyRule that [Policy] writes. A request takes the first rule that matches it.
type rule struct {
	Level           string           `yaml:"level"`
	Users           []string         `yaml:"users,omitempty"`
	UserGroups      []string         `yaml:"userGroups,omitempty"`
	Resources       []groupResources `yaml:"resources,omitempty"`
	NonResourceURLs []string         `yaml:"nonResourceURLs,omitempty"`
	OmitStages      []string         `yaml:"omitStages,omitempty"`
}

type groupResources struct {
	Group     string   `yaml:"group"`
	Resources []string `yaml:"resources"`
}

// Policy returns the audit policy (audit.k8s.io/v1 YAML, for --audit-policy-file) that feeds [Sink]. It logs
//
//   - nothing for the users of controlPlane ([trace.ControlPlaneUsers] and whatever else the environment runs) and
//     for the health paths, the only ones that EKS serves to anonymous clients (spec/eks.md §1.1);
//   - RequestResponse for the four access reviews of authorization.k8s.io, whose bodies hold the question and
//     the answer of `kubectl auth can-i`;
//   - Metadata for everything else. Bodies stay out, and with them Secrets and TokenReviews.
//
// ResponseStarted is omitted only where the user is known, that is for watches and the like. A request whose
// authentication failed has no user, falls through to the last rule and is audited at that stage alone.
//
// This is not the policy that AWS publishes for EKS (spec/eks.md §1.6): that one skips requests that people
// make, such as /version and node status, and logs the bodies of many others.
func Policy(controlPlane []string) ([]byte, error) {
	authenticated := []string{"system:authenticated"}
	rules := []rule{
		{Level: "None", NonResourceURLs: []string{"/healthz*", "/livez*", "/readyz*"}},
		{
			Level: "RequestResponse",
			Resources: []groupResources{{Group: reviewGroup, Resources: []string{
				"localsubjectaccessreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews", "subjectaccessreviews",
			}}},
		},
		{Level: "Metadata", UserGroups: authenticated, OmitStages: []string{stageResponseStarted}},
		{Level: "Metadata"},
	}
	if len(controlPlane) > 0 { // a rule without users would match everybody
		rules = append([]rule{{Level: "None", Users: controlPlane}}, rules...)
	}
	out, err := yaml.Marshal(policy{
		APIVersion: "audit.k8s.io/v1",
		Kind:       "Policy",
		OmitStages: []string{"RequestReceived"},
		Rules:      rules,
	})
	if err != nil {
		return nil, fmt.Errorf("encode the audit policy: %w", err)
	}
	return out, nil
}
