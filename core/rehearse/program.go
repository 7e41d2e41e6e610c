package rehearse

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"linkspan/core/plan"
	"linkspan/core/rehearse/uml"
)

const (
	definitionPath = "/etc/linkspan/site.hcl" // on the host inside
	appliedPath    = "/run/applied.json"
	programLimit   = 4 * time.Minute // of one run of the program
	exitNone       = -1              // it did not end by itself

	obeying     = "rehearsal-program" // the program's first argument on the host inside
	endOfOutput = '\x00'              // before the exit code, in what it says
)

// said is what the program has said, with the time of each line.
type said struct {
	mu    sync.Mutex
	text  bytes.Buffer
	lines []saidLine
}

type saidLine struct {
	at   time.Time
	text string
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range strings.Lines(string(b)) { // a step is written at once
		s.lines = append(s.lines, saidLine{time.Now(), strings.TrimSpace(line)})
	}
	return s.text.Write(b)
}

// during is the last line before a time.
func (s *said) during(at time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := ""
	for _, l := range s.lines {
		if l.at.After(at) {
			break
		}
		last = l.text
	}
	return last
}

// obedient is the process on the host inside that carries out the program's
// command lines, as an operator would give them: to start a process for each
// takes longer than most of them. What it writes is what they write, and after
// each the exit code.
type obedient struct {
	*exec.Cmd
	orders io.WriteCloser
	ended  chan error // of the process

	mu    sync.Mutex
	into  *said       // of the command line in hand
	code  chan string // that it ended with
	after []byte      // what has come of the exit code
}

// obey starts the process: this executable, under the root of the host.
func obey() (*obedient, error) {
	// /proc/self/exe is itself wherever its file lies.
	o := &obedient{Cmd: exec.Command("/proc/self/exe"), ended: make(chan error, 1), code: make(chan string, 1), into: &said{}}
	o.Args = []string{"linkspan", obeying}
	o.Dir = "/"
	o.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/run", "TMPDIR=/run"}, uml.HandOn()...)
	o.SysProcAttr = &syscall.SysProcAttr{Chroot: hostRoot}
	o.WaitDelay = time.Second
	o.Stdout, o.Stderr = o, o
	var err error
	if o.orders, err = o.StdinPipe(); err == nil {
		err = o.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start the program on the host: %w", err)
	}
	go func() { o.ended <- o.Wait() }()
	return o, nil
}

// Write takes what the process says.
func (o *obedient) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	text, code := b, []byte(nil)
	if n := bytes.IndexByte(b, endOfOutput); len(o.after) > 0 {
		text, code = nil, b
	} else if n >= 0 {
		text, code = b[:n], b[n:]
	}
	if len(text) > 0 {
		_, _ = o.into.Write(text) // into memory
	}
	if o.after = append(o.after, code...); bytes.HasSuffix(o.after, []byte("\n")) {
		o.code <- string(o.after[1 : len(o.after)-1])
		o.after = nil
	}
	return len(b), nil
}

// do gives it a command line. An error says that the process has ended instead
// of the command.
func (o *obedient) do(args []string, s *said) (code int, err error) {
	o.mu.Lock()
	o.into = s
	o.mu.Unlock()
	late := time.AfterFunc(programLimit, func() { _ = o.Process.Kill() })
	defer late.Stop()
	if err := json.NewEncoder(o.orders).Encode(args); err != nil {
		return exitNone, errors.Join(err, <-o.ended)
	}
	select {
	case text := <-o.code:
		return strconv.Atoi(text)
	case err = <-o.ended:
	}
	var exit *exec.ExitError
	if err == nil || errors.As(err, &exit) && exit.Exited() {
		return o.ProcessState.ExitCode(), errEnded
	}
	return exitNone, err
}

// errEnded says that the process has ended by itself.
var errEnded = errors.New("it has ended")

// program carries a command line of the program out on the host inside.
func (d *director) program(args ...string) Leg {
	args = append([]string{"-host", d.Wanted.Name, "-color", "never"}, args...)
	d.said, d.began = &said{}, time.Now()
	code, err := exitNone, error(nil)
	if d.obedient == nil {
		d.obedient, err = obey()
	}
	if err == nil {
		code, err = d.obedient.do(args, d.said)
	}
	if err != nil {
		d.obedient = nil // the next command line has one of its own
	}
	l := Leg{Exit: code, Output: d.said.text.String()}
	if err != nil && code == exitNone {
		l.Output += fmt.Sprintf("linkspan %s: %v\n", strings.Join(args, " "), err)
	}
	return l
}

// ask runs the program and keeps what it says unless all is well.
func (d *director) ask(args ...string) (int, string) {
	l := d.program(args...)
	if l.Exit == 0 {
		return 0, ""
	}
	return l.Exit, l.Output
}

// understand takes the plan from what apply said in JSON.
func (l *Leg) understand(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // it was refused before it had a plan
	}
	if err != nil {
		return fmt.Errorf("read what apply did: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 256<<20)
	for lines.Scan() {
		var line struct {
			Type string     `json:"type"`
			Plan *plan.Plan `json:"plan"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return fmt.Errorf("read what apply did: %w", err)
		}
		if line.Plan != nil {
			l.take(line.Plan)
		}
	}
	return lines.Err()
}

func (l *Leg) take(p *plan.Plan) {
	l.Digest, l.Operations, l.Predicted = p.Digest, 0, nil
	for _, s := range p.Stages {
		l.Operations += len(s.Operations)
	}
	for _, e := range p.Effects {
		if e.Kind == plan.EffectUnreachable {
			l.Predicted = append(l.Predicted, e.Text)
		}
	}
}
