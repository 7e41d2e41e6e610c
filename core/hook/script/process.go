package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// process is a script's process: this executable, started again.
type process struct {
	cmd  *exec.Cmd
	to   *os.File
	from *os.File
	read *boundedReader
	in   *json.Decoder
	out  *json.Encoder
	said said // what the script prints and logs

	mu    sync.Mutex
	cause error // why it was killed
	ended bool
	calls int // that have begun or ended
}

// scriptUser is the user and the group that scripts run as when the program
// runs as root: a number that no account and no daemon has, so that limits by
// user are a script's own. It fits the 65 536 numbers that containers map.
const scriptUser = 64747

// grace is how long a script may go on after its context has ended.
const grace = time.Second

// start starts this executable again, in a session of its own, as a user of
// its own if it can, with a short environment and without the operator's
// terminal. log gets each line that the script prints or logs.
func start(r request, privileged bool, log func(string)) (*process, error) {
	childIn, to, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	from, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, childIn.Close(), to.Close())
	}
	read := &boundedReader{r: from}
	p := &process{to: to, from: from, read: read, in: json.NewDecoder(read), out: json.NewEncoder(to)}
	p.said.log, p.said.tooMuch = log, p.kill
	p.cmd = exec.Command("/proc/self/exe", serveArgument) // also when the file was replaced by an upgrade
	p.cmd.Args[0] = "linkspan"
	p.cmd.Dir = "/"
	p.cmd.Env = []string{"LANG=C.UTF-8", "GOMAXPROCS=2", "GOTRACEBACK=none"}
	p.cmd.ExtraFiles = []*os.File{childIn, childOut} // descriptors 3 and 4
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	p.cmd.WaitDelay = time.Second
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() == 0 && !privileged {
		p.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: scriptUser, Gid: scriptUser}
	}
	err = errors.Join(p.cmd.Start(), childIn.Close(), childOut.Close())
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w: scripts run as user %d, who must be able to execute this program; chmod a+rx it", err, scriptUser)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("its process: %w", err), to.Close(), from.Close())
	}
	if err := p.out.Encode(r); err != nil {
		p.kill(err)
		return nil, p.verdict(err)
	}
	return p, nil
}

// kill ends the process; the first cause given is the one that counts.
func (p *process) kill(cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	if p.cause == nil {
		p.cause = cause
	}
	// It may have ended already; then there is nothing to kill.
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
}

// turn counts the beginning or the end of a call.
func (p *process) turn() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	return p.calls
}

// killDuring ends the process if the call is still under way.
func (p *process) killDuring(call int, cause error) {
	p.mu.Lock()
	over := p.calls != call
	p.mu.Unlock()
	if !over {
		p.kill(cause)
	}
}

// call makes one call and answers what the script asks for until it is done.
// When ctx ends the process is killed. After an error there is no process.
func (p *process) call(ctx context.Context, c call, answer func(message) *reply) (message, error) {
	this := p.turn()
	stop := context.AfterFunc(ctx, func() { p.killDuring(this, context.Cause(ctx)) })
	defer func() {
		stop()
		p.turn() // a context that ends from here on ends nothing
	}()
	p.read.n = 0
	if err := p.out.Encode(c); err != nil {
		return message{}, p.verdict(err)
	}
	for {
		var m message
		if err := p.in.Decode(&m); err != nil {
			return message{}, p.verdict(err)
		}
		switch m.Op {
		case "done":
			return m, nil
		case "log":
			p.said.logged(m.Text)
			continue
		}
		if r := answer(m); r != nil {
			if err := p.out.Encode(r); err != nil {
				return message{}, p.verdict(err)
			}
		}
	}
}

// end kills what is left of the process and waits for it.
func (p *process) end() error {
	p.kill(nil)
	err := p.cmd.Wait()
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.from.Close()
	p.to.Close()
	return err
}

// verdict ends the process and says why it broke off.
func (p *process) verdict(read error) error {
	wait := p.end()
	p.said.finish()
	switch {
	case p.cause != nil:
		return fmt.Errorf("%w; it was killed", p.cause)
	case !errors.Is(read, io.EOF) && !errors.Is(read, syscall.EPIPE):
		return fmt.Errorf("it broke off: %w", read)
	}
	return fmt.Errorf("it died: %s", p.said.reason(wait))
}
