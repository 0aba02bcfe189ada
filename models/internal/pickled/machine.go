package pickled

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
)

// Limits of a pickle. Those of real checkpoints are below 1 MiB, with their optimizer some MiB.
const (
	maxPickle  = 64 << 20 // bytes
	maxSteps   = 1 << 20
	maxGlobal  = 256 // characters of a module's or a class's name
	maxInteger = 64  // bytes
)

// Opcodes of the protocols 2 to 5, under their names in Python's pickletools.
const (
	opMark, opStop, opPop, opPopMark, opDup                          = '(', '.', '0', '1', '2'
	opNone, opTrue, opFalse                                          = 'N', 0x88, 0x89
	opBinInt, opBinInt1, opBinInt2, opLong1, opLong4, opBinFloat     = 'J', 'K', 'M', 0x8a, 0x8b, 'G'
	opBinString, opShortBinString                                    = 'T', 'U'
	opBinUnicode, opShortBinUnicode, opBinUnicode8                   = 'X', 0x8c, 0x8d
	opBinBytes, opShortBinBytes, opBinBytes8, opByteArray8           = 'B', 'C', 0x8e, 0x96
	opEmptyList, opAppend, opAppends                                 = ']', 'a', 'e'
	opEmptyTuple, opTuple, opTuple1, opTuple2, opTuple3              = ')', 't', 0x85, 0x86, 0x87
	opEmptyDict, opSetItem, opSetItems                               = '}', 's', 'u'
	opEmptySet, opAddItems, opFrozenSet                              = 0x8f, 0x90, 0x91
	opBinGet, opLongBinGet, opBinPut, opLongBinPut, opMemoize        = 'h', 'j', 'q', 'r', 0x94
	opGlobal, opStackGlobal, opReduce, opNewObj, opNewObjEx, opBuild = 'c', 0x93, 'R', 0x81, 0x92, 'b'
	opBinPersID, opProto, opFrame                                    = 'Q', 0x80, 0x95
)

// machine runs pickles one after the other.
type machine struct {
	in         *source
	persistent func(id []any) (any, error) // what a persistent id stands for
	steps      int
	stack      []any
	marks      []int // heights of the stack
	memo       map[uint64]any
}

// load runs one pickle and returns its value.
func (m *machine) load() (any, error) {
	m.stack, m.marks, m.memo = nil, nil, map[uint64]any{}
	start := m.in.pos
	for {
		at := m.in.pos
		op, err := m.in.uint(1)
		if err == nil && at == start && op != opProto {
			return nil, fmt.Errorf("byte %d: no pickle of protocol 2 or later begins here", at)
		}
		if err == nil {
			err = m.spend(1)
		}
		if err == nil && op == opStop {
			var v any
			if v, err = m.pop(); err == nil {
				return v, nil
			}
		}
		if err == nil {
			err = m.step(byte(op))
		}
		if err != nil {
			return nil, fmt.Errorf("the pickle at byte %d: %w", at, err)
		}
	}
}

