package rehearse

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
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

// program runs the program on the host inside, as an operator would.
func (d *director) program(args ...string) Leg {
	ctx, cancel := context.WithTimeout(context.Background(), programLimit)
	defer cancel()
	// This executable, under the root of the host: /proc/self/exe is itself
	// wherever its file lies.
	c := exec.CommandContext(ctx, "/proc/self/exe")
	c.Args = append([]string{"linkspan", "-host", d.Wanted.Name, "-color", "never"}, args...)
	c.Dir = "/"
	c.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/run", "TMPDIR=/run"}, uml.HandOn()...)
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: hostRoot}
	c.WaitDelay = time.Second
	d.said, d.began = &said{}, time.Now()
	c.Stdout, c.Stderr = d.said, d.said
	err := c.Run()
	var ended *exec.ExitError
	l := Leg{Output: d.said.text.String()}
	switch {
	case err == nil:
	case errors.As(err, &ended) && ended.Exited():
		l.Exit = ended.ExitCode()
	default:
		l.Exit = exitNone
		l.Output += fmt.Sprintf("%s: %v\n", strings.Join(c.Args, " "), err)
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
