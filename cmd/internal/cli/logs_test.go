package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

func TestLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run("logs").want(t, ExitStart, "error: environment default has no logs: start it with `eksemu up`\n")
	w.run("logs", "etcd").want(t, ExitStart, "error: environment default has no logs: start it with `eksemu up`\n")
	logs := filepath.Join(w.StateHome, "default", "logs")
	write(t, filepath.Join(logs, "etcd.log"), "first\nlast, without an end")
	write(t, filepath.Join(logs, "kube-apiserver.log"), "")
	write(t, filepath.Join(logs, "other", "etcd.log"), "another cluster's")
	write(t, filepath.Join(logs, "notes.txt"), "no log")
	got := w.run("logs")
	got.want(t, ExitOK, "")
	if want := "etcd\t" + filepath.Join(logs, "etcd.log") + "\nkube-apiserver\t" + filepath.Join(logs, "kube-apiserver.log") +
		"\nother/etcd\t" + filepath.Join(logs, "other", "etcd.log") + "\n"; got.out != want {
		t.Errorf("logs %q, want %q", got.out, want)
	}
	got = w.run("logs", "etcd")
	got.want(t, ExitOK, "")
	if got.out != "first\nlast, without an end\n" {
		t.Errorf("log %q", got.out)
	}
	if got := w.run("logs", "other/etcd"); got.code != ExitOK || got.out != "another cluster's\n" {
		t.Errorf("log of another cluster %+v", got)
	}
	if got := w.run("__complete", "logs", ""); got.out != "etcd\nkube-apiserver\nother/etcd\n:4\n" {
		t.Errorf("completions %q", got.out)
	}
}

// TestLogsStayInTheirFolder asks for files that are no logs.
func TestLogsStayInTheirFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := filepath.Join(w.StateHome, "default")
	write(t, filepath.Join(dir, "logs", "etcd.log"), "log")
	write(t, filepath.Join(dir, "secret.log"), "secret")
	write(t, filepath.Join(dir, "logs", "deeper", "still", "x.log"), "secret")
	for _, component := range []string{
		"../secret", "deeper/still/x", "deeper/../../secret", "/etc/passwd", dir + "/secret", "./etcd", "..", "etcd.log", "",
		"etcd\x00", strings.Repeat("x", 999),
	} {
		got := w.run("logs", component)
		if got.code == ExitOK || got.out != "" {
			t.Errorf("%q: %+v", component, got)
		}
		got.want(t, got.code, fmt.Sprintf("error: environment default has no log of component %q: use one of etcd\n", component))
	}
}

const (
	signature    = "fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024"
	sessionToken = "FwoGZXIvYXdzEBYaDHNlc3Npb24/tok+en=="
	jwt          = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06In0.c2lnbmF0dXJl-_"
)

func TestLogsAreRedacted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	write(t, filepath.Join(w.StateHome, "default", "logs", "aws-iam-authenticator.log"),
		"a long line: "+strings.Repeat("x", 100_000)+" k8s-aws-v1."+strings.Repeat("A", 3000)+"\r\n\x1b[2J\tX-Amz-Signature="+signature+"\xff\n")
	got := w.run("logs", "aws-iam-authenticator")
	got.want(t, ExitOK, "")
	want := "a long line: " + strings.Repeat("x", 100_000) + " k8s-aws-v1.[redacted]\n [2J\tX-Amz-Signature=[redacted]\n"
	if got.out != want {
		t.Errorf("log …%s", got.out[100_000:])
	}
}

func TestCopyRedactedFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var out bytes.Buffer
	if err := copyRedacted(&out, io.MultiReader(strings.NewReader("line\nhalf"), iotest.ErrReader(broken))); !errors.Is(err, broken) || out.String() != "line\nhalf\n" {
		t.Errorf("copied %q, %v", out.String(), err)
	}
	read, write := io.Pipe()
	_ = read.CloseWithError(broken)
	if err := copyRedacted(write, strings.NewReader("line\n")); !errors.Is(err, broken) {
		t.Errorf("to a closed pipe: %v", err)
	}
}

func FuzzPrintable(f *testing.F) {
	for _, seed := range []string{"", "\xff\x1b[2J", "a\r\nb\tc", "\u202e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(printable(text), "\n\r\x1b\u202e") {
			t.Errorf("%q is printed as %q", text, printable(text))
		}
	})
}
