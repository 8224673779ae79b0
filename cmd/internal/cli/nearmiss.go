package cli

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/explain/awsauth"
	"github.com/eksemu/eksemu/emulator/kube"
)

// hintAWSAuth is added to the fix where the aws-auth ConfigMap that there is has errors.
const hintAWSAuth = "# aws-auth has errors (%d):\nkubectl get -n kube-system configmap/aws-auth -o yaml | eksemu explain --aws-auth -"

// nearMisses names in the verdicts of principals that nothing maps the mapping that is nearest, as a running environment
// has it now. What cannot be asked is left out, and said on standard error.
func (app *App) nearMisses(ctx context.Context, name *nameFlag, verdicts []explain.Verdict) []explain.Verdict {
	var client *emulator.Client
	for i, v := range verdicts {
		if !v.NeedsMappings() {
			continue
		}
		if client == nil {
			var err error
			if client, err = app.running(ctx, name); err != nil {
				fmt.Fprintf(app.ErrOut, "the mappings that are nearest are not named: %v\n", err)
			}
			if client == nil {
				return verdicts
			}
		}
		verdicts[i] = app.nearMiss(ctx, client, v)
	}
	return verdicts
}

// running is the running environment; nil if there is none, which is no error.
func (app *App) running(ctx context.Context, name *nameFlag) (*emulator.Client, error) {
	dir, err := name.dir()
	if err != nil {
		return nil, err
	}
	client, err := emulator.Attach(ctx, dir)
	switch {
	case errors.Is(err, emulator.ErrNotRunning):
		return nil, nil
	case err != nil:
		return nil, exitWith(ExitStart, err)
	}
	return client, nil
}

// nearMiss is a verdict with the mapping that is nearest.
func (app *App) nearMiss(ctx context.Context, client *emulator.Client, v explain.Verdict) explain.Verdict {
	cluster := v.Cluster
	if cluster == "" && len(client.Runtime.Clusters) > 0 {
		cluster = client.Runtime.Clusters[0].Name
	}
	mappings, mistakes, err := presentMappings(ctx, client, cluster)
	if err != nil {
		fmt.Fprintf(app.ErrOut, "the mapping that is nearest to %s is not named: %v\n", v.Identity.CanonicalARN, err)
		return v
	}
	v = v.WithMappings(mappings)
	if mistakes > 0 {
		v.Fix += "\n" + fmt.Sprintf(hintAWSAuth, mistakes)
	}
	return v
}

// presentMappings are the access entries and the mappings of aws-auth that a running cluster has, as far as its
// authentication mode reads them, and how many errors its aws-auth has.
func presentMappings(ctx context.Context, client *emulator.Client, cluster string) (mappings []explain.Mapping, mistakes int, err error) {
	present, err := client.PresentAccess(cluster)
	if err != nil {
		return nil, 0, err
	}
	for _, entry := range present.Entries {
		mappings = append(mappings, explain.Mapping{ARN: entry.ARN, Where: "access entry", ByID: true})
	}
	if !present.ConfigMap {
		return mappings, 0, nil
	}
	data, err := readAWSAuth(ctx, client, cluster)
	if err != nil || data == nil {
		return mappings, 0, err
	}
	written, mistakes := awsauth.Present(data)
	return append(mappings, written...), mistakes, nil
}

// readAWSAuth reads the data of a cluster's aws-auth; nil if there is none.
func readAWSAuth(ctx context.Context, client *emulator.Client, cluster string) (map[string]string, error) {
	access, err := client.Admin(cluster)
	if err != nil {
		return nil, err
	}
	administrator, err := kube.New(access)
	if err != nil {
		return nil, err
	}
	object, err := administrator.Get(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"namespace": "kube-system", "name": "aws-auth"},
	}})
	if err != nil || object == nil {
		return nil, err
	}
	data, _, err := unstructured.NestedStringMap(object.Object, "data")
	if err != nil {
		return nil, errors.New("aws-auth has data that is not text")
	}
	return data, nil
}
