package e2e

import (
	"encoding/json"
	"strconv"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
)

// waitWhileMade runs the CLI's waiter on a cluster that is being made, and makes sure that it has something to wait for:
// it asks at once and then every 30 seconds, and a busy machine may have the cluster ready before Python is. So the
// processes of the control plane are stopped until it has asked once. The caller waits for its end.
func (l laptop) waitWhileMade(cluster string) *gexec.Session {
	GinkgoHelper()
	asked := l.lastQuestion()
	goOn := l.pause(cluster)
	defer goOn()
	session := l.guest().withEksemu("--as", "trurl").start(anyCLI(), "eks", "wait", "cluster-active", "--name", cluster)
	Eventually(l.lastQuestion).Should(BeNumerically(">", asked))
	Expect(session.ExitCode()).To(Equal(-1), "it did not wait")
	return session
}

// pause stops the processes of a cluster, and returns what lets them go on.
func (l laptop) pause(cluster string) func() {
	GinkgoHelper()
	var pids []int
	Eventually(func() []int {
		for _, process := range l.processes() {
			if pid, command, _ := strings.Cut(process, " "); strings.Contains(command, "/clusters/"+cluster+"/") {
				n, err := strconv.Atoi(pid)
				Expect(err).NotTo(HaveOccurred())
				pids = append(pids, n)
			}
		}
		return pids
	}).ShouldNot(BeEmpty())
	signal := func(s syscall.Signal) {
		for _, pid := range pids {
			_ = syscall.Kill(pid, s) // it may have ended
		}
	}
	signal(syscall.SIGSTOP)
	return func() { signal(syscall.SIGCONT) }
}

// lastQuestion is the number of the last event in which an aws CLI asked for a cluster and had an answer, 0 if there is none.
func (l laptop) lastQuestion() int {
	GinkgoHelper()
	last := 0
	for line := range strings.Lines(l.must("eksemu", "trace", "-o", "json")) {
		var event struct {
			Seq int
			AWS struct {
				Operation, UserAgent string
				Status               int
			}
		}
		Expect(json.Unmarshal([]byte(line), &event)).To(Succeed(), line)
		if event.AWS.Operation == "DescribeCluster" && event.AWS.Status == 200 && strings.HasPrefix(event.AWS.UserAgent, "aws-cli/") {
			last = event.Seq
		}
	}
	return last
}
