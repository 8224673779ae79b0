// Package scenarios runs scripted situations in which a person, a role, a node or a program asks an EKS cluster
// something, and checks the answer: Unauthorized, no or yes, and which hop decided it and why.
//
// A scenario is a YAML file (see [Scenario] for its form): metadata, a lesson that says what to learn from it,
// perhaps identities of its own, and steps. A step either changes the state of the environment (it applies a
// manifest such as the aws-auth ConfigMap, shifts the clock that tokens are signed with, takes other
// credentials) or acts as an identity: it runs kubectl, the aws CLI or a raw HTTPS request, unmodified clients
// all of them. What a step's outcome is never comes from printed text: it is read from what the API server (or
// the AWS API) recorded for exactly that step's requests, by emulator/explain.
//
//	scenarios, err := scenarios.Loader{Environment: config}.Load("alice-views-pods", "./mine")
//	report, err := (&scenarios.Runner{Environment: env, Executable: exe, …}).Run(ctx, scenarios)
//	err = report.WriteTable(os.Stdout, scenarios.TableOptions{})
//
// The files under catalogue are the scenarios that eksemu ships; they are embedded, and [Loader.Catalogue] reads them.
// Nothing here starts anything: what scenarios run against is an [Environment], which the emulator implements.
package scenarios
