package scenarios

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// variable is ${NAME} or ${NAME:IDENTITY}, or one of them after another dollar sign, which stands for itself.
var variable = regexp.MustCompile(`\$?\$\{([A-Za-z]+)(?::([^}\s]*))?\}`)

// Names of what can be filled in.
const (
	varGateway  = "gateway"         // URL of the emulated AWS
	varEndpoint = "endpoint"        // URL of the API server
	varCluster  = "cluster"         // its EKS name
	varRegion   = "region"          // of the cluster
	varKeyID    = "accessKeyID"     // ${accessKeyID:alice}: of a user
	varSecret   = "secretAccessKey" // ${secretAccessKey:alice}
)

// Variables are the names that ${NAME} may have in the arguments, variables and input of a step, and in the path and
// body of a request. $${NAME} is what ${NAME} would be without a meaning. The last two are of a user:
// ${accessKeyID:alice}.
func Variables() []string {
	return []string{varGateway, varEndpoint, varCluster, varRegion, varKeyID, varSecret}
}

// ofUser tells whether a variable is one of a user's.
func ofUser(name string) bool { return name == varKeyID || name == varSecret }

// expand fills in the variables of a text. Whatever else has a dollar sign stays as it is.
func (s *session) expand(ctx context.Context, text string) (string, error) {
	var failed error
	expanded := variable.ReplaceAllStringFunc(text, func(match string) string {
		if isEscaped(match) {
			return match[1:]
		}
		parts := variable.FindStringSubmatch(match)
		value, err := s.value(ctx, parts[1], parts[2])
		if err != nil && failed == nil {
			failed = fmt.Errorf("fill in %s: %w", match, err)
		}
		return value
	})
	return expanded, failed
}

// isEscaped tells that a match of variable is to be taken as it is.
func isEscaped(match string) bool { return strings.HasPrefix(match, "$$") }

// expandBody fills in the variables of all texts in a request's body.
func (s *session) expandBody(ctx context.Context, body any) (any, error) {
	var failed error
	return mapTexts(body, func(text string) string {
		expanded, err := s.expand(ctx, text)
		if failed == nil {
			failed = err
		}
		return expanded
	}), failed
}

// mapTexts is a value out of YAML with other texts for those in it; the names of fields stay.
func mapTexts(value any, change func(string) string) any {
	switch value := value.(type) {
	case string:
		return change(value)
	case []any:
		changed := make([]any, len(value))
		for i, item := range value {
			changed[i] = mapTexts(item, change)
		}
		return changed
	case map[string]any:
		changed := make(map[string]any, len(value))
		for name, item := range value {
			changed[name] = mapTexts(item, change)
		}
		return changed
	}
	return value
}

func (s *session) value(ctx context.Context, name, identity string) (string, error) {
	cluster := s.Environment.Cluster()
	switch name {
	case varGateway:
		return s.Environment.Gateway(), nil
	case varEndpoint:
		return cluster.Endpoint, nil
	case varCluster:
		return cluster.Name, nil
	case varRegion:
		return cluster.Region, nil
	case varKeyID:
		id, _, err := s.Environment.AccessKey(ctx, identity)
		return id, err
	case varSecret:
		_, secret, err := s.Environment.AccessKey(ctx, identity)
		return s.secret(string(secret)), err
	}
	return "", fmt.Errorf("there is no such variable (%s)", strictyaml.DidYouMean(name, Variables()))
}

// expandAll fills in the variables of a list.
func (s *session) expandAll(ctx context.Context, texts []string) ([]string, error) {
	expanded := slices.Clone(texts)
	for i, text := range texts {
		var err error
		if expanded[i], err = s.expand(ctx, text); err != nil {
			return nil, err
		}
	}
	return expanded, nil
}

// environ is a step's own environment variables, as "NAME=value", in the order of their names.
func (s *session) environ(ctx context.Context, step Step) ([]string, error) {
	var list []string
	for name, value := range step.Env {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return s.expandAll(ctx, list)
}

// used lists the variables in the texts of a step, as they are written.
func (s Step) used() [][]string {
	texts := slices.Concat(s.Kubectl, s.AWS, []string{s.Stdin})
	for _, value := range s.Env {
		texts = append(texts, value)
	}
	if s.HTTP != nil {
		texts = append(texts, s.HTTP.Path)
		mapTexts(s.HTTP.Body, func(text string) string {
			texts = append(texts, text)
			return text
		})
	}
	found := variable.FindAllStringSubmatch(strings.Join(texts, "\n"), -1)
	return slices.DeleteFunc(found, func(match []string) bool { return isEscaped(match[0]) })
}
