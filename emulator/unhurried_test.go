package emulator

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestUnhurried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := &unhurried{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprint(w, "one")
			fmt.Fprint(w, " two")
		})}
		for body, want := range map[string]time.Duration{"": 0, "Action=ListUsers": leastLatency} {
			began, w := time.Now(), httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)))
			if took := time.Since(began); took != want || w.Code != http.StatusAccepted || w.Body.String() != "one two" {
				t.Errorf("body %q: %s, %d %s; want %s", body, took, w.Code, w.Body, want)
			}
		}
	})
}
