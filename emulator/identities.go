package emulator

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/eks"
	"github.com/eksemu/eksemu/emulator/internal/atomicfile"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

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
	roleARN := a.serviceRole(name)
	if roleARN == "" {
		return nil, fmt.Errorf("no instance or cluster %q", name)
	}
	return a.session(roleARN, name, iam.SessionOptions{Duration: serviceSession})
}

// expiredSession returns a session of a role or an instance that ended an hour ago.
func (a *awsSide) expiredSession(name string) (json.RawMessage, error) {
	identity, ok := a.configuration().Identity(name)
	if !ok || identity.RoleARN == "" {
		return nil, fmt.Errorf("make a session that has expired: no role or instance is called %q; users have none, name one that `eksemu status` lists", name)
	}
	return a.session(identity.RoleARN, name, iam.SessionOptions{Duration: time.Hour, Age: 2 * time.Hour})
}

func (a *awsSide) session(roleARN, name string, options iam.SessionOptions) (json.RawMessage, error) {
	session, _, err := a.store.IssueRoleSession(roleARN, name, options)
	if err != nil {
		return nil, err
	}
	return json.Marshal(credentialProcess{1, session.AccessKeyID, session.SecretAccessKey, session.SessionToken, session.Expiration})
}

// serviceRole is the ARN of the role of an instance or a cluster, "" if there is neither.
func (a *awsSide) serviceRole(name string) string {
	cfg := a.configuration()
	roleARN := ""
	if identity, ok := cfg.Identity(name); ok && identity.Kind == config.KindInstance {
		roleARN = identity.RoleARN
	}
	if cluster, ok := a.clusterNamed(name); ok {
		roleARN = cluster.RoleARN
	}
	return roleARN
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
