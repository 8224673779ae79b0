package iam

import "strings"

const (
	maxNameLength = 64  // of users and roles; IAM API reference, CreateUser and CreateRole
	maxPathLength = 512 // same
)

func checkAccountID(id string, at string, ps *Problems) {
	if !isAccountID(id) {
		ps.add(at, "account ID %q is not 12 digits", id)
	}
}

func isAccountID(s string) bool { return len(s) == 12 && onlyBytes(s, isDigit) }

// checkPrincipal checks what users and roles have in common.
func checkPrincipal(at, accountID, path, name string, ps *Problems) {
	checkAccountID(accountID, at, ps)
	if name == "" || len(name) > maxNameLength || !isName(name) {
		ps.add(at, "name %q is not 1 to %d letters, digits or _+=,.@-", name, maxNameLength)
	}
	if !isPath(path) {
		ps.add(at, "path %q is not / or /…/ in at most %d visible ASCII characters", path, maxPathLength)
	}
}

// isPath says whether a path begins and ends with a slash and is made of visible ASCII between them (the
// pattern of Path in the IAM API reference).
func isPath(path string) bool {
	visible := func(c byte) bool { return '!' <= c && c <= '~' }
	return len(path) <= maxPathLength && strings.HasPrefix(path, "/") && strings.HasSuffix(path, "/") && onlyBytes(path, visible)
}

// isName is the pattern [\w+=,.@-]* of user, role and session names, with \w as in ASCII.
func isName(s string) bool {
	return onlyBytes(s, func(c byte) bool {
		return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.IndexByte("_+=,.@-", c) >= 0
	})
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isUpperAlphanumeric(c byte) bool { return isDigit(c) || 'A' <= c && c <= 'Z' }

func onlyBytes(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}
