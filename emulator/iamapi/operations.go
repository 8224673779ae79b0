package iamapi

import "maps"

// operations are all operations by their names.
func operations() map[string]operation {
	all := map[string]operation{}
	for _, some := range []map[string]operation{
		userOperations(), accessKeyOperations(), roleOperations(), principalPolicyOperations(), policyOperations(),
		policyVersionOperations(), tagOperations(), providerOperations(), aroundOperations(),
	} {
		maps.Copy(all, some)
	}
	return all
}
