package main

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"linkspan/core/engine/journal"
	"linkspan/core/rehearse/lab"
	"linkspan/core/rehearse/uml"
	"linkspan/plugins/netlink/rtnl"
)

// liveCut is what no operator wants: the address that they came in on goes.
const liveCut = `
  bond "bond0" {
    ports   = ["eth0", "eth1"]
    mode    = "active-backup"
    miimon  = 100
  }
  vlan "bond0.2" {
    parent = "bond0"
    id     = 2
  }
  bridge "xenbr0" {
    ports     = ["bond0.2"]
    addresses = ["192.168.77.2/24"]
  }`

// TestSSHSessionDies: an operator applies over SSH what cuts off their own session.
// The session's processes are killed, the terminal goes; once the program is killed
// as well. Without a confirmation everything is as before, and the next session
// comes in.
func TestSSHSessionDies(t *testing.T) {
	long(t)
	for _, tool := range []string{"sshd", "ssh", "ssh-keygen"} { // some of them in /usr/sbin
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool+" (Debian packages openssh-server, openssh-client)")
		}
	}
	if !lab.Inside(t) {
		return
	}
	liveHost(t)
	write(t, "/etc/linkspan/cut/site.hcl", "host \"dom0-01\" {\n"+liveCut+"\n  backend \"ifcfg\" {}\n  backend \"netlink\" {}\n}\n")
	mustLive(t, applyLive("before")...)
	before := liveState(t)
	sshServer(t)
	if out, err := overSSH("true").CombinedOutput(); err != nil {
		t.Fatalf("the first session: %v\n%s", err, out)
	}
	for _, kill := range []bool{false, true} {
		session := overSSH("/run/linkspan " + strings.Join(applyLive("cut", "-confirm", "10s"), " "))
		session.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		said, err := os.Create("/root/said")
		if err != nil {
			t.Fatal(err)
		}
		session.Stdout, session.Stderr = said, said
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("the session says:\n%s", readText(t, said.Name()))
			}
		})
		if err := session.Start(); err != nil {
			t.Fatal(err)
		}
		awaitState(t, journal.Pending)
		if out, err := exec.Command("ip", "netns", "exec", "switch", "timeout", "1", "bash", "-c", "</dev/tcp/192.168.0.2/22").CombinedOutput(); err == nil {
			t.Errorf("the operator is not cut off:\n%s", out)
		}
		syscall.Kill(-session.Process.Pid, syscall.SIGKILL) // the operator closes the laptop
		killProcesses(t, "sshd: root")                      // and the server gives the session up: its terminal goes
		if kill {
			killProcesses(t, "/run/linkspan apply")
		}
		session.Wait() // killed
		awaitState(t, journal.Undone)
		if now := liveState(t); now != before {
			t.Errorf("it is not as before:\n%s", difference(now, before))
		}
		if out, err := overSSH("/run/linkspan history").CombinedOutput(); err != nil || !strings.Contains(string(out), "nobody confirmed it in time") {
			t.Errorf("the next session: %v\n%s", err, out)
		}
	}
}

// killProcesses kills all processes whose command line begins with a text.
func killProcesses(t *testing.T, prefix string) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		text, err := os.ReadFile(path)
		if err != nil || !strings.HasPrefix(strings.ReplaceAll(string(text), "\x00", " "), prefix) {
			continue
		}
		if pid, ok := strings.CutPrefix(filepath.Dir(path), "/proc/"); ok {
			exec.Command("kill", "-9", pid).Run() // it may be gone
		}
	}
}

