package cluster

import (
	"encoding/base64"
	"fmt"
)

// Kubeconfig renders a kubeconfig for a client certificate.
func Kubeconfig(info Info, clusterName, user string, c Client) []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: %[1]s
  cluster:
    server: %[2]s
    certificate-authority-data: %[3]s
users:
- name: %[4]s
  user:
    client-certificate-data: %[5]s
    client-key-data: %[6]s
current-context: %[4]s@%[1]s
contexts:
- name: %[4]s@%[1]s
  context:
    cluster: %[1]s
    user: %[4]s
`, clusterName, info.Endpoint, base64String(info.CAPEM), user, base64String(c.CertPEM), base64String(c.KeyPEM))
}

func base64String(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
