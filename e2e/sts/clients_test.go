package sts

import (
	"fmt"
	"regexp"
	"strings"

	. "github.com/onsi/gomega"
)

// client is a program that people use, and how it is used here: it prints the ARN that it asked for and nothing else.
type client struct {
	name       string
	program    func() []string                        // command line; skips the spec if the program is not installed
	identity   []string                               // arguments
	assumeRole func(roleARN, session string) []string // arguments
	code       int                                    // exit code of a refusal
	refusal    func(operation, code, message string) string
	shown      func(stderr string) string // what of stderr is the refusal; the rest is a trace of the program's calls
	adjusts    bool                       // takes the server's time after a refusal, and tries again
	unaware    bool                       // of AWS_ENDPOINT_URL_STS: it needs the argument --endpoint-url
}

var clients = []client{
	{
		name: "aws CLI 1", program: func() []string { return awsCLI("1") }, code: 255,
		identity: cliIdentity, assumeRole: cliAssumeRole, refusal: cliRefusal, shown: everything,
	}, {
		name: "aws CLI 2", program: func() []string { return awsCLI("2") }, code: 254,
		identity: cliIdentity, assumeRole: cliAssumeRole, refusal: cliRefusal, shown: everything,
		unaware: true,
	}, {
		name: "Debian's boto3", program: debianBoto3, code: 1, unaware: true,
		identity: []string{"identity"}, assumeRole: scriptAssumeRole, refusal: boto3Refusal, shown: lastLine,
	}, {
		name: "the newest boto3", program: newestBoto3, code: 1,
		identity: []string{"identity"}, assumeRole: scriptAssumeRole, refusal: boto3Refusal, shown: lastLine,
	}, {
		name: "the AWS SDK for Go v2", program: func() []string { return []string{prepared.Go} }, code: 1, adjusts: true,
		identity: []string{"identity"}, assumeRole: scriptAssumeRole, refusal: goRefusal, shown: withoutRequestID,
	}, {
		name: "the AWS SDK for JavaScript v3", program: javaScript, code: 1, adjusts: true,
		identity: []string{"identity"}, assumeRole: scriptAssumeRole, refusal: javaScriptRefusal, shown: thrown,
	},
}

var cliIdentity = []string{"sts", "get-caller-identity", "--query", "Arn", "--output", "text"}

func cliAssumeRole(roleARN, session string) []string {
	return []string{
		"sts", "assume-role", "--role-arn", roleARN, "--role-session-name", session,
		"--query", "AssumedRoleUser.Arn", "--output", "text",
	}
}

func scriptAssumeRole(roleARN, session string) []string {
	return []string{"assume-role", roleARN, session}
}

// cliRefusal is all that the aws CLI prints.
func cliRefusal(operation, code, message string) string {
	return "\n" + botocoreRefusal(operation, code, message) + "\n"
}

// botocoreRefusal is the text of botocore's exceptions (spec/sts.md section 2.1).
func botocoreRefusal(operation, code, message string) string {
	return fmt.Sprintf("An error occurred (%s) when calling the %s operation: %s", code, operation, message)
}

func boto3Refusal(operation, code, message string) string {
	return "botocore.exceptions.ClientError: " + botocoreRefusal(operation, code, message)
}

// goRefusal is the text of the SDK's errors, and with that all that the program prints (spec/sts.md section 2.1).
func goRefusal(operation, code, message string) string {
	status := 403 // spec/sts.md section 2.2, of all refusals in this suite that the SDK for Go meets
	return fmt.Sprintf("operation error STS: %s, https response error StatusCode: %d, RequestID: ID, api error %s: %s\n", operation, status, code, message)
}

// javaScriptRefusal is how Node.js shows an exception that nobody catches: its name and its message.
func javaScriptRefusal(_, code, message string) string { return code + ": " + message }

func everything(stderr string) string { return stderr }

// lastLine leaves a Python program's traceback out.
func lastLine(stderr string) string {
	lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	return lines[len(lines)-1]
}

var requestID = regexp.MustCompile(`RequestID: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12},`)

func withoutRequestID(stderr string) string {
	return requestID.ReplaceAllString(stderr, "RequestID: ID,")
}

// thrown is what Node.js prints between the place where an exception was thrown and the way that led there.
func thrown(stderr string) string {
	_, after, _ := strings.Cut(stderr, "^\n\n")
	before, _, _ := strings.Cut(after, "\n    at ")
	return before
}

// ask has a client make a call.
func (c client) ask(s shell, args ...string) answer {
	return s.run(c.program(), args...)
}

// expectRefusal checks all that a person sees of a refusal.
func (c client) expectRefusal(a answer, operation, code, message string) {
	ExpectWithOffset(1, c.shown(a.err)).To(Equal(c.refusal(operation, code, message)), a.String())
	ExpectWithOffset(1, a.out).To(BeEmpty(), a.String())
	ExpectWithOffset(1, a.code).To(Equal(c.code), a.String())
}
