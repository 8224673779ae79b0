package audit

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/trace"
)

// The stages that end a request's audit, and the API group of the access reviews.
const (
	stageResponseStarted  = "ResponseStarted"
	stageResponseComplete = "ResponseComplete"
	stagePanic            = "Panic"

	reviewGroup = "authorization.k8s.io"
)

// eventList is what the API server posts: audit.k8s.io/v1 EventList.
type eventList struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Items      []event `json:"items"`
}

// event is the part of audit.k8s.io/v1 Event that a trace.Request needs
// (k8s.io/apiserver/pkg/apis/audit/v1/types.go).
type event struct {
	AuditID          string          `json:"auditID"`
	Stage            string          `json:"stage"`
	RequestURI       string          `json:"requestURI"`
	Verb             string          `json:"verb"`
	User             userInfo        `json:"user"`
	ImpersonatedUser *userInfo       `json:"impersonatedUser"`
	UserAgent        string          `json:"userAgent"`
	ObjectRef        *objectRef      `json:"objectRef"`
	ResponseStatus   *responseStatus `json:"responseStatus"`
	RequestObject    json.RawMessage `json:"requestObject"`
	ResponseObject   json.RawMessage `json:"responseObject"`

	RequestReceivedTimestamp time.Time         `json:"requestReceivedTimestamp"`
	StageTimestamp           time.Time         `json:"stageTimestamp"`
	Annotations              map[string]string `json:"annotations"`
}

type userInfo struct {
	Username string              `json:"username"`
	UID      string              `json:"uid"`
	Groups   []string            `json:"groups"`
	Extra    map[string][]string `json:"extra"`
}

type objectRef struct {
	APIGroup    string `json:"apiGroup"`
	Resource    string `json:"resource"`
	Subresource string `json:"subresource"`
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
}

type responseStatus struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// last says whether the event is the last one of its request. A failed authentication ends at ResponseStarted,
// without a user; a long-running request passes through that stage with one.
func (e *event) last() bool {
	switch e.Stage {
	case stageResponseComplete, stagePanic:
		return true
	case stageResponseStarted:
		return e.User.Username == "" && e.ResponseStatus != nil && e.ResponseStatus.Code == 401
	}
	return false
}

// request turns the event into the trace's form.
func (e *event) request() *trace.Request {
	r := &trace.Request{
		AuditID:   e.AuditID,
		Verb:      e.Verb,
		URI:       withoutToken(e.RequestURI),
		UserAgent: e.UserAgent,
		Username:  e.User.Username,
		UID:       e.User.UID,
		Groups:    e.User.Groups,
		Extra:     e.User.Extra,
		Decision:  e.Annotations["authorization.k8s.io/decision"],
		Reason:    e.Annotations["authorization.k8s.io/reason"],
		Received:  e.RequestReceivedTimestamp,
		Completed: e.StageTimestamp,
	}
	if e.ImpersonatedUser != nil {
		r.Impersonate, r.ImpersonateGroups = e.ImpersonatedUser.Username, e.ImpersonatedUser.Groups
	}
	if e.ObjectRef != nil {
		r.Resource, r.Namespace, r.Name = e.ObjectRef.resource(), e.ObjectRef.Namespace, e.ObjectRef.Name
	}
	if e.ResponseStatus != nil {
		r.Code = e.ResponseStatus.Code
		if r.Code >= 400 { // a success may carry a message too, such as "Connection closed early"
			r.Message = e.ResponseStatus.Message
		}
	}
	r.Review = e.review()
	bound(r)
	return r
}

// resource writes the resource the way kubectl takes it: "pods", "pods/log", "deployments.apps",
// "deployments.apps/scale".
func (o *objectRef) resource() string {
	name := o.Resource
	if o.APIGroup != "" {
		name += "." + o.APIGroup
	}
	if o.Subresource != "" {
		name += "/" + o.Subresource
	}
	return name
}

// withoutToken takes a bearer token out of the one query parameter in which the API server recognises one
// (k8s.io/apiserver/pkg/endpoints/filters/authn_audit.go).
func withoutToken(uri string) string {
	path, query, _ := strings.Cut(uri, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return path
	}
	if !values.Has("access_token") {
		return uri
	}
	values.Set("access_token", "REDACTED")
	return path + "?" + values.Encode()
}
