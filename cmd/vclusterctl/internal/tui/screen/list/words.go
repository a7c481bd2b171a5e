package list

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/source"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/theme"
)

// nothing says why no row is shown.
func (l *List) nothing() []string {
	switch {
	case l.status.Err != nil && !l.loaded:
		return l.failure()
	case !l.loaded:
		return l.paragraph("Looking for virtual clusters " + l.where() + l.Ellipsis)
	case len(l.entries) > 0:
		return l.paragraph(fmt.Sprintf("None of %s matches %q.", clusters(len(l.entries)), l.Clean(l.filter.Value())), "esc clears the filter.")
	}
	lines := []string{"No virtual clusters " + l.where() + ".", "n makes one."}
	if l.namespace != "" {
		lines = append(lines, "0 shows those of all namespaces, N chooses another one.")
	}
	return l.paragraph(lines...)
}

func (l *List) failure() []string {
	line, remedy := l.Explain(l.status.Err)
	title := l.Bad.Render(l.Cut("  Cannot list the virtual clusters "+l.where()+".", l.width))
	texts := append([]string{line}, strings.Split(remedy, "\n")...)
	return append([]string{"", title}, l.paragraph(append(texts, l.retry())...)...)
}

func (l *List) retry() string {
	left := l.status.RetryAt.Sub(l.Now())
	if left <= 0 {
		return "Trying again now" + l.Ellipsis
	}
	return "Trying again in " + duration.HumanDuration(left.Round(time.Second)) + "; r tries now."
}

func (l *List) paragraph(texts ...string) []string {
	lines := []string{""}
	for _, text := range texts {
		for _, wrapped := range theme.Wrap(l.Clean(text), l.width-4) {
			lines = append(lines, "  "+wrapped)
		}
	}
	return lines
}

func (l *List) where() string {
	if l.namespace == "" {
		return "in all namespaces"
	}
	return fmt.Sprintf("in namespace %q", l.namespace)
}

func clusters(n int) string {
	if n == 1 {
		return "1 cluster"
	}
	return fmt.Sprintf("%d clusters", n)
}

// below are the lines under the table: the filter, or why the connection is lost,
// and the whole story of the row under the cursor, which may be cut in the
// table.
func (l *List) below() []string {
	first := ""
	switch {
	case l.Typing():
		first = l.filter.View()
	case l.status.State == source.Lost && l.loaded && l.status.Err != nil:
		first = l.Bad.Render(l.Cut("Not connected: "+l.Clean(l.Cause(l.status.Err)), l.width))
	case l.filter.Value() != "":
		first = l.Muted.Render(l.Cut(fmt.Sprintf("/%s  %d of %s", l.Clean(l.filter.Value()), len(l.shown), clusters(len(l.entries))), l.width))
	}
	r := l.Selected()
	if r == nil {
		return []string{first, ""}
	}
	if first != "" {
		return []string{first, l.Cut(l.story(r), l.width)}
	}
	lines := theme.Wrap(l.story(r), l.width)
	if len(lines) < footer {
		return []string{"", strings.Join(lines, "")}
	}
	return []string{lines[0], l.Cut(strings.Join(lines[1:], " "), l.width)}
}

func (l *List) story(r *row.Row) string {
	parts := []string{r.Key.Namespace + "/" + r.Key.Name, r.Status}
	for _, more := range []string{r.Detail, r.Endpoint} {
		if more != "" {
			parts = append(parts, more)
		}
	}
	if left := r.Left(l.Now()); left != "" {
		parts = append(parts, "deleted in "+left)
	}
	return strings.Join(parts, " "+l.Dot+" ")
}
