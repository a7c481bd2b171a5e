package cli

import (
	"context"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/rest"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// acceptTable asks the API server to choose and fill the columns.
const acceptTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

// Lister reads VirtualClusters the way the API server prints them.
type Lister struct {
	client *rest.RESTClient
	// Namespace to look at; empty means all.
	Namespace string
	// Options select what to look at.
	Options metav1.ListOptions
}

// NewLister connects to the cluster that config points at.
func NewLister(config *rest.Config, namespace string, options metav1.ListOptions) (*Lister, error) {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, v1alpha1.GroupVersion)
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		return nil, err
	}
	config = rest.CopyConfig(config)
	config.APIPath, config.GroupVersion = "/apis", &v1alpha1.GroupVersion
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", config.Host, err)
	}
	return &Lister{client: c, Namespace: namespace, Options: options}, nil
}

func (l *Lister) request(options metav1.ListOptions) *rest.Request {
	return l.client.Get().
		NamespaceIfScoped(l.Namespace, l.Namespace != "").
		Resource("virtualclusters").
		VersionedParams(&options, metav1.ParameterCodec)
}

// Table lists as a table.
func (l *Lister) Table(ctx context.Context) (*metav1.Table, error) {
	table := &metav1.Table{}
	err := l.request(l.Options).SetHeader("Accept", acceptTable).Do(ctx).Into(table)
	return table, err
}

// Objects lists the objects themselves.
func (l *Lister) Objects(ctx context.Context) (*unstructured.UnstructuredList, error) {
	data, err := l.request(l.Options).SetHeader("Accept", "application/json").Do(ctx).Raw()
	if err != nil {
		return nil, err
	}
	list := &unstructured.UnstructuredList{}
	if err := list.UnmarshalJSON(data); err != nil {
		return nil, fmt.Errorf("read the list of VirtualClusters: %w", err)
	}
	return list, nil
}

// Watch shows each change after a resource version as a table of one row.
func (l *Lister) Watch(ctx context.Context, resourceVersion string, seen func(*metav1.Table) error) error {
	options := l.Options
	options.Watch, options.ResourceVersion = true, resourceVersion
	w, err := l.request(options).SetHeader("Accept", acceptTable).Watch(ctx)
	if err != nil {
		return err
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		table, ok := e.Object.(*metav1.Table)
		if e.Type == watch.Error || !ok {
			return fmt.Errorf("watch VirtualClusters: got %v", e.Object)
		}
		if err := seen(table); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// TablePrinter prints tables below one another under one header.
func TablePrinter(out io.Writer, wide, namespaces bool) func(*metav1.Table) error {
	printer := printers.NewTablePrinter(printers.PrintOptions{Wide: wide, WithNamespace: namespaces})
	return func(table *metav1.Table) error {
		if err := decodeRows(table); err != nil {
			return err
		}
		return printer.PrintObj(table, out)
	}
}

// decodeRows decodes the object of each row, from which the printer takes the
// namespace.
func decodeRows(table *metav1.Table) error {
	for i := range table.Rows {
		row := &table.Rows[i].Object
		if row.Object != nil || row.Raw == nil {
			continue
		}
		obj, err := runtime.Decode(unstructured.UnstructuredJSONScheme, row.Raw)
		if err != nil {
			return fmt.Errorf("read row %d of the table: %w", i, err)
		}
		row.Object = obj
	}
	return nil
}
