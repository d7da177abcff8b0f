package command

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Session is one call of the plugin: who calls, on which cluster, and where the output goes.
type Session struct {
	genericiooptions.IOStreams
	// Clock is the time, and Zone that of the times that people type; both are replaced in tests.
	Clock clock.PassiveClock
	Zone  *time.Location
	// Environ gives an environment variable.
	Environ func(string) string
	// Terminal reports whether a person can be asked, and shown colours; replaced in tests.
	Terminal func(any) bool

	version   string
	flags     *genericclioptions.ConfigFlags
	colour    string
	scheme    *runtime.Scheme
	connected client.WithWatch
}

// New makes a session on the streams.
func New(streams genericiooptions.IOStreams, version string) *Session {
	s := &Session{
		IOStreams: streams, Clock: clock.RealClock{}, Zone: time.Local, Environ: os.Getenv, Terminal: isTerminal,
		version: version, flags: genericclioptions.NewConfigFlags(true).WithWarningPrinter(streams), scheme: runtime.NewScheme(),
	}
	// Neither can fail: both only register types.
	_ = clientgoscheme.AddToScheme(s.scheme)
	_ = v1alpha1.AddToScheme(s.scheme)
	metav1.AddToGroupVersion(s.scheme, v1alpha1.GroupVersion)
	return s
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// config is how the API server is reached.
func (s *Session) config() (*rest.Config, error) {
	config, err := s.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the API server: %w: set KUBECONFIG or --kubeconfig and --context", err)
	}
	config = rest.CopyConfig(config)
	// The API server takes the field manager of what is written from here.
	config.UserAgent = "kubectl-backtrack/" + s.version
	config.QPS, config.Burst = 50, 100
	return config, nil
}

// client connects to the API server, once.
func (s *Session) client() (client.WithWatch, error) {
	if s.connected != nil {
		return s.connected, nil
	}
	config, err := s.config()
	if err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: s.scheme})
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server: %w", err)
	}
	s.connected = c
	return c, nil
}

// namespace is the one that -n or the context names.
func (s *Session) namespace() (string, error) {
	namespace, _, err := s.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", fmt.Errorf("finding the namespace: %w: set -n", err)
	}
	return namespace, nil
}

func (s *Session) now() time.Time { return s.Clock.Now() }

func (s *Session) printf(format string, args ...any) { fmt.Fprintf(s.Out, format, args...) }

// coloured reports whether the output is to have colours: --color, else NO_COLOR, else whether it is a terminal.
func (s *Session) coloured() bool {
	switch s.colour {
	case "always":
		return true
	case "never":
		return false
	}
	return s.Environ("NO_COLOR") == "" && s.Environ("TERM") != "dumb" && s.Terminal(s.Out)
}

// ASCII reports whether the locale has no more characters than that.
func (s *Session) ascii() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToUpper(s.Environ(name)); locale != "" {
			return !strings.Contains(locale, "UTF-8") && !strings.Contains(locale, "UTF8")
		}
	}
	return false
}

// width is that of the terminal, else of COLUMNS, else 80.
func (s *Session) width() int {
	if file, ok := s.Out.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width
		}
	}
	if width, err := strconv.Atoi(s.Environ("COLUMNS")); err == nil && width > 0 {
		return width
	}
	return 80
}

// paint gives the text a colour of ANSI's, where there are colours.
func (s *Session) paint(code int, text string) string {
	if !s.coloured() {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", code, text)
}

// The colours that are used.
const (
	bold   = 1
	faint  = 2
	red    = 31
	green  = 32
	yellow = 33
)
