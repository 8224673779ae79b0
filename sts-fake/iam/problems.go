package iam

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with what was given to the store or the policy parser.
type Problem struct {
	Path    string // where: "Statement[0].Effect", or the principal it is about; "" for the whole
	Message string // what, and how to put it right
	// Principal is the principal of a trust policy that the problem is about, as the policy names it: it does not
	// exist, or not in this partition. "" for other problems.
	Principal string
}

func (p Problem) String() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// Problems is the complete list of what is wrong, as an error.
type Problems []Problem

func (ps Problems) Error() string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.String()
	}
	return strings.Join(texts, "; ")
}

func (ps *Problems) add(path, format string, args ...any) {
	*ps = append(*ps, Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

// addPrincipal adds a problem with a principal of a trust policy.
func (ps *Problems) addPrincipal(path, principal, problem string) {
	*ps = append(*ps, Problem{Path: path, Message: "trust policy: principal " + principal + " " + problem, Principal: principal})
}

// under adds problems with a path in front of theirs.
func (ps *Problems) under(path string, inner Problems) {
	for _, p := range inner {
		if p.Path == "" {
			p.Path = path
		} else {
			p.Path = path + ": " + p.Path
		}
		*ps = append(*ps, p)
	}
}

// err is the list as an error: nil if it is empty.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}
