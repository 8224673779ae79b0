package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/eks"
	"github.com/eksemu/eksemu/emulator/internal/atomicfile"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// addIdentities adds users, roles and identity providers to IAM, and users and roles to the profiles, all of them or
// none, and returns an ID for removeIdentities.
func (a *awsSide) addIdentities(overlay config.Overlay) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	merged, problems := a.config.Merge(overlay, nil)
	if len(problems) > 0 {
		return "", problems
	}
	overlay = merged.Added(a.config)
	if err := a.seed(overlay); err != nil {
		return "", err
	}
	if err := a.writeProfiles(merged); err != nil {
		return "", errors.Join(err, a.remove(overlay, merged), a.writeProfiles(a.config))
	}
	a.config = merged
	a.created++
	id := strconv.Itoa(a.created)
	a.overlays[id] = overlay
	return id, nil
}

// seed puts the identities of an overlay into IAM, unless IAM has something of a name already: callers of its API made
// that. They are noted first, so that a start after a crash removes them.
func (a *awsSide) seed(overlay config.Overlay) error {
	identities, err := overlay.Snapshot()
	if err != nil {
		return err
	}
	if err := a.taken(identities); err != nil {
		return err
	}
	keys := keysOf(identities)
	if err := a.state.update(func(s *state) { s.Seeded.note(keys, ofOverlay) }); err != nil {
		return err
	}
	if err := overlay.Seed(a.store); err != nil {
		return errors.Join(err, a.state.update(func(s *state) { s.Seeded.forget(keys) }))
	}
	return nil
}

// taken lists the identities of which IAM has the names.
func (a *awsSide) taken(identities iam.Snapshot) error {
	var problems []error
	note := func(what, name string, err error) {
		if err == nil {
			problems = append(problems, fmt.Errorf("add %s %q, which a caller of the IAM API has made (delete that, or choose another name): %w", what, name, iam.ErrExists))
		}
	}
	for _, u := range identities.Users {
		_, err := a.store.UserNamed(u.AccountID, u.Name)
		note("user", u.Name, err)
	}
	for _, r := range identities.Roles {
		_, err := a.store.RoleNamed(r.AccountID, r.Name)
		note("role", r.Name, err)
	}
	for _, p := range identities.OIDCProviders {
		_, err := a.store.OIDCProvider(p.AccountID, p.URL)
		note("identity provider", p.URL, err)
	}
	return errors.Join(problems...)
}

// removeIdentities removes what addIdentities added. Keys and sessions of the identities end at once.
func (a *awsSide) removeIdentities(id string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	overlay, ok := a.overlays[id]
	if !ok {
		return fmt.Errorf("no identities were added under %q", id)
	}
	delete(a.overlays, id)
	err := a.remove(overlay, a.config)
	remaining := *a.config
	for _, user := range overlay.Users {
		remaining.Users = without(remaining.Users, func(u config.User) bool { return u.Name == user.Name })
	}
	for _, role := range overlay.Roles {
		remaining.Roles = without(remaining.Roles, func(r config.Role) bool { return r.Name == role.Name })
	}
	for _, instance := range overlay.Instances {
		remaining.Instances = without(remaining.Instances, func(i config.Instance) bool { return i.ID == instance.ID })
	}
	for _, provider := range overlay.OIDCProviders {
		remaining.OIDCProviders = without(remaining.OIDCProviders, func(p config.OIDCProvider) bool {
			return p.Account == provider.Account && p.URL == provider.URL
		})
	}
	a.config = &remaining
	return errors.Join(err, a.writeProfiles(&remaining))
}

