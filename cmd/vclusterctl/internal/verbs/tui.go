package verbs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/utils/clock"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/accessible"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/keys"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/theme"
)

// TUIOptions are the flags of tui.
type TUIOptions struct {
	*cli.Factory
	ASCII      bool
	Accessible bool

	// list is what is done where there is no terminal.
	list func(context.Context) error
	// terminated is closed once this process was told to end.
	terminated chan struct{}
	// away says that something else has the terminal.
	away atomic.Bool
}

const tuiLong = `Look at virtual clusters and work with them on one screen, which is live: create
and delete, attach, look into nodes, read logs. Press ? for all keys.

Without a verb, that is what this program does on a terminal. Where standard
input or output is no terminal, and with -o, it lists the clusters instead.

Only the terminal's own 16 colours are used, and none with --no-color or where
NO_COLOR is set. --ascii draws with letters only; so does a locale that is not
UTF-8. --accessible asks questions line by line, for screen readers.`

// NewCmdTUI is "tui". Tests pass a runF of their own.
func NewCmdTUI(f *cli.Factory, runF func(context.Context, *TUIOptions) error) *cobra.Command {
	o := &TUIOptions{Factory: f}
	cmd := &cobra.Command{Use: "tui", Short: "Look at virtual clusters and work with them, live on one screen", Long: tuiLong, Args: args(cobra.NoArgs)}
	o.bind(cmd, runF)
	return cmd
}

// bind makes a command open the TUI.
func (o *TUIOptions) bind(cmd *cobra.Command, runF func(context.Context, *TUIOptions) error) {
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if runF != nil {
			return runF(cmd.Context(), o)
		}
		return o.Run(cmd.Context())
	}
	takesOutput(cmd, cli.ListOutputs...)
	cmd.Annotations[allAnnotation] = "yes"
	o.list = (&ListOptions{Factory: o.Factory}).Run
	o.addFlags(cmd.Flags())
}

func (o *TUIOptions) addFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.ASCII, "ascii", false, "draw with letters only")
	flags.BoolVar(&o.Accessible, "accessible", false, "ask line by line, for screen readers")
}

// openTUI makes the program without a verb open the TUI. Somebody who has no
// cluster yet is told what there is.
func openTUI(f *cli.Factory, root *cobra.Command) {
	o := &TUIOptions{Factory: f}
	o.bind(root, func(ctx context.Context, o *TUIOptions) error {
		if !f.HasCluster() {
			return root.Help()
		}
		return o.Run(ctx)
	})
}

// Run opens the TUI, or lists where there is no terminal.
func (o *TUIOptions) Run(ctx context.Context) error {
	interactive := o.InTTY && isTerminal(o.Out)
	if o.Output != "" || !interactive || o.Getenv("TERM") == "dumb" && !o.Accessible {
		return o.list(ctx)
	}
	signals := o.catch()
	defer signals.stop()
	session, err := o.session("")
	if err != nil {
		return err
	}
	// What libraries print would tear the screen.
	silence()
	config := o.config(session)
	if o.Accessible {
		return accessible.Run(signals.within(ctx), config, o.In, o.Out, signals.interrupts)
	}
	return o.run(ctx, config, signals.interrupts)
}

func (o *TUIOptions) config(session *tui.Session) tui.Config {
	color := !o.NoColor && o.Getenv("NO_COLOR") == ""
	return tui.Config{
		Env: screen.Env{
			Theme: theme.New(color, o.ASCII || !speaksUnicode(o.Getenv)), Keys: keys.Default(), Now: o.Now, Explain: o.explain,
		},
		Clock: clock.RealClock{}, Session: session, Contexts: o.contexts,
		Connect: func(_ context.Context, name string) (*tui.Session, error) { return o.session(name) },
	}
}

// run lets the program have the terminal. A signal that a shell within it gets
// too must not end it, so the context of the verb, which ends with one, is not
// its own. Nor does Bubble Tea look after signals: it forgets all that come while
// something else has the terminal, also the one that tells us to end.
func (o *TUIOptions) run(ctx context.Context, config tui.Config, interrupts <-chan os.Signal) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	options := []tea.ProgramOption{tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithoutSignalHandler()}
	if !config.Color {
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	program := tea.NewProgram(tui.New(ctx, config), options...)
	go func() {
		for {
			select {
			case <-interrupts:
				if o.away.Load() {
					continue // it was typed there
				}
			case <-o.terminated:
			case <-ctx.Done():
				return
			}
			program.Quit() // as soon as whoever has the terminal has given it back
			return
		}
	}()
	_, err := program.Run()
	if errors.Is(err, tea.ErrInterrupted) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the terminal interface ended: %w", err)
	}
	return nil
}

func (o *TUIOptions) explain(err error) (line, remedy string) {
	e := o.Explain(err)
	return cli.OneLine(e.Error()), e.Remedy
}

// speaksUnicode is false where the locale says that it does not. One that says
// nothing, as over many connections, is no reason to do without.
func speaksUnicode(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(getenv(name)); locale != "" {
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return true
}
