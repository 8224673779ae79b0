package iamapi

import (
	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
)

// aroundOperations are what tools ask for before they delete a user or role: Terraform's force_destroy and the AWS
// console look for what else it might have. But for MFA devices, which a configuration may give a user, there is nothing
// to be found.
func aroundOperations() map[string]operation {
	ofUser := (*request).userTarget
	ofAnyUser := members(anyUser, marker, maxItems)
	return map[string]operation{
		"ListInstanceProfilesForRole": {members(roleName, marker, maxItems), (*request).roleTarget, (*request).listInstanceProfilesForRole},
		"ListGroupsForUser":           {members(existingUser, marker, maxItems), ofUser, (*request).listGroupsForUser},
		"GetLoginProfile":             {members(optional(attachedUser)), ofUser, (*request).noLoginProfile},
		"DeleteLoginProfile":          {members(optional(attachedUser)), ofUser, (*request).noLoginProfile},
		"ListMFADevices":              {ofAnyUser, ofUser, (*request).listMFADevices},
		"DeactivateMFADevice":         {members(anyUser, awsmodel.Required("SerialNumber", serialNumberType)), ofUser, (*request).deactivateMFADevice},
		"ListVirtualMFADevices": {
			members(awsmodel.Optional("AssignmentStatus", assignmentStatusType), marker, maxItems), (*request).accountTarget, (*request).listVirtualMFADevices,
		},
		"ListSSHPublicKeys":       {members(optional(attachedUser), marker, maxItems), ofUser, (*request).listSSHPublicKeys},
		"ListSigningCertificates": {ofAnyUser, ofUser, (*request).listSigningCertificates},
		"ListServiceSpecificCredentials": {
			members(optional(attachedUser), awsmodel.Optional("ServiceName", awsmodel.Shape{}), awsmodel.Optional("AllUsers", booleanType), marker, maxItems),
			ofUser, (*request).listServiceSpecificCredentials,
		},
		"ListAccountAliases": {members(marker, maxItems), (*request).accountTarget, (*request).listAccountAliases},
	}
}

// none is the list of things that there are not.
type none []struct{}

func (r *request) listInstanceProfilesForRole() (any, error) {
	_, err := r.role()
	return struct {
		InstanceProfiles none `xml:"InstanceProfiles>member"`
		pageEnd
	}{none{}, pageEnd{}}, err
}

func (r *request) listGroupsForUser() (any, error) {
	_, err := r.user()
	return struct {
		Groups none `xml:"Groups>member"`
		pageEnd
	}{none{}, pageEnd{}}, err
}

// noLoginProfile: nobody has a password. The words are recorded (localstack, test_iam_users).
func (r *request) noLoginProfile() (any, error) {
	u, err := r.user()
	if err != nil {
		return nil, err
	}
	return nil, noSuchEntity("Login Profile for User %s cannot be found.", u.Name)
}

type mfaDeviceItem struct {
	UserName     string
	SerialNumber string
	EnableDate   awsquery.Timestamp
}

type mfaDevicesResult struct {
	MFADevices []mfaDeviceItem `xml:"MFADevices>member"`
	pageEnd
}

// listMFADevices has the user's date for those of its devices, which have none.
func (r *request) listMFADevices() (any, error) {
	u, err := r.user()
	if err != nil {
		return nil, err
	}
	items := []mfaDeviceItem{}
	for _, device := range u.MFADevices {
		items = append(items, mfaDeviceItem{u.Name, device.SerialNumber, awsquery.Timestamp(u.CreateDate)})
	}
	page, end, err := paginate(r, items, func(i mfaDeviceItem) string { return i.SerialNumber })
	return mfaDevicesResult{page, end}, err
}

// deactivateMFADevice takes a device from a user. Nothing of it remains: there are no devices without users.
func (r *request) deactivateMFADevice() (any, error) {
	arn, err := r.userARN()
	if err != nil {
		return nil, err
	}
	return nil, r.store.DeleteMFADevice(arn, r.Params.Get("SerialNumber"))
}

// listVirtualMFADevices is empty, whatever devices users have: who finds one here deactivates it and then deletes it,
// which there is no operation for.
func (r *request) listVirtualMFADevices() (any, error) {
	return struct {
		VirtualMFADevices none `xml:"VirtualMFADevices>member"`
		pageEnd
	}{none{}, pageEnd{}}, nil
}

func (r *request) listSSHPublicKeys() (any, error) {
	_, err := r.user()
	return struct {
		SSHPublicKeys none `xml:"SSHPublicKeys>member"`
		pageEnd
	}{none{}, pageEnd{}}, err
}

func (r *request) listSigningCertificates() (any, error) {
	_, err := r.user()
	return struct {
		Certificates none `xml:"Certificates>member"`
		pageEnd
	}{none{}, pageEnd{}}, err
}

func (r *request) listServiceSpecificCredentials() (any, error) {
	_, err := r.user()
	if r.Params.Get("AllUsers") == "true" {
		err = nil
	}
	return struct {
		ServiceSpecificCredentials none `xml:"ServiceSpecificCredentials>member"`
		pageEnd
	}{none{}, pageEnd{}}, err
}

func (r *request) listAccountAliases() (any, error) {
	return struct {
		AccountAliases []string `xml:"AccountAliases>member"`
		pageEnd
	}{[]string{}, pageEnd{}}, nil
}
