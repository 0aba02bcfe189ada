package tokenizer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStripStress(t *testing.T) {
	for phone, want := range map[string]string{
		"AH0": "AH", "ah1": "ah", "ER2": "ER", "AXR0": "AXR", "AH": "AH", "T": "T", "": "", "0": "0", "A0": "A0",
		"AH4": "AH4", "AH01": "AH01", // no degrees of stress
		"T1": "T1", "NG0": "NG0", "2": "2", "9": "9", "a1": "a1", "i:2": "i:2", "ma3": "ma3", // other sets
	} {
		if got := StripStress(phone); got != want {
			t.Errorf("StripStress(%q) = %q, want %q", phone, got, want)
		}
	}
	in := []string{"DH", "AH0"}
	if got := StripStresses(in); !slices.Equal(got, []string{"DH", "AH"}) || in[1] != "AH0" {
		t.Errorf("StripStresses = %v, its input now %v", got, in)
	}
}

func TestSilence(t *testing.T) {
	for _, label := range []string{"", " ", "sil", "SIL", "sp", "h#", "pau", "epi", "<eps>"} {
		if !IsSilence(label) || IsNoise(label) {
			t.Errorf("%q is not silence", label)
		}
	}
	for _, label := range []string{"spn", "SPN", "<unk>", "nsn"} {
		if IsSilence(label) || !IsNoise(label) {
			t.Errorf("%q is not noise", label)
		}
	}
	for _, label := range []string{"AH0", "s", "p", "bcl", "q", "silk"} {
		if IsSilence(label) || IsNoise(label) {
			t.Errorf("%q is no phone", label)
		}
	}
}

// TestTIMITSets checks the sets by their definition: sizes, and the seven groups of
// Lee and Hon (1989), which are the only difference between 48 and 39.
func TestTIMITSets(t *testing.T) {
	for set, want := range map[PhoneSet]int{TIMIT61: 61, TIMIT48: 48, TIMIT39: 39} {
		phones := set.Phones()
		if len(phones) != want {
			t.Errorf("TIMIT%d has %d phones: %v", set, len(phones), phones)
		}
		if !slices.IsSorted(phones) {
			t.Errorf("TIMIT%d is not sorted", set)
		}
		for _, phone := range phones {
			if folded, ok := set.Fold(phone); !ok || folded != phone {
				t.Errorf("TIMIT%d: folding its own %q gives %q, %t", set, phone, folded, ok)
			}
		}
	}
	groups := map[string][]string{}
	for _, phone := range TIMIT48.Phones() {
		folded, ok := TIMIT39.Fold(phone)
		if !ok {
			t.Errorf("TIMIT39 does not take %q of the 48", phone)
		}
		groups[folded] = append(groups[folded], phone)
	}
	for name, members := range groups {
		if len(members) == 1 {
			delete(groups, name)
		}
	}
	want := map[string][]string{
		"sil": {"cl", "epi", "sil", "vcl"}, "l": {"el", "l"}, "n": {"en", "n"}, "sh": {"sh", "zh"},
		"aa": {"aa", "ao"}, "ih": {"ih", "ix"}, "ah": {"ah", "ax"},
	}
	if diff := cmp.Diff(want, groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

func TestFold(t *testing.T) {
	for _, test := range []struct {
		phone            string
		in61, in48, in39 string
		ok61, ok48and39  bool
	}{
		{"ix", "ix", "ix", "ih", true, true},
		{"AX-H", "ax-h", "ax", "ah", true, true},
		{"axr", "axr", "er", "er", true, true},
		{"nx", "nx", "n", "n", true, true},
		{"em", "em", "m", "m", true, true},
		{"eng", "eng", "ng", "ng", true, true},
		{"hv", "hv", "hh", "hh", true, true},
		{"ux", "ux", "uw", "uw", true, true},
		{"pcl", "pcl", "cl", "sil", true, true},
		{"gcl", "gcl", "vcl", "sil", true, true},
		{"pau", "pau", "sil", "sil", true, true},
		{"h#", "h#", "sil", "sil", true, true},
		{"#h", "h#", "sil", "sil", true, true},
		{"epi", "epi", "epi", "sil", true, true},
		{"q", "q", "", "", true, true},
		{"cl", "", "cl", "sil", false, true},
		{"sil", "", "sil", "sil", false, true},
		{"AO1", "ao", "ao", "aa", true, true}, // from a dictionary
		{"ZH", "zh", "zh", "sh", true, true},
		{"spn", "", "", "", false, false},
		{"", "", "", "", false, false},
		{"ʃ", "", "", "", false, false},
	} {
		for set, want := range map[PhoneSet]string{TIMIT61: test.in61, TIMIT48: test.in48, TIMIT39: test.in39} {
			wantOK := test.ok48and39
			if set == TIMIT61 {
				wantOK = test.ok61
			}
			if got, ok := set.Fold(test.phone); got != want || ok != wantOK {
				t.Errorf("TIMIT%d.Fold(%q) = %q, %t, want %q, %t", set, test.phone, got, ok, want, wantOK)
			}
		}
	}
	if got, ok := PhoneSet(7).Fold("aa"); ok || got != "" {
		t.Errorf("a set that does not exist folds: %q", got)
	}
}

func TestParsePhoneSet(t *testing.T) {
	for name, want := range map[string]PhoneSet{"61": TIMIT61, "48": TIMIT48, "39": TIMIT39} {
		if got, err := ParsePhoneSet(name); got != want || err != nil {
			t.Errorf("ParsePhoneSet(%q) = %v, %v", name, got, err)
		}
	}
	if _, err := ParsePhoneSet("40"); err == nil {
		t.Error("40 phones are taken")
	}
}

func TestLevenshtein(t *testing.T) {
	long := strings.Split(strings.Repeat("a b c d ", 20), " ")
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "a b", 2}, {"a", "a", 0}, {"a", "b", 1}, {"a b", "b a", 2},
		{"k ih t ah n", "s ih t ih ng", 3}, {"R EH1 D", "R IY1 D", 1}, {"b c", "a b c d", 2},
		{strings.Join(long, " "), "", 80}, {strings.Join(long, " "), strings.Join(long[1:], " "), 1},
	} {
		a, b := strings.Fields(test.a), strings.Fields(test.b)
		if got := Levenshtein(a, b); got != test.want {
			t.Errorf("Levenshtein(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
		if got := Levenshtein(b, a); got != test.want {
			t.Errorf("Levenshtein(%q, %q) = %d, want %d", test.b, test.a, got, test.want)
		}
	}
}

func ExamplePhoneSet_Fold() {
	for _, label := range []string{"h#", "sh", "ix", "hv", "eh", "dcl", "jh", "q"} {
		folded, ok := TIMIT39.Fold(label)
		fmt.Printf("%s=%s %t\n", label, folded, ok)
	}
	// Output:
	// h#=sil true
	// sh=sh true
	// ix=ih true
	// hv=hh true
	// eh=eh true
	// dcl=sil true
	// jh=jh true
	// q= true
}

func ExampleLevenshtein() {
	fmt.Println(Levenshtein([]string{"R", "EH1", "D"}, []string{"R", "IY1", "D"}))
	// Output: 1
}
