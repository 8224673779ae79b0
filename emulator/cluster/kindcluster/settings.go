package kindcluster

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/emulator/cluster"
)

// Names of settings that are no flags of the API server.
const (
	imageSetting  = "--kind-image"
	configSetting = "--kind-config"
)

// settings are what a cluster is made with and keeps: flags of its API server, and what the user wanted of kind.
func settings(options Options, spec cluster.Spec) map[string]string {
	all := map[string]string{imageSetting: options.Image}
	for _, flag := range cluster.Flags(spec, mountPoint) {
		all[flag.Name] = flag.Value
	}
	if options.Config != nil {
		raw, _ := json.Marshal(options.Config) // of strings, numbers and maps of them, which cannot fail
		sum := sha256.Sum256(raw)
		all[configSetting] = hex.EncodeToString(sum[:])
	}
	return all
}

// differs are notes on what is wanted now, of a cluster that was made with other settings. Who names no image and no
// configuration wants those that there are.
func (m marker) differs(now map[string]string) []string {
	var others []string
	for _, name := range slices.Sorted(maps.Keys(now)) {
		switch before := m.Settings[name]; {
		case before == now[name] || now[name] == "":
		case name == configSetting:
			others = append(others, "another "+configSetting)
		case before == "":
			others = append(others, "without "+name)
		default:
			others = append(others, fmt.Sprintf("%s %s instead of %s", name, before, now[name]))
		}
	}
	if len(others) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("the kind cluster %s was made with %s, and keeps that: begin anew with `eksemu down` and `eksemu up` to have what is configured now",
		m.Cluster, strings.Join(others, ", "))}
}
