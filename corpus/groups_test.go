package corpus

import (
	"path/filepath"
	"testing"
)

func TestGroups(t *testing.T) {
	root := libriSpeech(t)
	path := filepath.Join(root, "groups.csv")
	s := Spec{Layout: "librispeech", Root: root, Groups: path}
	for _, content := range []string{"speaker,group\n84,x\n174,x\n999,y\n", "\ufeffSpeaker, Group\n# voices\n84,x\n174,x\n84,x\n", "84,x\n174,x\n",
		"sep=;\r\nspeaker;group\r\n84;x\r\n174;x\r\n", "# a, b\nspeaker\tgroup\n84\tx\n174\tx\n", "84|x\n174|x\n"} {
		write(t, path, content)
		c := open(t, s)
		if c.Utterances[0].Group != "x" || c.Utterances[1].Group != "x" {
			t.Errorf("%q: %+v", content, c.Utterances[0])
		}
	}
	for content, want := range map[string]string{
		"":                    "empty groups file",
		"speaker,group\n":     "empty groups file",
		"84,x\n":              `no group for speaker "174": add a line`,
		"84,x\n0174,x\n":      `no group for speaker "174": the file has "0174": a spreadsheet took the names for numbers`,
		"84.0,x\n174.0,x\n":   `no group for speaker "174", "84": the file has "84.0"`,
		"sep=;\n84;x\n84;y\n": `groups.csv:3: speaker "84" is in group "y", but was in group "x" at line 2`,
		"84,x\n174\n":         "groups.csv:2: expected speaker,group, found 1 field",
		"84,x\n84,y\n":        `groups.csv:2: speaker "84" is in group "y", but was in group "x" at line 1`,
		"84,x\n174,\n":        "groups.csv:2: expected speaker,group",
		"84,x\n\"174,y\nz\n":  "groups.csv:",
	} {
		write(t, path, content)
		openError(t, s, want)
	}
	s.Groups = filepath.Join(root, "gone.csv")
	openError(t, s, "groups file", "gone.csv")
}
