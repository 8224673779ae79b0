package explain

import (
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/eksemu/eksemu/emulator/access"
	"github.com/eksemu/eksemu/emulator/redact"
	"github.com/eksemu/eksemu/emulator/trace"
)

// question is what a request asks an authorizer for.
type question struct {
	verb, resource, namespace, name, path string
	impersonate                           string
	canI                                  bool // asked about by a SelfSubjectAccessReview instead of done
}

// reviews that a request can create, as trace names resources.
const selfReview = "selfsubjectaccessreviews"

// questionOf reads the question of a request: what the review in it asks, or what the request itself does.
func questionOf(r *trace.Request) question {
	if review := ownReview(r); review != nil {
		q := question{verb: review.Verb, resource: review.Resource, namespace: review.Namespace, name: review.Name, path: review.Path, impersonate: r.Impersonate, canI: true}
		if review.Group != "" && review.Resource != "" {
			q.resource += "." + review.Group
		}
		return q
	}
	q := question{verb: r.Verb, resource: r.Resource, namespace: r.Namespace, name: r.Name, impersonate: r.Impersonate}
	if r.Resource == "" {
		q.path, _, _ = strings.Cut(r.URI, "?")
	}
	return q
}

// ownReview returns the review of the caller's own rights that a request made, nil if it is none or was refused.
// A SubjectAccessReview about somebody else is an ordinary request.
func ownReview(r *trace.Request) *trace.AccessReview {
	if r.Review == nil || r.Code >= 400 || r.Resource != "" && !strings.HasPrefix(r.Resource, selfReview) {
		return nil
	}
	return r.Review
}

// String writes the question the way one says it: "get pods in default".
func (q question) String() string {
	var words []string
	add := func(word string) {
		if word != "" {
			words = append(words, word)
		}
	}
	add(q.verb)
	if q.resource == "" {
		add(q.path)
	} else {
		add(q.resource)
		add(q.name)
		if q.namespace != "" {
			add("in " + q.namespace)
		}
	}
	if q.impersonate != "" {
		add("as " + q.impersonate)
	}
	text := strings.Join(words, " ")
	if !q.canI && strings.HasPrefix(q.resource, selfReview) {
		text += " (kubectl auth can-i)"
	}
	return text
}

// asked is the question without the name of an impersonated user.
func (q question) asked() string {
	q.impersonate = ""
	return q.String()
}

// grant writes the commands that let somebody do what the question asks. The subject is a flag for kubectl
// create rolebinding.
func (q question) grant(subject string) string {
	name := quoteShell(objectName(redact.Line("allow-" + q.verb + "-" + q.resource + q.path)))
	if q.resource == "" {
		return "kubectl create clusterrole " + name + " --verb=" + quoteShell(q.verb) + " --non-resource-url=" + quoteShell(q.path) + "\n" +
			"kubectl create clusterrolebinding " + name + " --clusterrole=" + name + " " + subject
	}
	rule := " --verb=" + quoteShell(q.verb) + " --resource=" + quoteShell(q.resource)
	if q.name != "" && q.verb != "create" {
		rule += " --resource-name=" + quoteShell(q.name)
	}
	if q.namespace == "" {
		return "kubectl create clusterrole " + name + rule + "\n" +
			"kubectl create clusterrolebinding " + name + " --clusterrole=" + name + " " + subject
	}
	namespace := " -n " + quoteShell(q.namespace)
	return "kubectl create role " + name + rule + namespace + "\n" +
		"kubectl create rolebinding " + name + " --role=" + name + " " + subject + namespace
}

// policy is the access policy that allows what the question asks and little else.
func (q question) policy() string {
	if q.resource == "" {
		return access.Least(authorizationv1.SubjectAccessReviewSpec{
			NonResourceAttributes: &authorizationv1.NonResourceAttributes{Verb: q.verb, Path: q.path},
		})
	}
	resource, sub, _ := strings.Cut(q.resource, "/")
	resource, group, _ := strings.Cut(resource, ".")
	if group == "" {
		sub, group, _ = strings.Cut(sub, ".") // as in deployments/scale.apps
	}
	return access.Least(authorizationv1.SubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
		Verb: q.verb, Group: group, Resource: resource, Subresource: sub, Namespace: q.namespace, Name: q.name,
	}})
}

// scope is the access scope in which the question is asked, as a flag of the aws CLI.
func (q question) scope() string {
	if q.namespace == "" {
		return "type=cluster"
	}
	return "type=namespace,namespaces=" + quoteShell(q.namespace)
}

// subjectFlag names an identity to kubectl create rolebinding: by a group of its own if it has one.
func subjectFlag(id Identity) string {
	if id.Impersonates != "" {
		return userFlag(id.Impersonates)
	}
	for _, group := range id.Groups {
		if !strings.HasPrefix(group, "system:") {
			return "--group=" + quoteShell(group)
		}
	}
	return userFlag(id.Username)
}

func userFlag(username string) string {
	if account, ok := strings.CutPrefix(username, serviceAccountPrefix); ok {
		return "--serviceaccount=" + quoteShell(account)
	}
	return "--user=" + quoteShell(username)
}

// objectName makes a name that Kubernetes accepts.
func objectName(text string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, text)
	return strings.Trim(name[:min(len(name), 60)], "-")
}
