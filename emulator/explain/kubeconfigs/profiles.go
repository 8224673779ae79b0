package kubeconfigs

import (
	"slices"
	"strings"
)

// ProfilesIn are the names of the profiles in an AWS config file and a credentials file
// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html): [default], [profile NAME] in the first, [NAME] in the
// second. Nothing else of the files is looked at.
func ProfilesIn(config, credentials []byte) []string {
	names := map[string]bool{}
	for _, section := range sectionsOf(config) {
		name, profile := strings.CutPrefix(section, "profile")
		if profile && strings.TrimSpace(name) != name || section == "default" {
			names[strings.Trim(strings.TrimSpace(strings.TrimPrefix(section, "profile ")), `"'`)] = true
		}
	}
	for _, section := range sectionsOf(credentials) {
		names[section] = true
	}
	var sorted []string
	for name := range names {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	return sorted
}

// sectionsOf are the names in brackets at the beginnings of lines.
func sectionsOf(file []byte) []string {
	var sections []string
	for line := range strings.Lines(string(file)) {
		inside, found := strings.CutPrefix(line, "[")
		if name, _, closed := strings.Cut(inside, "]"); found && closed {
			sections = append(sections, strings.TrimSpace(name))
		}
	}
	return sections
}
