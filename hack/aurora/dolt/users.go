package dolt

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dolthub/go-mysql-server/sql"
)

// usersDir holds what the users, grants and passwords were, by content.
const usersDir = "users"

// keepUsers keeps the users as they are now, and names what it kept. They are
// read again only when the file changed.
func (d *database) keepUsers() (string, error) {
	path := filepath.Join(d.home, privilegesFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("looking at the users: %w", err)
	}
	stamp := fmt.Sprint(info.ModTime().UnixNano(), "/", info.Size())
	if d.usersStamp == stamp {
		return d.users, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading the users: %w", err)
	}
	sum := sha256.Sum256(data)
	name := hex.EncodeToString(sum[:12])
	kept := filepath.Join(d.home, usersDir, name)
	if _, err := os.Stat(kept); err != nil {
		if err := os.MkdirAll(filepath.Dir(kept), 0o700); err != nil {
			return "", fmt.Errorf("keeping the users: %w", err)
		}
		if err := os.WriteFile(kept, data, 0o600); err != nil {
			return "", fmt.Errorf("keeping the users: %w", err)
		}
	}
	d.users, d.usersStamp = name, stamp
	return name, nil
}

// bringUsers makes the users what they were. A history from before users were
// kept names none; it leaves them as they are.
func (d *database) bringUsers(ctx context.Context, name string) error {
	if name == "" || name == d.users {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(d.home, usersDir, name))
	if err != nil {
		return fmt.Errorf("finding the users of that time: %w", err)
	}
	users := d.server.engine.GetUnderlyingEngine().Analyzer.Catalog.MySQLDb
	editor := users.Editor()
	defer editor.Close()
	c := sql.NewContext(ctx)
	if err := users.OverwriteUsersAndGrantData(c, editor, data); err != nil {
		return fmt.Errorf("bringing the users back: %w", err)
	}
	users.AddEphemeralSuperUser(editor, adminUser, "localhost", rand.Text())
	if err := users.Persist(c, editor); err != nil {
		return fmt.Errorf("writing the users down: %w", err)
	}
	return nil
}
