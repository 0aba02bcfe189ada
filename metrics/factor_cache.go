package metrics

import (
	"maps"
	"sync"
)

// factorCache keeps what metrics have computed of single layers, so that each
// layer is factored once however many it is compared with. Any change of the
// moments clears it.
type factorCache struct {
	mu    sync.Mutex
	items map[factorKey]*factorItem
}

// factorKey names a layer's factor by kind ("norm", "whitening"...).
type factorKey struct {
	kind  string
	layer int
}

type factorItem struct {
	once  sync.Once
	value any
	err   error
}

func (c *factorCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.items = nil
}

// clearFrom forgets the factors of the layers from one on, and those of all layers together, which have no number.
func (c *factorCache) clearFrom(layer int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.items, func(k factorKey, _ *factorItem) bool { return k.layer >= layer || k.layer < 0 })
}

// cached returns the factor of a layer, computing it the first time; callers
// that come meanwhile wait.
func cached[F any](m *Moments, kind string, layer int, compute func() (F, error)) (F, error) {
	c := &m.cache
	c.mu.Lock()
	if c.items == nil {
		c.items = map[factorKey]*factorItem{}
	}
	key := factorKey{kind, layer}
	item := c.items[key]
	if item == nil {
		item = &factorItem{}
		c.items[key] = item
	}
	c.mu.Unlock()
	item.once.Do(func() { item.value, item.err = compute() })
	value, _ := item.value.(F)
	return value, item.err
}
