// Package kube is the small part of kubectl that eksemu itself needs, as the cluster's administrator: apply and
// delete manifests so that it can be undone, issue service account tokens, and look at ClusterRoles.
package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	coreclient "k8s.io/client-go/kubernetes/typed/core/v1"
	rbacclient "k8s.io/client-go/kubernetes/typed/rbac/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// FieldManager is the name under which eksemu's server-side apply owns fields.
const FieldManager = "eksemu"

// Config says which cluster, and with which client certificate.
type Config struct {
	Endpoint string
	CAPEM    []byte // PEM, as the next two
	CertPEM  []byte
	KeyPEM   []byte

	// AccountWait is how long ServiceAccountToken waits for an account that does not exist yet; 0 is 20 s.
	AccountWait time.Duration
}

// Client changes a cluster's state. It is safe for concurrent use.
type Client struct {
	objects dynamic.Interface
	core    coreclient.CoreV1Interface
	rbac    rbacclient.RbacV1Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper

	accountWait time.Duration // for a service account that does not exist yet
}

// Undo restores what was there before. It may be called once.
type Undo func(context.Context) error

// New makes a client. It makes no request yet.
func New(cfg Config) (*Client, error) {
	rc := &rest.Config{
		Host:            cfg.Endpoint,
		TLSClientConfig: rest.TLSClientConfig{CAData: cfg.CAPEM, CertData: cfg.CertPEM, KeyData: cfg.KeyPEM},
		UserAgent:       "eksemu",
		QPS:             -1, // one administrator, one local server: no throttling
	}
	objects, err := dynamic.NewForConfig(rc)
	if err != nil {
		return nil, fmt.Errorf("client for %s: %w", cfg.Endpoint, err)
	}
	core, err := coreclient.NewForConfig(rc)
	if err != nil {
		return nil, fmt.Errorf("client for %s: %w", cfg.Endpoint, err)
	}
	rbac, err := rbacclient.NewForConfig(rc)
	if err != nil {
		return nil, fmt.Errorf("client for %s: %w", cfg.Endpoint, err)
	}
	disco, err := discovery.NewDiscoveryClientForConfig(rc)
	if err != nil {
		return nil, fmt.Errorf("client for %s: %w", cfg.Endpoint, err)
	}
	return &Client{
		objects: objects,
		core:    core,
		rbac:    rbac,
		mapper:  restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco)),

		accountWait: cmp.Or(cfg.AccountWait, accountWait),
	}, nil
}

// Apply applies every object of a manifest (one or several YAML documents, or a List) on the server side and
// takes over conflicting fields. Objects that were applied before an error occurred stay, and undo, which is
// never nil, reverts exactly those.
func (c *Client) Apply(ctx context.Context, manifest []byte) (Undo, error) {
	return c.each(ctx, manifest, c.apply)
}

// Delete deletes every object of a manifest that exists. undo, which is never nil, creates them again.
func (c *Client) Delete(ctx context.Context, manifest []byte) (Undo, error) {
	return c.each(ctx, manifest, c.delete)
}

func (c *Client) each(ctx context.Context, manifest []byte, do func(context.Context, *unstructured.Unstructured) (Undo, error)) (Undo, error) {
	var undos []Undo
	undoAll := func(ctx context.Context) error {
		var errs []error
		for i := len(undos) - 1; i >= 0; i-- {
			errs = append(errs, undos[i](ctx))
		}
		return errors.Join(errs...)
	}
	objects, err := Decode(manifest)
	if err != nil {
		return undoAll, err
	}
	for _, object := range objects {
		undo, err := do(ctx, object)
		if err != nil {
			return undoAll, err
		}
		undos = append(undos, undo)
	}
	return undoAll, nil
}

func (c *Client) apply(ctx context.Context, object *unstructured.Unstructured) (Undo, error) {
	resource, before, err := c.lookUp(ctx, object)
	if err != nil {
		return nil, fmt.Errorf("apply %s: %w", name(object), err)
	}
	options := metav1.ApplyOptions{FieldManager: FieldManager, Force: true}
	if _, err := resource.Apply(ctx, object.GetName(), object, options); err != nil {
		return nil, fmt.Errorf("apply %s: %w", name(object), err)
	}
	return func(ctx context.Context) error { return restore(ctx, resource, object, before) }, nil
}

