package iamapi

import (
	"strings"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// target is what a request is about.
type target struct {
	arn   string // that policies are asked about
	shown string // that a refusal names
	keys  map[string][]string
}

// What refusals name is recorded: the ARN of what shall be created (boundary#4287 for users, aws-lambda-image#153 for
// roles, antonputra/tutorials#196 for identity providers), but "policy NAME" for a policy (kube-aws#1506); then "user
// NAME" (boundary#3877), "role NAME" (aws-cdk#27067), "policy ARN" (cds-snc/dns#523) and "policy path /"
// (aws-sam-cli#394). For what there is no record of (the lists of users, roles and identity providers, and the ARN of
// an identity provider that exists) it is inferred.

// userTarget is the user that a request names, or the caller's own.
func (r *request) userTarget() target {
	name, err := r.userName()
	if err != nil {
		return r.listTarget("user/")
	}
	t := target{arn: iam.UserARN(r.store.Partition(), r.account(), "/", name), shown: "user " + name}
	if u, err := r.store.UserNamed(r.account(), name); err == nil {
		t.arn, t.keys = u.ARN(r.store.Partition()), resourceTags(u.Tags)
	}
	return t
}

func (r *request) newUserTarget() target {
	arn := iam.UserARN(r.store.Partition(), r.account(), r.path(), r.Params.Get("UserName"))
	return target{arn: arn, shown: arn}
}

func (r *request) roleTarget() target {
	name := r.Params.Get("RoleName")
	t := target{arn: iam.RoleARN(r.store.Partition(), r.account(), "/", name), shown: "role " + name}
	if role, err := r.store.RoleNamed(r.account(), name); err == nil {
		t.arn, t.keys = role.ARN(r.store.Partition()), resourceTags(role.Tags)
	}
	return t
}

func (r *request) newRoleTarget() target {
	arn := iam.RoleARN(r.store.Partition(), r.account(), r.path(), r.Params.Get("RoleName"))
	return target{arn: arn, shown: arn}
}

func (r *request) policyTarget() target {
	arn := r.Params.Get("PolicyArn")
	t := target{arn: arn, shown: "policy " + arn}
	if p, err := r.store.Policy(arn); err == nil {
		t.keys = resourceTags(p.Tags)
	}
	return t
}

func (r *request) newPolicyTarget() target {
	name := r.Params.Get("PolicyName")
	return target{arn: iam.PolicyARN(r.store.Partition(), r.account(), r.path(), name), shown: "policy " + name}
}

func (r *request) providerTarget() target {
	arn := r.Params.Get("OpenIDConnectProviderArn")
	t := target{arn: arn, shown: arn}
	if p, err := r.provider(); err == nil {
		t.keys = resourceTags(p.Tags)
	}
	return t
}

func (r *request) newProviderTarget() target {
	arn := iam.OIDCProviderARN(r.store.Partition(), r.account(), r.Params.Get("Url"))
	return target{arn: arn, shown: arn}
}

// listTarget is all of a kind, below the path that the request asks for.
func (r *request) listTarget(kind string) target {
	prefix := strings.TrimPrefix(r.Params.Get("PathPrefix"), "/")
	arn := "arn:" + r.store.Partition() + ":iam::" + r.account() + ":" + kind + prefix
	if kind == "policy/" {
		return target{arn: arn, shown: "policy path /" + prefix}
	}
	return target{arn: arn, shown: arn}
}

func (r *request) usersTarget() target     { return r.listTarget("user/") }
func (r *request) rolesTarget() target     { return r.listTarget("role/") }
func (r *request) policiesTarget() target  { return r.listTarget("policy/") }
func (r *request) providersTarget() target { return r.listTarget("oidc-provider/") }

// accountTarget is of operations that no resource can be given for (Service Authorization Reference, AWS IAM).
func (r *request) accountTarget() target { return target{arn: "*", shown: "*"} }

// keyTarget is the user whose access key a request is about.
func (r *request) keyTarget() target {
	t := target{arn: "*", shown: "access key " + r.Params.Get("AccessKeyId")}
	if arn, ok := r.store.AccessKeyOwner(r.Params.Get("AccessKeyId")); ok {
		t.arn = arn
	}
	return t
}

func (r *request) path() string {
	if path := r.Params.Get("Path"); path != "" {
		return path
	}
	return "/"
}

// resourceTags are the condition keys of the tags that something has.
func resourceTags(tags []iam.EntityTag) map[string][]string {
	keys := map[string][]string{}
	for _, tag := range tags {
		keys["aws:ResourceTag/"+tag.Key] = []string{tag.Value}
		keys["iam:ResourceTag/"+tag.Key] = []string{tag.Value}
	}
	return keys
}

// authorizeAll asks for all that a request needs: where policies are not enforced, only a session of a kind that may call
// IAM. Tags of something new are a permission of their own (Service Authorization Reference, AWS IAM; that it is asked for
// only if there are tags is inferred), and a user that gets another path or name must be allowed under both ARNs (IAM API
// reference, UpdateUser). In which order, and what a refusal of the new ARN names, is inferred.
func (r *request) authorizeAll(t target) error {
	if !r.server.enforce {
		return r.denied(iam.CheckSession(r.Caller, serviceName+":"+r.Call.Operation, t.arn), t.shown)
	}
	if err := r.authorize(r.Call.Operation, t); err != nil {
		return err
	}
	kind, creates := strings.CutPrefix(r.Call.Operation, "Create")
	_, taggable := r.server.operations["Tag"+kind]
	switch {
	case creates && taggable && len(r.tags()) > 0:
		return r.authorize("Tag"+kind, t)
	case r.Call.Operation == "UpdateUser":
		if renamed, ok := r.renamedTarget(); ok {
			return r.authorize("UpdateUser", renamed)
		}
	}
	return nil
}

// renamedTarget is the user that UpdateUser makes of the one it names, or false if it stays where it is. A user that
// there is not has no path to keep.
func (r *request) renamedTarget() (target, bool) {
	name := r.Params.Get("UserName")
	u, err := r.store.UserNamed(r.account(), name)
	if err != nil {
		u.Path, u.Name = "/", name
	}
	path, name := u.Path, u.Name
	if to := r.Params.Get("NewPath"); to != "" {
		path = to
	}
	if to := r.Params.Get("NewUserName"); to != "" {
		name = to
	}
	return target{
		arn: iam.UserARN(r.store.Partition(), r.account(), path, name), shown: "user " + name, keys: resourceTags(u.Tags),
	}, path != u.Path || name != u.Name
}

// authorize asks the caller's policies whether it may do something to a target.
func (r *request) authorize(operation string, t target) error {
	keys := map[string][]string{}
	for name, values := range t.keys {
		keys[name] = values
	}
	// IAM User Guide, reference_policies_iam-condition-keys.
	if arn, ok := r.Params.Lookup("PolicyArn"); ok {
		keys["iam:PolicyARN"] = []string{arn}
	}
	names := r.Params.Strings("TagKeys.member")
	for _, tag := range r.tags() {
		keys["aws:RequestTag/"+tag.Key] = []string{tag.Value}
		names = append(names, tag.Key)
	}
	keys["aws:TagKeys"] = names
	err := r.store.Authorize(r.Caller, serviceName+":"+operation, t.arn, r.Context(), keys)
	return r.denied(err, t.shown)
}