// spend counts what the pickle does.
func (m *machine) spend(steps int) error {
	if m.steps += steps; m.steps > maxSteps {
		return fmt.Errorf("takes more than %d steps: it is no checkpoint, or holds much beside the weights: save the state dict alone", maxSteps)
	}
	return nil
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

var errUnderflow = errors.New("takes more from the stack than there is")

func (m *machine) pop() (any, error) {
	v, err := m.top()
	if err == nil {
		m.stack = m.stack[:len(m.stack)-1]
	}
	return v, err
}

func (m *machine) top() (any, error) {
	floor := 0
	if len(m.marks) > 0 {
		floor = m.marks[len(m.marks)-1]
	}
	if len(m.stack) <= floor {
		return nil, errUnderflow
	}
	return m.stack[len(m.stack)-1], nil
}

// popN takes the n topmost values, in the order in which they were pushed.
func (m *machine) popN(n int) ([]any, error) {
	items := make([]any, n)
	for i := range slices.Backward(items) {
		var err error
		if items[i], err = m.pop(); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// popMark takes all values above the last mark.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, errUnderflow
	}
	mark := m.marks[len(m.marks)-1]
	m.marks = m.marks[:len(m.marks)-1]
	items := slices.Clone(m.stack[mark:])
	m.stack = m.stack[:mark]
	return items, nil
}

// step runs one opcode.
func (m *machine) step(op byte) error {
	switch op {
	case opProto:
		version, err := m.in.uint(1)
		if err == nil && (version < 2 || version > 5) {
			return fmt.Errorf("protocol %d is not read, only 2 to 5", version)
		}
		return err
	case opFrame: // frames group reads, and say nothing of values
		_, err := m.in.uint(8)
		return err
	case opMark:
		m.marks = append(m.marks, len(m.stack))
		return nil
	case opPop:
		_, err := m.pop()
		return err
	case opPopMark:
		_, err := m.popMark()
		return err
	case opAppend, opAppends, opAddItems, opSetItem, opSetItems, opBuild:
		return m.change(op)
	case opBinPut:
		return m.put(m.in.uint(1))
	case opLongBinPut:
		return m.put(m.in.uint(4))
	case opMemoize:
		return m.put(uint64(len(m.memo)), nil)
	}
	v, err := m.value(op)
	if err == nil {
		m.push(v)
	}
	return err
}

func (m *machine) put(index uint64, err error) error {
	if err != nil {
		return err
	}
	v, err := m.top()
	m.memo[index] = v
	return err
}

func (m *machine) get(index uint64, err error) (any, error) {
	v, ok := m.memo[index]
	if err == nil && !ok {
		err = fmt.Errorf("nothing was remembered as %d", index)
	}
	return v, err
}

// value is what an opcode pushes.
func (m *machine) value(op byte) (any, error) {
	switch op {
	case opNone:
		return nil, nil
	case opTrue, opFalse:
		return op == opTrue, nil
	case opBinInt, opBinInt1, opBinInt2, opLong1, opLong4, opBinFloat:
		return m.number(op)
	case opShortBinUnicode, opShortBinString:
		return m.in.text(1)
	case opBinUnicode, opBinString:
		return m.in.text(4)
	case opBinUnicode8:
		return m.in.text(8)
	case opShortBinBytes:
		return toRaw(m.in.text(1))
	case opBinBytes:
		return toRaw(m.in.text(4))
	case opBinBytes8, opByteArray8:
		return toRaw(m.in.text(8))
	case opEmptyList, opEmptySet:
		return new(list), nil
	case opEmptyDict:
		return new(dict), nil
	case opEmptyTuple:
		return new(tuple), nil
	case opTuple1, opTuple2, opTuple3:
		items, err := m.popN(int(op-opTuple1) + 1)
		return &tuple{items}, err
	case opTuple:
		items, err := m.popMark()
		return &tuple{items}, err
	case opFrozenSet:
		items, err := m.popMark()
		return &list{items}, err
	case opDup:
		return m.top()
	case opBinGet:
		return m.get(m.in.uint(1))
	case opLongBinGet:
		return m.get(m.in.uint(4))
	case opBinPersID:
		id, err := m.pop()
		if err != nil {
			return nil, err
		}
		items, _ := sequence(id)
		return m.persistent(items)
	case opGlobal, opStackGlobal:
		return m.global(op)
	case opReduce, opNewObj, opNewObjEx:
		return m.construct(op)
	}
	return nil, fmt.Errorf("opcode %#02x is not one that torch.save writes", op)
}

func toRaw(s string, err error) (any, error) { return raw(s), err }

func (m *machine) number(op byte) (any, error) {
	switch op {
	case opBinInt:
		n, err := m.in.uint(4)
		return int64(int32(n)), err
	case opBinInt1:
		n, err := m.in.uint(1)
		return int64(n), err
	case opBinInt2:
		n, err := m.in.uint(2)
		return int64(n), err
	case opBinFloat:
		b, err := m.in.bytes(8)
		if err != nil {
			return nil, err
		}
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	}
	width := 1
	if op == opLong4 {
		width = 4
	}
	n, err := m.in.uint(width)
	if err != nil {
		return nil, err
	}
	if n > maxInteger {
		return nil, fmt.Errorf("an integer of %d bytes", n)
	}
	b, err := m.in.bytes(n)
	return integer(b), err
}

// integer is a two's complement number, little-endian: int64 or, where it is longer, *big.Int.
func integer(b []byte) any {
	negative := len(b) > 0 && b[len(b)-1]&0x80 != 0
	slices.Reverse(b)
	n := new(big.Int).SetBytes(b)
	if negative {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

func (m *machine) global(op byte) (any, error) {
	var module, name string
	if op == opGlobal {
		var err error
		if module, err = m.in.line(); err != nil {
			return nil, err
		}
		if name, err = m.in.line(); err != nil {
			return nil, err
		}
	} else {
		names, err := m.popN(2)
		if err != nil {
			return nil, err
		}
		var isModule, isName bool
		module, isModule = names[0].(string)
		name, isName = names[1].(string)
		if !isModule || !isName || len(module) > maxGlobal || len(name) > maxGlobal {
			return nil, errors.New("the name of a class or function is no short text")
		}
	}
	if modern, ok := python2[module]; ok {
		module = modern
	}
	return global(module + "." + name), nil
}

// python2 are modules that Python 3 renamed.
var python2 = map[string]string{"__builtin__": "builtins", "copy_reg": "copyreg"}

// construct is the result of a call, or an instance of a class.
func (m *machine) construct(op byte) (any, error) {
	n := 2
	if op == opNewObjEx {
		n = 3 // and arguments by name
	}
	parts, err := m.popN(n)
	if err != nil {
		return nil, err
	}
	callee, ok := parts[0].(global)
	args, isTuple := parts[1].(*tuple)
	if !ok || !isTuple {
		return nil, errors.New("calls something that is no class or function, or without a tuple of arguments")
	}
	if call := calls[callee]; call != nil {
		v, err := call(m, args.items)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", callee, err)
		}
		return v, nil
	}
	if op == opReduce && !opaque[callee] {
		return nil, fmt.Errorf("calls %s, which is refused: no code of a checkpoint is run, and only what tensors need is known. "+
			"If you trust the file, save its state dict alone with torch.save(model.state_dict(), FILE)", quote(string(callee)))
	}
	return &instance{class: string(callee)}, nil
}

// change runs the opcodes that write into a value on the stack.
func (m *machine) change(op byte) error {
	var items []any
	var err error
	switch op {
	case opAppends, opAddItems, opSetItems:
		items, err = m.popMark()
	case opAppend, opBuild:
		items, err = m.popN(1)
	case opSetItem:
		items, err = m.popN(2)
	}
	if err != nil {
		return err
	}
	target, err := m.top()
	if err != nil {
		return err
	}
	switch op {
	case opBuild:
		return build(target, items[0])
	case opSetItem, opSetItems:
		return setItems(target, items)
	}
	return appendItems(target, items)
}

// build gives an instance its state. Attributes of dicts and parameters (the versions in a state dict's _metadata) are not
// needed.
func build(target, state any) error {
	switch t := target.(type) {
	case *instance:
		t.state = state
	case *dict, *list, *tensor:
	default:
		return fmt.Errorf("gives attributes to a value that has none (%s)", kind(target))
	}
	return nil
}

func setItems(target any, items []any) error {
	d, ok := target.(*dict)
	if i, isInstance := target.(*instance); isInstance {
		d, ok = &i.items, true
	}
	if !ok || len(items)%2 != 0 {
		return fmt.Errorf("puts keys and values into something else than a dict (%s)", kind(target))
	}
	for i := 0; i < len(items); i += 2 {
		d.set(items[i], items[i+1])
	}
	return nil
}

func appendItems(target any, items []any) error {
	switch t := target.(type) {
	case *list:
		t.items = append(t.items, items...)
	case *instance:
		for _, item := range items {
			t.items.set(int64(len(t.items.keys)), item)
		}
	default:
		return fmt.Errorf("appends to something else than a list (%s)", kind(target))
	}
	return nil
}

// kind is what a value is called in errors.
func kind(v any) string {
	switch v := v.(type) {
	case *list:
		return "a list"
	case *tuple:
		return "a tuple"
	case *dict:
		return "a dict"
	case *tensor:
		return "a tensor"
	case *storage:
		return "a storage"
	case *instance:
		return "an instance of " + quote(v.class)
	case global:
		return quote(string(v))
	case nil:
		return "None"
	}
	return fmt.Sprintf("a value of kind %T", v)
}
