package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linkspan/core/plan"
)

func begin() Begin { return Begin{Host: "dom0-01", Plan: plan.New(plan.Input{Host: "dom0-01"})} }

func created(t *testing.T, s Store) *Run {
	t.Helper()
	id, err := s.Next()
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Create(id, begin())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestStates(t *testing.T) {
	for _, tt := range []struct {
		name  string
		kinds []Kind
		want  State
	}{
		{"begun", nil, Unfinished},
		{"a step", []Kind{KindStep}, Unfinished},
		{"applied", []Kind{KindStep, KindApplied}, Done},
		{"the program died between the deadline and the end", []Kind{KindDeadline}, Unfinished},
		{"waits", []Kind{KindDeadline, KindApplied}, Pending},
		{"waits longer", []Kind{KindDeadline, KindApplied, KindDeadline}, Pending},
		{"confirmed", []Kind{KindDeadline, KindApplied, KindConfirmed}, Done},
		{"being undone", []Kind{KindDeadline, KindApplied, KindUndoing}, Unfinished},
		{"undone", []Kind{KindDeadline, KindApplied, KindUndoing, KindUndone}, Undone},
		{"undo failed", []Kind{KindUndoing, KindFailed}, UndoFailed},
		{"undone at the second try", []Kind{KindUndoing, KindFailed, KindUndoing, KindUndone}, Undone},
	} {
		s := In(t.TempDir())
		r := created(t, s)
		for _, k := range tt.kinds {
			if err := r.Append(Record{Kind: k}, false); err != nil {
				t.Fatal(err)
			}
		}
		again, err := s.Load(r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if r.State() != tt.want || again.State() != tt.want {
			t.Errorf("%s: %s, read again %s, want %s", tt.name, r.State(), again.State(), tt.want)
		}
	}
}

// TestTornJournal cuts a journal at every byte: what was synced before is
// read, and a beginning that was cut off never was.
func TestTornJournal(t *testing.T) {
	s := In(t.TempDir())
	r := created(t, s)
	first, err := os.ReadFile(r.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Append(Record{Kind: KindApplied}, true); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(r.Path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) + 1 {
		if err := os.WriteFile(r.Path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		runs, err := s.All()
		want := 1
		if n < len(first) {
			want = 0
		}
		if err != nil || len(runs) != want {
			t.Fatalf("cut after %d of %d bytes: %d runs (%v), want %d", n, len(whole), len(runs), err, want)
		}
		if want == 1 && n < len(whole) && runs[0].State() != Unfinished {
			t.Fatalf("cut after %d bytes it is %s", n, runs[0].State())
		}
	}
}

// TestDamagedJournalIsNotActedOn flips each byte of a beginning that something
// follows, and tries what others could put there.
func TestDamagedJournalIsNotActedOn(t *testing.T) {
	s := In(t.TempDir())
	r := created(t, s)
	if err := r.Append(Record{Kind: KindStep, Step: "restart xend"}, true); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(r.Path)
	if err != nil {
		t.Fatal(err)
	}
	line := bytes.IndexByte(whole, '\n')
	for n := range line {
		bad := bytes.Clone(whole)
		bad[n] ^= 0x01
		if err := os.WriteFile(r.Path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if run, err := s.Load(r.ID); err == nil {
			t.Fatalf("byte %d was changed, and it is read as %s", n, run.State())
		}
	}
	for _, tt := range []struct {
		name  string
		spoil func() error
		want  string
	}{
		{"written by others", func() error { return os.Chmod(r.Path, 0o666) }, "others may write it"},
		{"a symlink", func() error {
			other := filepath.Join(filepath.Dir(r.Path), "other")
			return errors.Join(os.Rename(r.Path, other), os.Symlink(other, r.Path))
		}, "symbolic links"},
	} {
		if err := errors.Join(os.Remove(r.Path), os.WriteFile(r.Path, whole, 0o600), tt.spoil()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Load(r.ID); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestNumbersGoOn(t *testing.T) {
	s := In(t.TempDir())
	for want := 1; want <= 3; want++ {
		if r := created(t, s); r.ID != want {
			t.Errorf("run %d, want %d", r.ID, want)
		}
	}
	if _, err := s.Create(2, begin()); err == nil {
		t.Error("a run was made over another")
	}
	if _, err := s.Load(9); !errors.Is(err, ErrNoRun) {
		t.Errorf("%v", err)
	}
}

func TestPrune(t *testing.T) {
	s := In(t.TempDir())
	for range keepRuns + 5 {
		if err := created(t, s).Append(Record{Kind: KindApplied}, false); err != nil {
			t.Fatal(err)
		}
	}
	open := created(t, s)
	count := func() int {
		all, err := s.All()
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if err := s.Prune(time.Now()); err != nil || count() != keepRuns+6 {
		t.Errorf("young runs were pruned: %d left (%v)", count(), err)
	}
	if err := s.Prune(time.Now().Add(2 * keepTime)); err != nil || count() != keepRuns {
		t.Errorf("%d left (%v), want %d", count(), err, keepRuns)
	}
	if _, err := s.Load(open.ID); err != nil {
		t.Errorf("the open run is gone: %v", err)
	}
}

func TestDeadline(t *testing.T) {
	d, err := DeadlineIn(time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if left, err := d.Left(); err != nil || left <= 59*time.Minute || left > time.Hour {
		t.Errorf("%v (%v)", left, err)
	}
	d.Boot = "another boot"
	if left, err := d.Left(); err != nil || left != 0 {
		t.Errorf("after a reboot: %v (%v)", left, err)
	}
}

func FuzzDecode(f *testing.F) {
	b := begin()
	line, err := encode(Record{Kind: KindBegin, Begin: &b})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add(append(bytes.Clone(line), line[:20]...))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, _, err := decode(data, true)
		if err != nil {
			return
		}
		var again []byte
		for _, r := range records {
			line, err := encode(r)
			if err != nil {
				t.Fatal(err)
			}
			again = append(again, line...)
		}
		same, _, err := decode(again, true)
		if err != nil || len(same) != len(records) {
			t.Errorf("%d records became %d (%v)", len(records), len(same), err)
		}
		r := Run{Records: records}
		r.State()
		r.Deadline()
		r.Begun("restart ")
	})
}
