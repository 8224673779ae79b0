package config_test

import (
	"fmt"

	"github.com/eksemu/eksemu/emulator/config"
)

func ExampleLoad() {
	text := `apiVersion: eksemu/v1alpha1
kind: Environment
users:
  - name: trurl
clusters:
  - name: my-cluster
    creator: trul
`
	_, problems := config.Load("env.yaml", []byte(text), config.Options{})
	fmt.Println(problems)
	// Output:
	// env.yaml:6: clusters[0].role: no role (name a role)
	// env.yaml:7: clusters[0].creator: there is no user or role named "trul" (did you mean "trurl"?)
}

func ExampleEnvironment_Identities() {
	for _, identity := range config.Default().Identities() {
		if identity.Kind != config.KindUser {
			fmt.Println(identity.Kind, identity.Name)
		}
	}
	// Output:
	// role some-other-role
	// role my-node-role
	// role my-cluster-role
	// instance i-0123456789abcdef0
}
