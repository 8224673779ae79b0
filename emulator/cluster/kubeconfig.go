package cluster

import (
	"encoding/base64"
	"fmt"
)

// Kubeconfig renders a kubeconfig for a client certificate. Names are quoted: "1" and "true" are cluster names to
// EKS, and another type to YAML.
func Kubeconfig(info Info, clusterName, user string, c Client) []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: %[1]q
  cluster:
    server: %[2]q
    certificate-authority-data: %[3]s
users:
- name: %[4]q
  user:
    client-certificate-data: %[5]s
    client-key-data: %[6]s
current-context: %[7]q
contexts:
- name: %[7]q
  context:
    cluster: %[1]q
    user: %[4]q
`, clusterName, info.Endpoint, base64String(info.CAPEM), user, base64String(c.CertPEM), base64String(c.KeyPEM), user+"@"+clusterName)
}

func base64String(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
