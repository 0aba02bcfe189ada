package textgrid

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTiers(t *testing.T) {
	grid := &TextGrid{Tiers: []Tier{
		{Name: "words", End: 1}, {Name: "Ann - words", End: 2}, {Name: "Ann - phones", End: 3},
		{Name: "Bo - B - words", End: 4}, {Name: "words", End: 5}, {Name: "Ann - words", End: 6},
	}}
	end := func(tier *Tier) float64 {
		if tier == nil {
			return 0
		}
		return tier.End
	}
	for name, want := range map[string]float64{"words": 1, "Ann - words": 2, "Words": 0, "phones": 0, "": 0} {
		if got := end(grid.Tier(name)); got != want {
			t.Errorf("Tier(%q) is the one that ends at %v, want %v", name, got, want)
		}
	}
	for _, c := range []struct {
		speaker, name string
		want          float64
	}{{"", "words", 1}, {"Ann", "words", 2}, {"Ann", "phones", 3}, {"Bo - B", "words", 4}, {"Bo", "words", 0}, {"", "phones", 0}} {
		if got := end(grid.SpeakerTier(c.speaker, c.name)); got != c.want {
			t.Errorf("SpeakerTier(%q, %q) is the one that ends at %v, want %v", c.speaker, c.name, got, c.want)
		}
	}
	if all := grid.All("words"); len(all) != 2 || end(all[0]) != 1 || end(all[1]) != 5 {
		t.Errorf("All(words) = %v", all)
	}
	if all := grid.All("none"); len(all) != 0 {
		t.Errorf("All(none) = %v", all)
	}
	if d := cmp.Diff([]string{"Ann", "Bo - B"}, grid.Speakers()); d != "" {
		t.Errorf("Speakers (-want +got):\n%s", d)
	}
}

func TestSplitName(t *testing.T) {
	for name, want := range map[string][2]string{
		"words":          {"", "words"},
		"84 - words":     {"84", "words"},
		"a - b - phones": {"a - b", "phones"},
		"a-b":            {"", "a-b"},
		" - words":       {"", "words"},
		"84 - ":          {"84", ""},
		"":               {"", ""},
	} {
		if speaker, tier := SplitName(name); [2]string{speaker, tier} != want {
			t.Errorf("SplitName(%q) = %q, %q; want %q", name, speaker, tier, want)
		}
	}
}

func TestKind(t *testing.T) {
	for kind, want := range map[Kind]string{IntervalTier: "IntervalTier", TextTier: "TextTier", 7: "Kind(7)"} {
		if got := kind.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
