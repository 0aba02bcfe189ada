package pickled

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"runtime"
	"strings"
	"testing"
)

// Pieces of pickles.
const proto = "\x80\x02"

func text(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func number(n int64) string {
	return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

func numbersTuple(n ...int64) string {
	out := "("
	for _, x := range n {
		out += number(x)
	}
	return out + "t"
}

// storageID is a storage of float32.
func storageID(key string, count int64) string {
	return "(" + text("storage") + "ctorch\nFloatStorage\n" + text(key) + text("cpu") + number(count) + "tQ"
}

// tensorOf is a tensor that looks at a storage.
func tensorOf(storage string, offset int64, shape, strides []int64) string {
	return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(offset) + numbersTuple(shape...) + numbersTuple(strides...) + "\x89NtR"
}

// weight is one tensor of four elements, whose storage the archives here have.
var weight = tensorOf(storageID("0", 4), 0, []int64{4}, []int64{1})

// entry is one of an archive.
type entry struct {
	name, data string
	method     uint16
}

func archiveOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: e.method}
		write := z.CreateHeader
		if e.method == zip.Store { // as torch does, with the sizes ahead
			h.CRC32, h.UncompressedSize64, h.CompressedSize64 = crc32.ChecksumIEEE([]byte(e.data)), uint64(len(e.data)), uint64(len(e.data))
			write = z.CreateRaw
		}
		w, err := write(h)
		if err == nil {
			_, err = w.Write([]byte(e.data))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// checkpointOf is an archive with one storage, "0", of four float32.
func checkpointOf(t testing.TB, pickle string) []byte {
	return archiveOf(t, entry{"a/data.pkl", pickle, zip.Store}, entry{"a/data/0", strings.Repeat("\x00\x00\x80\x3f", 4), zip.Store})
}

// legacyOf is a checkpoint of the older form.
func legacyOf(object, keys, storages string) []byte {
	magic := proto + "\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
	return []byte(magic + proto + "M\xe9\x03." + proto + "}" + text("little_endian") + "\x88s." + proto + object + "." + proto + keys + "." + storages)
}

func inDict(values ...string) string {
	out := proto + "}"
	for i, v := range values {
		out += text(fmt.Sprint("t", i)) + v + "s"
	}
	return out + "."
}

// call is a function of a module with one argument.
func call(module, name, arg string) string {
	return "c" + module + "\n" + name + "\n" + arg + "\x85R"
}

// TestHostileObjects are pickles that ask for code to be run, for memory, or for what is not in the file.
func TestHostileObjects(t *testing.T) {
	nested := strings.Repeat("]", 1000) + strings.Repeat("a", 999)
	laughs := "]q\x00N" + "a" // each list holds the one before twice
	for i := range 60 {
		laughs += "]q" + string(rune(i+1)) + "h" + string(rune(i)) + "ah" + string(rune(i)) + "a"
	}
	for name, c := range map[string]struct{ pickle, want string }{
		"os.system":        {inDict(weight, call("posix", "system", text("id"))), `calls "posix.system", which is refused`},
		"eval":             {inDict(weight, call("builtins", "eval", text("1"))), `calls "builtins.eval", which is refused`},
		"eval of Python 2": {inDict(weight, call("__builtin__", "eval", text("1"))), `calls "builtins.eval", which is refused`},
		"getattr":          {inDict(weight, call("builtins", "getattr", text("1"))), `calls "builtins.getattr", which is refused`},
		"Popen":            {inDict(weight, call("subprocess", "Popen", text("id"))), `calls "subprocess.Popen", which is refused`},
		"protocol 4":       {"\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.", `calls "os.system", which is refused`},
		"pickle in pickle": {inDict(call("torch.storage", "_load_from_bytes", "C\x01.")), `calls "torch.storage._load_from_bytes"`},
		"sparse tensor":    {inDict(call("torch._utils", "_rebuild_sparse_tensor", "N")), `calls "torch._utils._rebuild_sparse_tensor"`},
		"newline in name":  {inDict("\x8c\x02os\x8c\x03a\nb\x93)R"), `calls "os.a\nb", which is refused`},
		"result of a call": {inDict("])R"), "calls something that is no class or function"},
		"only instances":   {inDict("cposix\nsystem\n)\x81}b"), "has no tensors"},
		"extension":        {inDict("\x82\x01"), "opcode 0x82 is not one that torch.save writes"},
		"protocol 0":       {"(lp0\n.", "no pickle of protocol 2 or later begins here"},
		"protocol 6":       {"\x80\x06N.", "protocol 6 is not read"},
		"no end":           {proto + "}", "1 bytes should follow, but 0 are left"},
		"empty":            {"", "1 bytes should follow, but 0 are left"},

		"long text":         {proto + "\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", "18446744073709551615 bytes should follow, but 1 are left"},
		"long bytes":        {proto + "B\xff\xff\xff\x7f.", "2147483647 bytes should follow, but 1 are left"},
		"long integer":      {proto + "\x8b\xff\xff\xff\x7f.", "an integer of 2147483647 bytes"},
		"long global":       {proto + "c" + strings.Repeat("x", 1000) + "\n.", "a name has more than 256 characters"},
		"unknown memo":      {proto + "h\x07.", "nothing was remembered as 7"},
		"memo of nothing":   {proto + "q\x07.", "takes more from the stack than there is"},
		"underflow":         {proto + "\x87.", "takes more from the stack than there is"},
		"below the mark":    {proto + "N(0.", "takes more from the stack than there is"},
		"no mark":           {proto + "t.", "takes more from the stack than there is"},
		"dict in itself":    {proto + "}q\x00" + text("a") + "h\x00s.", `"a" contains itself`},
		"list in itself":    {proto + "]q\x00h\x00a.", `"0" contains itself`},
		"deep":              {proto + nested + ".", "lies deeper than 100 containers"},
		"exponential":       {proto + laughs + ".", "has more than 524288 values"},
		"many steps":        {proto + strings.Repeat("N0", 1<<20) + "N.", "takes more than 1048576 steps"},
		"long path":         {proto + "}" + text(strings.Repeat("k", 2000)) + weight + "s.", "has more than 1024 characters"},
		"odd items":         {proto + "}(Nu.", "puts keys and values into something else than a dict"},
		"append to dict":    {proto + "}Na.", "appends to something else than a list (a dict)"},
		"items of a tensor": {inDict(weight + "NNs"), "puts keys and values into something else than a dict (a tensor)"},
		"state of None":     {proto + "N}b.", "gives attributes to a value that has none (None)"},

		"path escape":      {inDict(tensorOf(storageID("../../../etc/passwd", 4), 0, []int64{4}, []int64{1})), `tensor "t0": the archive has no entry "a/data/../../../etc/passwd"`},
		"lying count":      {inDict(weight, tensorOf(storageID("0", 1<<40), 0, []int64{4}, []int64{1})), `tensor "t1": its storage "0" should hold 1099511627776 elements of float32, but has 16 bytes`},
		"count overflow":   {inDict(tensorOf(storageID("0", 1<<62), 0, []int64{4}, []int64{1})), `tensor "t0": its storage "0" should hold`},
		"negative count":   {inDict(tensorOf(storageID("0", -4), 0, []int64{4}, []int64{1})), "a storage without key and number of elements"},
		"beyond storage":   {inDict(tensorOf(storageID("0", 4), 1, []int64{4}, []int64{1})), `tensor "t0": its shape [4] with strides [1] from element 1 on goes beyond its storage of 4 elements`},
		"offset overflow":  {inDict(tensorOf(storageID("0", 4), 1<<63-1, []int64{4}, []int64{1})), "goes beyond its storage"},
		"offset of scalar": {inDict(tensorOf(storageID("0", 4), 4, nil, nil)), "goes beyond its storage"},
		"stride overflow":  {inDict(tensorOf(storageID("0", 4), 0, []int64{3, 2}, []int64{1 << 62, 1})), "goes beyond its storage"},
		"shape overflow":   {inDict(tensorOf(storageID("0", 4), 0, []int64{1 << 32, 1 << 32}, []int64{0, 0})), "does not go with a storage of 4 elements"},
		"expanded":         {inDict(tensorOf(storageID("0", 4), 0, []int64{1 << 30}, []int64{0})), "does not go with a storage of 4 elements"},
		"negative size":    {inDict(tensorOf(storageID("0", 4), 0, []int64{-4}, []int64{1})), "its sizes: a value of kind int64 is not a number from 0 on"},
		"negative stride":  {inDict(tensorOf(storageID("0", 4), 3, []int64{4}, []int64{-1})), "its strides"},
		"ranks":            {inDict(tensorOf(storageID("0", 4), 0, []int64{2, 2}, []int64{1})), "2 sizes and 1 strides"},
		"many dimensions":  {inDict(tensorOf(storageID("0", 4), 0, make([]int64, 65), make([]int64, 65))), "at most 64 numbers"},
		"no storage":       {inDict(tensorOf("N", 0, []int64{4}, []int64{1})), "its storage is None"},
		"complex":          {inDict(strings.Replace(weight, "FloatStorage", "ComplexFloatStorage", 1)), `a storage of class "torch.ComplexFloatStorage" is not read`},
		"negated view":     {inDict(strings.TrimSuffix(weight, "tR") + "}" + text("neg") + "\x88stR"), "a tensor with metadata"},
		"same names":       {proto + "}" + text("a") + "}" + text("b") + weight + "ss" + text("a.b") + weight + "s.", `two tensors are called "a.b"`},
		"persistent text":  {proto + text("0") + "Q.", "a persistent id that is no storage's"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, checkpointOf(t, c.pickle), c.want)
		})
	}
}

