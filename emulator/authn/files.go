package authn

import (
	"path/filepath"
	"strconv"
	"time"
)

// serverConfig is the part of upstream's config.Config that a cluster sets. The child decodes it as
// config.Config, which has no JSON names of its own, so field names are upstream's (pkg/config/types.go). It is
// not that type itself because its package brings the whole AWS SDK along.
type serverConfig struct {
	PartitionID             string
	ClusterID               string
	KubeconfigPregenerated  bool
	HostPort                int
	HealthPort              int
	Hostname                string
	Address                 string
	StateDir                string
	Kubeconfig              string
	BackendMode             []string
	RoleMappings            []roleMapping
	UserMappings            []userMapping
	DynamicFilePath         string
	DynamicFileUserIDStrict bool
	DynamicBackendModePath  string
}

// roleMapping is upstream's config.RoleMapping.
type roleMapping struct {
	RoleARN  string   `json:"rolearn"`
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
	UserID   string   `json:"userid,omitempty"`
}

// userMapping is upstream's config.UserMapping.
type userMapping struct {
	UserARN  string   `json:"userarn"`
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
	UserID   string   `json:"userid,omitempty"`
}

// stamp is what the two watched files have in common. Upstream measures its latency with it and logs the version.
type stamp struct {
	LastUpdatedDateTime string `json:"LastUpdatedDateTime"` // Unix time in seconds
	Version             string `json:"Version"`             // ours: Unix time in milliseconds
}

func newStamp(now time.Time) stamp {
	return stamp{strconv.FormatInt(now.Unix(), 10), strconv.FormatInt(now.UnixMilli(), 10)}
}

// dynamicFile is upstream's dynamicfile.DynamicFileData. There are no mapAccounts: EKS has no access entries for
// whole accounts.
type dynamicFile struct {
	stamp
	MapRoles []roleMapping `json:"mapRoles"`
	MapUsers []userMapping `json:"mapUsers"`
}

// backendModeFile is upstream's server.BackendModeConfig.
type backendModeFile struct {
	stamp
	BackendMode string `json:"backendMode"` // mappers, separated by single spaces
}

// healthPort is the port for upstream's second health endpoint, which listens on all interfaces. It is none:
// upstream logs that it cannot listen and works on (pkg/server/server.go, Run), and nothing can be reached from
// outside. /healthz on the TLS port stays. (0 would mean upstream's default, 21363.)
const healthPort = 1 << 16

// Names of the files in [Server.Dir]. The first two are upstream's (pkg/config/config.go).
const (
	certFile    = "cert.pem"
	keyFile     = "key.pem"
	configFile  = "config.json"
	entriesFile = "access-entries.json"
	modeFile    = "backend-mode.json"
)

// config returns the authenticator's configuration.
func (s *Server) config(a *Access) (serverConfig, error) {
	mode, err := a.AuthenticationMode.mappers()
	if err != nil {
		return serverConfig{}, err
	}
	roles, users, err := mappings(a.mounted(), a.Partition, false)
	if err != nil {
		return serverConfig{}, err
	}
	return serverConfig{
		PartitionID:             a.Partition,
		ClusterID:               a.Cluster,
		KubeconfigPregenerated:  true, // the API server's webhook is the recorder
		HostPort:                s.Port,
		HealthPort:              healthPort,
		Hostname:                loopback,
		Address:                 loopback,
		StateDir:                s.Dir,
		Kubeconfig:              s.Kubeconfig,
		BackendMode:             mode,
		RoleMappings:            roles,
		UserMappings:            users,
		DynamicFilePath:         filepath.Join(s.Dir, entriesFile),
		DynamicFileUserIDStrict: true, // a recreated principal is another one (spec/eks.md §1.2)
		DynamicBackendModePath:  filepath.Join(s.Dir, modeFile),
	}, nil
}

// mappings sorts mappings into roles and users. An access entry keeps its ARN as it is, path included: upstream
// takes the path off itself and the log then names the entry.
func mappings(list []Mapping, partition string, entry bool) ([]roleMapping, []userMapping, error) {
	roles, users := []roleMapping{}, []userMapping{}
	for _, m := range list {
		p, err := parsePrincipal(m.ARN, partition)
		if err != nil {
			return nil, nil, err
		}
		arn, id := p.arn, ""
		if entry {
			arn, id = m.ARN, m.PrincipalID
		}
		groups := append([]string{}, m.Groups...) // never null
		if p.role {
			roles = append(roles, roleMapping{RoleARN: arn, Username: m.Username, Groups: groups, UserID: id})
		} else {
			users = append(users, userMapping{UserARN: arn, Username: m.Username, Groups: groups, UserID: id})
		}
	}
	return roles, users, nil
}
