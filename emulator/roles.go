package emulator

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/wait"
)

// rolesPatience is how long the controller manager may take to give aggregated ClusterRoles their rules: after a node's
// start it becomes the leader first.
const rolesPatience = 30 * time.Second

// awaitRoles waits until kube-controller-manager has given the ClusterRoles that aggregate others, such as view, edit and
// admin, all of their rules (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles). Until
// then they allow less than they should in a new cluster, and who is bound to one is told "no". A cluster whose controller
// manager does not come is usable without, with a note: everything else of it works. One whose API server does not answer is
// not.
func (e *Environment) awaitRoles(ctx context.Context, c *runningCluster) error {
	patience, cancel := context.WithTimeout(ctx, rolesPatience)
	defer cancel()
	return e.awaitRolesWith(ctx, patience, c)
}

// awaitRolesWith is awaitRoles until patience, which is part of ctx, ends.
func (e *Environment) awaitRolesWith(ctx, patience context.Context, c *runningCluster) error {
	var unfilled []string
	unread := errors.New("the API server did not answer") // a moment's trouble is no reason to give up
	err := wait.PollUntilContextCancel(patience, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		roles, err := c.kube.ClusterRoles(ctx)
		if ctx.Err() != nil { // what is known of before counts
			return false, ctx.Err()
		}
		unfilled, unread = unfilledRoles(roles), err
		return err == nil && len(unfilled) == 0, nil
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case unread != nil:
		return fmt.Errorf("look whether the ClusterRoles of cluster %s have their rules (%s may say why that does not work): %w",
			c.name, e.logOf(c, "kube-apiserver"), unread)
	}
	e.note(fmt.Sprintf("the ClusterRoles %s of cluster %s lack rules after %s, so that they allow too little: "+
		"kube-controller-manager, which collects their rules from other ClusterRoles, does not do its work; %s may say why",
		strings.Join(unfilled, ", "), c.name, rolesPatience, e.logOf(c, "kube-controller-manager")))
	return nil
}

// logOf is where a server of a cluster's control plane says what it does.
func (e *Environment) logOf(c *runningCluster, server string) string {
	if e.opts.Backend == BackendKind {
		return "/var/log/pods/kube-system_" + server + "-* in its control-plane node"
	}
	return filepath.Join(c.logs, server+".log")
}

// unfilledRoles names the roles that lack a rule of a role that they aggregate (k8s.io/kubernetes
// pkg/controller/clusterroleaggregation copies each rule as it is).
func unfilledRoles(roles []rbacv1.ClusterRole) []string {
	var names []string
	for _, role := range roles {
		lacks := func(rule rbacv1.PolicyRule) bool {
			return !slices.ContainsFunc(role.Rules, func(own rbacv1.PolicyRule) bool { return equality.Semantic.DeepEqual(own, rule) })
		}
		if slices.ContainsFunc(aggregatedBy(role, roles), lacks) {
			names = append(names, role.Name)
		}
	}
	return names
}

// aggregatedBy are the rules of the roles that a role aggregates.
func aggregatedBy(role rbacv1.ClusterRole, roles []rbacv1.ClusterRole) []rbacv1.PolicyRule {
	if role.AggregationRule == nil {
		return nil
	}
	var rules []rbacv1.PolicyRule
	for i := range role.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&role.AggregationRule.ClusterRoleSelectors[i])
		if err != nil {
			return nil // the controller does not get over it either
		}
		for _, other := range roles {
			if other.Name != role.Name && selector.Matches(labels.Set(other.Labels)) {
				rules = append(rules, other.Rules...)
			}
		}
	}
	return rules
}