// refused expects an error of one line with some words in it, without much being allocated.
func refused(t *testing.T, data []byte, want string) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := read(bytes.NewReader(data), int64(len(data)))
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, expected one line with %q", err, want)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 512<<20 {
		t.Errorf("%d MiB were allocated", used>>20)
	}
}

// TestHostileArchives are archives that are not as torch writes them.
func TestHostileArchives(t *testing.T) {
	object := entry{"a/data.pkl", inDict(weight), zip.Store}
	storage := entry{"a/data/0", strings.Repeat("\x00", 16), zip.Store}
	bomb := strings.Repeat("\x00", 1<<20)
	good := archiveOf(t, object, storage)
	encrypted := bytes.Clone(good)
	encrypted[bytes.LastIndex(encrypted, []byte("PK\x01\x02"))+8] |= 1 // the flag in the directory's last entry
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"compressed storage": {archiveOf(t, object, entry{"a/data/0", bomb, zip.Deflate}), `tensor "t0": entry "a/data/0" is compressed`},
		"compressed object":  {archiveOf(t, entry{"a/data.pkl", bomb, zip.Deflate}, storage), `entry "a/data.pkl" is compressed`},
		"large object":       {archiveOf(t, entry{"a/data.pkl", strings.Repeat("\x00", maxPickle+1), zip.Store}, storage), "data.pkl has 67108865 bytes"},
		"no storage":         {archiveOf(t, object), `tensor "t0": the archive has no entry "a/data/0"`},
		"short storage":      {archiveOf(t, object, entry{"a/data/0", "\x00", zip.Store}), `tensor "t0": its storage "0" should hold 4 elements of float32, but has 1 bytes`},
		"no object":          {archiveOf(t, storage), "an archive with 0 entries data.pkl"},
		"two objects":        {archiveOf(t, object, storage, entry{"b/data.pkl", "", zip.Store}), "an archive with 2 entries data.pkl"},
		"two storages":       {archiveOf(t, object, storage, storage), `the archive has two entries "a/data/0"`},
		"big-endian":         {archiveOf(t, object, storage, entry{"a/byteorder", "big", zip.Store}), `its byte order is "big"`},
		"large directory":    {archiveOf(t, manyEntries()...), "directory has more than 8388608 bytes"},
		"lying entry":        {bytes.ReplaceAll(good, []byte("\x10\x00\x00\x00\x10\x00\x00\x00"), []byte("\xf0\xff\xff\x0f\xf0\xff\xff\x0f")), `tensor "t0": entry "a/data/0" has 268435440 bytes`},
		"encrypted":          {encrypted, `tensor "t0": entry "a/data/0" is compressed or encrypted`},
		"nothing":            {nil, "is no checkpoint of torch.save"},
		"text":               {[]byte("<html>"), `is no checkpoint of torch.save: it begins with "<html>"`},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.data, c.want) })
	}
}

