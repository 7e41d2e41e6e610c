package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// Executable is what is started: the file that was checked, by its descriptor,
// so that nobody can put another one in its place in between.
type Executable struct {
	Path string   // for people, and as argv[0]
	Run  string   // what execve(2) is given
	Args []string // after argv[0]
	// File is to be descriptor ExecutableFD of the process, in which Run names
	// it; nil for a built-in one. The caller closes it.
	File *os.File
}

// ExecutableFD is the descriptor by which a plugin's executable is started.
const ExecutableFD = 4

// Open opens and checks the executable of a spec.
func (s Spec) Open() (Executable, error) {
	if s.builtin() {
		// Also when the file was replaced by an upgrade.
		return Executable{Path: "/proc/self/exe", Run: "/proc/self/exe", Args: s.Args}, nil
	}
	f, err := os.Open(s.Path)
	if err != nil {
		return Executable{}, err
	}
	if !s.Override {
		if err := trusted(s.Path, f); err != nil {
			f.Close()
			return Executable{}, err
		}
	}
	if err := s.checkDigest(f); err != nil {
		f.Close()
		return Executable{}, err
	}
	return Executable{Path: s.Path, Run: fmt.Sprintf("/proc/self/fd/%d", ExecutableFD), Args: s.Args, File: f}, nil
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
	x, err := s.Open()
	if err != nil {
		return fmt.Errorf("plugin %q (%s): %w", s.Name, s.Shown(), err)
	}
	if x.File != nil {
		return x.File.Close()
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
