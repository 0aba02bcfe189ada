package pickled

import (
	"errors"
	"fmt"
	"strings"

	"speechsim/models/internal/elements"
)

// calls are the functions and classes whose results are known, with what stands for the result.
var calls = map[global]func(m *machine, args []any) (any, error){
	"collections.OrderedDict": orderedDict,
	"collections.defaultdict": func(*machine, []any) (any, error) { return new(dict), nil },
	"collections.Counter":     orFirst(func() any { return new(dict) }),
	"builtins.set":            orFirst(func() any { return new(list) }),
	"builtins.frozenset":      orFirst(func() any { return new(list) }),
	"torch.Size":              orFirst(func() any { return new(tuple) }),
	"torch.device":            orFirst(func() any { return nil }),
	"_codecs.encode":          orFirst(func() any { return raw("") }), // how protocol 2 writes bytes
	"copyreg._reconstructor":  reconstructor,

	"torch._utils._rebuild_tensor":               rebuildTensor,
	"torch._utils._rebuild_tensor_v2":            rebuildTensor,
	"torch._utils._rebuild_tensor_v3":            rebuildTensorV3,
	"torch._utils._rebuild_parameter":            rebuildParameter,
	"torch._utils._rebuild_parameter_with_state": rebuildParameter,
}

// opaque are functions and classes outside of torch whose results are found beside weights. They are kept as instances
// without attributes.
var opaque = map[global]bool{
	"numpy.core.multiarray.scalar":        true,
	"numpy.core.multiarray._reconstruct":  true,
	"numpy._core.multiarray.scalar":       true,
	"numpy._core.multiarray._reconstruct": true,
	"numpy.dtype":                         true,
	"pathlib.Path":                        true,
	"pathlib.PosixPath":                   true,
	"pathlib.WindowsPath":                 true,
	"datetime.datetime":                   true,
	"datetime.timedelta":                  true,
}

// orFirst is the first argument, or a value of its own where there is none.
func orFirst(empty func() any) func(*machine, []any) (any, error) {
	return func(_ *machine, args []any) (any, error) {
		if len(args) == 0 {
			return empty(), nil
		}
		return args[0], nil
	}
}

// orderedDict may be given its pairs, as Python 2 did.
func orderedDict(m *machine, args []any) (any, error) {
	d := new(dict)
	if len(args) == 0 {
		return d, nil
	}
	pairs, ok := sequence(args[0])
	if !ok {
		return nil, errors.New("its argument is no list of pairs")
	}
	if err := m.spend(len(pairs)); err != nil {
		return nil, err
	}
	for _, p := range pairs {
		pair, _ := sequence(p)
		if len(pair) != 2 {
			return nil, errors.New("its argument is no list of pairs")
		}
		d.set(pair[0], pair[1])
	}
	return d, nil
}

// reconstructor makes an instance of a class as protocol 2 does for those that define no __new__.
func reconstructor(_ *machine, args []any) (any, error) {
	if len(args) == 0 {
		return nil, errors.New("no class is named")
	}
	class, ok := args[0].(global)
	if !ok {
		return nil, errors.New("no class is named")
	}
	return &instance{class: string(class)}, nil
}

// rebuildTensor takes storage, offset, sizes and strides; behind them, what gradients need, and metadata.
func rebuildTensor(_ *machine, args []any) (any, error) {
	return newTensor(args, nil, 6)
}

// rebuildTensorV3 is told the type as well, since its storage has none.
func rebuildTensorV3(_ *machine, args []any) (any, error) {
	if len(args) < 7 {
		return nil, fmt.Errorf("%d arguments of 7", len(args))
	}
	name, _ := args[6].(global)
	element := types[name]
	if element == nil {
		return nil, fmt.Errorf("tensors of type %s are not read", kind(args[6]))
	}
	return newTensor(args, element, 7)
}

func rebuildParameter(_ *machine, args []any) (any, error) {
	if len(args) > 0 {
		if t, ok := args[0].(*tensor); ok {
			return t, nil
		}
	}
	return nil, errors.New("is not given a tensor")
}

// maxRank is above the 64 dimensions that torch allows at most.
const maxRank = 64

