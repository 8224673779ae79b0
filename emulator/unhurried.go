package emulator

import (
	"net/http"
	"sync"
	"time"
)

// leastLatency is how long the answer to a request with a body takes at least.
const leastLatency = time.Millisecond

// unhurried does not answer a request with a body sooner than AWS ever could. Clients made with smithy-go (v1.28,
// transport/http/client.go), as the AWS SDK for Go is, close a request's body when its answer begins. If net/http has not
// seen the end of the body by then, it takes that for a failed write and closes the connection, in the middle of an answer
// that does not fit its buffer.
type unhurried struct{ next http.Handler }

// ServeHTTP implements [http.Handler].
func (h *unhurried) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		w = &unhurriedWriter{ResponseWriter: w, pause: sync.OnceFunc(func() { <-time.After(leastLatency) })}
	}
	h.next.ServeHTTP(w, r)
}

// unhurriedWriter pauses before it answers.
type unhurriedWriter struct {
	http.ResponseWriter
	pause func()
}

func (w *unhurriedWriter) WriteHeader(status int) {
	w.pause()
	w.ResponseWriter.WriteHeader(status)
}

func (w *unhurriedWriter) Write(p []byte) (int, error) {
	w.pause()
	return w.ResponseWriter.Write(p)
}

// Unwrap is for [http.ResponseController].
func (w *unhurriedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
