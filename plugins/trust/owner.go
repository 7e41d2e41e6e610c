package trust

import (
	"fmt"
	"os"

	"linkspan/core/files"
)

// trusted checks an opened executable before it is started.
func trusted(path string, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o111 == 0 {
		return fmt.Errorf("it is not executable (mode %04o); `chmod 0755 %s`", info.Mode().Perm(), path)
	}
	return files.Trusted(path, f)
}
