package cloud_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// runPod is what the pods of the tests do: the first argument says what, the rest how.
//
//	serve ADDRESS     serves HTTP until SIGTERM: / is 200, /file?PATH is 200 if there is such a file
//	stubborn          does not end at SIGTERM
//	exit CODE         ends at once
//	print WORD...     prints the words a line each, then waits for SIGTERM
//	cat FILE...       prints the files, then waits for SIGTERM
//	whoami            prints the user that the API server takes the pod for, then waits for SIGTERM
//	exists FILE       ends with 0 if there is such a file, with 1 otherwise
func runPod(args []string) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if len(args) == 0 {
		fail(fmt.Errorf("no arguments"))
	}
	switch args[0] {
	case "serve":
		serve(ctx, args[1])
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("deaf")
		time.Sleep(time.Hour)
	case "exit":
		code, err := strconv.Atoi(args[1])
		if err != nil {
			fail(err)
		}
		fmt.Println("ends with", code)
		os.Exit(code)
	case "print":
		fmt.Println(strings.Join(args[1:], "\n"))
		<-ctx.Done()
	case "cat":
		for _, file := range args[1:] {
			content, err := os.ReadFile(file)
			if err != nil {
				fail(err)
			}
			fmt.Printf("%s\n", content)
		}
		<-ctx.Done()
	case "whoami":
		whoami(ctx)
		<-ctx.Done()
	case "exists":
		if _, err := os.Stat(args[1]); err != nil {
			fail(err)
		}
	default:
		fail(fmt.Errorf("no such thing to do: %s", args[0]))
	}
}

func serve(ctx context.Context, address string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fail(err)
	}
	fmt.Println("serves", listener.Addr())
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		if _, err := os.Stat(r.URL.RawQuery); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { fail(server.Serve(listener)) }()
	<-ctx.Done()
	fmt.Println("ends politely")
}

func whoami(ctx context.Context) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	if err != nil {
		fail(err)
	}
	api, err := kubernetes.NewForConfig(config)
	if err != nil {
		fail(err)
	}
	review, err := api.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		fail(err)
	}
	fmt.Println(review.Status.UserInfo.Username)
	_, err = api.CoreV1().Pods(os.Getenv("NAMESPACE")).List(ctx, metav1.ListOptions{})
	fmt.Println(err)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
