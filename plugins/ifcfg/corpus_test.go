package ifcfg

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/rule"
	"linkspan/plugins/ifcfg/writer"
)

// corpusTree is one host of testdata/corpus: files in the shapes that an
// installer, a program or an administrator leaves behind.
type corpusTree struct {
	name    string
	release string
	files   []backend.File
}

// corpus reads testdata/corpus: a folder a host, with RELEASE, FINDINGS, and
// the files; a colon in a name is spelt %3A.
func corpus(t testing.TB) []corpusTree {
	t.Helper()
	var out []corpusTree
	dirs, err := os.ReadDir("testdata/corpus")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		tree := corpusTree{name: d.Name()}
		entries, err := os.ReadDir(filepath.Join("testdata/corpus", d.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			text, err := os.ReadFile(filepath.Join("testdata/corpus", d.Name(), e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			name, err := url.PathUnescape(e.Name())
			if err != nil {
				t.Fatal(err)
			}
			path := reader.Dir + "/" + name
			switch name {
			case "RELEASE":
				tree.release = strings.TrimSpace(string(text))
				continue
			case "FINDINGS":
				continue
			case "network":
				path = reader.NetworkFile
			case "modprobe.conf":
				path = reader.ModprobeFile
			}
			tree.files = append(tree.files, writer.File(path, text))
		}
		out = append(out, tree)
	}
	return out
}

// Every tree of the corpus is found fault with as its FINDINGS say; go test
// -run CorpusFindings -update writes them, for a person to read.
func TestCorpusFindings(t *testing.T) {
	seen := make(map[string]bool)
	for _, tree := range corpus(t) {
		r, ok := reader.Named(tree.release)
		if !ok {
			t.Fatalf("%s: release %q", tree.name, tree.release)
		}
		s := memory(r, tree.files)
		s.Lint(&host.Host{})
		var lines []string
		for _, d := range s.Diags {
			seen[d.Code] = true
			lines = append(lines, fmt.Sprintf("%s:%d %s %s\n", filepath.Base(d.Range.File), d.Range.Start.Line, d.Code, d.Detail))
		}
		slices.Sort(lines)
		path := filepath.Join("testdata/corpus", tree.name, "FINDINGS")
		have := strings.Join(lines, "")
		if *update {
			if err := os.WriteFile(path, []byte(have), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != have {
			t.Errorf("%s: found\n%s\nwant\n%s", tree.name, have, want)
		}
	}
	for _, r := range rule.All() {
		if !seen[r.Code] && !slices.Contains(notFromFiles, r.Code) {
			t.Errorf("no file of the corpus has the fault %s (%s)", r.Code, r.Summary)
		}
	}
}

// notFromFiles are rules about a definition beside the files, or about files that
// cannot be kept in the corpus.
var notFromFiles = []string{rule.CannotExpress.Code, rule.Unsafe.Code, rule.Unreadable.Code, rule.ForeignPort.Code, rule.Release.Code, rule.GatewayDev.Code, rule.NotWritten.Code, rule.HardLink.Code,
	rule.Late.Code, rule.NewOption.Code, rule.Left.Code, rule.NetworkingOff.Code, rule.LeftOut.Code}

// What is there is read without panic and without an interface of no name.
func TestCorpusMeaning(t *testing.T) {
	for _, tree := range corpus(t) {
		for _, release := range append(reader.Names(), reader.AnyRelease) {
			r, _ := reader.Named(release)
			s := memory(r, tree.files)
			for _, device := range slices.Sorted(maps.Keys(s.Devices)) {
				if one, ok := s.Interface(device, nil); ok && one.Name == "" {
					t.Errorf("%s %s: %+v", tree.name, release, one)
				}
			}
		}
	}
}

// Files that are no files: each is named, nothing is changed, and nothing
// hangs or panics.
func TestStrangeFiles(t *testing.T) {
	declared := []host.Interface{card("eth0", "10.0.0.2/24")}
	for _, c := range []struct {
		title string
		make  func(dir string) error
		want  string
	}{
		{"a directory", func(dir string) error { return os.Mkdir(filepath.Join(dir, "ifcfg-eth0"), 0o755) }, "it is a directory"},
		{"a named pipe", func(dir string) error { return mkfifo(filepath.Join(dir, "ifcfg-eth0")) }, "it is a named pipe"},
		{"a NUL byte", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "ifcfg-eth0"), []byte("DEVICE=eth0\n\x00"), 0o644)
		}, "NUL byte at offset 12"},
		{"an endless line", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "ifcfg-eth0"), bytes.Repeat([]byte("x"), 1<<17), 0o644)
		}, "a line of 131072 bytes"},
		{"an endless file", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "ifcfg-eth0"), bytes.Repeat([]byte("x\n"), 1<<20), 0o644)
		}, "it has 2097152 bytes"},
		{"a link that leads out", func(dir string) error { return os.Symlink("../../../../etc/passwd", filepath.Join(dir, "ifcfg-eth0")) }, "leads out"},
		{"a link to nowhere", func(dir string) error { return os.Symlink("/nowhere/ifcfg-eth0", filepath.Join(dir, "ifcfg-eth0")) }, "which is not there"},
		{"a link to itself", func(dir string) error { return os.Symlink("ifcfg-eth0", filepath.Join(dir, "ifcfg-eth0")) }, "too many symlinks"},
		{"two files for one device", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "ifcfg-copy"), []byte("DEVICE=eth0\n"), 0o644)
		}, "are both for"},
		{"a directory in the whole host's place", func(dir string) error { return os.Mkdir(filepath.Join(dir, "../network"), 0o755) }, "it is a directory"},
	} {
		t.Run(c.title, func(t *testing.T) {
			s := newSite(t, map[string]string{"ifcfg-eth1": "DEVICE=eth1\n"}, declared...)
			dir := filepath.Join(s.root, reader.Dir)
			if strings.HasPrefix(c.title, "two") {
				writeBelow(t, s.root, writer.File(reader.FilePath("eth0"), []byte("DEVICE=eth0\n")))
			}
			if err := c.make(dir); err != nil {
				t.Fatal(err)
			}
			p, diags := s.plan("rhel7")
			if !diags.HasErrors() || len(p.Operations) > 0 || !strings.Contains(fmt.Sprint(diags.Errors()), c.want) {
				t.Errorf("%v %v", summaries(p), diags)
			}
		})
	}
}

