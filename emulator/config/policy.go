package config

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// policies checks the inline policies of a user or role.
func (v *validator) policies(policies []Policy, at []any) {
	seen := map[string]bool{}
	for i, policy := range policies {
		name := sub(at, "policies", i, "name")
		switch {
		case policy.Name == "":
			v.report("write one", "no name", name...)
		case !policyNamePattern.MatchString(policy.Name):
			v.report("use 1 to 128 letters, digits and _+=,.@-", fmt.Sprintf("%q is not the name of a policy", policy.Name), name...)
		case seen[policy.Name]:
			v.report("choose another", fmt.Sprintf("there is a policy named %q already", policy.Name), name...)
		}
		seen[policy.Name] = true
		v.policy(policy.Document, sub(at, "policies", i, "document"))
	}
}

func (v *validator) trustPolicy(document PolicyDocument, at []any) {
	if document == "" {
		v.report("say who may assume the role: a Statement with a Principal", "no trustPolicy", at...)
		return
	}
	v.policy(document, at)
}

// policy reports what the IAM package finds wrong with a policy, each problem at its line of the mapping.
func (v *validator) policy(document PolicyDocument, at []any) {
	if document == "" {
		v.report("write a Version and a Statement", "no policy", at...)
		return
	}
	_, err := iam.ParsePolicy([]byte(document))
	var several iam.Problems
	switch {
	case err == nil:
	case errors.As(err, &several):
		for _, problem := range several {
			v.report("", problem.Message, sub(at, policyPath(problem.Path)...)...)
		}
	default:
		v.report("", err.Error(), at...)
	}
}

var policyPathElement = regexp.MustCompile(`\[([0-9]+)\]|[^.\[\]]+`)

// policyPath splits a place in a policy, such as Statement[0].Effect, into the elements of a YAML path.
func policyPath(path string) []any {
	var elements []any
	for _, match := range policyPathElement.FindAllStringSubmatch(path, -1) {
		if index, err := strconv.Atoi(match[1]); err == nil {
			elements = append(elements, index)
		} else {
			elements = append(elements, match[0])
		}
	}
	return elements
}
