package rehearse

import (
	"testing"
	"time"
)

func TestOutcome(t *testing.T) {
	lost := []Stream{{Name: "192.0.2.2", Sent: 100, Lost: 1}}
	silent := []Stream{{Name: "192.0.2.2", Sent: 100, Lost: 100, Silent: true}}
	tests := []struct {
		name string
		r    Report
		want Outcome
	}{
		{"all well", Report{There: Leg{Streams: []Stream{{Sent: 100}}}}, Good},
		{"what was silent before counts for nothing", Report{There: Leg{Streams: silent}}, Good},
		{"a packet", Report{There: Leg{Streams: lost}}, Losses},
		{"a packet on the way back", Report{Back: &Leg{Streams: lost}}, Losses},
		{"a second plan", Report{There: Leg{Second: 2, Streams: lost}}, Differs},
		{"a second plan that failed", Report{There: Leg{Second: 1}}, Differs},
		{"files and kernel differ", Report{There: Leg{Views: 2}}, Differs},
		{"no answer at the end", Report{There: Leg{Unreached: []string{"192.0.2.3"}}}, Differs},
		{"not as before", Report{Back: &Leg{Differences: []string{"- route"}}}, Differs},
		{"refused", Report{There: Leg{Exit: 1}}, Refused},
		{"undone", Report{There: Leg{Exit: 5}}, Undone},
		{"undo failed", Report{There: Leg{Exit: 6}}, UndoFailed},
		{"killed", Report{There: Leg{Exit: exitNone}}, Failed},
		{"there well, the way back refused", Report{Back: &Leg{Exit: 1}}, Refused},
		{"the worse of both", Report{There: Leg{Streams: lost}, Back: &Leg{Exit: 6}}, UndoFailed},
	}
	for _, tt := range tests {
		if got := tt.r.Outcome(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestMeasure: of questions every 2 ms, some without an answer.
func TestMeasure(t *testing.T) {
	begin := time.Unix(1000, 0)
	at := func(n int) time.Time { return begin.Add(time.Duration(n) * 2 * time.Millisecond) }
	tests := []struct {
		name          string
		lost          []int
		late          int // answered when a second's questions had been asked since; -1: none
		from, to      int
		sent, n       int
		gap           time.Duration
		stretches     int
		firstStretchN int
	}{
		{"none", nil, -1, 0, 99, 100, 0, 0, 0, 0},
		{"one", []int{50}, -1, 0, 99, 100, 1, 4 * time.Millisecond, 1, 1},
		{"two together", []int{50, 51}, -1, 0, 99, 100, 2, 6 * time.Millisecond, 1, 2},
		{"two apart", []int{10, 50}, -1, 0, 99, 100, 2, 4 * time.Millisecond, 2, 1},
		{"to the end", []int{98, 99}, -1, 0, 99, 100, 2, 4 * time.Millisecond, 1, 2},
		{"before the window", []int{3}, -1, 10, 99, 90, 0, 0, 0, 0},
		{"too late is lost", nil, 20, 0, 99, 100, 1, 4 * time.Millisecond, 1, 1},
	}
	for _, tt := range tests {
		p := &pinger{targets: []target{{Name: "x"}}, asked: make([][]question, 1)}
		for n := range 100 {
			p.asked[0] = append(p.asked[0], question{sent: at(n), answered: true})
		}
		for _, n := range tt.lost {
			p.asked[0][n].answered = false
		}
		if tt.late >= 0 {
			p.asked[0][tt.late].behind = lateAfter + 1
		}
		s := p.measure(0, at(tt.from), at(tt.to))
		if s.Sent != tt.sent || s.Lost != tt.n || s.Gap != tt.gap || len(s.Losses) != tt.stretches || s.Pause != 2*time.Millisecond {
			t.Errorf("%s: %+v", tt.name, s)
		}
		if tt.stretches > 0 && s.Losses[0].Lost != tt.firstStretchN {
			t.Errorf("%s: first stretch %+v", tt.name, s.Losses[0])
		}
	}
}

func TestDifferences(t *testing.T) {
	got := differences([]string{"a", "b"}, []string{"b", "c"})
	if len(got) != 2 || got[0] != "- a" || got[1] != "+ c" {
		t.Errorf("%q", got)
	}
}

func TestChecksum(t *testing.T) { // RFC 1071, section 3: the example's sum is ddf2
	if got := checksum([]byte{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}); got != ^uint16(0xddf2) {
		t.Errorf("%04x", got)
	}
}
