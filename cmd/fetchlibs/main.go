// Command fetchlibs puts the native libraries of the program into a folder, without root: ONNX Runtime and OpenBLAS, out of
// packages of the Python registry, fetched by pip; where there is no Python, ONNX Runtime out of a package of npm.
//
//	go run ./cmd/fetchlibs lib
//
// Versions and sha256 sums are pinned below. What was fetched once is kept in the user's cache folder, so that installing
// again needs no network.
package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"speechsim/cmd/internal/registry"
)

// pkg is a file of a package registry that holds a library.
type pkg struct {
	registry.File
	library string // what it is, for messages
	inside  string // pattern of the library within the archive
	must    bool
}

// pinned lists the packages of each platform, in the order in which they are tried for a library.
var pinned = map[string][]pkg{
	"linux/amd64": {
		pip("1f3dea47f2f0e5117c2404cea7d21fd253ae7836a3bf167a501cdfbb2600d536", "onnxruntime-1.31.1-cp312-cp312-manylinux_2_28_x86_64.whl"),
		npm(),
		blas("0595f94cd58c1f8a0d90c975621f4587337a003916b1979e834ebdf2cb5d9504", "manylinux_2_27_x86_64.manylinux_2_28_x86_64"),
	},
	"linux/arm64": {
		pip("0b9a492176886992e0e875f06bc0367e333f5fff11711a2d642e18b02f3009cc", "onnxruntime-1.31.1-cp312-cp312-manylinux_2_28_aarch64.whl"),
		npm(),
		blas("e085dddbc5b9aa130f83def515d31c440e69f387a90c7e63b154a5575b4466bc", "manylinux_2_27_aarch64.manylinux_2_28_aarch64"),
	},
	"darwin/arm64": {
		pip("96dd2564b10ea7153ad9c207e7cd8e5917cb3ba521e0e0a62ac03486fdc8d56c", "onnxruntime-1.31.1-cp312-cp312-macosx_14_0_arm64.whl"),
		npm(),
		blas("813bb8101da2f64555c4a5e71c3714539d92b0b4f1841ec12b80d50e56cde46c", "macosx_11_0_arm64"),
	},
}

const blasVersion = "0.3.34.481.3"

func pip(sum, file string) pkg {
	tag := strings.TrimSuffix(file[strings.LastIndex(file, "-")+1:], ".whl")
	return pkg{registry.File{Spec: "onnxruntime==1.31.1", Name: file, SHA256: sum,
		Tags: []string{"--python-version", "3.12", "--implementation", "cp", "--abi", "cp312", "--platform", tag}}, "ONNX Runtime", "onnxruntime/capi/libonnxruntime.*", true}
}

func npm() pkg {
	dir := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	return pkg{registry.File{Spec: "onnxruntime-node@1.30.0", Name: "onnxruntime-node-1.30.0.tgz", SHA256: "6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75"},
		"ONNX Runtime", "package/bin/napi-v6/" + runtime.GOOS + "/" + dir + "/libonnxruntime.*", true}
}

func blas(sum, platform string) pkg {
	return pkg{registry.File{Spec: "scipy-openblas32==" + blasVersion, Name: "scipy_openblas32-" + blasVersion + "-py3-none-" + platform + ".whl", SHA256: sum,
		Tags: []string{"--python-version", "3.12", "--platform", platform[:strings.IndexAny(platform+".", ".")]}}, "OpenBLAS", "scipy_openblas32/lib/libscipy_openblas.*", false}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: fetchlibs FOLDER")
		os.Exit(2)
	}
	if err := fetchAll(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "fetchlibs:", err)
		os.Exit(1)
	}
}

// fetchAll gets one file of each library into dir. OpenBLAS may be missing: linear algebra then runs in pure Go.
func fetchAll(dir string) error {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	list := pinned[platform]
	if list == nil {
		return fmt.Errorf("no library is pinned for %s; install ONNX Runtime 1.24 or newer by hand and set SPEECHSIM_ONNXRUNTIME to its path", platform)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	have, must := map[string]bool{}, map[string]bool{}
	var failures []error
	for _, p := range list {
		must[p.library] = must[p.library] || p.must
		if have[p.library] {
			continue
		}
		target, err := install(p, dir)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s from %s: %w", p.library, p.Spec, err))
			continue
		}
		have[p.library] = true
		fmt.Printf("%s (%s): %s\n", p.library, p.Spec, target)
	}
	for library, needed := range must {
		if needed && !have[library] {
			return errors.Join(failures...)
		}
	}
	if !have["OpenBLAS"] {
		fmt.Printf("OpenBLAS could not be fetched: linear algebra uses a system OpenBLAS if there is one, else pure Go, which is slower (%v)\n", errors.Join(failures...))
	}
	return nil
}

// install puts the library of a package into dir.
func install(p pkg, dir string) (string, error) {
	archive, err := p.Fetch()
	if err != nil {
		return "", err
	}
	return unpack(archive, p.inside, dir)
}

// unpack writes the one file of the archive that matches the pattern into dir.
func unpack(archive, pattern, dir string) (string, error) {
	if strings.HasSuffix(archive, ".tgz") {
		return unpackTar(archive, pattern, dir)
	}
	z, err := zip.OpenReader(archive)
	if err != nil {
		return "", err
	}
	defer z.Close()
	for _, f := range z.File {
		if ok, _ := path.Match(pattern, f.Name); !ok {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return "", err
		}
		defer r.Close()
		return write(r, filepath.Join(dir, path.Base(f.Name)))
	}
	return "", fmt.Errorf("%s holds no %s", archive, pattern)
}

func unpackTar(archive, pattern, dir string) (string, error) {
	f, err := os.Open(archive)
	if err != nil {
		return "", err
	}
	defer f.Close()
	g, err := gzip.NewReader(f)
	if err != nil {
		return "", err
	}
	for t := tar.NewReader(g); ; {
		h, err := t.Next()
		if err != nil {
			return "", fmt.Errorf("%s holds no %s (%w)", archive, pattern, err)
		}
		if ok, _ := path.Match(pattern, h.Name); ok && h.Typeflag == tar.TypeReg {
			return write(t, filepath.Join(dir, path.Base(h.Name)))
		}
	}
}

func write(r io.Reader, target string) (string, error) {
	return target, registry.Write(target, 0o755, func(w io.Writer) error {
		_, err := io.Copy(w, r)
		return err
	})
}