// A link within the root is followed, also an absolute one, as on the host.
func TestLinks(t *testing.T) {
	for _, target := range []string{"../networking/devices/ifcfg-eth0", "/etc/sysconfig/networking/devices/ifcfg-eth0"} {
		s := newSite(t, map[string]string{"/etc/sysconfig/networking/devices/ifcfg-eth0": "DEVICE=eth0\nIPADDR=10.0.0.2\nPREFIX=24\n", "ifcfg-eth1": "DEVICE=eth1\n"}, card("eth0", "10.0.0.2/24"))
		if err := os.Symlink(target, filepath.Join(s.root, reader.Dir, "ifcfg-eth0")); err != nil {
			t.Fatal(err)
		}
		if p, diags := s.plan("rhel6"); len(p.Operations) > 0 || diags.HasErrors() {
			t.Errorf("%s: %v %v", target, summaries(p), diags)
		}
	}
}

// A file that cannot be read and that nobody declares stops nothing; one with
// two names is said to have them.
func TestOddFilesBeside(t *testing.T) {
	s := newSite(t, map[string]string{"ifcfg-eth0": "DEVICE=eth0\n", "ifcfg-eth1": "DEVICE=eth1\n"}, card("eth0", "10.0.0.2/24"))
	dir := filepath.Join(s.root, reader.Dir)
	for _, err := range []error{mkfifo(filepath.Join(dir, "route-eth7")), os.Mkdir(filepath.Join(dir, "ifcfg-eth8"), 0o755), os.Symlink("gone", filepath.Join(dir, "ifcfg-eth9")),
		os.Link(filepath.Join(dir, "ifcfg-eth0"), filepath.Join(s.root, "copy"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	p, diags := s.plan("rhel5")
	if diags.HasErrors() || len(p.Operations) == 0 {
		t.Fatal(diags)
	}
	for _, want := range []string{"route-eth7", "ifcfg-eth8", "ifcfg-eth9", rule.HardLink.Code} {
		if !strings.Contains(fmt.Sprint(diags), want) {
			t.Errorf("%s is not reported: %v", want, diags)
		}
	}
}

// An unknown release, or a wrong one, is said; nothing panics.
func TestReleases(t *testing.T) {
	for text, want := range map[string]string{
		"Red Hat Enterprise Linux AS release 4 (Nahant Update 8)": "rhel4", "CentOS release 5.2 (Final)": "rhel5.2", "CentOS release 5.11 (Final)": "rhel5", "CentOS release 5 (Final)": "rhel5",
		"Red Hat Enterprise Linux Server release 6.10 (Santiago)": "rhel6", "CentOS Linux release 7.9.2009 (Core)": "rhel7", "Rocky Linux release 8.9 (Green Obsidian)": "rhel8",
		"Red Hat Enterprise Linux release 9.3 (Plow)": "nm", "Fedora release 39": "", "": "",
		"Fedora release 8 (Werewolf)": "", "XCP-ng release 8.2.1 (xenenterprise)": "", "Oracle VM server release 3.4.6": "", "Enterprise Linux Enterprise Linux Server release 5.4 (Carthage)": "rhel5", "AlmaLinux release 8.8 (Sapphire Caracal)": "rhel8",
		"CentOS Stream release 8": "rhel8", "Scientific Linux SL release 5.3 (Boron)": "rhel5.2", "Red Hat Enterprise Virtualization Hypervisor release 6.6 (20150123.1.el6ev)": "rhel6",
	} {
		if got := reader.Detect(text, "", false); got != want {
			t.Errorf("%q is %q, not %q", text, got, want)
		}
	}
	if got := reader.Detect("", "NAME=\"AlmaLinux\"\nID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"8.8\"\n", false); got != "rhel8" {
		t.Errorf("os-release: %q", got)
	}
	if got := reader.Detect("XCP-ng release 8.2.1 (xenenterprise)", "ID=\"xenenterprise\"\nID_LIKE=\"centos rhel fedora\"\nVERSION_ID=\"8.2.1\"\n", true); got != "" {
		t.Errorf("XCP-ng has the scripts of CentOS 7 and its own network daemon, not %q", got)
	}
	for _, wrong := range []any{"rhel99", "any", 7, "RHEL7"} {
		s := newSite(t, nil, card("eth0"))
		r, err := New().Render(t.Context(), backend.RenderRequest{Setup: backend.Setup{Host: s.host, Config: map[string]any{"release": wrong}}})
		if _, text := wrong.(string); err != nil || text && !r.Diagnostics.HasErrors() {
			t.Errorf("%v is taken: %v %v", wrong, err, r.Diagnostics)
		}
	}
}
