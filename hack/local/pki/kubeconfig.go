package pki

import (
	"encoding/json"
	"fmt"
	"os"
)

// Kubeconfig is how one client reaches and is known to one API server.
type Kubeconfig struct {
	// Server is the API server's URL, CA the authority that signed its certificate.
	Server string
	CA     []byte
	// User is the client's certificate; TokenFile is used instead of it when set.
	User      Pair
	TokenFile string
	// Namespace is the one that is meant when none is said; empty is "default".
	Namespace string
}

// Write writes the kubeconfig, self-contained and readable for its owner only. It is JSON, which YAML includes.
func (k Kubeconfig) Write(path string) error {
	user := map[string]any{"tokenFile": k.TokenFile}
	if k.TokenFile == "" {
		user = map[string]any{"client-certificate-data": k.User.Cert, "client-key-data": k.User.Key}
	}
	where := map[string]any{"cluster": "local", "user": "local"}
	if k.Namespace != "" {
		where["namespace"] = k.Namespace
	}
	content, err := json.MarshalIndent(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "local",
		"clusters": []any{map[string]any{"name": "local", "cluster": map[string]any{
			"server": k.Server, "certificate-authority-data": k.CA,
		}}},
		"users":    []any{map[string]any{"name": "local", "user": user}},
		"contexts": []any{map[string]any{"name": "local", "context": where}},
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.WriteFile(path, append(content, '\n'), 0o600)
}