// newTensor is a tensor from its arguments, of which those from the given place on are metadata: marks that the values are
// to be negated or conjugated.
func newTensor(args []any, element *elements.Type, metadata int) (*tensor, error) {
	if len(args) < 4 {
		return nil, fmt.Errorf("%d arguments of 4", len(args))
	}
	s, ok := args[0].(*storage)
	if !ok {
		return nil, fmt.Errorf("its storage is %s", kind(args[0]))
	}
	offset, ok := args[1].(int64)
	if !ok || offset < 0 {
		return nil, fmt.Errorf("its offset is %s", kind(args[1]))
	}
	shape, err := integers(args[2])
	if err != nil {
		return nil, fmt.Errorf("its sizes: %w", err)
	}
	strides, err := integers(args[3])
	if err != nil {
		return nil, fmt.Errorf("its strides: %w", err)
	}
	if len(shape) != len(strides) {
		return nil, fmt.Errorf("%d sizes and %d strides", len(shape), len(strides))
	}
	if len(args) > metadata {
		if d, ok := args[metadata].(*dict); args[metadata] != nil && (!ok || len(d.keys) > 0) {
			return nil, errors.New("a tensor with metadata (a conjugated or negated view) is not read: save tensor.resolve_neg().contiguous()")
		}
	}
	if element == nil {
		element = s.element
	}
	return &tensor{s, element, offset, shape, strides}, nil
}

// integers are sizes or strides.
func integers(v any) ([]int, error) {
	items, ok := sequence(v)
	if !ok || len(items) > maxRank {
		return nil, fmt.Errorf("%s where at most %d numbers should be", kind(v), maxRank)
	}
	out := make([]int, len(items))
	for i, item := range items {
		n, ok := item.(int64)
		if !ok || n < 0 {
			return nil, fmt.Errorf("%s is not a number from 0 on", kind(item))
		}
		out[i] = int(n)
	}
	return out, nil
}

// newStorage is what a persistent id stands for: ("storage", class, key, device, elements) and, in the older form, the view
// of the storage that is meant, (key, first element, elements) or None.
func newStorage(id []any) (any, error) {
	if len(id) > 1 && id[0] == "module" { // a class with its source code
		return id[1], nil
	}
	if len(id) < 5 || id[0] != "storage" {
		return nil, errors.New("a persistent id that is no storage's")
	}
	class, _ := id[1].(global)
	key, isText := id[2].(string)
	count, isNumber := id[4].(int64)
	element := storages[class]
	if element == nil {
		return nil, fmt.Errorf("a storage of class %s is not read", kind(id[1]))
	}
	if !isText || !isNumber || count < 0 {
		return nil, errors.New("a storage without key and number of elements")
	}
	s := &storage{key: key, element: element, whole: count, count: count}
	if len(id) == 5 || id[5] == nil {
		return s, nil
	}
	view, _ := sequence(id[5])
	if len(view) != 3 {
		return nil, errors.New("a view of a storage that is not key, first element and number")
	}
	first, firstOK := view[1].(int64)
	count, countOK := view[2].(int64)
	if !firstOK || !countOK || first < 0 || count < 0 || first > s.whole || count > s.whole-first {
		return nil, fmt.Errorf("a view that is not inside its storage of %d elements", s.whole)
	}
	s.first, s.count = first, count
	return s, nil
}

// types are torch's names of the types of elements.
var types = map[global]*elements.Type{
	"torch.float64": elements.Float64, "torch.float32": elements.Float32, "torch.float16": elements.Float16, "torch.bfloat16": elements.BFloat16,
	"torch.int64": elements.Int64, "torch.int32": elements.Int32, "torch.int16": elements.Int16, "torch.int8": elements.Int8,
	"torch.uint64": elements.Uint64, "torch.uint32": elements.Uint32, "torch.uint16": elements.Uint16, "torch.uint8": elements.Uint8,
	"torch.bool": elements.Bool,
}

// storages are torch's classes of storages, which are of one type.
var storages = func() map[global]*elements.Type {
	all := map[global]*elements.Type{}
	for name, element := range map[string]*elements.Type{
		"Double": elements.Float64, "Float": elements.Float32, "Half": elements.Float16, "BFloat16": elements.BFloat16,
		"Long": elements.Int64, "Int": elements.Int32, "Short": elements.Int16, "Char": elements.Int8, "Byte": elements.Uint8,
		"Bool": elements.Bool, "Untyped": elements.Uint8, "_Untyped": elements.Uint8,
	} {
		for _, module := range strings.Fields("torch torch.cuda torch.storage") {
			all[global(module+"."+name+"Storage")] = element
		}
	}
	return all
}()
