package emulator

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// rolesAfter are Kubernetes' roles for people after so many passes of the controller manager, in each of which it sees what
// it did in those before: admin aggregates edit, edit aggregates view.
func rolesAfter(passes int) []rbacv1.ClusterRole {
	names := []string{"view", "edit", "admin"}
	rules := map[string][]rbacv1.PolicyRule{}
	own := func(name string) rbacv1.PolicyRule { return rbacv1.PolicyRule{Verbs: []string{name}} }
	for range passes {
		before := map[string][]rbacv1.PolicyRule{}
		for i, name := range names {
			before[name] = []rbacv1.PolicyRule{own(name)}
			if i > 0 {
				before[name] = append(before[name], rules[names[i-1]]...)
			}
		}
		rules = before
	}
	var roles []rbacv1.ClusterRole
	for i, name := range names {
		role := rbacv1.ClusterRole{
			ObjectMeta:      metav1.ObjectMeta{Name: name},
			Rules:           rules[name],
			AggregationRule: &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: map[string]string{"to": name}}}},
		}
		if i < len(names)-1 {
			role.Labels = map[string]string{"to": names[i+1]}
		}
		source := rbacv1.ClusterRole{
			ObjectMeta: metav1.ObjectMeta{Name: "aggregate-to-" + name, Labels: map[string]string{"to": name}},
			Rules:      []rbacv1.PolicyRule{own(name)},
		}
		roles = append(roles, role, source)
	}
	return roles
}

func TestUnfilledRoles(t *testing.T) {
	t.Parallel()
	broken := rolesAfter(0)[:2]
	broken[0].AggregationRule.ClusterRoleSelectors[0].MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "to", Operator: "?"}}
	ordinary := rolesAfter(0)[:2]
	ordinary[0].AggregationRule = nil
	for name, test := range map[string]struct {
		roles []rbacv1.ClusterRole
		want  string
	}{
		"no pass":                   {rolesAfter(0), "view edit admin"},
		"one pass":                  {rolesAfter(1), "edit admin"},
		"two passes":                {rolesAfter(2), "admin"},
		"three passes":              {rolesAfter(3), ""},
		"nothing to aggregate":      {rolesAfter(0)[:1], ""},
		"a selector that is broken": {broken, ""},
		"made an ordinary role":     {ordinary, ""},
		"deleted":                   {nil, ""},
	} {
		if got := strings.Join(unfilledRoles(test.roles), " "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// rolesPath is where an API server lists the ClusterRoles.
const rolesPath = "/apis/rbac.authorization.k8s.io/v1/clusterroles"

// TestRolesAreWaitedFor has the controller manager come late.
func TestRolesAreWaitedFor(t *testing.T) {
	t.Parallel()
	e, api := withAPIServer(t)
	passes := -1
	api.read = func(path string) any {
		if path != rolesPath {
			return nil
		}
		passes++
		return rbacv1.ClusterRoleList{Items: rolesAfter(passes)}
	}
	if err := e.awaitRoles(t.Context(), e.primary); err != nil {
		t.Fatal(err)
	}
	if passes != 3 {
		t.Errorf("it waited for %d passes, want 3", passes)
	}
	if notes := e.Notes(); len(notes) > 0 {
		t.Errorf("notes %q", notes)
	}
}

func TestRolesThatAreNeverFilled(t *testing.T) {
	t.Parallel()
	empty := rbacv1.ClusterRoleList{Items: rolesAfter(1)}
	for name, test := range map[string]struct {
		backend     Backend
		reads       int // after so many nobody waits any more
		list        any // nil for an answer of 404
		note, error string
	}{
		"the controller manager does not come": {list: empty, reads: 2, note: "the ClusterRoles edit, admin of cluster my-cluster lack rules after 30s, "},
		"its log":                              {list: empty, reads: 2, note: "/logs/kube-controller-manager.log may say why"},
		"its log on kind":                      {list: empty, reads: 2, backend: BackendKind, note: "/var/log/pods/kube-system_kube-controller-manager-* in its control-plane node may say why"},
		"they cannot be read":                  {reads: 2, error: "/logs/kube-apiserver.log may say why that does not work): list the ClusterRoles: refused: NotFound"},
		"there is no answer":                   {error: "look whether the ClusterRoles of cluster my-cluster have their rules ("},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, api := withAPIServer(t)
			e.opts.Backend, e.primary.logs = test.backend, e.files.Logs()
			patience, end := context.WithCancel(t.Context())
			looked := 0
			api.read = func(string) any {
				if looked++; looked > test.reads { // what is known by now counts
					end()
				}
				return test.list
			}
			err := e.awaitRolesWith(t.Context(), patience, e.primary)
			if test.error == "" && err != nil || test.error != "" && (err == nil || !strings.Contains(err.Error(), test.error)) {
				t.Errorf("error %v, want %q", err, test.error)
			}
			if notes := strings.Join(e.Notes(), "\n"); !strings.Contains(notes, test.note) || (notes == "") != (test.note == "") {
				t.Errorf("notes %q, want %q", notes, test.note)
			}
		})
	}
}

// TestRolesInSpiteOfTrouble has the API server refuse for a moment.
func TestRolesInSpiteOfTrouble(t *testing.T) {
	t.Parallel()
	e, api := withAPIServer(t)
	looked := 0
	api.read = func(string) any {
		if looked++; looked == 1 {
			return trouble(http.StatusInternalServerError)
		}
		return rbacv1.ClusterRoleList{Items: rolesAfter(3)}
	}
	if err := e.awaitRoles(t.Context(), e.primary); err != nil || len(e.Notes()) > 0 || looked != 2 {
		t.Errorf("error %v, notes %q, looked %d times", err, e.Notes(), looked)
	}
}

func TestWaitForRolesIsInterrupted(t *testing.T) {
	t.Parallel()
	e, api := withAPIServer(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	api.read = func(string) any {
		cancel(errDeleted)
		return rbacv1.ClusterRoleList{Items: rolesAfter(0)}
	}
	if err := e.awaitRoles(ctx, e.primary); !errors.Is(err, errDeleted) {
		t.Errorf("error %v", err)
	}
	if notes := e.Notes(); len(notes) > 0 {
		t.Errorf("notes %q", notes)
	}
}
