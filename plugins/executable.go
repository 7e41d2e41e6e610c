package plugins

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// executable is what is started: the file that was checked, by its descriptor,
// so that nobody can put another one in its place in between.
type executable struct {
	path string   // for people, and as argv[0]
	run  string   // what execve(2) is given
	args []string // after argv[0]
	file *os.File // nil for a built-in one
}

// open opens and checks the executable of a spec.
func (s Spec) open() (executable, error) {
	if s.builtin() {
		// Also when the file was replaced by an upgrade.
		return executable{path: "/proc/self/exe", run: "/proc/self/exe", args: s.Args}, nil
	}
	f, err := os.Open(s.Path)
	if err != nil {
		return executable{}, err
	}
	if !s.Override {
		if err := trusted(s.Path, f); err != nil {
			f.Close()
			return executable{}, err
		}
	}
	if err := s.checkDigest(f); err != nil {
		f.Close()
		return executable{}, err
	}
	// Descriptor 4 in the plugin: process.Start hands it on as the second of
	// the extra files, and it is open until the kernel has read it.
	return executable{path: s.Path, run: "/proc/self/fd/4", args: s.Args, file: f}, nil
}

func (s Spec) checkDigest(f *os.File) error {
	if s.SHA256 == "" {
		return nil
	}
	have, err := digest(f)
	if err != nil {
		return err
	}
	if have != s.SHA256 {
		return fmt.Errorf("its SHA-256 is %s and not the locked %s; if the change is wanted, run `linkspan plugins lock` and review the difference", have, s.SHA256)
	}
	return nil
}

// digest is the hex SHA-256 of a file's content.
func digest(f *os.File) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, 1<<62)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Verify checks the executable of a plugin without starting it: owner, mode and
// digest. A built-in one needs no check.
func (s Spec) Verify() error {
	x, err := s.open()
	if err != nil {
		return fmt.Errorf("plugin %q (%s): %w", s.Name, s.path(), err)
	}
	if x.file != nil {
		return x.file.Close()
	}
	return nil
}

// Digest is the hex SHA-256 of the plugin's executable.
func (s Spec) Digest() (string, error) {
	f, err := os.Open(s.Path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return digest(f)
}
