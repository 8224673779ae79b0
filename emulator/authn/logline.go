package authn

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/eksemu/eksemu/emulator/trace"
)

// Component is the name of the authenticator in log lines, processes and verdicts.
const Component = "aws-iam-authenticator"

// Messages of the authenticator that mean something here (upstream pkg/server/server.go).
const (
	messageGranted = "access granted"
	messageDenied  = "access denied"
	messageHealthz = "healthz server exited"
	messageAWSAuth = "Received aws-auth watch event" // upstream pkg/mapper/configmap/configmap.go
	messageRead    = "LoadDynamicFile: "             // upstream pkg/fileutil/util.go; a path and the whole file follow
	messageRebuild = ", rebuild mapper"              // end of the line about another authentication mode
)

// maxLogText bounds one text of a log line in the trace, in bytes. Upstream logs whole access entry files.
const maxLogText = 4 << 10

// parseLine reads a line of the authenticator's output: a JSON object of logrus, or plain text (a panic, klog,
// the AWS SDK), which becomes a message without a level. Secrets are taken out of every text.
func parseLine(line string) trace.LogLine {
	out := trace.LogLine{Component: Component}
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(line), &fields) != nil || fields == nil {
		out.Message = withoutFile(cleanText(line))
		return out
	}
	out.Level, out.Message = fieldText(fields["level"]), withoutFile(fieldText(fields["msg"]))
	for name, value := range fields {
		switch name {
		case "level", "msg", "time": // the trace has its own time; logrus's has whole seconds
			continue
		}
		if out.Fields == nil {
			out.Fields = make(map[string]string, len(fields))
		}
		out.Fields[cleanText(name)] = fieldText(value)
	}
	return out
}

// withoutFile is a message without the content of a file that upstream quotes in full, each time that it reads one.
func withoutFile(message string) string {
	if before, _, quoted := strings.Cut(message, ". content is "); quoted && strings.Contains(before, messageRead) {
		return before
	}
	return message
}

// fieldText is a field's string, or the JSON of anything else.
func fieldText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) != nil {
		text = string(value)
	}
	return cleanText(text)
}

// secret matches what must never enter an event: the values of a presigned URL's signature and session token,
// plain or URL-encoded, and bearer tokens. Upstream quotes URLs that it cannot parse and answers of STS, which
// may hold a canonical request.
var secret = regexp.MustCompile(`(?i)(x-amz-(?:signature|security-token)(?:=|%3d|:\s*))[^&\s"']+|(k8s-aws-v1\.)[\w=+/-]+`)

// cleanText takes secrets out of a text and bounds its length.
func cleanText(text string) string {
	text = secret.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), "${1}${2}REDACTED")
	if len(text) > maxLogText {
		text = strings.ToValidUTF8(text[:maxLogText], "") + "…"
	}
	return text
}

// expected says whether a line reports the failure that an unusable health port provokes; see healthPort.
func expected(line trace.LogLine) bool {
	return line.Message == messageHealthz && strings.Contains(line.Fields["error"], "invalid port")
}

// ReceivedConfigMap matches the line by which the authenticator says that it has read a version of the ConfigMap
// kube-system/aws-auth. It logs it before it looks at the content; the mappings count a moment later.
func ReceivedConfigMap(line *trace.LogLine) bool {
	return line.Message == messageAWSAuth
}

// ReadEntries matches the line by which the authenticator says that it has read the file of access entries. It logs it
// before it looks at the content; the entries count a moment later.
func (s *Server) ReadEntries(line *trace.LogLine) bool {
	return strings.Contains(line.Message, messageRead+filepath.Join(s.Dir, entriesFile)+" is available")
}

// CannotWatch matches the line by which the authenticator says that it cannot watch a file, for want of inotify instances
// (fs.inotify.max_user_instances, inotify(7)). It tries again every second.
func CannotWatch(line *trace.LogLine) bool {
	return strings.Contains(line.Message, "fsnotify.NewWatcher")
}

// RebuiltMappers matches the line by which the authenticator says that it goes over to another authentication mode.
func RebuiltMappers(line *trace.LogLine) bool { return strings.HasSuffix(line.Message, messageRebuild) }
