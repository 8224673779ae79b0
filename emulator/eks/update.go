package eks

import (
	"fmt"
	"slices"
)

// UpdateStatus is how far an update is.
type UpdateStatus string

// The statuses of updates that occur here; the EKS API has Cancelled as well.
const (
	UpdateInProgress UpdateStatus = "InProgress"
	UpdateSuccessful UpdateStatus = "Successful"
	UpdateFailed     UpdateStatus = "Failed"
)

// UpdateType is what an update changes.
type UpdateType string

// The types of updates of a cluster's configuration (botocore 1.43.11 and aws-sdk-go-v2 service/eks 1.105.5).
const (
	UpdateEndpointAccess      UpdateType = "EndpointAccessUpdate"
	UpdateVPCConfig           UpdateType = "VpcConfigUpdate"
	UpdateLogging             UpdateType = "LoggingUpdate"
	UpdateAccessConfig        UpdateType = "AccessConfigUpdate"
	UpdateUpgradePolicy       UpdateType = "UpgradePolicyUpdate"
	UpdateZonalShift          UpdateType = "ZonalShiftConfigUpdate"
	UpdateAutoMode            UpdateType = "AutoModeUpdate"
	UpdateRemoteNetwork       UpdateType = "RemoteNetworkConfigUpdate"
	UpdateDeletionProtection  UpdateType = "DeletionProtectionUpdate"
	UpdateControlPlaneScaling UpdateType = "ControlPlaneScalingConfigUpdate"
	UpdateComponentConfig     UpdateType = "ControlPlaneComponentConfigUpdate"
)

// Update is an update of a cluster as DescribeUpdate shows it: its JSON form is the answer's "update" member, in the
// order of AWS's own examples.
type Update struct {
	ID        string        `json:"id"`
	Status    UpdateStatus  `json:"status"`
	Type      UpdateType    `json:"type"`
	Params    []UpdateParam `json:"params"`
	CreatedAt Timestamp     `json:"createdAt"`
	Errors    []UpdateError `json:"errors"`
}

// UpdateParam is one thing that an update changes.
type UpdateParam struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// UpdateError is why an update failed.
type UpdateError struct {
	Code        string   `json:"errorCode"`
	Message     string   `json:"errorMessage"`
	ResourceIDs []string `json:"resourceIds"`
}

// RunningUpdate is an update that is in progress.
type RunningUpdate struct {
	ClusterARN string
	ID         string
	Type       UpdateType
}

// RunningUpdates are all updates that are in progress, by account, region and cluster. A start finds in it what the last
// one had not finished.
func (r *Registry) RunningUpdates() []RunningUpdate {
	var running []RunningUpdate
	for _, c := range r.Snapshot().Clusters {
		if update := c.running(); update != nil {
			running = append(running, RunningUpdate{c.Cluster.ARN, update.Update.ID, update.Update.Type})
		}
	}
	return running
}

// running is the update of a cluster that is in progress, nil if there is none. There is one at most.
func (c *SavedCluster) running() *SavedUpdate {
	i := slices.IndexFunc(c.Updates, func(u *SavedUpdate) bool { return u.Update.Status == UpdateInProgress })
	if i < 0 {
		return nil
	}
	return c.Updates[i]
}

// FinishUpdate ends an update that is in progress: Successful if problem is "", else Failed because of it. A cluster that
// is UPDATING becomes ACTIVE. After a failure it has the configuration of before again; one that is back in CONFIG_MAP
// mode has no access entries. An update that has ended already stays as it is.
func (r *Registry) FinishUpdate(clusterARN, updateID, problem string) error {
	return r.update(clusterARN, func(c *SavedCluster) (ChangeKind, error) {
		at := slices.IndexFunc(c.Updates, func(u *SavedUpdate) bool { return u.Update.ID == updateID })
		if at < 0 {
			return "", fmt.Errorf("finish update %s of %s: %w", updateID, clusterARN, ErrUpdateNotFound)
		}
		finished := *c.Updates[at]
		if finished.Update.Status != UpdateInProgress {
			return "", errSame
		}
		finished.Update.Status = UpdateSuccessful
		announce := ChangeKind("")
		if problem != "" {
			finished.Update.Status = UpdateFailed
			// The code is inferred: it is the API's for whatever has no code of its own.
			finished.Update.Errors = []UpdateError{{Code: "Unknown", Message: problem, ResourceIDs: []string{}}}
			announce = c.revert(finished)
		}
		finished.Before = nil
		c.Updates = slices.Clone(c.Updates)
		c.Updates[at] = &finished
		if c.Cluster.Status == StatusUpdating {
			c.Cluster.Status = StatusActive
		}
		return announce, nil
	})
}

// revert gives a cluster the configuration that it had before an update. It returns what is to be announced.
func (c *SavedCluster) revert(update SavedUpdate) ChangeKind {
	if update.Before == nil {
		return ""
	}
	now := c.Cluster
	c.Cluster = update.Before.clone()
	c.Cluster.Status, c.Cluster.Health, c.Cluster.Tags = now.Status, now.Health, now.Tags
	c.Cluster.Endpoint, c.Cluster.CertificateAuthority = now.Endpoint, now.CertificateAuthority
	if update.Update.Type != UpdateAccessConfig {
		return ""
	}
	if c.Cluster.AccessConfig.AuthenticationMode == ModeConfigMap {
		c.Entries = nil
	}
	return AccessChanged
}
