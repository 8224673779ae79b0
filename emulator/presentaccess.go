package emulator

import (
	"path/filepath"

	"github.com/eksemu/eksemu/emulator/authn"
)

// PresentAccess is what the authenticator of a cluster goes by at the moment.
func (c *Client) PresentAccess(clusterName string) (authn.Present, error) {
	return authn.ReadPresent(filepath.Join(Layout{c.Dir}.cluster(clusterName), "authenticator"))
}
