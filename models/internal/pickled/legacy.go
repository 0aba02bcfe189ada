package pickled

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"

	"speechsim/models/internal/elements"
)

// What a checkpoint of the older form begins with.
const (
	legacyMagic   = "1950a86a20f9469cfc6c"
	legacyVersion = 1001
)

// readLegacy returns the object of a checkpoint of the older form, and where its storages lie.
func readLegacy(r io.ReaderAt, size int64) (any, func(*storage) (region, error), error) {
	widths := map[string]int{} // bytes of an element of each storage
	m := &machine{in: newSource(r, 0, min(size, maxPickle)), persistent: func(id []any) (any, error) {
		v, err := newStorage(id)
		if s, ok := v.(*storage); ok {
			if _, known := widths[s.key]; !known {
				widths[s.key] = s.element.Size
			}
		}
		return v, err
	}}
	object, keys, err := m.loadLegacy()
	if err != nil {
		return nil, nil, err
	}
	regions, fault := legacyRegions(r, m.in.pos, size, keys, widths)
	return object, func(s *storage) (region, error) {
		if where, ok := regions[s.key]; ok {
			return where, nil
		}
		if fault != nil {
			return region{}, fault
		}
		return region{}, fmt.Errorf("its storage %s is not in the file", quote(s.key))
	}, nil
}

// loadLegacy runs the five pickles.
func (m *machine) loadLegacy() (object any, keys []any, err error) {
	magic, err := m.load()
	if err != nil {
		return nil, nil, err
	}
	if n, ok := magic.(*big.Int); !ok || n.Text(16) != legacyMagic {
		return nil, nil, errors.New("is a pickle, but not one of torch.save: its magic number is missing")
	}
	version, err := m.load()
	if err != nil {
		return nil, nil, err
	}
	if version != int64(legacyVersion) {
		return nil, nil, fmt.Errorf("a checkpoint of version %v is not read, only %d", kind(version), legacyVersion)
	}
	system, err := m.load()
	if err != nil {
		return nil, nil, err
	}
	if facts, ok := system.(*dict); ok && facts.get("little_endian") == false {
		return nil, nil, errors.New("its byte order is big-endian, only little-endian is read")
	}
	if object, err = m.load(); err != nil {
		return nil, nil, err
	}
	list, err := m.load()
	if err != nil {
		return nil, nil, err
	}
	keys, _ = sequence(list)
	return object, keys, nil
}

// legacyRegions goes from storage to storage, the first of which begins at pos. Where one is damaged, those behind it cannot be
// found: fault says why.
func legacyRegions(r io.ReaderAt, pos, size int64, keys []any, widths map[string]int) (regions map[string]region, fault error) {
	regions = map[string]region{}
	for _, k := range keys {
		key, _ := k.(string)
		width := int64(widths[key])
		if width == 0 {
			return regions, fmt.Errorf("the file has a storage %s before this one, of which no tensor is made", quote(key))
		}
		count := make([]byte, 8)
		if err := elements.ReadFull(r, pos, count); err != nil {
			return regions, fmt.Errorf("storage %s should begin at byte %d, but the file ends at %d: get it again", quote(key), pos, size)
		}
		pos += 8
		n := int64(binary.LittleEndian.Uint64(count))
		if n < 0 || n > math.MaxInt64/width || n*width > size-pos {
			return regions, fmt.Errorf("storage %s should have %d elements of %d bytes from byte %d on, but the file ends at %d: get it again",
				quote(key), n, width, pos, size)
		}
		regions[key] = region{pos, n * width}
		pos += n * width
	}
	return regions, nil
}
