package iamapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// wrongWith is what IAM says about a document, or "" if it says nothing, or nothing more than that there are syntax errors.
// The words about identity policies, and the order of what is looked at, are recorded by localstack for CreatePolicy
// (test_iam_policies, 78 documents); that they are the same for inline policies is inferred, but for the version, which
// older documents of theirs lack.
func wrongWith(text string, kind documentKind) string {
	var document struct {
		Version   *string
		Statement json.RawMessage
	}
	var loose any
	switch {
	case json.Unmarshal([]byte(text), &loose) != nil && kind == trustDocument:
		return jsonMessage
	case json.Unmarshal([]byte(text), &document) != nil:
		return syntaxMessage
	}
	statements, ok := decodeStatements(document.Statement)
	if !ok {
		return syntaxMessage
	}
	switch {
	case document.Version != nil && *document.Version != "2012-10-17" && *document.Version != "2008-10-17":
		return syntaxMessage
	case kind == managedDocument && (document.Version == nil || *document.Version != "2012-10-17"):
		return "Policy document must be version 2012-10-17 or greater."
	case slices.ContainsFunc(statements, statement.legacy):
		return "The policy failed legacy parsing"
	case twice(statements):
		return "Statement IDs (SID) in a single policy must be unique."
	}
	for _, s := range statements {
		message := s.wrongWithIdentity()
		if kind == trustDocument {
			message = s.wrongWithTrust()
		}
		if message != "" {
			return message
		}
	}
	return ""
}

// statement is as much of a statement as IAM has words about.
type statement struct {
	SID          string `json:"Sid"`
	Effect       string
	Action       *texts
	NotAction    *texts
	Resource     *texts
	NotResource  *texts
	Principal    *principal
	NotPrincipal *principal
}

// texts is a text or a list of them.
type texts []string

func (t *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}

// principal is "*" or principals by their kind.
type principal map[string]texts

func (p *principal) UnmarshalJSON(data []byte) error {
	if string(data) == `"*"` {
		*p = principal{}
		return nil
	}
	return json.Unmarshal(data, (*map[string]texts)(p))
}

// decodeStatements is false for what has no sound structure: that is a syntax error.
func decodeStatements(data json.RawMessage) ([]statement, bool) {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		list = []json.RawMessage{data}
	}
	var out []statement
	for _, raw := range list {
		var s statement
		if json.Unmarshal(raw, &s) != nil || !strings.EqualFold(s.Effect, "Allow") && !strings.EqualFold(s.Effect, "Deny") ||
			s.Action != nil && s.NotAction != nil || s.Resource != nil && s.NotResource != nil || s.Principal != nil && s.NotPrincipal != nil {
			return nil, false
		}
		out = append(out, s)
	}
	return out, len(out) > 0
}

func twice(statements []statement) bool {
	seen := map[string]bool{}
	for _, s := range statements {
		if s.SID != "" && seen[s.SID] {
			return true
		}
		seen[s.SID] = true
	}
	return false
}

// actions and resources are what a statement is about, whichever way round.
func (s statement) actions() texts   { return either(s.Action, s.NotAction) }
func (s statement) resources() texts { return either(s.Resource, s.NotResource) }

func either(a, b *texts) texts {
	switch {
	case a != nil:
		return *a
	case b != nil:
		return *b
	}
	return nil
}

// legacy is for what an older parser of IAM's does not take: an effect in another case, and ARNs with an empty
// service or of five parts.
func (s statement) legacy() bool {
	if s.Effect != "Allow" && s.Effect != "Deny" {
		return true
	}
	return slices.ContainsFunc(s.resources(), func(resource string) bool {
		parts := strings.Split(resource, ":")
		arn := parts[0] == "arn" && len(parts) > 2 && isPartition(parts[1])
		return arn && (parts[2] == "" || len(parts) == 5)
	})
}

func (s statement) wrongWithIdentity() string {
	switch {
	case s.Principal != nil || s.NotPrincipal != nil:
		return "Policy document should not specify a principal." // terraform#13449; its place is inferred
	case len(s.actions()) == 0:
		return "Policy statement must contain actions."
	case len(s.resources()) == 0:
		return "Policy statement must contain resources."
	}
	for _, resource := range s.resources() {
		if message := wrongWithResource(resource); message != "" {
			return message
		}
	}
	for _, action := range s.actions() {
		if message := wrongWithAction(action); message != "" {
			return message
		}
	}
	return ""
}

