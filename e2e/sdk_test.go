package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// sdk is the AWS SDK for Go v2 in a program that somebody runs after `eval "$(eksemu env)"`.
type sdk struct {
	config aws.Config
	eks    *eks.Client
	iam    *iam.Client
}

// sdk is the SDK as an identity of an environment, through the gateway's proxy. A refusal is an answer: nothing is tried
// twice.
func (l laptop) sdk(identity string, args ...string) sdk {
	GinkgoHelper()
	var vars map[string]string
	Expect(json.Unmarshal([]byte(l.must("eksemu", append([]string{"env", "--format", "json"}, args...)...)), &vars)).To(Succeed())
	proxy, err := url.Parse(vars["HTTPS_PROXY"])
	Expect(err).NotTo(HaveOccurred())
	bundle, err := os.ReadFile(vars["AWS_CA_BUNDLE"])
	Expect(err).NotTo(HaveOccurred())
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy = http.ProxyURL(proxy) })
	cfg, err := config.LoadDefaultConfig(context.Background(),
		config.WithSharedConfigFiles([]string{vars["AWS_CONFIG_FILE"]}), config.WithSharedCredentialsFiles([]string{vars["AWS_SHARED_CREDENTIALS_FILE"]}),
		config.WithSharedConfigProfile(identity), config.WithHTTPClient(client), config.WithCustomCABundle(bytes.NewReader(bundle)), config.WithRetryMaxAttempts(1))
	Expect(err).NotTo(HaveOccurred())
	return sdk{cfg, eks.NewFromConfig(cfg), iam.NewFromConfig(cfg)}
}

// answers is the answer of an operation as JSON has it, with the SDK's names of members.
type answers map[string]any

// call calls an operation of one of the SDK's clients by AWS's name, with an input in AWS's JSON.
func call(client any, operation, input string) (answers, error) {
	GinkgoHelper()
	method := reflect.ValueOf(client).MethodByName(operation)
	Expect(method.IsValid()).To(BeTrue(), "the SDK has no operation "+operation)
	in := reflect.New(method.Type().In(1).Elem())
	decoder := json.NewDecoder(strings.NewReader(input))
	decoder.DisallowUnknownFields()
	Expect(decoder.Decode(in.Interface())).To(Succeed(), "%s %s", operation, input)
	results := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
	if err, _ := results[1].Interface().(error); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(results[0].Interface())
	Expect(err).NotTo(HaveOccurred())
	var out answers
	Expect(json.Unmarshal(raw, &out)).To(Succeed())
	return out, nil
}

// mustCall calls an operation that has to succeed.
func mustCall(client any, operation, input string) answers {
	GinkgoHelper()
	out, err := call(client, operation, input)
	Expect(err).NotTo(HaveOccurred(), "%s %s", operation, input)
	return out
}

// refusal is what the SDK shows of an error answer.
type refusal struct {
	Status        int
	Code, Message string
}

// refusalOf is the error answer in an SDK's error.
func refusalOf(err error) refusal {
	GinkgoHelper()
	var response interface{ HTTPStatusCode() int }
	var api smithy.APIError
	Expect(errors.As(err, &response)).To(BeTrue(), "no answer: %v", err)
	Expect(errors.As(err, &api)).To(BeTrue(), "no error answer: %v", err)
	return refusal{response.HTTPStatusCode(), api.ErrorCode(), api.ErrorMessage()}
}

// cliRefusal is all that the aws CLI prints of an error answer.
func cliRefusal(operation string, r refusal) string {
	return "\nAn error occurred (" + r.Code + ") when calling the " + operation + " operation: " + r.Message + "\n"
}

var wordEnd = regexp.MustCompile("([a-z0-9])([A-Z])")

// command is an operation of a service as the aws CLI writes it.
func command(service, operation, input string) []string {
	return []string{service, strings.ToLower(wordEnd.ReplaceAllString(operation, "$1-$2")), "--cli-input-json", input}
}

// anyCLI is an aws CLI, for what all versions know. Without one the spec is skipped.
func anyCLI() string {
	GinkgoHelper()
	for _, major := range slices.Sorted(maps.Keys(awsCLIs())) {
		return awsCLIs()[major]
	}
	missing("aws", false)
	return ""
}

// knowingCLI finds an aws CLI that knows access entries, "" if there is none: they came with 1.32 and 2.15, and Debian's
// package may be older.
func knowingCLI() string {
	for major, path := range awsCLIs() {
		version, err := exec.Command(path, "--version").CombinedOutput()
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(version), "aws-cli/"+major+".")
		minor, _, _ := strings.Cut(rest, ".")
		if n, err := strconv.Atoi(minor); err == nil && n >= map[string]int{"1": 32, "2": 15}[major] {
			return path
		}
	}
	return ""
}

// entriesCLI is an aws CLI that knows access entries. Without one the spec is skipped.
func entriesCLI() string {
	GinkgoHelper()
	path := knowingCLI()
	if path == "" {
		missing("an aws CLI that knows access entries (1.32, 2.15 or newer)", true)
	}
	return path
}
