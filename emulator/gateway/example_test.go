package gateway_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/eksemu/eksemu/emulator/gateway"
	"github.com/eksemu/eksemu/emulator/internal/pki"
)

// A client that uses the gateway as its proxy talks to the emulator under the name of an AWS host.
func Example() {
	ca, err := pki.NewCA("eksemu example CA", time.Now)
	if err != nil {
		fmt.Println(err)
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	g := gateway.New(gateway.Config{
		Listener: listener,
		CA:       ca,
		Handler: func(host string) http.Handler {
			return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				fmt.Printf("%s asks %s for %s\n", gateway.Client(r.Context()), host, r.RequestURI)
			})
		},
	})
	go g.Serve() //nolint:errcheck // returns nil after Shutdown
	defer func() { _ = g.Shutdown(context.Background()) }()

	proxy := &url.URL{Scheme: "http", Host: listener.Addr().String(), User: url.UserPassword("alice", "x")}
	client := &http.Client{Transport: &http.Transport{
		Proxy:           http.ProxyURL(proxy),
		TLSClientConfig: &tls.Config{RootCAs: ca.Pool()},
	}}
	res, err := client.Get("https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	fmt.Println(res.Status)
	// Output:
	// alice asks sts.us-west-2.amazonaws.com for /?Action=GetCallerIdentity
	// 200 OK
}
