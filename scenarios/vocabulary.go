package scenarios

import (
	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/explain"
)

// actionNames are the names of all actions, as in a file.
func actionNames() []string {
	return []string{
		string(ActionApply), string(ActionDelete), string(ActionClock), string(ActionCluster), string(ActionCredentials), string(ActionToken),
		string(ActionFault), string(ActionAuthenticator), string(ActionKubectl), string(ActionAWS), string(ActionHTTP),
	}
}

// methods are those of HTTP that a request may have.
func methods() []string { return []string{"GET", "POST", "PUT", "PATCH", "DELETE"} }

func outcomes() []string {
	return []string{string(explain.Unauthorized), string(explain.Denied), string(explain.Allowed)}
}

// hops are the AWS services that can decide a call of their own, and those of explain, in the order in which a request
// meets them.
func hops() []string {
	hops := []string{"eks", "iam", "ec2"}
	for _, hop := range []explain.Hop{
		explain.HopClient, explain.HopToken, explain.HopSTS, explain.HopMapper, explain.HopAPIServer, explain.HopMasters,
		explain.HopNode, explain.HopRBAC, explain.HopAccessPolicy, explain.HopAdmission,
	} {
		hops = append(hops, string(hop))
	}
	return hops
}

func causes() []string {
	var ids []string
	for _, cause := range explain.Causes() {
		ids = append(ids, cause.ID)
	}
	return ids
}

// overlayNames are the identities of a scenario's own.
func overlayNames(scenario *Scenario) []string {
	if scenario.Environment == nil {
		return nil
	}
	return namesOf(*scenario.Environment)
}

// namesOf are the names of identities, which are those of their AWS profiles.
func namesOf(o config.Overlay) []string {
	var names []string
	for _, user := range o.Users {
		names = append(names, user.Name)
	}
	for _, role := range o.Roles {
		names = append(names, role.Name)
	}
	for _, instance := range o.Instances {
		names = append(names, instance.ID)
	}
	return names
}
