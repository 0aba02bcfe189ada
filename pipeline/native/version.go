package native

import (
	"fmt"
	"runtime"
	"strings"

	"speechsim/configs"
)

// Version is the version of the program.
const Version = "0.2.0"

// VersionText says what the program runs on: its own version, the native libraries with their paths, and the execution
// providers.
func VersionText(lib configs.Libraries) string {
	var b strings.Builder
	fmt.Fprintf(&b, "pipeline %s, %s %s/%s\n", Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if rt, err := OpenRuntime(lib.ONNXRuntime); err != nil {
		fmt.Fprintf(&b, "ONNX Runtime: not found\n%s\n", indent(err.Error()))
	} else {
		fmt.Fprintf(&b, "ONNX Runtime %s, %s\n", rt.Version(), rt.Path())
		fmt.Fprintf(&b, "execution providers: %s\n", strings.Join(rt.Providers(), ", "))
		rt.Close()
	}
	blas, note, err := OpenBackend(lib.OpenBLAS)
	switch {
	case err != nil:
		fmt.Fprintf(&b, "BLAS: not found\n%s\n", indent(err.Error()))
	case blas.Path() == "":
		fmt.Fprintf(&b, "BLAS: %s %s\n", blas.Name(), blas.Version())
	default:
		fmt.Fprintf(&b, "BLAS: %s %s, %s\n", blas.Name(), blas.Version(), blas.Path())
	}
	if note != "" {
		fmt.Fprintln(&b, note)
	}
	return b.String()
}

func indent(s string) string { return "  " + strings.ReplaceAll(s, "\n", "\n  ") }
