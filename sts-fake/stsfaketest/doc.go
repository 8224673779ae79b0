// Package stsfaketest gives a Go test an STS of its own: one that verifies every signature, knows identities and
// trust policies, and answers as AWS does. It needs no network, no container and no AWS account.
//
//	srv := stsfaketest.New(t)
//	client := sts.NewFromConfig(srv.Config())
//	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}) // …:user/test
//
// The server ends with the test. If the test has failed, the log of the requests is part of its output.
//
// # Ways to the server
//
// Code that takes an [aws.Config] gets one from [Server.Config] or, for another identity, [Server.ConfigFor]. Its
// endpoint is the address of the server. Code that loads the configuration by itself finds the server after
// [Server.Setenv].
//
// Code that must believe in AWS's own host names (whoever presigns or verifies tokens for EKS) gets the HTTP client
// of [Server.Client]: it connects to the server under each host name of STS, over TLS, and to nothing else of AWS.
//
//	cfg := srv.Config()
//	cfg.BaseEndpoint, cfg.HTTPClient = nil, srv.Client()
//
// # Identities
//
// There is one user, [Server.User]. [Server.NewUser], [Server.NewUserWithPolicies], [Server.NewRole],
// [Server.NewRoleWithTrustPolicy], [Server.RoleSession] and [Server.Root] make more, [Server.SetMaxSessionDuration] lets
// sessions last longer, [Server.NewMFADevice] gives users their MFA devices, and [Server.NewOIDCIssuer] makes an issuer
// of tokens for AssumeRoleWithWebIdentity. [Server.Store] takes everything else: paths, other accounts, keys that are
// inactive.
//
// # Trouble
//
// [Server.FailNext] lets the next calls fail, wait or lose their connection. [Server.Advance] moves the server's
// clock, so that sessions expire and signatures become too old; programs keep theirs. [Server.Requests] tells what
// was called, by whom, with which parameters, and why it was refused.
package stsfaketest
