package onnxproto

// Tags of the fields that Relocate writes.
const (
	tagGraphInitializer   = 5<<3 | wireBytes
	tagHiddenInitializer  = 3<<3 | wireBytes
	tagTensorExternalData = 13<<3 | wireBytes
	tagEntryKey           = 1<<3 | wireBytes
	tagEntryValue         = 2<<3 | wireBytes
)

// tensorExternalData is the number of a TensorProto's field that says where its
// bytes are.
const tensorExternalData = 13

// Relocate adds to an edit that weights of the files named as keys are in
// the files named as values. Each such weight is hidden and written again behind
// the file; that is short, since its bytes are elsewhere.
func (m *Model) Relocate(e *Edit, files map[string]string) {
	var weights []byte
	for k := range m.Graph.Initializers {
		i := &m.Graph.Initializers[k]
		file, ok := files[i.External]
		if i.External == "" || !ok || m.data[i.tag] != tagGraphInitializer {
			continue
		}
		e.Patches = append(e.Patches, Patch{i.tag, tagHiddenInitializer})
		weights = appendField(weights, tagGraphInitializer, m.relocated(i, file))
	}
	if weights != nil {
		e.Tail = appendField(e.Tail, tagModelGraph, weights)
	}
}

// relocated is a weight whose bytes are in another file.
func (m *Model) relocated(i *Initializer, file string) []byte {
	var tensor []byte
	c := cursor{data: m.data, pos: i.span[0], end: i.span[1]}
	var f field
	for c.next(&f) {
		entry := map[string]string{}
		if f.number == tensorExternalData {
			pair(&c, &f, entry)
		}
		if _, location := entry["location"]; location {
			renamed := appendField(nil, tagEntryKey, []byte("location"))
			renamed = appendField(renamed, tagEntryValue, []byte(file))
			tensor = appendField(tensor, tagTensorExternalData, renamed)
			continue
		}
		tensor = append(tensor, m.data[f.tag:c.pos]...)
	}
	return tensor
}
