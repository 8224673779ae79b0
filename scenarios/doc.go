// Package scenarios runs scripted situations in which a person, a role, a node or a program asks an EKS cluster
// something, and checks the answer: Unauthorized, no or yes, and which hop decided it and why.
//
// A scenario is a YAML file ([Scenario] documents every field): metadata, a lesson that says what to learn from
// it, perhaps identities of its own, and steps:
//
//	apiVersion: eksemu/v1alpha1
//	kind: Scenario
//	metadata: {name: token-too-old, title: a token that was signed 16 minutes ago, outcome: unauthorized}
//	lesson: |
//	  A token lives 15 minutes …
//	steps:
//	  - clock: -16m
//	  - as: alice
//	    kubectl: auth can-i get pods
//	    expect: {outcome: unauthorized, decidedBy: token, cause: token-expired}
//
// A step either changes the state of the environment (it applies a manifest such as the aws-auth ConfigMap, shifts
// the clock that tokens are signed with, takes other credentials) or acts as an identity: it runs kubectl, the aws
// CLI or a raw HTTPS request, unmodified clients all of them. What a step's outcome is never comes from printed
// text: it is read from what the API server (or the AWS API) recorded for exactly that step's requests, by
// emulator/explain. State is put back after each scenario, whatever happened.
//
//	list, err := scenarios.Loader{Environment: config.Default()}.Load("alice-views-pods", "./mine")
//	report, err := (&scenarios.Runner{Environment: env, Executable: exe, …}).Run(ctx, list)
//	err = report.WriteTable(os.Stdout, scenarios.TableOptions{})
//
// The files under catalogue are the scenarios that eksemu ships; they are embedded, and [Loader.Catalogue]
// reads them. What scenarios run against is an [Environment]; nothing here starts one.
package scenarios
