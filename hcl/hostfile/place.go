package hostfile

import (
	"slices"
	"sync"

	"linkspan/core/diag"
	"linkspan/core/host"
)

// places says where the parts of one host are written. Of thousands of hosts
// with hundreds of parts each few are ever asked, so the paths are made when the
// first is.
type places struct {
	parts []string // the paths of blocks: `bridge["xenbr0"]`
	spots []spot
	files []string      // of the spots
	uses  []*diag.Range // of the spots: the `use` blocks by which they came from profiles
	once  sync.Once
	index map[string]int // path → place in spots
}

// spot is where one part is written. A later one of the same path counts.
type spot struct {
	part       int32  // of places.parts
	attribute  string // of that part; "" for the part itself
	element    int32  // of the attribute's list; whole for all of it
	file, use  int32  // of places.files, places.uses
	start, end position
}

// position is a diag.Position in half the room: a file has at most maxFile bytes.
type position struct{ line, column, byte int32 }

const whole = -1

func compact(p diag.Position) position {
	return position{int32(p.Line), int32(p.Column), int32(p.Byte)}
}

func (p position) spread() diag.Position {
	return diag.Position{Line: int(p.line), Column: int(p.column), Byte: int(p.byte)}
}

// part begins a part; what is put afterwards with its number is below it.
func (p *places) part(path string, where diag.Range, use *diag.Range) int32 {
	p.parts = append(p.parts, path)
	n := int32(len(p.parts) - 1)
	p.put(spot{part: n, element: whole}, where, use)
	return n
}

// put records where a spot is written, and the use block that brought it.
func (p *places) put(s spot, where diag.Range, use *diag.Range) {
	s.file, s.use = numbered(&p.files, where.File), numbered(&p.uses, use)
	s.start, s.end = compact(where.Start), compact(where.End)
	p.spots = append(p.spots, s)
}

// numbered gives the place of x in a list, to which it is added if it is not
// there. Nearly always it is the last.
func numbered[T comparable](list *[]T, x T) int32 {
	for i, y := range slices.Backward(*list) {
		if y == x {
			return int32(i)
		}
	}
	*list = append(*list, x)
	return int32(len(*list) - 1)
}

func (p *places) path(s spot) string {
	path := p.parts[s.part]
	if s.attribute != "" {
		path += "." + s.attribute
	}
	if s.element != whole {
		path = host.Index(path, int(s.element))
	}
	return path
}

// find gives the number of the spot of a path.
func (p *places) find(path string) (int, bool) {
	p.once.Do(func() {
		p.index = make(map[string]int, len(p.spots))
		for i := range p.spots {
			p.index[p.path(p.spots[i])] = i
		}
	})
	i, ok := p.index[path]
	return i, ok
}

func (p *places) at(i int) diag.Range {
	s := p.spots[i]
	return diag.Range{File: p.files[s.file], Start: s.start.spread(), End: s.end.spread()}
}
