package explain

import (
	"strconv"
	"testing"
	"time"
)

// BenchmarkExplain explains a full ring buffer: about 700 requests among 4096 events.
func BenchmarkExplain(b *testing.B) {
	s := newStory()
	for len(s.events) < 4096 {
		s.token = strconv.Itoa(len(s.events))
		began := s.at
		s.sts(mallory(), 200, "", "").denied(mallory(), 403, notMapped).request(began, unauthorizedAnswer)
		s.at = s.at.Add(time.Second)
		s.token += "b"
		began = s.at
		s.granted(alice("developers")).request(began, all(as(alice("developers")), forbid(bobForbidden, "")))
		s.at = s.at.Add(time.Second)
	}
	for b.Loop() {
		Explain(s.events)
	}
}