// sshServer starts sshd on the host's address, with keys for the operator, who
// sits on the other side of the switch.
func sshServer(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, "/run/linkspan"); err != nil {
		t.Fatal(err)
	}
	write(t, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n")
	write(t, "/etc/group", "root:x:0:\nnogroup:x:65534:\ntty:x:5:\n")
	write(t, "/etc/shadow", "root:*:19000:0:99999:7:::\n")
	for _, key := range []string{"host", "operator"} {
		shell(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/"+key)
	}
	write(t, "/root/authorized", readText(t, "/root/operator.pub"))
	environment := "SetEnv TMPDIR=/run " + strings.Join(uml.HandOn(), " ") + "\n"
	write(t, "/root/sshd_config", "ListenAddress 0.0.0.0\nHostKey /root/host\nAuthorizedKeysFile /root/authorized\nPermitRootLogin yes\nStrictModes no\nUsePAM no\nPidFile none\nLogLevel VERBOSE\n"+environment)
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("/dev/pts", 0o755); err != nil {
		t.Fatal(err)
	}
	exec.Command("mount", "-t", "devpts", "devpts", "/dev/pts").Run() // it may be mounted
	path, err := exec.LookPath("sshd")
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(path, "-D", "-f", "/root/sshd_config", "-E", "/root/sshd.log")
	server.Env = append(server.Environ(), uml.HandOn()...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("sshd says:\n%s", readText(t, "/root/sshd.log"))
		}
		server.Process.Kill() // it ends with the kernel anyway
	})
	ipBatch(t, "link add link sw name sw.2 type vlan id 2\naddr add 192.168.0.1/24 dev sw.2\nlink set sw.2 up\n", "-n", "switch")
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if out, err := overSSH("true").CombinedOutput(); err == nil || strings.Contains(string(out), "denied") {
			return
		}
	}
}

// overSSH is a command on the host, in a session with a terminal.
func overSSH(command string) *exec.Cmd {
	c := exec.Command("ip", "netns", "exec", "switch", "ssh", "-tt", "-q", "-i", "/root/operator", "-o", "StrictHostKeyChecking=no",
		"-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=5", "-o", "BatchMode=yes", "-F", "none", "root@192.168.0.2", command)
	c.Env = append(c.Environ(), uml.HandOn()...)
	return c
}

// TestChecksDecide: without a terminal and without -confirm the definition's
// checks decide: one that held before and does not hold after undoes the apply;
// one that failed already does not.
func TestChecksDecide(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	liveHost(t)
	ipBatch(t, "link add link sw name sw.2 type vlan id 2\naddr add 192.168.0.1/24 dev sw.2\nlink set sw.2 up\n", "-n", "switch")
	const dead = "  check \"dead\" {\n    tcp = \"192.168.0.1:9\"\n    timeout = \"2s\"\n  }\n"
	for name, check := range map[string]string{
		"ping":    "ping = \"192.168.0.1\"",
		"arp":     "arp = \"192.168.0.1\"",
		"http":    "http = \"http://192.168.0.1:8080/health\"",
		"command": "command = [\"/bin/sh\", \"-c\", \"ip -4 addr show xenbr0 | grep -q 192.168.0.2\"]",
	} {
		write(t, "/etc/linkspan/"+name+"/site.hcl", "host \"dom0-01\" {\n"+liveCut+"\n"+dead+"  check \"gateway\" {\n    "+check+"\n    timeout = \"3s\"\n  }\n  backend \"ifcfg\" {}\n  backend \"netlink\" {}\n}\n")
	}
	write(t, "/etc/linkspan/deadonly/site.hcl", "host \"dom0-01\" {\n"+liveCut+"\n"+dead+"  backend \"ifcfg\" {}\n  backend \"netlink\" {}\n}\n")
	mustLive(t, applyLive("before")...)
	before := liveState(t)
	webServer(t)
	for _, name := range []string{"ping", "arp", "http", "command"} {
		out := onKernel(t, nil, applyLive(name)...)
		if out.code != exitUndone || !strings.Contains(out.said, `check "gateway"`) || !strings.Contains(out.said, `check "dead" fails already, and decides nothing`) {
			t.Errorf("%s: it ended with %d:\n%s", name, out.code, out.said)
		}
		if now := liveState(t); now != before {
			t.Errorf("%s: it is not as before:\n%s", name, difference(now, before))
		}
	}
	mustLive(t, applyLive("deadonly")...)
	mustLive(t, "rollback", "-auto-approve")
	// What holds before and after keeps it.
	write(t, "/etc/linkspan/healthy/site.hcl", "host \"dom0-01\" {\n"+liveAfter+"\n  check \"gateway\" {\n    http = \"http://192.168.0.1:8080/health\"\n    timeout = \"20s\"\n  }\n  backend \"ifcfg\" {}\n  backend \"netlink\" {}\n}\n")
	mustLive(t, applyLive("healthy")...)
	if liveState(t) == before {
		t.Error("the apply has changed nothing")
	}
}

// webServer answers on the other side of the switch.
func webServer(t *testing.T) {
	t.Helper()
	var l net.Listener
	if err := rtnl.InNamespace("switch", func() (err error) {
		l, err = net.Listen("tcp", "192.168.0.1:8080")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health" {
			w.WriteHeader(http.StatusNotFound)
		}
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
}
