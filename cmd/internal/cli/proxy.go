package cli

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"golang.org/x/net/http/httpproxy"

	"github.com/eksemu/eksemu/emulator"
)

// The variables in which `eksemu env` keeps the machine's own proxy, as it makes HTTPS_PROXY the gateway. An environment
// that is started in such a shell would else take another one's gateway, or its own of an earlier life, for that proxy.
const (
	ownProxy   = "EKSEMU_HTTPS_PROXY"
	ownNoProxy = "EKSEMU_NO_PROXY"
)

// machineProxy are the values of HTTPS_PROXY and NO_PROXY without eksemu: what env kept of them, or else what they are.
func (app *App) machineProxy() (proxy, noProxy string) {
	if kept, ok := app.LookupEnv(ownProxy); ok {
		return kept, app.env(ownNoProxy)
	}
	return cmp.Or(app.env("HTTPS_PROXY"), app.env("https_proxy")), cmp.Or(app.env("NO_PROXY"), app.env("no_proxy"))
}

// proxy is the way of this machine to hosts that are none of AWS's.
func (app *App) proxy() func(*http.Request) (*url.URL, error) {
	proxy, noProxy := app.machineProxy()
	choose := (&httpproxy.Config{HTTPSProxy: proxy, NoProxy: noProxy}).ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return choose(r.URL) }
}

// keepProxy are the variables that keep the machine's own proxy.
func (app *App) keepProxy() []emulator.Variable {
	proxy, noProxy := app.machineProxy()
	return []emulator.Variable{{Name: ownProxy, Value: proxy}, {Name: ownNoProxy, Value: noProxy}}
}

// undoEnv takes back what env set: the proxy is again the machine's own. What else env replaced is not known any more.
func (app *App) undoEnv() (set []emulator.Variable, unset []string) {
	proxy, noProxy := app.machineProxy()
	if _, kept := app.LookupEnv(ownProxy); !kept { // there was no env, and HTTPS_PROXY is the machine's own anyway
		return nil, nil
	}
	everything := emulator.Variables("", emulator.Runtime{Clusters: []emulator.RuntimeCluster{{}}}, "anybody")
	for _, v := range slices.Concat(everything, app.keepProxy()) {
		unset = append(unset, v.Name)
	}
	for _, v := range []emulator.Variable{{Name: "HTTPS_PROXY", Value: proxy}, {Name: "NO_PROXY", Value: noProxy}} {
		if v.Value != "" {
			set = append(set, v)
		}
	}
	return set, unset
}
