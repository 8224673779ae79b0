package emulator

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// addIdentities adds users, roles and identity providers to IAM, and users and roles to the profiles, all of them or
// none, and returns an ID for removeIdentities.
func (a *awsSide) addIdentities(overlay config.Overlay) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	merged, problems := a.config.Merge(overlay, nil)
	if len(problems) > 0 {
		return "", problems
	}
	overlay = merged.Added(a.config)
	if err := a.seed(overlay); err != nil {
		return "", err
	}
	if err := a.writeProfiles(merged); err != nil {
		return "", errors.Join(err, a.remove(overlay, merged), a.writeProfiles(a.config))
	}
	a.config = merged
	a.created++
	id := strconv.Itoa(a.created)
	a.overlays[id] = overlay
	return id, nil
}

// seed puts the identities of an overlay into IAM, unless IAM has something of a name already: callers of its API made
// that. They are noted first, so that a start after a crash removes them.
func (a *awsSide) seed(overlay config.Overlay) error {
	identities, err := overlay.Snapshot()
	if err != nil {
		return err
	}
	if err := a.taken(identities); err != nil {
		return err
	}
	keys := keysOf(identities)
	if err := a.state.update(func(s *state) { s.Seeded.note(keys, ofOverlay) }); err != nil {
		return err
	}
	if err := overlay.Seed(a.store); err != nil {
		return errors.Join(err, a.state.update(func(s *state) { s.Seeded.forget(keys) }))
	}
	return nil
}

// taken lists the identities of which IAM has the names.
func (a *awsSide) taken(identities iam.Snapshot) error {
	var problems []error
	note := func(what, name string, err error) {
		if err == nil {
			problems = append(problems, fmt.Errorf("add %s %q, which a caller of the IAM API has made (delete that, or choose another name): %w", what, name, iam.ErrExists))
		}
	}
	for _, u := range identities.Users {
		_, err := a.store.UserNamed(u.AccountID, u.Name)
		note("user", u.Name, err)
	}
	for _, r := range identities.Roles {
		_, err := a.store.RoleNamed(r.AccountID, r.Name)
		note("role", r.Name, err)
	}
	for _, p := range identities.OIDCProviders {
		_, err := a.store.OIDCProvider(p.AccountID, p.URL)
		note("identity provider", p.URL, err)
	}
	return errors.Join(problems...)
}

// removeIdentities removes what addIdentities added. Keys and sessions of the identities end at once.
func (a *awsSide) removeIdentities(id string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	overlay, ok := a.overlays[id]
	if !ok {
		return fmt.Errorf("no identities were added under %q", id)
	}
	delete(a.overlays, id)
	err := a.remove(overlay, a.config)
	remaining := *a.config
	for _, user := range overlay.Users {
		remaining.Users = without(remaining.Users, func(u config.User) bool { return u.Name == user.Name })
	}
	for _, role := range overlay.Roles {
		remaining.Roles = without(remaining.Roles, func(r config.Role) bool { return r.Name == role.Name })
	}
	for _, instance := range overlay.Instances {
		remaining.Instances = without(remaining.Instances, func(i config.Instance) bool { return i.ID == instance.ID })
	}
	for _, provider := range overlay.OIDCProviders {
		remaining.OIDCProviders = without(remaining.OIDCProviders, func(p config.OIDCProvider) bool {
			return p.Account == provider.Account && p.URL == provider.URL
		})
	}
	a.config = &remaining
	return errors.Join(err, a.writeProfiles(&remaining))
}

// remove removes the users, roles and identity providers of an overlay from IAM, and the note of them once all are gone.
// What somebody else has removed is gone, too. merged is the configuration that has them.
func (a *awsSide) remove(overlay config.Overlay, merged *config.Environment) error {
	var errs []error
	note := func(err error) {
		if !errors.Is(err, iam.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	for _, user := range overlay.Users {
		identity, _ := merged.Identity(user.Name)
		note(a.store.DeleteUser(identity.ARN))
	}
	for _, role := range overlay.Roles {
		identity, _ := merged.Identity(role.Name)
		note(a.store.DeleteRole(identity.ARN))
	}
	for _, provider := range overlay.OIDCProviders {
		note(a.store.DeleteOIDCProvider(provider.ARN(merged.Partition())))
	}
	identities, err := overlay.Snapshot()
	if err := errors.Join(append(errs, err)...); err != nil {
		return err
	}
	return a.state.update(func(s *state) { s.Seeded.forget(keysOf(identities)) })
}
