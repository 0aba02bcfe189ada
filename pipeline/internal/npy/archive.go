package npy

import (
	"archive/zip"
	"fmt"
	"slices"
	"strings"
)

// Archive is an .npz file of which many members are read.
type Archive struct {
	File    string
	file    *mapping
	members map[string]*zip.File
}

// OpenArchive maps an archive and reads the list of its members.
func OpenArchive(file string) (*Archive, error) {
	m, err := mapFile(file)
	if err != nil {
		return nil, err
	}
	a := &Archive{File: file, file: m, members: map[string]*zip.File{}}
	if err := a.list(); err != nil {
		m.close() // what is wrong with the archive matters more
		return nil, &Error{File: file, Msg: err.Error()}
	}
	return a, nil
}

func (a *Archive) list() error {
	archive, err := zip.NewReader(a.file, int64(len(a.file.data)))
	if err != nil {
		return fmt.Errorf("the archive can't be read: %w", err)
	}
	for _, f := range archive.File {
		if name, isArray := strings.CutSuffix(f.Name, ".npy"); isArray {
			if a.members[name] != nil {
				return fmt.Errorf("the archive holds the array %q twice", name)
			}
			a.members[name] = f
		}
	}
	if len(a.members) == 0 {
		return fmt.Errorf("the archive holds no .npy array")
	}
	return nil
}

// Names are those of the arrays, sorted.
func (a *Archive) Names() []string {
	var names []string
	for name := range a.members {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// OpenPlanes opens an array of the archive as [OpenPlanes] does. It is to be closed before the archive.
func (a *Archive) OpenPlanes(name string) (*Array, error) {
	array := &Array{File: a.File, Member: name, stacks: true, file: &mapping{data: a.file.data, shared: true}}
	if err := describeMember(array, a.members[name]); err != nil {
		array.Close() // what is wrong with the array matters more
		return nil, err
	}
	return array, nil
}

// Close gives the memory of the file back.
func (a *Archive) Close() error { return a.file.close() }
