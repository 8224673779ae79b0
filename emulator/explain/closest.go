package explain

import (
	"slices"
	"strings"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// Mapping is an ARN that is mapped, or exists.
type Mapping struct {
	ARN   string `json:"arn"`
	Where string `json:"where,omitempty"` // where it stands: "aws-auth, mapRoles", "access entry"
	// ByID is for a mapping that finds its principal by the unique ID that it had, as access entries do.
	ByID bool `json:"byId,omitempty"`
}

// NearMiss is the mapping that is nearest to a principal that none maps.
type NearMiss struct {
	Mapping
	Differs []string `json:"differs,omitempty"` // by what: "its path", "its account"
}

// String is a clause: "closest is ARN (aws-auth, mapRoles), which differs by its path".
func (n NearMiss) String() string {
	text := "closest is " + n.ARN
	if n.Where != "" {
		text += " (" + n.Where + ")"
	}
	if len(n.Differs) == 0 {
		return text
	}
	return text + ", which differs by " + strings.Join(n.Differs, " and ")
}

// Closest finds the mapping that somebody probably meant for a principal. arn is as mappings must name it: of a role, the
// role's own without its path. It is false if none is near.
func Closest(arn string, mappings []Mapping) (NearMiss, bool) {
	want := parseARN(arn)
	best, bestDistance := NearMiss{}, 0
	for _, m := range mappings {
		differs, distance, near := want.compare(parseARN(m.ARN), m.ByID)
		if !near || best.ARN != "" && distance >= bestDistance {
			continue
		}
		best, bestDistance = NearMiss{m, differs}, distance
	}
	return best, best.ARN != ""
}

// parsedARN is an ARN of IAM or STS in its parts, as far as it has them.
type parsedARN struct {
	text, partition, service, account, kind, path, name string
}

// parseARN reads an ARN: arn:PARTITION:iam::ACCOUNT:role/PATH/NAME. Blanks around it do not count.
func parseARN(text string) parsedARN {
	a := parsedARN{text: text}
	parts := strings.SplitN(strings.TrimSpace(text), ":", 6)
	if len(parts) < 6 {
		a.name = strings.TrimSpace(text)
		return a
	}
	a.partition, a.service, a.account = parts[1], parts[2], parts[4]
	resource := strings.Split(parts[5], "/")
	a.kind = resource[0]
	if a.kind == "assumed-role" && len(resource) > 2 {
		resource = resource[:len(resource)-1]
	}
	if len(resource) > 1 {
		a.name, a.path = resource[len(resource)-1], strings.Join(resource[1:len(resource)-1], "/")
	}
	return a
}

// Weights of differences: the lighter, the likelier a slip.
const (
	slightly = 1
	clearly  = 3
	strongly = 6
)

// compare says by what a mapping's ARN differs, and how much. It is not near if what remains in common is not enough to
// believe that it was meant.
func (a parsedARN) compare(b parsedARN, byID bool) (differs []string, distance int, near bool) {
	add := func(what string, weight int) {
		differs = append(differs, what)
		distance += weight
	}
	names, weight, near := nameDifference(a.name, b.name)
	if !near || b.name == "" {
		return nil, 0, false
	}
	if strings.TrimSpace(b.text) != b.text {
		add("blanks around it", slightly)
	}
	a.compareKind(b, add)
	if a.path != b.path && !byID {
		add("its path", slightly)
	}
	if names != "" {
		add(names, weight)
	}
	if a.account != b.account && b.kind != "" {
		add("its account", clearly)
	}
	if a.partition != b.partition && b.kind != "" {
		add("its partition", clearly)
	}
	if len(differs) == 0 && byID {
		add("the unique ID behind the name: its principal was deleted, and made again since", slightly)
	}
	return differs, distance, distance < 2*strongly
}

// compareKind compares what the ARNs are of.
func (a parsedARN) compareKind(b parsedARN, add func(string, int)) {
	switch {
	case a.kind == b.kind && a.service == b.service:
	case b.kind == "assumed-role" && a.kind == "role":
		add("being the ARN of a session, not of its role", slightly)
	case a.kind == "role" && b.kind == "user", a.kind == "user" && b.kind == "role":
		add("being a "+b.kind+", not a "+a.kind, clearly)
	case b.kind == "":
		add("not being an ARN", clearly)
	default:
		add("being of the kind "+b.kind+", not a "+a.kind, clearly)
	}
}

// nameDifference compares names: "" if they are the same, by letter case, by the random end of an SSO role's name, or by
// a few characters.
func nameDifference(a, b string) (what string, weight int, near bool) {
	if a == b {
		return "", 0, true
	}
	if strings.EqualFold(a, b) {
		return "its letter case", slightly, true
	}
	if set := permissionSet(a); set != "" && set == permissionSet(b) {
		return "the random end of the SSO role's name", slightly, true
	}
	if strictyaml.Nearest(a, []string{b}) == "" {
		return "", 0, false
	}
	if oneCharacter(a, b) {
		return "one character of its name", clearly, true
	}
	return "a few characters of its name", strongly, true
}

// permissionSet is the name of the permission set in AWSReservedSSO_NAME_RANDOM.
func permissionSet(role string) string {
	rest, found := strings.CutPrefix(role, "AWSReservedSSO_")
	end := strings.LastIndexByte(rest, '_')
	if !found || end < 1 {
		return ""
	}
	return rest[:end]
}

// oneCharacter reports whether two names are the same but for one character, that is another, is missing or too many.
func oneCharacter(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	switch len(y) - len(x) {
	case 0:
		return slices.Equal(x[i+1:], y[i+1:])
	case 1:
		return slices.Equal(x[i:], y[i+1:])
	}
	return false
}
