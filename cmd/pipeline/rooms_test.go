package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"
)

// What a reader can hold in mind at once.
const (
	mostMethods = 15
	mostFiles   = 14
	mostLines   = 1700
)

// larger are packages below pipeline that are larger, with the reason.
var larger = map[string]string{
	"pipeline/report/figures": "one kind of figure a file, each short; what they share is few names",
}

// closed are the packages whose types are made by one function of theirs and not written to after: what passes between phases.
var closed = []string{"study", "load", "join", "plan", "forecast", "publish", "shard"}

// readPipeline reads the packages below pipeline, with types and without tests.
var readPipeline = sync.OnceValues(func() ([]*packages.Package, error) {
	return packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes |
		packages.NeedTypesInfo | packages.NeedImports | packages.NeedExportFile}, "speechsim/pipeline/...")
})

func loadPipeline(t *testing.T) []*packages.Package {
	t.Helper()
	all, err := readPipeline()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("%d packages below pipeline", len(all))
	}
	for _, p := range all {
		for _, err := range p.Errors {
			t.Fatal(err)
		}
	}
	return all
}

// TestRooms: no package below pipeline is larger, and no type has more methods, than a reader can hold in mind.
func TestRooms(t *testing.T) {
	for _, p := range loadPipeline(t) {
		name := strings.TrimPrefix(p.PkgPath, "speechsim/")
		lines := 0
		for _, file := range p.GoFiles {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines += strings.Count(string(text), "\n")
		}
		if _, excepted := larger[name]; !excepted && (len(p.GoFiles) > mostFiles || lines > mostLines) {
			t.Errorf("package %s has %d files and %d lines; at most %d and %d", name, len(p.GoFiles), lines, mostFiles, mostLines)
		}
		for _, of := range p.Types.Scope().Names() {
			object, isType := p.Types.Scope().Lookup(of).(*types.TypeName)
			if !isType {
				continue
			}
			if named, ok := object.Type().(*types.Named); ok && named.NumMethods() > mostMethods {
				t.Errorf("%s.%s has %d methods; at most %d", name, of, named.NumMethods(), mostMethods)
			}
		}
	}
}

// TestClosedTypes: what passes between phases is written to in its own package alone.
func TestClosedTypes(t *testing.T) {
	for _, p := range loadPipeline(t) {
		for _, file := range p.Syntax {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.AssignStmt:
					for _, left := range n.Lhs {
						checkWrite(t, p, left)
					}
				case *ast.IncDecStmt:
					checkWrite(t, p, n.X)
				}
				return true
			})
		}
	}
}

// checkWrite refuses a write to a field of a closed type, or to an element of one, from another package.
func checkWrite(t *testing.T, p *packages.Package, left ast.Expr) {
	for {
		switch e := left.(type) {
		case *ast.IndexExpr:
			left = e.X
			continue
		case *ast.ParenExpr:
			left = e.X
			continue
		case *ast.StarExpr:
			left = e.X
			continue
		case *ast.SelectorExpr:
			field, ok := p.TypesInfo.Uses[e.Sel].(*types.Var)
			if !ok || !field.IsField() || field.Pkg() == nil || field.Pkg().Path() == p.PkgPath {
				return
			}
			for _, name := range closed {
				if field.Pkg().Path() == "speechsim/pipeline/"+name {
					at := p.Fset.Position(e.Pos())
					t.Errorf("%s:%d writes to field %s of package %s, which is done with it", filepath.Base(at.Filename), at.Line, field.Name(), name)
				}
			}
		}
		return
	}
}

// TestArchitecture: docs/architecture.md has a line on every package.
func TestArchitecture(t *testing.T) {
	text, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range phases {
		if name := p.name; name != "" && !strings.Contains(string(text), "| `"+name+"`") {
			t.Errorf("docs/architecture.md has no row on pipeline/%s", name)
		}
	}
}

var aloneLine = regexp.MustCompile(`(?m)^alone='(.*)'$`)

// TestAlone: the packages whose own tests .ci/tests runs without the race detector start no goroutine there, nor does what they import of the module.
func TestAlone(t *testing.T) {
	script, err := os.ReadFile("../../.ci/tests")
	if err != nil {
		t.Fatal(err)
	}
	found := aloneLine.FindSubmatch(script)
	if found == nil {
		t.Fatal(".ci/tests names no packages that are tested alone")
	}
	list := []string{"list", "-deps", "-test", "-f", `{{if .Module}}{{if eq .Module.Path "speechsim"}}{{.Dir}}{{end}}{{end}}`}
	for name := range strings.FieldsSeq(string(found[1])) {
		list = append(list, "speechsim/"+name)
	}
	dirs, err := exec.Command("go", list...).Output()
	if err != nil || len(dirs) == 0 {
		t.Fatalf("%s: %v", list, err)
	}
	for _, dir := range slices.Compact(slices.Sorted(strings.FieldsSeq(string(dirs)))) {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, file := range files {
			checkNoGoroutine(t, file)
		}
	}
}

// checkNoGoroutine refuses what starts a goroutine: a go statement, the method Go of groups, and Parallel of tests.
func checkNoGoroutine(t *testing.T, path string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		starts := false
		switch n := n.(type) {
		case *ast.GoStmt:
			starts = true
		case *ast.SelectorExpr:
			starts = n.Sel.Name == "Go" || n.Sel.Name == "Parallel"
		}
		if starts {
			t.Errorf("%s starts a goroutine: .ci/tests must test its package, and those that import it, with the race detector", set.Position(n.Pos()))
		}
		return true
	})
}