// remove removes the users, roles and identity providers of an overlay from IAM, and the note of them once all are gone.
// What somebody else has removed is gone, too. merged is the configuration that has them.
func (a *awsSide) remove(overlay config.Overlay, merged *config.Environment) error {
	var errs []error
	note := func(err error) {
		if !errors.Is(err, iam.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	for _, user := range overlay.Users {
		identity, _ := merged.Identity(user.Name)
		note(a.store.DeleteUser(identity.ARN))
	}
	for _, role := range overlay.Roles {
		identity, _ := merged.Identity(role.Name)
		note(a.store.DeleteRole(identity.ARN))
	}
	for _, provider := range overlay.OIDCProviders {
		note(a.store.DeleteOIDCProvider(provider.ARN(merged.Partition())))
	}
	identities, err := overlay.Snapshot()
	if err := errors.Join(append(errs, err)...); err != nil {
		return err
	}
	return a.state.update(func(s *state) { s.Seeded.forget(keysOf(identities)) })
}

// without is a copy of a list without some elements.
func without[T any](list []T, drop func(T) bool) []T {
	var kept []T
	for _, element := range list {
		if !drop(element) {
			kept = append(kept, element)
		}
	}
	return kept
}

// configuration is that of the moment, with what overlays have added to it.
func (a *awsSide) configuration() *config.Environment {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.config
}

// clusterNamed finds a cluster by what the environment calls it.
func (a *awsSide) clusterNamed(name string) (eks.Cluster, bool) {
	cfg := a.configuration()
	for _, cluster := range a.clusters.Clusters() {
		if nameOf(cfg, cluster.ARN) == name {
			return cluster, true
		}
	}
	return eks.Cluster{}, false
}

// credentialProcess is what a credential_process prints
// (https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sourcing-external.html).
type credentialProcess struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time
}

// serviceSession is how long the sessions last that the environment gives out without AssumeRole, as the instance
// metadata service does: six hours there.
const serviceSession = 6 * time.Hour

// credentials returns a session of the role of an instance or cluster, which the instance metadata service or EKS
// itself would have got for it.
func (a *awsSide) credentials(name string) (json.RawMessage, error) {
	cfg := a.configuration()
	roleARN := ""
	if identity, ok := cfg.Identity(name); ok && identity.Kind == config.KindInstance {
		roleARN = identity.RoleARN
	}
	if cluster, ok := a.clusterNamed(name); ok {
		roleARN = cluster.RoleARN
	}
	if roleARN == "" {
		return nil, fmt.Errorf("no instance or cluster %q", name)
	}
	session, _, err := a.store.IssueRoleSession(roleARN, name, iam.SessionOptions{Duration: serviceSession})
	if err != nil {
		return nil, err
	}
	return json.Marshal(credentialProcess{1, session.AccessKeyID, session.SecretAccessKey, session.SessionToken, session.Expiration})
}

// writeProfiles writes the AWS configuration for the present identities.
func (a *awsSide) writeProfiles(cfg *config.Environment) error {
	configuration, credentials := cfg.AWSConfig(a.processes)
	if err := atomicfile.Write(a.files.AWSConfig(), configuration, 0o600); err != nil {
		return err
	}
	return atomicfile.Write(a.files.AWSCredentials(), credentials, 0o600)
}

// serviceProfile is the AWS configuration of a cluster's own components: their AWS calls are those of the cluster's
// role, with credentials that are fetched anew when they expire.
func (a *awsSide) serviceProfile(cluster string) []byte {
	command := config.CommandLine(append(without(a.processes, func(string) bool { return false }), cluster))
	return fmt.Appendf(nil, "[default]\nregion = %s\ncredential_process = %s\n", a.configuration().Region, command)
}

func (a *awsSide) caBundle(own []byte) error {
	return atomicfile.Write(a.files.CABundle(), append(systemRoots(), own...), 0o644)
}

// systemRoots returns the system's certificate authorities as PEM, from where the distributions keep them; nothing
// if they are nowhere.
func systemRoots() []byte {
	for _, path := range []string{
		"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Alpine, Arch
		"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL, Amazon Linux
		"/etc/ssl/ca-bundle.pem",                            // openSUSE
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // RHEL 10
		"/etc/ssl/cert.pem",                                 // macOS, BSD
	} {
		if roots, err := os.ReadFile(path); err == nil {
			return append(roots, '\n')
		}
	}
	return nil
}
