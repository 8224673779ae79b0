package config

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// AWSConfig renders the two files of the AWS CLI and SDKs, config and credentials, with a profile for each
// identity and the region of the environment in every one:
//
//   - a user has its first active access key (or its first one, if none is active) in credentials,
//   - a role has role_arn and source_profile, and external_id and mfa_serial if it needs them,
//   - an instance has a credential_process: the given command with the instance ID as its last argument, which
//     has to print credentials of the instance's role in the form of the AWS CLI's documentation,
//   - [default] is the profile of DefaultIdentity once more.
//
// The same environment and command always give the same bytes. Both files hold secrets or lead to some: write
// them with mode 0600.
func (e *Environment) AWSConfig(credentialProcess []string) (config, credentials []byte) {
	r := renderer{env: e, process: credentialProcess}
	r.config.WriteString("# Profiles of eksemu's identities. Rewritten at each start.\n")
	r.credentials.WriteString("# Keys of eksemu's users. Rewritten at each start. AWS does not know them.\n")
	if identity, ok := e.Identity(e.DefaultIdentity()); ok {
		r.profile("default", "default", identity)
	}
	for _, identity := range e.Identities() {
		r.profile("profile "+identity.Name, identity.Name, identity)
	}
	return r.config.Bytes(), r.credentials.Bytes()
}

type renderer struct {
	env                 *Environment
	process             []string
	config, credentials bytes.Buffer
}

// profile writes the sections of one profile. The AWS CLI calls a section [profile x] in config and [x] in
// credentials, but [default] in both.
func (r *renderer) profile(section, name string, identity Identity) {
	fmt.Fprintf(&r.config, "\n[%s]\nregion = %s\n", section, r.env.Region)
	switch identity.Kind {
	case KindUser:
		r.keys(name, identity.Name)
	case KindRole:
		fmt.Fprintf(&r.config, "role_arn = %s\nsource_profile = %s\n", identity.RoleARN, identity.SourceProfile)
		if identity.ExternalID != "" {
			fmt.Fprintf(&r.config, "external_id = %s\n", identity.ExternalID)
		}
		if identity.MFASerial != "" {
			fmt.Fprintf(&r.config, "mfa_serial = %s\n", identity.MFASerial)
		}
	case KindInstance:
		fmt.Fprintf(&r.config, "credential_process = %s\n", CommandLine(append(r.process[:len(r.process):len(r.process)], identity.Name)))
	}
}

func (r *renderer) keys(section, user string) {
	for _, u := range r.env.Users {
		if u.Name != user || len(u.AccessKeys) == 0 {
			continue
		}
		key := u.AccessKeys[0]
		for _, other := range u.AccessKeys {
			if key.Status != KeyActive && other.Status == KeyActive {
				key = other
			}
		}
		fmt.Fprintf(&r.credentials, "\n[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", section, key.ID, string(key.Secret))
	}
}

var plainArgument = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// CommandLine quotes a command so that the AWS CLI, which splits it like a shell, and the SDKs, which hand it to
// one, read the same arguments.
func CommandLine(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = arg
		if !plainArgument.MatchString(arg) {
			quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(arg) + `"`
		}
	}
	return strings.Join(quoted, " ")
}
