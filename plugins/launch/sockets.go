package launch

import (
	"fmt"
	"os"

	"linkspan/plugins/internal/wire"
)

// maxSocketDir is the longest path of a directory for sockets, in bytes. A
// Unix socket's path has at most 107 (sun_path, unix(7)), and go-plugin adds
// "/plugin-dirNNNNNNNNNN/pluginNNNNNNNNNN" of up to 40.
const maxSocketDir = 107 - 40

// socketDir makes a directory for sockets that only this user can enter: in
// the temporary directory, or in /tmp where that one's path is too long.
func socketDir() (string, error) {
	for _, parent := range []string{os.TempDir(), "/tmp"} {
		dir, err := os.MkdirTemp(parent, wire.SocketDir) // mode 0700
		if err != nil {
			return "", fmt.Errorf("directory for the plugins' sockets: %w", err)
		}
		if len(dir) <= maxSocketDir {
			return dir, nil
		}
		if err := os.Remove(dir); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("directory for the plugins' sockets: the path of /tmp is too long")
}
