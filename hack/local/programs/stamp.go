package programs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// UpToDate reports whether the program in bin was built from exactly what is in root now, and the stamp that says
// what "now" is. It looks at contents, never at times, so that a fresh clone and a touched file are both read right.
func (p Program) UpToDate(root, bin string) (bool, string, error) {
	stamp, err := p.stamp(root)
	if err != nil {
		return false, "", err
	}
	if _, err := os.Stat(p.Path(bin)); err != nil {
		return false, stamp, nil
	}
	built, err := os.ReadFile(p.stampFile(bin))
	if errors.Is(err, fs.ErrNotExist) {
		return false, stamp, nil
	}
	return string(built) == stamp, stamp, err
}

// Built is the stamp of the program that stands in bin: the same as long as its content is. Empty when it was never
// built.
func (p Program) Built(bin string) string {
	stamp, err := os.ReadFile(p.stampFile(bin))
	if err != nil {
		return ""
	}
	return string(stamp)
}

func (p Program) stampFile(bin string) string { return filepath.Join(bin, ".stamps", p.Name) }

// stamp is a hash of everything that decides what the program becomes: the Go release, the way it is built and the
// content of its inputs.
func (p Program) stamp(root string) (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.Version(), runtime.GOOS, runtime.GOARCH, p.Module, p.Package, strings.Join(p.Flags, " "))
	for _, input := range p.Inputs {
		err := filepath.WalkDir(filepath.Join(root, input), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() || !entry.Type().IsRegular() || isNoInput(path) {
				return nil
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			fmt.Fprintln(hash, filepath.ToSlash(name))
			return hashFile(hash, path)
		})
		if err != nil {
			return "", fmt.Errorf("reading what %s is built from: %w", p.Name, err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// isNoInput says which files never end up in a program: tests and prose.
func isNoInput(path string) bool {
	return strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".md") ||
		strings.Contains(filepath.ToSlash(path), "/testdata/")
}

func hashFile(into io.Writer, path string) error {
	file, err := os.Open(path) //nolint:gosec // a file of the checkout
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(into, file)
	return err
}
