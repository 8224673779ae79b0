package sigv4

import (
	"net/http"
	"strings"
)

// canonicalPath makes the canonical URI of every service but S3: dot segments and repeated slashes removed, then the
// path as it was on the wire percent-encoded once more ("double encode").
// A broken escape, a path that is not absolute or leaves the root is check 1: HTTP 400 with an empty body.
func canonicalPath(raw string) (string, error) {
	if raw == "/" {
		return "/", nil
	}
	if !strings.HasPrefix(raw, "/") {
		return "", withoutDocument(CheckPath, http.StatusBadRequest, "the path does not begin with a slash")
	}
	if problem := brokenEscape(raw); problem != "" {
		return "", withoutDocument(CheckPath, http.StatusBadRequest, "the path has a broken escape: "+problem)
	}
	normal, ok := normalizePath(raw)
	if !ok {
		return "", withoutDocument(CheckPath, http.StatusBadRequest, "the path goes above the root")
	}
	return encodePath(normal), nil
}

// normalizePath removes "." and ".." segments and empty ones from an absolute path; a slash at its end stays. It is
// not ok to go above the root. An encoded dot ("%2e") is not a dot segment.
func normalizePath(path string) (normal string, ok bool) {
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return path, true
	}
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			if len(kept) == 0 {
				return "", false
			}
			kept = kept[:len(kept)-1]
		default:
			kept = append(kept, segment)
		}
	}
	normal = "/" + strings.Join(kept, "/")
	if len(kept) > 0 && strings.HasSuffix(path, "/") {
		normal += "/"
	}
	return normal, true
}

// encodePath percent-encodes everything but unreserved bytes and "/", the "%" of existing escapes included.
func encodePath(path string) string {
	buf := make([]byte, 0, len(path)+16)
	for i := range len(path) {
		if path[i] == '/' {
			buf = append(buf, '/')
			continue
		}
		buf = appendEncoded(buf, path[i])
	}
	return string(buf)
}
