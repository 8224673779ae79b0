package eks

import (
	"fmt"
	"slices"
)

// describeUpdate answers DescribeUpdate. The text for an unknown one is recorded (github.com/aws/aws-cli issue 10252).
func (s *Server) describeUpdate(r *request) (any, error) {
	name, id := r.variable("name"), r.variable("updateId")
	if err := s.mayCluster(r, name, nil); err != nil {
		return nil, err
	}
	c, err := s.find(r, name)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(c.Updates, func(u *SavedUpdate) bool { return u.Update.ID == id })
	if at < 0 || ofPart(r) {
		return nil, refuse("ResourceNotFoundException", "No update found for ID: %s", id).of(name)
	}
	return updateAnswer{c.Updates[at].Update}, nil
}

// ofPart says whether a request is about updates of a part of a cluster, of which the emulator has none.
func ofPart(r *request) bool {
	query := r.URL.Query()
	return query.Has("nodegroupName") || query.Has("addonName") || query.Has("capabilityName")
}

// listUpdates answers ListUpdates, the oldest first. AWS's order is not known.
func (s *Server) listUpdates(r *request) (any, error) {
	name := r.variable("name")
	if err := s.mayCluster(r, name, nil); err != nil {
		return nil, err
	}
	c, err := s.find(r, name)
	if err != nil {
		return nil, err
	}
	type numbered struct{ id, at string }
	var updates []numbered
	for i, update := range c.Updates {
		if !ofPart(r) {
			updates = append(updates, numbered{update.Update.ID, fmt.Sprintf("%09d", i)})
		}
	}
	found, err := paginate(r, updates, func(u numbered) string { return u.at })
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, update := range found.items {
		ids = append(ids, update.id)
	}
	return struct {
		UpdateIDs []string `json:"updateIds"`
		NextToken *string  `json:"nextToken"`
	}{ids, found.next}, nil
}
