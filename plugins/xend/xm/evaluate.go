package xm

import (
	"errors"
	"fmt"
	"slices"
)

// maxDepth bounds nested lists.
const maxDepth = 100

// evaluator evaluates an expression of literals: strings, also side by side and
// joined by "+"; numbers; lists and tuples of these; and names of known strings
// and numbers. A list's name is not taken, for it would be the same list.
type evaluator struct {
	tokens []token
	known  map[string]Value
	depth  int
}

func (e *evaluator) whole() (Value, error) {
	v, err := e.sum()
	if err == nil && len(e.tokens) > 0 {
		err = fmt.Errorf("%s is computed", e.tokens[0].raw)
	}
	return v, err
}

func (e *evaluator) take() (token, bool) {
	if len(e.tokens) == 0 {
		return token{}, false
	}
	t := e.tokens[0]
	e.tokens = e.tokens[1:]
	return t, true
}

func (e *evaluator) next(sign string) bool {
	if len(e.tokens) == 0 || e.tokens[0].text != sign || e.tokens[0].kind == text {
		return false
	}
	e.tokens = e.tokens[1:]
	return true
}

func (e *evaluator) sum() (Value, error) {
	v, err := e.term()
	for err == nil && e.next("+") {
		var w Value
		if w, err = e.term(); err != nil {
			break
		}
		switch {
		case v.Kind == String && w.Kind == String:
			v.Text += w.Text
		case v.Kind == List && w.Kind == List:
			v.Items = append(v.Items, w.Items...)
		default:
			err = errors.New("a sum")
		}
	}
	return v, err
}

func (e *evaluator) term() (Value, error) {
	t, ok := e.take()
	switch {
	case !ok:
		return Value{}, errors.New("nothing is assigned")
	case t.kind == text:
		v := Value{Kind: String, Text: t.text}
		for len(e.tokens) > 0 && e.tokens[0].kind == text {
			next, _ := e.take()
			v.Text += next.text
		}
		return v, nil
	case t.kind == number:
		return Value{Kind: Number, Text: t.text}, nil
	case t.kind == word:
		return e.name(t.text)
	case t.text == "[":
		return e.list("]")
	case t.text == "(":
		return e.parenthesis()
	}
	return Value{}, fmt.Errorf("%s is computed", t.raw)
}

func (e *evaluator) name(name string) (Value, error) {
	switch name {
	case "None":
		return Value{}, nil
	case "True":
		return Value{Kind: Number, Text: "1"}, nil
	case "False":
		return Value{Kind: Number, Text: "0"}, nil
	}
	v, ok := e.known[name]
	if !ok || v.Unknown != "" || v.Kind == List || len(e.tokens) > 0 && slices.Contains([]string{"(", "[", "."}, e.tokens[0].raw) {
		return Value{}, fmt.Errorf("%s is computed", name)
	}
	return v, nil
}

// list reads the items up to the closing bracket.
func (e *evaluator) list(closing string) (Value, error) {
	v, _, err := e.items(closing)
	return v, err
}

// items also tells whether a comma follows the last item.
func (e *evaluator) items(closing string) (v Value, comma bool, err error) {
	v.Kind = List
	if e.depth++; e.depth > maxDepth {
		return v, false, errors.New("too deep")
	}
	defer func() { e.depth-- }()
	for !e.next(closing) {
		item, err := e.sum()
		if err != nil {
			return v, false, err
		}
		v.Items = append(v.Items, item)
		if comma = e.next(","); !comma && (len(e.tokens) == 0 || e.tokens[0].text != closing) {
			return v, false, errors.New("the list is computed")
		}
	}
	return v, comma, nil
}

// parenthesis reads a tuple, or an expression in parentheses.
func (e *evaluator) parenthesis() (Value, error) {
	v, comma, err := e.items(")")
	if err == nil && len(v.Items) == 1 && !comma {
		return v.Items[0], nil
	}
	return v, err
}