// wrongWithResource is what IAM says about a resource.
func wrongWithResource(resource string) string {
	if resource == "*" {
		return ""
	}
	parts := strings.Split(resource, ":")
	if len(parts) == 1 {
		return fmt.Sprintf(`Resource %s must be in ARN format or "*".`, resource)
	}
	if !isPartition(parts[1]) {
		padded := append([]string{"arn"}, parts[1:]...)
		for len(padded) < 6 {
			padded = append(padded, "*")
		}
		return fmt.Sprintf("Partition %q is not valid for resource %q.", parts[1], strings.Join(padded, ":"))
	}
	switch {
	case len(parts) == 2 || strings.ContainsAny(parts[2], "*?"):
		return "Resource vendor must be fully qualified and cannot contain regexes."
	case len(parts) >= 6 && parts[2] == "iam" && parts[3] != "":
		return "IAM resource " + resource + " cannot contain region information."
	case len(parts) >= 6 && parts[2] == "s3" && parts[3] != "":
		return "Resource " + resource + " can not contain region information."
	case len(parts) >= 6 && parts[2] == "iam" && !isIAMResource(strings.Join(parts[5:], ":")):
		return `IAM resource path must either be "*", root, or start with ` + strings.Join(iamResources(), ", ") + "."
	}
	return ""
}

func isPartition(name string) bool {
	_, known := iam.PartitionByID(name)
	return known || name == "*"
}

func iamResources() []string {
	return []string{
		"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/", "sms-mfa/",
		"saml-provider/", "oidc-provider/", "report/", "access-report/",
	}
}

// isIAMResource says whether a resource of IAM has one of the known forms. That patterns and variables at its
// beginning are taken is inferred.
func isIAMResource(resource string) bool {
	if resource == "*" || resource == "root" || strings.HasPrefix(resource, "*") || strings.HasPrefix(resource, "$") {
		return true
	}
	return slices.ContainsFunc(iamResources(), func(kind string) bool { return strings.HasPrefix(resource, kind) })
}

// wrongWithAction is what IAM says about an action.
func wrongWithAction(action string) string {
	vendor, name, found := strings.Cut(action, ":")
	switch {
	case action == "*":
		return ""
	case !found:
		return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	case strings.Contains(name, ":"):
		return "Actions/Condition can contain only one colon."
	case strings.ContainsAny(vendor, " \t"):
		return "Vendor " + vendor + " is not valid"
	}
	return ""
}

// wrongWithTrust is what IAM says about a statement of a trust policy. The words about actions and resources are recorded
// (localstack, test_iam_roles), those about federated principals too (terraform-aws-eks#2594), and those about a statement
// without principals in it (terraform-aws-iam#47). Those about a missing Principal are from S3, and inferred here.
func (s statement) wrongWithTrust() string {
	named := s.Principal
	if named == nil {
		named = s.NotPrincipal
	}
	switch {
	case s.Resource != nil || s.NotResource != nil:
		return "Has prohibited field Resource"
	case named == nil:
		return "Missing required field Principal"
	}
	for _, action := range s.actions() {
		if action != "*" && !strings.HasPrefix(strings.ToLower(action), "sts:") {
			return "AssumeRole policy may only specify STS AssumeRole actions."
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(*named)) {
		names := (*named)[kind]
		if len(names) == 0 {
			return "Invalid principal in policy: com.amazon.balsa.error.InvalidPolicyException: The passed in policy has a statement with no principals!"
		}
		for _, name := range names {
			if message := wrongWithPrincipal(kind, name); message != "" {
				return message
			}
		}
	}
	return ""
}

// wrongWithPrincipal is what IAM says about a principal that has no form of one. A bare unique ID is none: it is what IAM
// shows for somebody who was deleted.
func wrongWithPrincipal(kind, name string) string {
	one, err := json.Marshal(map[string]any{"Statement": map[string]any{
		"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]string{kind: name},
	}})
	if err != nil {
		return ""
	}
	_, err = iam.ParsePolicy(one)
	bareID := kind == "AWS" && len(name) == 21 && (strings.HasPrefix(name, "AIDA") || strings.HasPrefix(name, "AROA"))
	switch {
	case err == nil && !bareID:
		return ""
	case kind == "Federated":
		return "Federated principals must be valid domain names or SAML metadata ARNs"
	case kind == "AWS" || kind == "Service":
		return invalidPrincipal(strings.ToUpper(kind), name)
	}
	return syntaxMessage
}