func (c *Client) delete(ctx context.Context, object *unstructured.Unstructured) (Undo, error) {
	resource, before, err := c.lookUp(ctx, object)
	if err != nil {
		return nil, fmt.Errorf("delete %s: %w", name(object), err)
	}
	if err := resource.Delete(ctx, object.GetName(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("delete %s: %w", name(object), err)
	}
	return func(ctx context.Context) error { return restore(ctx, resource, object, before) }, nil
}

// lookUp finds the resource of an object and, if the object exists, its present state.
func (c *Client) lookUp(ctx context.Context, object *unstructured.Unstructured) (dynamic.ResourceInterface, *unstructured.Unstructured, error) {
	kind := object.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) { // a CustomResourceDefinition may have come since
		c.mapper.Reset()
		mapping, err = c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	}
	if err != nil {
		return nil, nil, err
	}
	var resource dynamic.ResourceInterface = c.objects.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		namespace := object.GetNamespace()
		if namespace == "" {
			namespace = metav1.NamespaceDefault
			object.SetNamespace(namespace)
		}
		resource = c.objects.Resource(mapping.Resource).Namespace(namespace)
	}
	before, err := resource.Get(ctx, object.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return resource, nil, nil
	}
	return resource, before, err
}

// restore brings an object back to its earlier state: gone if there was none.
func restore(ctx context.Context, resource dynamic.ResourceInterface, object, before *unstructured.Unstructured) error {
	if before == nil {
		if err := resource.Delete(ctx, object.GetName(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("restore %s (delete it): %w", name(object), err)
		}
		return nil
	}
	before = before.DeepCopy()
	before.SetResourceVersion("")
	before.SetUID("")
	_, err := resource.Update(ctx, before, metav1.UpdateOptions{FieldManager: FieldManager})
	if apierrors.IsNotFound(err) {
		_, err = resource.Create(ctx, before, metav1.CreateOptions{FieldManager: FieldManager})
	}
	if err != nil {
		return fmt.Errorf("restore %s: %w", name(object), err)
	}
	return nil
}

// ServiceAccountToken asks the API server for a token of a service account, for its default audience and for an
// hour (TokenRequest, https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/).
func (c *Client) ServiceAccountToken(ctx context.Context, namespace, account string) (string, error) {
	request := &authenticationv1.TokenRequest{}
	var answer *authenticationv1.TokenRequest
	var missing error
	err := wait.PollUntilContextTimeout(ctx, accountPoll, c.accountWait, true, func(context.Context) (bool, error) {
		var err error
		answer, err = c.core.ServiceAccounts(namespace).CreateToken(ctx, account, request, metav1.CreateOptions{})
		if apierrors.IsNotFound(err) {
			missing = err
			return false, nil
		}
		return true, err
	})
	switch {
	case err == nil:
		return answer.Status.Token, nil
	case wait.Interrupted(err) && missing != nil:
		err = missing
	}
	return "", fmt.Errorf("token of service account %s/%s: %w", namespace, account, err)
}

// The controller manager makes the account "default" of a namespace some time after the namespace.
const (
	accountPoll = 50 * time.Millisecond
	accountWait = 20 * time.Second
)

// Exists tells whether the object of a manifest exists; the manifest needs only apiVersion, kind and metadata.
func (c *Client) Exists(ctx context.Context, object *unstructured.Unstructured) (bool, error) {
	there, err := c.Get(ctx, object)
	return there != nil, err
}

// Get returns an object, of which a manifest with apiVersion, kind and metadata is given; nil if it does not exist.
func (c *Client) Get(ctx context.Context, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	_, there, err := c.lookUp(ctx, object)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name(object), err)
	}
	return there, nil
}

// ClusterRoles returns all ClusterRoles.
func (c *Client) ClusterRoles(ctx context.Context) ([]rbacv1.ClusterRole, error) {
	list, err := c.rbac.ClusterRoles().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list the ClusterRoles: %w", err)
	}
	return list.Items, nil
}

func name(object *unstructured.Unstructured) string {
	if object.GetNamespace() != "" {
		return fmt.Sprintf("%s %s/%s", object.GetKind(), object.GetNamespace(), object.GetName())
	}
	return fmt.Sprintf("%s %s", object.GetKind(), object.GetName())
}
