// Package audit turns kube-apiserver's audit events into trace events.
//
// kube-apiserver tells an audit webhook about every request that its audit policy selects: who asked, what
// for, and how the authorizers decided. That is the last hop of an authentication, and the only one that
// sees the person's request itself. Two things make the hop: the policy ([Policy]), which keeps the control
// plane's own chatter out, and the webhook ([Sink]), which records one [trace.Request] per request.
//
// The API server should run with --audit-webhook-mode=blocking. Then an event is delivered before the answer to
// its request is complete, and what a person asks about a request that just ended is already in the trace.
//
// # Stages
//
// A request passes through stages, and the API server may send an event at each of them:
//
//   - RequestReceived says nothing yet about the outcome. The policy omits it.
//   - ResponseStarted comes when the headers of a long-running request (a watch, an exec) go out, and for a
//     request whose authentication failed, for which it is the only stage
//     (k8s.io/apiserver/pkg/endpoints/filters/authn_audit.go): omitting it everywhere would lose every 401.
//   - ResponseComplete is the last stage of every authenticated request; for a watch it comes when the watch
//     ends.
//   - Panic replaces ResponseComplete when the handler panicked.
//
// [Sink] records the last stage of each: ResponseComplete, Panic, or ResponseStarted when nobody was
// authenticated and the answer is 401.
package audit
