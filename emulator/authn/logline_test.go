package authn

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/trace"
)

func TestParseLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line string
		want trace.LogLine
	}{
		"granted": {
			`{"arn":"arn:aws:iam::111122223333:user/alice","client":"127.0.0.1:57586","groups":["developers"],"level":"info","method":"POST","msg":"access granted","path":"/authenticate","stsendpoint":"sts.us-west-2.amazonaws.com","time":"2026-11-23T12:00:00Z","uid":"aws-iam-authenticator:111122223333:AIDAEXAMPLE","username":"alice"}`,
			trace.LogLine{Component: Component, Level: "info", Message: "access granted", Fields: map[string]string{
				"arn": "arn:aws:iam::111122223333:user/alice", "client": "127.0.0.1:57586", "groups": `["developers"]`, "method": "POST",
				"path": "/authenticate", "stsendpoint": "sts.us-west-2.amazonaws.com",
				"uid": "aws-iam-authenticator:111122223333:AIDAEXAMPLE", "username": "alice",
			}},
		},
		"denied": {
			`{"client":"127.0.0.1:57586","error":"sts getCallerIdentity failed: error from AWS (expected 200, got 403) on us-west-2 endpoint. Body: {\"Error\":{\"Code\":\"SignatureDoesNotMatch\"}}","level":"warning","msg":"access denied"}`,
			trace.LogLine{Component: Component, Level: "warning", Message: "access denied", Fields: map[string]string{
				"client": "127.0.0.1:57586",
				"error":  `sts getCallerIdentity failed: error from AWS (expected 200, got 403) on us-west-2 endpoint. Body: {"Error":{"Code":"SignatureDoesNotMatch"}}`,
			}},
		},
		"no fields":           {`{"level":"info","msg":"Received aws-auth watch event","time":"x"}`, trace.LogLine{Component: Component, Level: "info", Message: "Received aws-auth watch event"}},
		"a number as message": {`{"level":"info","msg":7}`, trace.LogLine{Component: Component, Level: "info", Message: "7"}},
		"klog":                {"W1123 12:00:00.000000 7 warnings.go:70] x", trace.LogLine{Component: Component, Message: "W1123 12:00:00.000000 7 warnings.go:70] x"}},
		"JSON, but no object": {`["a"]`, trace.LogLine{Component: Component, Message: `["a"]`}},
		"null":                {`null`, trace.LogLine{Component: Component, Message: `null`}},
		"half an object":      {`{"level":"info","msg":`, trace.LogLine{Component: Component, Message: `{"level":"info","msg":`}},
		"a file that is quoted": {
			`{"level":"info","msg":"LoadDynamicFile: /s/access-entries.json is available. content is {\n}\n\n"}`,
			trace.LogLine{Component: Component, Level: "info", Message: "LoadDynamicFile: /s/access-entries.json is available"},
		},
		"half of a file that is quoted": {
			`{"level":"info","msg":"LoadDynamicFile: /s/access-entries.json is available. content is {\n`,
			trace.LogLine{Component: Component, Message: `{"level":"info","msg":"LoadDynamicFile: /s/access-entries.json is available`},
		},
		"a signature":          {`{"msg":"parse \"` + presigned(testSignature) + `\": bad"}`, trace.LogLine{Component: Component, Message: `parse "` + strings.Replace(presigned("REDACTED"), strings.ReplaceAll(testSessionToken, "/", "%2F"), "REDACTED", 1) + `": bad`}},
		"an encoded signature": {`X-Amz-Signature%3Dabc%26x=1&y=2`, trace.LogLine{Component: Component, Message: `X-Amz-Signature%3DREDACTED&y=2`}},
		"a signed header":      {"host:sts\nx-amz-security-token: abc/def==\nx-k8s-aws-id:c", trace.LogLine{Component: Component, Message: "host:sts\nx-amz-security-token: REDACTED\nx-k8s-aws-id:c"}},
		"a bearer token":       {"Authorization: Bearer " + testToken(testSignature) + ", next", trace.LogLine{Component: Component, Message: "Authorization: Bearer k8s-aws-v1.REDACTED, next"}},
		"a long text":          {strings.Repeat("é", 4096), trace.LogLine{Component: Component, Message: strings.Repeat("é", 2048) + "…"}},
		"no UTF-8":             {"a\xffb", trace.LogLine{Component: Component, Message: "a\uFFFDb"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, parseLine(test.line)); diff != "" {
				t.Errorf("parseLine (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzParseLine: no line panics, texts are bounded, and no known secret survives in any of them.
func FuzzParseLine(f *testing.F) {
	f.Add(`{"client":"127.0.0.1:57586","error":"`, `","level":"warning","msg":"access denied"}`)
	f.Add("panic: ", "\ngoroutine 1 [running]:")
	f.Add(`{"msg":"parse \"https://sts.amazonaws.com/?`, `\": net/url: invalid control character in URL"}`)
	f.Add(`{"fields":{"a":["`, `"]},"msg":null}`)
	f.Fuzz(func(t *testing.T, before, after string) {
		line := parseLine(before + "X-Amz-Signature=" + testSignature + "&" + testToken(testSignature) + after)
		texts := []string{line.Level, line.Message}
		for name, value := range line.Fields {
			texts = append(texts, name, value)
		}
		for _, text := range texts {
			if len(text) > maxLogText+len("…") {
				t.Errorf("text of %d bytes", len(text))
			}
			if strings.Contains(text, testSignature) || strings.Contains(text, tokenPrefix+"a") {
				t.Errorf("a secret is left in %q", text)
			}
		}
	})
}

func TestLinesThatAreWaitedFor(t *testing.T) {
	t.Parallel()
	s := &Server{Dir: "/s"}
	read := parseLine(`{"level":"info","msg":"LoadDynamicFile: /s/access-entries.json is available. content is {}"}`)
	mode := parseLine(`{"level":"info","msg":"LoadDynamicFile: /s/backend-mode.json is available. content is {}"}`)
	rebuilt := parseLine(`{"level":"info","msg":"BackendMode dynamic file got changed, DynamicFile different from current mode MountedFile, rebuild mapper"}`)
	if !s.ReadEntries(&read) || s.ReadEntries(&mode) {
		t.Error("ReadEntries takes one file for the other")
	}
	kept := parseLine(`{"level":"info","msg":"BackendMode dynamic file got changed, but same with current mode, skip rebuild mapper"}`)
	if !RebuiltMappers(&rebuilt) || RebuiltMappers(&mode) || RebuiltMappers(&kept) {
		t.Error("RebuiltMappers does not know the line")
	}
}
