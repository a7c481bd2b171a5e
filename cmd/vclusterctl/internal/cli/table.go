package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
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
	// Whole puts the whole object into each row of a table.
	Whole bool
	// Lost is told of a watch that broke off and is tried again.
	Lost func(error)
	// After is the clock of pauses between attempts.
	After func(time.Duration) <-chan time.Time
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
	return &Lister{client: c, Namespace: namespace, Options: options, Lost: func(error) {}, After: time.After}, nil
}

func (l *Lister) request(options metav1.ListOptions) *rest.Request {
	return l.client.Get().
		NamespaceIfScoped(l.Namespace, l.Namespace != "").
		Resource("virtualclusters").
		VersionedParams(&options, metav1.ParameterCodec)
}

// table asks for tables.
func (l *Lister) table(options metav1.ListOptions) *rest.Request {
	r := l.request(options).SetHeader("Accept", acceptTable)
	if l.Whole {
		r.Param("includeObject", string(metav1.IncludeObject))
	}
	return r
}

// Table lists as a table.
func (l *Lister) Table(ctx context.Context) (*metav1.Table, error) {
	table := &metav1.Table{}
	if err := l.table(l.Options).Do(ctx).Into(table); err != nil {
		return nil, err
	}
	return table, decodeRows(table)
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

// TablePrinter prints tables below one another under one header.
func TablePrinter(out io.Writer, wide, namespaces bool) func(*metav1.Table) error {
	printer := printers.NewTablePrinter(printers.PrintOptions{Wide: wide, WithNamespace: namespaces})
	return func(table *metav1.Table) error { return printer.PrintObj(table, out) }
}

// RowPrinter prints the objects in the rows of tables one after another, in a
// format for programs. The rows must have the whole objects.
func RowPrinter(out io.Writer, format string) (func(*metav1.Table) error, error) {
	printer, err := printerFor(format)
	if err != nil {
		return nil, err
	}
	return func(table *metav1.Table) error {
		for i := range table.Rows {
			if err := printer.PrintObj(table.Rows[i].Object.Object, out); err != nil {
				return err
			}
		}
		return nil
	}, nil
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
