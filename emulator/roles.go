package emulator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
)

// rolesPatience is how long the controller manager may take to give them their rules: after a node's start it becomes the
// leader first.
const rolesPatience = 30 * time.Second

// awaitRoles waits until Kubernetes' ClusterRoles for people have their rules, which kube-controller-manager collects from
// other ones (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles). Until it has done that in a
// new cluster they allow nothing, and who is bound to one is told "no". A cluster whose controller manager does not come is
// usable without, with a note: everything else of it works.
func (e *Environment) awaitRoles(ctx context.Context, c *runningCluster) error {
	return e.awaitRolesWithin(ctx, c, rolesPatience)
}

func (e *Environment) awaitRolesWithin(ctx context.Context, c *runningCluster, patience time.Duration) error {
	empty := []string{"view", "edit", "admin"}
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		for len(empty) > 0 {
			without, err := c.isEmptyRole(ctx, empty[0])
			if without || err != nil {
				return false, err
			}
			empty = empty[1:]
		}
		return true, nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !wait.Interrupted(err) {
		return fmt.Errorf("look whether Kubernetes' roles have rules: %w", err)
	}
	if len(empty) > 0 {
		logs := "`eksemu logs " + c.label + "kube-controller-manager`"
		if e.opts.Backend == BackendKind {
			logs = "`kubectl -n kube-system logs -l component=kube-controller-manager`"
		}
		e.note(fmt.Sprintf("the ClusterRoles %s of cluster %s have no rules after %s, so that they allow nothing yet: "+
			"kube-controller-manager, which collects their rules, does not do its work; %s may say why", strings.Join(empty, ", "), c.name, patience, logs))
	}
	return nil
}

// isEmptyRole tells whether a ClusterRole waits for its rules. One that somebody has deleted, or has made an ordinary
// role, does not.
func (c *runningCluster) isEmptyRole(ctx context.Context, name string) (bool, error) {
	role := &unstructured.Unstructured{}
	role.SetAPIVersion("rbac.authorization.k8s.io/v1")
	role.SetKind("ClusterRole")
	role.SetName(name)
	there, err := c.kube.Get(ctx, role)
	if there == nil || err != nil {
		return false, err
	}
	if _, aggregates := there.Object["aggregationRule"]; !aggregates {
		return false, nil
	}
	rules, _ := there.Object["rules"].([]any) // null without any
	return len(rules) == 0, nil
}
