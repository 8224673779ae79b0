package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// nameIndex is who has which name. A name is the name of an AWS profile, so that it must be unique among all
// users, roles and instances; within an account IAM does not even distinguish upper and lower case.
type nameIndex struct {
	owners     map[string]owner // by name
	folded     map[string]owner // by kind, account and lower-case name
	incomplete bool             // somebody's name is missing, so that a strange name may be theirs
}

type owner struct {
	kind IdentityKind
	line int // 0 if it was there before
}

func (o owner) String() string {
	if o.line == 0 {
		return fmt.Sprintf("a %s of the environment", o.kind)
	}
	return fmt.Sprintf("the %s on line %d", o.kind, o.line)
}

// defaultProfile is the profile that AWS clients use when none is named.
const defaultProfile = "default"

// claim takes a name for an identity and reports whose it is already.
func (v *validator) claim(kind IdentityKind, account, name string, path ...any) {
	if name == "" {
		v.names.incomplete = true
		v.report("", "no "+fieldName(path), path...)
		return
	}
	if name == defaultProfile {
		v.report("choose another name", `"default" is the profile of the first cluster's creator`, path...)
	}
	if name == "." || name == ".." {
		v.report("choose another name", fmt.Sprintf("%q is no name for the identity's files", name), path...)
	}
	me := owner{kind, v.doc.Line(v.at(path)...)}
	fold := foldName(kind, account, name)
	if other, taken := v.names.owners[name]; taken {
		v.report("choose another: it is also the name of an AWS profile", fmt.Sprintf("%s is named %q too", other, name), path...)
	} else if other, taken := v.names.folded[fold]; taken {
		v.report("choose another: IAM does not distinguish upper and lower case", fmt.Sprintf("%s has the same name as %q", other, name), path...)
	} else {
		v.names.owners[name], v.names.folded[fold] = me, me
	}
}

func foldName(kind IdentityKind, account, name string) string {
	return string(kind) + " " + account + " " + strings.ToLower(name)
}

func fieldName(path []any) string {
	name, _ := path[len(path)-1].(string)
	return name
}

// adopt takes the names of identities that were there before.
func (v *validator) adopt(o Overlay) {
	v.names.owners, v.names.folded = map[string]owner{}, map[string]owner{}
	add := func(kind IdentityKind, account, name string) {
		v.names.owners[name] = owner{kind: kind}
		v.names.folded[foldName(kind, account, name)] = owner{kind: kind}
	}
	for _, user := range o.Users {
		add(KindUser, user.Account, user.Name)
	}
	for _, role := range o.Roles {
		add(KindRole, role.Account, role.Name)
	}
	for _, instance := range o.Instances {
		add(KindInstance, "", instance.ID)
	}
}

// reference reports a name that is not that of an identity of one of the kinds.
func (v *validator) reference(name string, kinds []IdentityKind, path ...any) {
	what, known := kindList(kinds), v.namesOf(kinds)
	owner, exists := v.names.owners[name]
	switch {
	case name == "":
		v.report("name "+what, "no "+fieldName(path), path...)
	case exists && !slices.Contains(kinds, owner.kind):
		v.report("name "+what, fmt.Sprintf("%q is %s", name, owner), path...)
	case !exists && (!v.names.incomplete || strictyaml.Nearest(name, known) != ""):
		v.report(strictyaml.DidYouMean(name, known), fmt.Sprintf("there is no %s named %q", strings.TrimPrefix(what, "a "), name), path...)
	}
}

func (v *validator) namesOf(kinds []IdentityKind) []string {
	var names []string
	for name, owner := range v.names.owners {
		if slices.Contains(kinds, owner.kind) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// kindList is "a user, role or instance".
func kindList(kinds []IdentityKind) string {
	words := make([]string, len(kinds))
	for i, kind := range kinds {
		words[i] = string(kind)
	}
	last := len(words) - 1
	if last == 0 {
		return "a " + words[0]
	}
	return "a " + strings.Join(words[:last], ", ") + " or " + words[last]
}
