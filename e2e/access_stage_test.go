package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/aws-iam-authenticator/pkg/token"
)

// Who may use a cluster, and what for: access entries, access policies and authentication modes, with principals and
// clusters that are made by the AWS APIs.
var _ = Describe("access to clusters", Ordered, ContinueOnFailure, func() {
	s := &stage{}
	BeforeAll(s.start)
	s.principals()
	s.aroundPolicies()
	s.clusters()
	s.policies() // last, as it leaves a long trace for `eksemu explain` to read
})

// stage is an environment out of testdata/access.yaml, for the time of a container.
type stage struct {
	person laptop // in a shell that has evaluated `eksemu env`
	trurl  actor  // who created my-cluster
}

// start starts the environment.
func (s *stage) start() {
	GinkgoHelper()
	s.person = newLaptop().withSystemPrograms()
	DeferCleanup(func() { s.person.shutDown() })
	a := s.person.run("eksemu", "up", "--detach", "--config", manifest("access.yaml"))
	Expect(a.code).To(Equal(0), a.String())
	s.person = s.person.withEksemu()
	s.person.installKubectl()
	s.trurl = s.person.actor("trurl")
}

// actor is a principal of IAM with the credentials to act as it.
type actor struct {
	arn string
	aws aws.Config
}

func (a actor) eks() *eks.Client { return eks.NewFromConfig(a.aws) }
func (a actor) iam() *iam.Client { return iam.NewFromConfig(a.aws) }
func (a actor) sts() *sts.Client { return sts.NewFromConfig(a.aws) }

// actor is a user of the environment's configuration, for a laptop that uses it.
func (l laptop) actor(name string) actor {
	GinkgoHelper()
	profile, err := config.LoadSharedConfigProfile(context.Background(), name, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles = []string{l.variable("AWS_CONFIG_FILE")}
		o.CredentialsFiles = []string{l.variable("AWS_SHARED_CREDENTIALS_FILE")}
	})
	Expect(err).NotTo(HaveOccurred())
	return actor{aws: aws.Config{Region: "us-west-2", HTTPClient: l.throughProxy(), RetryMaxAttempts: 1}}.
		with(profile.Credentials.AccessKeyID, profile.Credentials.SecretAccessKey, "").named(context.Background())
}

// with is the actor with other credentials.
func (a actor) with(key, secret, session string) actor {
	a.aws = a.aws.Copy()
	a.aws.Credentials = credentials.NewStaticCredentialsProvider(key, secret, session)
	return a
}

// named is the actor with the ARN that its credentials are of.
func (a actor) named(ctx context.Context) actor {
	GinkgoHelper()
	identity, err := a.sts().GetCallerIdentity(ctx, nil)
	Expect(err).NotTo(HaveOccurred())
	a.arn = aws.ToString(identity.Arn)
	return a
}

// variable is the value of an environment variable, "" if it has none.
func (l laptop) variable(name string) string {
	value := ""
	for _, variable := range l.vars {
		if n, v, _ := strings.Cut(variable, "="); n == name {
			value = v
		}
	}
	return value
}

// throughProxy is AWS's HTTP client with the proxy and the certificate authority of a laptop that uses eksemu.
func (l laptop) throughProxy() *awshttp.BuildableClient {
	GinkgoHelper()
	proxy, err := url.Parse(l.variable("HTTPS_PROXY"))
	Expect(err).NotTo(HaveOccurred())
	bundle, err := os.ReadFile(l.variable("AWS_CA_BUNDLE"))
	Expect(err).NotTo(HaveOccurred())
	roots := x509.NewCertPool()
	Expect(roots.AppendCertsFromPEM(bundle)).To(BeTrue())
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.Proxy = http.ProxyURL(proxy)
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	})
}

