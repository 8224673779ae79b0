package bench

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"
)

// controlPlane is etcd and kube-apiserver without anything of eksemu around them: the upstream programs out of the
// same binary, with the flags that eksemu gives them but for those that make them ask eksemu. kube-controller-manager
// is left out: nobody waits for it to be ready, neither here nor in eksemu.
type controlPlane struct {
	etcd, apiServer []string // command lines
	endpoint        string   // https://127.0.0.1:PORT
	store, ca       string   // etcd's data folder; the certificate authority
}

// getReady starts the control plane with an empty store and returns the time until /readyz is answered with 200.
func (p *controlPlane) getReady(t *testing.T) time.Duration {
	t.Helper()
	if err := os.RemoveAll(p.store); err != nil {
		t.Fatal(err)
	}
	client := httpsClient(t, p.ca)
	begin := time.Now()
	for _, command := range [][]string{p.etcd, p.apiServer} {
		defer start(t, command)()
	}
	for time.Since(begin) < patience {
		if ready(t, client, p.endpoint+"/readyz") {
			return time.Since(begin)
		}
		pause(t)
	}
	t.Fatalf("kube-apiserver is not ready after %s", patience)
	return 0
}

// start starts a program and returns what ends it.
func start(t *testing.T, command []string) (stop func()) {
	t.Helper()
	process := exec.Command(command[0], command[1:]...)
	process.Env = []string{}
	var output bytes.Buffer
	process.Stdout, process.Stderr = &output, &output
	// The program lives as long as its standard input is open.
	if _, err := process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		_ = process.Process.Kill() // it may have ended
		if err := process.Wait(); t.Failed() {
			t.Logf("%v: %v\n%s", command[:3], err, output.Bytes())
		}
	}
}

func ready(t *testing.T, client *http.Client, url string) bool {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// pause is the pause between two questions, so that asking takes nothing away from the one who is asked.
func pause(t *testing.T) {
	t.Helper()
	select {
	case <-time.After(10 * time.Millisecond):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}
