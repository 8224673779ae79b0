package scenarios

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Token changes how a client makes its tokens. What is empty stays as it is.
type Token struct {
	// Reuse has every identity use its last token again.
	Reuse bool `yaml:"reuse" json:"reuse,omitempty"`

	// The parts of the presigned URL in it.
	Scheme string            `yaml:"scheme" json:"scheme,omitempty"` // "http"
	Host   string            `yaml:"host" json:"host,omitempty"`
	Query  map[string]string `yaml:"query" json:"query,omitempty"` // parameters that are changed; an empty value removes one

	Encoding TokenEncoding `yaml:"encoding" json:"encoding,omitempty"`
	Prefix   string        `yaml:"prefix" json:"prefix,omitempty"` // instead of "k8s-aws-v1."
}

// isUsual tells whether nothing is changed.
func (t *Token) isUsual() bool {
	return !t.Reuse && t.Scheme == "" && t.Host == "" && len(t.Query) == 0 && t.Encoding == "" && t.Prefix == ""
}

// TokenEncoding is how the presigned URL is written into a token. The right way is base64url without padding.
type TokenEncoding string

// What clients get wrong about it.
const (
	EncodingTwice    TokenEncoding = "twice"    // base64url of base64url
	EncodingStandard TokenEncoding = "standard" // base64 with + and /
	EncodingPadded   TokenEncoding = "padded"   // base64url with =
	EncodingNone     TokenEncoding = "none"     // the URL as it is
)

func tokenEncodings() []string {
	return []string{string(EncodingTwice), string(EncodingStandard), string(EncodingPadded), string(EncodingNone)}
}

// Fault is what happens to the next calls of an STS operation instead of, or before, their answer.
type Fault struct {
	Operation string `yaml:"operation" json:"operation,omitempty"` // "GetCallerIdentity"; of any when empty
	Times     int    `yaml:"times" json:"times,omitempty"`         // how many calls; 1 when it is 0
	Status    int    `yaml:"status" json:"status,omitempty"`       // HTTP status
	Code      string `yaml:"code" json:"code,omitempty"`           // AWS error code, such as Throttling
	Message   string `yaml:"message" json:"message,omitempty"`
	Delay     string `yaml:"delay" json:"delay,omitempty"` // "11s"
	Drop      bool   `yaml:"drop" json:"drop,omitempty"`   // close the connection without an answer
}

// String says what happens to the calls.
func (f Fault) String() string {
	if f == (Fault{}) {
		return "no more"
	}
	operation := f.Operation
	if operation == "" {
		operation = "STS"
	}
	words := []string{operation}
	if f.Delay != "" {
		words = append(words, "answers after "+f.Delay)
	}
	if f.Drop {
		words = append(words, "drops the connection")
	}
	if f.Code != "" || f.Status != 0 {
		words = append(words, "answers", f.Code)
		if f.Status != 0 {
			words = append(words, strconv.Itoa(f.Status))
		}
	}
	return strings.ReplaceAll(strings.Join(words, " "), "  ", " ")
}

// Wait is how long the calls are delayed.
func (f Fault) Wait() (time.Duration, error) {
	if f.Delay == "" {
		return 0, nil
	}
	delay, err := time.ParseDuration(f.Delay)
	if err != nil {
		return 0, fmt.Errorf("the delay of a fault is %q: write a duration such as 11s", f.Delay)
	}
	return delay, nil
}

// AuthenticatorState is whether aws-iam-authenticator runs.
type AuthenticatorState string

// The states of the authenticator.
const (
	AuthenticatorStopped AuthenticatorState = "stopped"
	AuthenticatorRunning AuthenticatorState = "running"
)

// SessionState is that of a session of a role.
type SessionState string

// SessionExpired is that of a session that ended an hour ago.
const SessionExpired SessionState = "expired"

// Kubeconfig is what is unusual about the kubeconfig of a kubectl step.
type Kubeconfig struct {
	// Plugin is what makes tokens: "aws" for the real `aws eks get-token`, `eksemu token` when it is empty. The scenario's
	// clock and token steps have no say in the former.
	Plugin string `yaml:"plugin" json:"plugin,omitempty"`

	APIVersion string `yaml:"apiVersion" json:"apiVersion,omitempty"` // of the exec plugin
	Command    string `yaml:"command" json:"command,omitempty"`       // instead of the plugin's
}

// pluginAWS is the aws CLI as exec plugin.
const pluginAWS = "aws"