// anybody is a trust policy: whoever is of the account, and may assume roles.
const anybody = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
	"Principal": {"AWS": ["arn:aws:iam::111122223333:user/trurl", "arn:aws:iam::444455556666:user/guest"]}}]}`

// makeRole makes a role that is removed at the end of the spec or container, and returns a session of it.
func (a actor) makeRole(ctx context.Context, path, name string) actor {
	GinkgoHelper()
	made, err := a.iam().CreateRole(ctx, &iam.CreateRoleInput{Path: &path, RoleName: &name, AssumeRolePolicyDocument: aws.String(anybody)})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx context.Context) {
		_, _ = a.iam().DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name}) // the spec may have
	})
	return a.assume(ctx, aws.ToString(made.Role.Arn))
}

// assume is a session of a role, with the role's ARN.
func (a actor) assume(ctx context.Context, role string) actor {
	GinkgoHelper()
	out, err := a.sts().AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("spec")})
	Expect(err).NotTo(HaveOccurred())
	c := out.Credentials
	session := a.with(aws.ToString(c.AccessKeyId), aws.ToString(c.SecretAccessKey), aws.ToString(c.SessionToken))
	session.arn = role
	return session
}

// makeUser makes a user with an access key, which are removed at the end of the spec or container.
func (a actor) makeUser(ctx context.Context, name string) actor {
	GinkgoHelper()
	made, err := a.iam().CreateUser(ctx, &iam.CreateUserInput{UserName: &name})
	Expect(err).NotTo(HaveOccurred())
	key, err := a.iam().CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx context.Context) {
		_, _ = a.iam().DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &name, AccessKeyId: key.AccessKey.AccessKeyId})
		_, _ = a.iam().DeleteUser(ctx, &iam.DeleteUserInput{UserName: &name})
	})
	user := a.with(aws.ToString(key.AccessKey.AccessKeyId), aws.ToString(key.AccessKey.SecretAccessKey), "")
	user.arn = aws.ToString(made.User.Arn)
	return user
}

// token is a token for a cluster, made by aws-iam-authenticator's client code.
func (a actor) token(cluster string) string {
	GinkgoHelper()
	generator, err := token.NewGenerator(false, false)
	Expect(err).NotTo(HaveOccurred())
	made, err := generator.GetWithSTS(cluster, a.sts())
	Expect(err).NotTo(HaveOccurred())
	return made.Token
}

// target is the API server of a cluster.
type target struct {
	name, endpoint, ca string // ca is base64 of PEM
	client             *http.Client
}

// cluster finds a cluster by DescribeCluster.
func (a actor) cluster(ctx context.Context, name string) target {
	GinkgoHelper()
	out, err := a.eks().DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})
	Expect(err).NotTo(HaveOccurred())
	return targetOf(out.Cluster)
}

func targetOf(c *ekstypes.Cluster) target {
	GinkgoHelper()
	pem, err := base64.StdEncoding.DecodeString(aws.ToString(c.CertificateAuthority.Data))
	Expect(err).NotTo(HaveOccurred())
	roots := x509.NewCertPool()
	Expect(roots.AppendCertsFromPEM(pem)).To(BeTrue())
	transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, ForceAttemptHTTP2: true}
	DeferCleanup(transport.CloseIdleConnections)
	return target{aws.ToString(c.Name), aws.ToString(c.Endpoint), aws.ToString(c.CertificateAuthority.Data), &http.Client{Transport: transport}}
}

// call sends an object to the API server with a bearer token and reads the answer, if it is the one that is asked for.
// Headers are NAME: VALUE.
func (t target) call(ctx context.Context, method, path, bearer string, in, out any, headers ...string) (int, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, method, t.endpoint+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+bearer)
	request.Header.Set("Content-Type", "application/json")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := t.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err == nil && out != nil && response.StatusCode < 300 {
		err = json.Unmarshal(raw, out)
	}
	return response.StatusCode, err
}

// question is what may be asked by a SelfSubjectAccessReview.
type question = authorizationv1.ResourceAttributes

// canI answers a question, with a status of HTTP that is not 201 for those who cannot even ask.
func (t target) canI(ctx context.Context, bearer string, q question, headers ...string) (authorizationv1.SubjectAccessReviewStatus, int, error) {
	review := authorizationv1.SelfSubjectAccessReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview"},
		Spec:     authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &q},
	}
	code, err := t.call(ctx, http.MethodPost, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", bearer, review, &review, headers...)
	return review.Status, code, err
}

// whoami is whom the API server takes the holder of a token for.
func (t target) whoami(ctx context.Context, bearer string) (authenticationv1.UserInfo, int, error) {
	review := authenticationv1.SelfSubjectReview{TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "SelfSubjectReview"}}
	code, err := t.call(ctx, http.MethodPost, "/apis/authentication.k8s.io/v1/selfsubjectreviews", bearer, review, &review)
	return review.Status.UserInfo, code, err
}

// The answers to whether somebody may do something.
const (
	granted = "yes"
	refused = "no"
	unknown = "Unauthorized"
)

// ask asks a question as somebody, with a new token.
func (t target) ask(ctx context.Context, a actor, q question) func() (string, error) {
	return func() (string, error) {
		status, code, err := t.canI(ctx, a.token(t.name), q)
		switch {
		case err != nil:
			return "", err
		case code == http.StatusUnauthorized:
			return unknown, nil
		case code != http.StatusCreated:
			return "", fmt.Errorf("the API server answered %d", code)
		case status.Allowed:
			return granted, nil
		}
		return refused, nil
	}
}

// soon is how long a change may take until it counts.
const soon = "3s"

// getPods is a question.
var getPods = question{Verb: "get", Resource: "pods", Namespace: "default"}

const policyARN = "arn:aws:eks::aws:cluster-access-policy/"

// makeEntry makes an access entry, which is removed at the end of the spec or container.
func (a actor) makeEntry(ctx context.Context, cluster string, principal actor, groups ...string) *ekstypes.AccessEntry {
	GinkgoHelper()
	out, err := a.eks().CreateAccessEntry(ctx, &eks.CreateAccessEntryInput{ClusterName: &cluster, PrincipalArn: &principal.arn, KubernetesGroups: groups})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx context.Context) {
		_, _ = a.eks().DeleteAccessEntry(ctx, &eks.DeleteAccessEntryInput{ClusterName: &cluster, PrincipalArn: &principal.arn})
	})
	return out.AccessEntry
}

// associate gives the holder of an access entry an access policy, in namespaces or everywhere.
func (a actor) associate(ctx context.Context, cluster string, principal actor, policy string, namespaces ...string) {
	GinkgoHelper()
	scope := &ekstypes.AccessScope{Type: ekstypes.AccessScopeTypeCluster}
	if len(namespaces) > 0 {
		scope = &ekstypes.AccessScope{Type: ekstypes.AccessScopeTypeNamespace, Namespaces: namespaces}
	}
	_, err := a.eks().AssociateAccessPolicy(ctx, &eks.AssociateAccessPolicyInput{
		ClusterName: &cluster, PrincipalArn: &principal.arn, PolicyArn: aws.String(policyARN + policy), AccessScope: scope,
	})
	Expect(err).NotTo(HaveOccurred())
}

// disassociate takes an access policy from the holder of an access entry.
func (a actor) disassociate(ctx context.Context, cluster string, principal actor, policy string) {
	GinkgoHelper()
	_, err := a.eks().DisassociateAccessPolicy(ctx, &eks.DisassociateAccessPolicyInput{
		ClusterName: &cluster, PrincipalArn: &principal.arn, PolicyArn: aws.String(policyARN + policy),
	})
	Expect(err).NotTo(HaveOccurred())
}

// kubectl runs kubectl as somebody, with a kubeconfig that has a new token.
func (t target) kubectl(l laptop, a actor, args ...string) answer {
	GinkgoHelper()
	config := map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "it",
		"clusters": []any{map[string]any{"name": "it", "cluster": map[string]any{"server": t.endpoint, "certificate-authority-data": t.ca}}},
		"users":    []any{map[string]any{"name": "it", "user": map[string]any{"token": a.token(t.name)}}},
		"contexts": []any{map[string]any{"name": "it", "context": map[string]any{"cluster": "it", "user": "it"}}},
	}
	raw, err := json.Marshal(config)
	Expect(err).NotTo(HaveOccurred())
	return l.with("KUBECONFIG="+l.write("kubeconfig-of-now", string(raw))).run("kubectl", args...)
}
