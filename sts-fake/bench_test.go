//go:build unix

package stsfake_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	stsfake "github.com/eksemu/eksemu/sts-fake"
)

// load is a request that is signed beforehand, and how many connections send it over and over.
type load struct {
	try         try
	request     *http.Request
	connections int
}

// loads runs a benchmark for GetCallerIdentity over 1 and 8 connections: a presigned GET as aws-iam-authenticator sends
// it, which wants JSON, and a signed POST as the SDKs do.
func loads(b *testing.B, run func(b *testing.B, l load)) {
	b.Helper()
	w := newWorld(b)
	w.advance(time.Since(w.clock()))
	for name, c := range map[string]try{
		"presigned": {method: http.MethodGet, query: identityForm, presign: true, accept: "application/json"},
		"header":    {form: identityForm},
	} {
		for _, connections := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/%d", name, connections), func(b *testing.B) { run(b, load{c, w.request(b, c), connections}) })
		}
	}
}

// serveSTS serves GetCallerIdentity over TLS as it is used: with the real clock and random request IDs.
func serveSTS(b *testing.B) *httptest.Server {
	b.Helper()
	gate := &stsfake.Gate{Store: newWorld(b).store, Now: time.Now}
	return serveTLS(b, stsfake.New(stsfake.Options{Gate: gate}))
}

// serveBare serves what net/http alone can: an answer of the same size and with the same headers, whatever is asked.
func serveBare(b *testing.B, l load) *httptest.Server {
	b.Helper()
	rec := newWorld(b).do(b, l.try)
	return serveTLS(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		if _, err := w.Write(rec.Body.Bytes()); err != nil {
			panic(http.ErrAbortHandler)
		}
	}))
}

func serveTLS(b *testing.B, h http.Handler) *httptest.Server {
	b.Helper()
	server := httptest.NewTLSServer(h)
	b.Cleanup(server.Close)
	return server
}

// client is an HTTP client with one connection to a server.
type client struct {
	http.Client
	request *http.Request
	body    []byte
}

func dial(b *testing.B, server *httptest.Server, l load) *client {
	b.Helper()
	transport := server.Client().Transport.(*http.Transport).Clone()
	b.Cleanup(transport.CloseIdleConnections)
	c := &client{Client: http.Client{Transport: transport}, request: l.request.Clone(b.Context()), body: []byte(l.try.form)}
	c.request.Host = l.request.URL.Host // which is signed
	c.request.URL.Host = server.Listener.Addr().String()
	if err := c.call(); err != nil {
		b.Fatal(err)
	}
	return c
}

// call sends the request and reads its answer.
func (c *client) call() error {
	c.request.Body = io.NopCloser(bytes.NewReader(c.body))
	answer, err := c.Do(c.request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	n, err := io.Copy(io.Discard, answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || n != answer.ContentLength) {
		err = fmt.Errorf("got %s and %d bytes", answer.Status, n)
	}
	return err
}

// crowd is all connections of a load to one server.
type crowd struct {
	load
	clients []*client
}

func gather(b *testing.B, server *httptest.Server, l load) crowd {
	b.Helper()
	c := crowd{load: l}
	for range l.connections {
		c.clients = append(c.clients, dial(b, server, l))
	}
	return c
}

// calls makes n calls, each connection its share of them, and says how long they took.
func (c crowd) calls(b *testing.B, n int) time.Duration {
	b.Helper()
	began := time.Now()
	var wg sync.WaitGroup
	for i, client := range c.clients {
		wg.Go(func() {
			for range n/len(c.clients) + min(1, max(0, n%len(c.clients)-i)) {
				if err := client.call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(began)
}

// BenchmarkGetCallerIdentityTLS is GetCallerIdentity over keep-alive TLS. Compare with BenchmarkBareTLS.
func BenchmarkGetCallerIdentityTLS(b *testing.B) {
	loads(b, func(b *testing.B, l load) {
		b.Helper()
		c := gather(b, serveSTS(b), l)
		b.ReportAllocs()
		b.ResetTimer()
		c.calls(b, b.N)
	})
}

// BenchmarkBareTLS is the same answer from net/http alone.
func BenchmarkBareTLS(b *testing.B) {
	loads(b, func(b *testing.B, l load) {
		b.Helper()
		c := gather(b, serveBare(b, l), l)
		b.ReportAllocs()
		b.ResetTimer()
		c.calls(b, b.N)
	})
}

// BenchmarkOfBareTLS gives the ratio of the two: how many calls of GetCallerIdentity are answered in the time of one bare
// answer, client included on both sides. The two take turns; of-bare is the median of the turns' ratios, by the clock on
// the wall, which others on the machine disturb. of-bare-cpu is the ratio of the processor time that all turns took,
// which they hardly do.
func BenchmarkOfBareTLS(b *testing.B) {
	const turn = 104 // a multiple of 8
	loads(b, func(b *testing.B, l load) {
		b.Helper()
		sts, bare := gather(b, serveSTS(b), l), gather(b, serveBare(b, l), l)
		var ratios []float64
		var ofSTS, ofBare time.Duration
		for b.Loop() {
			start := processorTime(b)
			elapsed := sts.calls(b, turn)
			middle := processorTime(b)
			ratios = append(ratios, float64(bare.calls(b, turn))/float64(elapsed))
			ofSTS, ofBare = ofSTS+middle-start, ofBare+processorTime(b)-middle
		}
		slices.Sort(ratios)
		b.ReportMetric(ratios[len(ratios)/2], "of-bare")
		b.ReportMetric(float64(ofBare)/float64(ofSTS), "of-bare-cpu")
	})
}

// processorTime is what this process has used so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
