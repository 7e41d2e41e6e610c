package uml

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Package is the Debian package that has the kernel.
const Package = "user-mode-linux"

// CacheDir is where Fetch unpacks the kernel for this user: below
// $XDG_CACHE_HOME, or ~/.cache.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache directory: %w", err)
	}
	return filepath.Join(dir, "linkspan", "uml"), nil
}

// Locate looks for the kernel where it may be: below prefix if that is set,
// installed on the machine, or fetched before.
func Locate(prefix string) (Kernel, error) {
	if prefix != "" {
		return Find(prefix)
	}
	k, err := Find("")
	if err == nil {
		return k, nil
	}
	dir, cacheErr := CacheDir()
	if cacheErr != nil {
		return Kernel{}, err
	}
	if k, cached := Find(dir); cached == nil {
		return k, nil
	}
	return Kernel{}, err
}

// Fetch downloads the package with apt and unpacks it into dir, without any
// privilege: nothing is installed. A dir that is there already is replaced
// when all is done.
func Fetch(ctx context.Context, dir string) (Kernel, error) {
	for _, tool := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return Kernel{}, fmt.Errorf("%w, and it cannot be fetched: this machine has no %s; unpack Debian's package %s somewhere and set LINKSPAN_UML_PREFIX to that directory", ErrMissing, tool, Package)
		}
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return Kernel{}, fmt.Errorf("make the cache directory: %w", err)
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), "fetch-")
	if err != nil {
		return Kernel{}, fmt.Errorf("make the cache directory: %w", err)
	}
	defer os.RemoveAll(work)
	if err := command(ctx, work, "apt-get", "download", Package); err != nil {
		return Kernel{}, err
	}
	found, err := filepath.Glob(filepath.Join(work, Package+"_*.deb"))
	if err != nil || len(found) != 1 {
		return Kernel{}, fmt.Errorf("apt-get download %s: it left %d packages, not 1", Package, len(found))
	}
	tree := filepath.Join(work, "tree")
	if err := command(ctx, work, "dpkg-deb", "--extract", found[0], tree); err != nil {
		return Kernel{}, err
	}
	if _, err := Find(tree); err != nil {
		return Kernel{}, fmt.Errorf("the package %s has not what was looked for: %w", Package, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return Kernel{}, fmt.Errorf("replace %s: %w", dir, err)
	}
	if err := os.Rename(tree, dir); err != nil {
		return Kernel{}, fmt.Errorf("replace %s: %w", dir, err)
	}
	return Find(dir)
}

func command(ctx context.Context, dir, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if ctx.Err() != nil {
		return fmt.Errorf("%s was stopped: %w", name, ctx.Err())
	}
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, lines[len(lines)-1])
	}
	return err
}
