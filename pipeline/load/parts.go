package load

import (
	"fmt"
	"sort"

	"speechsim/corpus"
)

// MaxParts bounds the groups that intervals leave out one at a time, and so the parts in which work is done and kept.
const MaxParts = 50

// Part is a set of utterances that is worked on and kept as one: the unit of going on after a kill, and of the jackknife.
type Part struct {
	Name       string // the group, or the range of groups
	Utterances []int  // in corpus order
}

// partition cuts the usable utterances, which have a length, into parts by group, at most MaxParts of them; groups are never
// cut, unless there is one only: then utterances are the groups. The result depends on the corpus alone.
func partition(c *corpus.Corpus, lengths []int) []Part {
	byGroup, byID := map[string][]int{}, map[string][]int{}
	for i := range c.Utterances {
		if u := &c.Utterances[i]; lengths[i] >= 0 {
			byGroup[u.Group] = append(byGroup[u.Group], i)
			byID[u.ID] = []int{i}
		}
	}
	total := len(byID)
	if len(byGroup) == 1 {
		byGroup = byID
	}
	names := make([]string, 0, len(byGroup))
	for g := range byGroup {
		names = append(names, g)
	}
	sort.Strings(names)

	n := min(len(names), MaxParts)
	parts := make([]Part, n)
	p, done := 0, 0
	for i, g := range names {
		// The next part begins when this one has its share of the utterances, or when the groups left are just enough to
		// give each part left one.
		left := len(names) - i
		if len(parts[p].Utterances) > 0 && p+1 < n && (done*n >= total*(p+1) || left <= n-p-1) {
			p++
		}
		if parts[p].Name == "" {
			parts[p].Name = g
		} else if first, _, more := cutRange(parts[p].Name); more || first != g {
			parts[p].Name = fmt.Sprintf("%s..%s", first, g)
		}
		parts[p].Utterances = append(parts[p].Utterances, byGroup[g]...)
		done += len(byGroup[g])
	}
	for i := range parts {
		sort.Ints(parts[i].Utterances)
	}
	return parts
}

// GroupName is the name of some parts that follow each other, as one.
func (s *Speech) GroupName(parts []int) string {
	name := s.Parts[parts[0]].Name
	if last := s.Parts[parts[len(parts)-1]].Name; last != name {
		from, _, _ := cutRange(name)
		_, to, _ := cutRange(last)
		name = from + ".." + to
	}
	return name
}

// cutRange takes the name of a part apart: first and last are the same where it is one group.
func cutRange(name string) (first, last string, isRange bool) {
	for i := 0; i+1 < len(name); i++ {
		if name[i:i+2] == ".." {
			return name[:i], name[i+2:], true
		}
	}
	return name, name, false
}
