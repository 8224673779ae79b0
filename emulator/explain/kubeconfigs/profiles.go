package kubeconfigs

import (
	"maps"
	"strings"
)

// Profile are the settings of a profile that decide for which host a token is presigned
// (https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html).
type Profile struct {
	Region          string // region
	EndpointURL     string // endpoint_url, of every service
	STSEndpointURL  string // endpoint_url below sts in the section that services names
	IgnoreEndpoints bool   // ignore_configured_endpoint_urls
}

// SettingsIn are the settings of the profiles in an AWS config file and a credentials file, by their names
// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html): [default], [profile NAME] in the first, [NAME] in the
// second. What both files say, the credentials file decides, as in botocore (session.full_config). No other setting leaves
// it: credentials stand among them.
func SettingsIn(config, credentials []byte) map[string]Profile {
	profiles := map[string]map[string]string{}
	services := map[string]string{}
	add := func(name string, values map[string]string) {
		if profiles[name] == nil {
			profiles[name] = map[string]string{}
		}
		maps.Copy(profiles[name], values)
	}
	for _, s := range sectionsOf(config) {
		if name, found := titled(s.title, "profile"); found || s.title == "default" {
			add(name, s.values)
		} else if name, found := titled(s.title, "services"); found {
			services[name] = s.values["sts.endpoint_url"]
		}
	}
	for _, s := range sectionsOf(credentials) {
		add(s.title, s.values)
	}
	settings := map[string]Profile{}
	for name, values := range profiles {
		settings[name] = Profile{
			Region: values["region"], EndpointURL: values["endpoint_url"], STSEndpointURL: services[values["services"]],
			IgnoreEndpoints: strings.EqualFold(values["ignore_configured_endpoint_urls"], "true"),
		}
	}
	return settings
}

// titled is the name in a section's title behind its kind, and whether it is of that kind.
func titled(title, kind string) (string, bool) {
	name, found := strings.CutPrefix(title, kind)
	found = found && strings.TrimSpace(name) != name
	if !found {
		name = title
	}
	return strings.Trim(strings.TrimSpace(name), `"'`), found
}

// section is a part of an AWS configuration file. Keys are in lower case; one below another is "sts.endpoint_url".
type section struct {
	title  string
	values map[string]string
}

// sectionsOf reads a file of settings: a title in brackets at the beginning of a line, KEY = VALUE, and further keys
// indented below a key. Lines that are none of these are skipped.
func sectionsOf(file []byte) []section {
	var sections []section
	above := ""
	for line := range strings.Lines(string(file)) {
		if inside, found := strings.CutPrefix(line, "["); found {
			if title, _, closed := strings.Cut(inside, "]"); closed {
				sections = append(sections, section{strings.TrimSpace(title), map[string]string{}})
				above = ""
			}
			continue
		}
		text := strings.TrimSpace(line)
		key, value, found := strings.Cut(text, "=")
		if !found || len(sections) == 0 || strings.HasPrefix(text, "#") || strings.HasPrefix(text, ";") {
			continue
		}
		key = strings.ToLower(strings.TrimSpace(key))
		if line[0] == ' ' || line[0] == '\t' {
			key = above + "." + key
		} else {
			above = key
		}
		sections[len(sections)-1].values[key] = strings.TrimSpace(value)
	}
	return sections
}