func manyEntries() []entry {
	var all []entry
	for i := range 90 {
		all = append(all, entry{name: fmt.Sprint(i, strings.Repeat("x", 60000)), method: zip.Store})
	}
	for i := range 60 {
		all = append(all, entry{name: fmt.Sprint("b", i, strings.Repeat("x", 60000)), method: zip.Store})
	}
	return all
}

// TestHostileLegacy are files of the older form.
func TestHostileLegacy(t *testing.T) {
	tensor := func(id string) string {
		return "}" + text("t") + tensorOf(id, 0, []int64{4}, []int64{1}) + "s"
	}
	view := func(first, count int64) string {
		return "(" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + number(6) + "(" + text("1") + number(first) + number(count) + "ttQ"
	}
	plain := tensor(strings.Replace(storageID("0", 4), "tQ", "NtQ", 1))
	keys := "]" + text("0") + "a"
	count := func(n int64) string { return string(binary.LittleEndian.AppendUint64(nil, uint64(n))) }
	row := "\x00\x00\x00\x00\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40\x00\x00\x80\x40\x00\x00\xa0\x40" // 0 to 5

	f, err := read(bytes.NewReader(legacyOf(tensor(view(2, 4)), keys, count(6)+row)), int64(len(legacyOf(tensor(view(2, 4)), keys, count(6)+row))))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Float32("t"); err != nil || fmt.Sprint(got) != "[2 3 4 5]" {
		t.Errorf("a view of a storage: %v (%v)", got, err)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"view beyond":       {legacyOf(tensor(view(3, 4)), keys, count(6)+row), "a view that is not inside its storage of 6 elements"},
		"tensor above view": {legacyOf(tensor(view(3, 3)), keys, count(6)+row), `tensor "t": its shape [4] with strides [1] from element 0 on goes beyond its storage of 3 elements`},
		"no count":          {legacyOf(plain, keys, "\x00"), `tensor "t": storage "0" should begin at byte`},
		"cut":               {legacyOf(plain, keys, count(4)+row[:15]), `tensor "t": storage "0" should have 4 elements of 4 bytes`},
		"large count":       {legacyOf(plain, keys, count(1<<61)+row), `tensor "t": storage "0" should have 2305843009213693952 elements`},
		"negative":          {legacyOf(plain, keys, count(-1)+row), `tensor "t": storage "0" should have -1 elements`},
		"other count":       {legacyOf(plain, keys, count(5)+row), `tensor "t": its storage "0" should hold 4 elements of float32, but has 20 bytes`},
		"no key":            {legacyOf(plain, "]", ""), `tensor "t": its storage "0" is not in the file`},
		"unknown key":       {legacyOf(plain, "]"+text("9")+"a"+text("0")+"a", count(4)+row), `tensor "t": the file has a storage "9" before this one`},
		"other pickle":      {[]byte(proto + "K\x01."), "its magic number is missing"},
		"big-endian":        {bytes.Replace(legacyOf(plain, keys, count(4)+row), []byte("endian\x88"), []byte("endian\x89"), 1), "its byte order is big-endian"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.data, c.want) })
	}
}

