package scenarios

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	clientcmd "k8s.io/client-go/tools/clientcmd/api/v1"
)

// TestMain lets the test binary stand in for the programs that the runner starts: eksemu and aws.
func TestMain(m *testing.M) {
	if os.Getenv("EKSEMU_FAKE_PROGRAM") == "" {
		os.Exit(m.Run())
	}
	if err := fakeProgram(os.Args[0], os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func fakeProgram(argv0 string, arguments []string) error {
	switch arguments[0] {
	case "kubectl":
		return fakeKubectl(argv0, arguments[1:])
	case "token":
		return fakeToken(arguments[1:])
	default:
		return fakeAWS(arguments)
	}
}

// fakeSignature is what the fakes sign with: nothing that could be mistaken for a signature.
func fakeSignature(key, secret, cluster, date string) string {
	return strings.Join([]string{key, secret, cluster, date}, "/")
}

// fakeToken does what `eksemu token` does, for fixtures whose keys are made of their names.
func fakeToken(arguments []string) error {
	argument := func(name string) string {
		if i := slices.Index(arguments, name); i >= 0 && i+1 < len(arguments) {
			return arguments[i+1]
		}
		return ""
	}
	profile := os.Getenv("AWS_PROFILE")
	key, secret := "AKIA"+strings.ToUpper(profile), "secret-of-"+profile
	if profile == "" {
		key, secret = os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	}
	if profile == "locked-role" {
		return fakeAWS([]string{"sts", "assume-role"})
	}
	date := argument("--signing-time")
	presigned := url.URL{Scheme: "https", Host: "sts.us-west-2.amazonaws.com", Path: "/", RawQuery: url.Values{
		"X-Amz-Credential": {key + "/20260101/us-west-2/sts/aws4_request"},
		"X-Amz-Date":       {date},
		"X-Amz-Expires":    {argument("--expires")},
		"X-Amz-Signature":  {fakeSignature(key, secret, argument("-i"), date)},
	}.Encode()}
	token := "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte(presigned.String()))
	if slices.Contains(arguments, "--token-only") {
		fmt.Println(token)
		return nil
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"status": map[string]string{"token": token}})
}

// fakeAWS calls the gateway the way the aws CLI does, as far as anything here can tell.
func fakeAWS(arguments []string) error {
	proxy, err := url.Parse(os.Getenv("HTTPS_PROXY"))
	if err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPost, "http://"+proxy.Host+"/"+strings.Join(arguments, "/"), nil) // a program of its own
	if err != nil {
		return err
	}
	request.SetBasicAuth(proxy.User.Username(), "")
	request.Header.Set("X-Profile", os.Getenv("AWS_PROFILE"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("An error occurred: %s %w", body, err)
	}
	fmt.Printf("%s\n", body)
	return nil
}

// fakeKubectl knows `auth can-i get pods` and, for a client that never reaches the server, `nonsense`.
func fakeKubectl(argv0 string, arguments []string) error {
	if arguments[0] == "nonsense" {
		return fmt.Errorf(`error: unknown command "nonsense"%s`, strings.Join(append([]string{""}, arguments[1:]...), " "))
	}
	data, err := os.ReadFile(os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	var config clientcmd.Config
	if err := json.Unmarshal(data, &config); err != nil {
		return err
	}
	token, err := fakeCredential(config.AuthInfos[0].AuthInfo)
	if err != nil {
		return fmt.Errorf("Unable to connect to the server: getting credentials: exec: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(config.Clusters[0].Cluster.CertificateAuthorityData)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	ask := func(method, path, body string) (int, string, error) {
		request, err := http.NewRequest(method, config.Clusters[0].Cluster.Server+path, strings.NewReader(body)) // a program of its own
		if err != nil {
			return 0, "", err
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("User-Agent", argv0+"/v1.37.2 (fake) kubernetes")
		response, err := client.Do(request)
		if err != nil {
			return 0, "", err
		}
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		return response.StatusCode, string(answer), err
	}
	if _, _, err := ask(http.MethodGet, "/api", ""); err != nil {
		return err
	}
	status, answer, err := ask(http.MethodPost, reviewPath, `{}`)
	switch {
	case err != nil:
		return err
	case status == http.StatusUnauthorized:
		return fmt.Errorf("error: You must be logged in to the server (Unauthorized)")
	case strings.Contains(answer, `"allowed":true`):
		fmt.Println("yes")
		return nil
	}
	fmt.Println("no")
	os.Exit(1)
	return nil
}

// fakeCredential is the token of a kubeconfig's user: its own, or that of its exec plugin.
func fakeCredential(user clientcmd.AuthInfo) (string, error) {
	if user.Exec == nil {
		return user.Token, nil
	}
	plugin := exec.Command(user.Exec.Command, user.Exec.Args...) // a program of its own
	plugin.Env = os.Environ()
	for _, variable := range user.Exec.Env {
		plugin.Env = append(plugin.Env, variable.Name+"="+variable.Value)
	}
	var out bytes.Buffer
	plugin.Stdout, plugin.Stderr = &out, os.Stderr
	if err := plugin.Run(); err != nil {
		return "", err
	}
	var credential struct{ Status struct{ Token string } }
	err := json.Unmarshal(out.Bytes(), &credential)
	return credential.Status.Token, err
}

const reviewPath = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

// presignedIn takes a fake token apart.
func presignedIn(token string) (key, date, signature string) {
	data, _ := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, "k8s-aws-v1."))
	presigned, err := url.Parse(string(data))
	if err != nil {
		return "", "", ""
	}
	query := presigned.Query()
	key, _, _ = strings.Cut(query.Get("X-Amz-Credential"), "/")
	return key, query.Get("X-Amz-Date"), query.Get("X-Amz-Signature")
}

func signedAt(date string) time.Time {
	at, _ := time.Parse(time.RFC3339, date)
	return at
}
