package files

import (
	"errors"
	"io/fs"
	"path"

	"golang.org/x/sys/unix"

	"linkspan/core/plan"
)

// looking finds the files of a set. Thousands of them may lie in one directory,
// so that each directory is resolved and opened once.
type looking struct {
	set  *Set
	dirs map[string]place // by the host's names
}

// place is where a directory is, and whether it is there.
type place struct {
	resolved string
	missing  bool
}

// at gives what a name leads to, as resolve does, and how it is, as read does.
func (l *looking) at(rel string) (target string, have plan.FileState, err error) {
	dir, err := l.dir(path.Dir(rel))
	if err != nil {
		return "", have, err
	}
	target = path.Join(dir.resolved, path.Base(rel))
	if dir.missing {
		return target, have, nil
	}
	e, err := l.set.at(target)
	if err != nil {
		return "", have, err
	}
	st, there, err := e.stat()
	if err != nil {
		return "", have, err
	}
	if there && st.Mode&unix.S_IFMT == unix.S_IFLNK {
		if target, err = resolve(l.set.root, rel); err != nil {
			return "", have, err
		}
		have, err = read(l.set.root, target)
		return target, have, err
	}
	have, err = e.read()
	return target, have, err
}

func (l *looking) dir(name string) (place, error) {
	if p, ok := l.dirs[name]; ok {
		return p, nil
	}
	resolved, err := resolve(l.set.root, name)
	if err != nil {
		return place{}, err
	}
	_, err = l.set.root.Stat(resolved)
	p := place{resolved, errors.Is(err, fs.ErrNotExist)}
	if err != nil && !p.missing {
		return place{}, err
	}
	l.dirs[name] = p
	return p, nil
}