// TestCutShort cuts real files at many places: none may be taken for whole.
func TestCutShort(t *testing.T) {
	for _, file := range []string{"testdata/plain.pt", "testdata/legacyplain.pt"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for n := range data {
			if _, err := read(bytes.NewReader(data[:n]), int64(n)); err == nil {
				t.Fatalf("%s: the first %d of %d bytes are read as a checkpoint", file, n, len(data))
			}
		}
	}
	refusedFile(t, "testdata/script.pt", "is a TorchScript program")
	refusedFile(t, "testdata", "is no file")
	refusedFile(t, "testdata/none.pt", "no such file")
}

func refusedFile(t *testing.T, path, want string) {
	t.Helper()
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
		t.Errorf("%s: error %v, expected %q", path, err, want)
	}
}

func FuzzRead(f *testing.F) {
	for _, file := range []string{"plain.pt", "legacyplain.pt", "protocol4.pt", "unsigned.pt"} {
		data, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { readAll(t, data) })
}

// FuzzObject changes the object alone, in an archive that stays whole.
func FuzzObject(f *testing.F) {
	f.Add([]byte(inDict(weight)))
	f.Add([]byte(inDict(weight, call("builtins", "eval", text("1")), "cargparse\nNamespace\n)\x81}"+text("a")+"K\x01sb")))
	f.Add([]byte("\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x8c\x06system\x93\x8c\x02id\x94\x85R."))
	for _, file := range []string{"zip.pt", "plain.pt", "protocol4.pt", "protocol5.pt", "unsigned.pt"} {
		z, err := zip.OpenReader("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		var b bytes.Buffer
		r, err := z.File[0].Open()
		if err == nil {
			_, err = b.ReadFrom(r)
		}
		if err != nil || !strings.HasSuffix(z.File[0].Name, "data.pkl") {
			f.Fatal(err, z.File[0].Name)
		}
		f.Add(b.Bytes())
		if err := z.Close(); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, object []byte) { readAll(t, checkpointOf(t, string(object))) })
}

// readAll reads every tensor of what may be a checkpoint.
func readAll(t *testing.T, data []byte) {
	f, err := read(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("an error of several lines: %q", err)
		}
		return
	}
	for i, name := range f.Names() {
		shape, err := f.Shape(name)
		if err != nil {
			t.Fatal(err)
		}
		n := 1
		for _, size := range shape {
			n *= size
		}
		if n > 1<<16 || i == 16 {
			break
		}
		values, err := f.Float32(name)
		if err != nil || len(values) != n {
			t.Errorf("%q: %d values of %d: %v", name, len(values), n, err)
		}
	}
	f.Value("a.b.0")
}
