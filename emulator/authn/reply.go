package authn

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// reply is an HTTP answer that is complete.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// textReply is an answer of the recorder itself.
func textReply(status int, text string) reply {
	header := http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"}}
	return reply{status: status, header: header, body: []byte(text + "\n")}
}

func (a reply) write(w http.ResponseWriter) {
	copyHeader(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the API server is gone: nobody is left to tell
}

// copyHeader copies the end-to-end header fields. The others belong to one connection (RFC 9110, section 7.6.1).
func copyHeader(to, from http.Header) {
	maps.Copy(to, from)
	for _, value := range from.Values("Connection") {
		for name := range strings.SplitSeq(value, ",") {
			to.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		to.Del(name)
	}
}

// withoutURL takes the method and URL off an error of net/http.
func withoutURL(err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
