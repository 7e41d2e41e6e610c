package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"linkspan/core/plan"
)

// Store is the journals of one host: files "applies/000012.journal" below the
// state directory.
type Store struct {
	// Root is where the host's "/" is now, if that is another place than when
	// the runs were made; "" is where it was then.
	Root string
	dir  string
}

// In is the store of a state directory. It is made with the first run.
func In(stateDir string) Store { return Store{dir: filepath.Join(stateDir, "applies")} }

var fileName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]{6,12})\.journal$`) })

// StateDir is the state directory.
func (s Store) StateDir() string { return filepath.Dir(s.dir) }

// Path is the file of a run with another ending, e.g. "guard".
func (s Store) Path(id int, ending string) string {
	return filepath.Join(s.dir, fmt.Sprintf("%06d.%s", id, ending))
}

// Next is the number of the next run; when it returns, the run's directory is
// there. Who holds the host's lock can rely on both.
func (s Store) Next() (int, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return 0, fmt.Errorf("journal: %w", err)
	}
	ids, err := s.ids()
	if err != nil || len(ids) == 0 {
		return 1, err
	}
	return ids[len(ids)-1] + 1, nil
}

// Create begins the journal of a new run. When it returns, the beginning is on
// the disk; nothing may be changed before.
func (s Store) Create(id int, b Begin) (*Run, error) {
	var err error
	if b.Boot, err = BootID(); err != nil {
		return nil, err
	}
	rec := Record{Time: time.Now().UTC(), Kind: KindBegin, Begin: &b}
	r := &Run{ID: id, Path: s.Path(id, "journal"), Records: []Record{rec}}
	f, err := open(r.Path, os.O_CREATE|os.O_EXCL|os.O_WRONLY)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	line, err := encode(Record{Time: rec.Time, Kind: rec.Kind, Begin: b.withoutTwice()})
	if err == nil {
		_, err = f.Write(line)
	}
	if err == nil {
		err = reserve(f, int64(len(line)))
	}
	if err == nil {
		err = s.syncNew(f, id == 1)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("journal %s: %w", r.Path, err), os.Remove(r.Path))
	}
	r.end = int64(len(line))
	return r, nil
}

// reserved is what the records after the first one take, unless a host has a
// hundred hooks: each has some hundred bytes.
const reserved = 32 << 10

// reserve takes the room that a run's other records need, so that a disk that
// becomes full meanwhile keeps none of them out, least of all those of an undo.
func reserve(f *os.File, from int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, from, reserved)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS):
			return nil // ext3, NFS before 4.2
		}
		return err
	}
}

// syncNew makes a new file durable, with its name: the directory is synced as
// well (fsync(2)). The first of a host has new directories above it, whose names
// lie in others again, so that everything is.
func (s Store) syncNew(f *os.File, all bool) error {
	if all {
		return unix.Syncfs(int(f.Fd()))
	}
	return errors.Join(f.Sync(), syncDir(s.dir))
}

// open opens a journal; never through a symlink, and without waiting for the
// writer of a FIFO.
func open(path string, flags int) (*os.File, error) {
	return os.OpenFile(path, flags|syscall.O_NOFOLLOW|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0o600)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ids are the numbers of all runs, ascending.
func (s Store) ids() ([]int, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var out []int
	for _, e := range entries {
		m := fileName().FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		id, err := strconv.Atoi(m[1])
		if err != nil {
			return nil, fmt.Errorf("journal %s: %w", e.Name(), err)
		}
		out = append(out, id)
	}
	slices.Sort(out)
	return out, nil
}

// ErrNoRun says that there is no run of that number.
var ErrNoRun = errors.New("no such run")

// Load reads one run.
func (s Store) Load(id int) (*Run, error) { return s.load(id, true) }

// Peek reads how one run stands, and not what an undo needs: its Begin and Time
// are empty. For a host of thousands of interfaces it takes a hundredth of the
// time.
func (s Store) Peek(id int) (*Run, error) { return s.load(id, false) }

func (s Store) load(id int, begin bool) (*Run, error) {
	path := s.Path(id, "journal")
	f, err := open(path, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("run %d: %w; `linkspan history` lists them", id, ErrNoRun)
	}
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	defer f.Close()
	if err := trusted(f); err != nil {
		return nil, fmt.Errorf("journal %s: %w; it is not acted on", path, err)
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("journal %s: %w", path, err)
	}
	records, end, err := decode(data, begin)
	if err != nil {
		return nil, fmt.Errorf("journal %s: %w; it is not acted on: see that the host is as it should be, and move the file away", path, err)
	}
	if len(records) == 0 || records[0].Kind != KindBegin {
		return nil, fmt.Errorf("journal %s: %w", path, errNeverBegan)
	}
	r := &Run{ID: id, Path: path, Records: records, end: end}
	if begin {
		err = s.complete(records[0].Begin)
	}
	if err != nil {
		return nil, fmt.Errorf("journal %s: %w; it is not acted on", path, err)
	}
	return r, nil
}

// complete brings back what is not written twice.
func (s Store) complete(b *Begin) error {
	if s.Root != "" {
		b.Root = s.Root
	}
	changes := b.Plan.FileChanges()
	if len(b.Files.Files) != len(changes) {
		return fmt.Errorf("%w: it has %d images of %d files", ErrDamaged, len(b.Files.Files), len(changes))
	}
	for i := range changes {
		b.Files.Files[i].Change = changes[i]
	}
	return nil
}

// withoutTwice is what is written: the changes of the files are in the plan.
func (b Begin) withoutTwice() *Begin {
	b.Files.Files = slices.Clone(b.Files.Files)
	for i := range b.Files.Files {
		b.Files.Files[i].Change = plan.FileChange{}
	}
	return &b
}

// errNeverBegan is a journal whose first record was cut off: nothing had been
// changed yet.
var errNeverBegan = fmt.Errorf("it never began: %w", ErrNoRun)

// trusted refuses a journal that someone else may have written.
func trusted(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular():
		return errors.New("it is no regular file")
	case info.Mode()&0o022 != 0:
		return fmt.Errorf("others may write it (mode %s)", info.Mode())
	case ok && int(st.Uid) != os.Geteuid() && st.Uid != 0:
		return fmt.Errorf("it belongs to uid %d", st.Uid)
	}
	return nil
}

// All reads every run, the oldest first. Journals that never began are left
// out; one that is damaged is an error, with those that are not.
func (s Store) All() ([]*Run, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	var out []*Run
	var errs []error
	for _, id := range ids {
		r, err := s.Load(id)
		switch {
		case errors.Is(err, ErrNoRun): // it never began, or was pruned meanwhile
		case err != nil:
			errs = append(errs, err)
		default:
			out = append(out, r)
		}
	}
	return out, errors.Join(errs...)
}

// Open are the runs that are not over: unfinished, pending, or with something
// left to put back. The others are only peeked at.
func (s Store) Open() ([]*Run, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	var out []*Run
	var errs []error
	for _, id := range ids {
		r, err := s.Peek(id)
		if errors.Is(err, ErrNoRun) {
			continue
		}
		if err == nil && r.Over() {
			continue
		}
		if err == nil {
			r, err = s.Load(id)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, r)
	}
	return out, errors.Join(errs...)
}

// Last is the last run that has begun; nil without one.
func (s Store) Last() (*Run, error) { return s.last(s.Load) }

// PeekLast is Last, read as by Peek.
func (s Store) PeekLast() (*Run, error) { return s.last(s.Peek) }

func (s Store) last(read func(int) (*Run, error)) (*Run, error) {
	ids, err := s.ids()
	for _, id := range slices.Backward(ids) {
		r, err := read(id)
		if errors.Is(err, errNeverBegan) {
			continue
		}
		return r, err
	}
	return nil, err
}

// What is kept: the runs of the last year, but at most keepMost, and the last
// keepRuns in any case.
const (
	keepRuns = 20
	keepMost = 500
	keepTime = 365 * 24 * time.Hour
)

// Prune removes journals of runs that are over, old, and not among the last
// ones, and journals that never began; each with what a guard that was killed has
// left of itself. Who prunes holds the host's lock.
func (s Store) Prune(now time.Time) error {
	ids, err := s.ids()
	if err != nil {
		return err
	}
	var errs []error
	for i, id := range ids {
		if i == len(ids)-1 {
			break // the one that has just ended
		}
		r, err := s.Peek(id)
		old := false
		if err == nil && i < len(ids)-keepRuns {
			info, statErr := os.Stat(r.Path) // nobody writes to it after its end
			old = i < len(ids)-keepMost || statErr == nil && now.Sub(info.ModTime()) > keepTime
		}
		if old && r.Over() || errors.Is(err, errNeverBegan) {
			errs = append(errs, os.Remove(s.Path(id, "journal")), removeAny(s.Path(id, "guard")))
		}
	}
	return errors.Join(append(errs, s.prunePlugins())...)
}

func removeAny(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
