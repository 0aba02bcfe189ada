package corpus

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
)

// merger adds up what the workers of Check found, in the order of the utterances whatever the order in which they
// finish, and keeps no more findings of a kind than the report shows.
type merger struct {
	c *Corpus
	o CheckOptions

	mu      sync.Mutex
	waiting map[int][]checked
	next    int // the chunk that is due
	done    int // utterances merged

	report  *Report
	counts  map[[2]string]int // by severity and kind
	refused map[string]bool
	words   map[string]bool
	phones  map[string]bool
	samples int
	speech  int
	base    int // samples that speech is a share of
	uses    map[LabelUse]int
	said    map[string]*pronounced // by word type
	seen    map[uint64]int
	shift   shiftSum
	telling int       // alignments whose words tell whether they are those of their utterances
	foreign []Finding // of those that seem not to be
}

func newMerger(c *Corpus, o CheckOptions) *merger {
	m := &merger{c: c, o: o, waiting: map[int][]checked{}, counts: map[[2]string]int{}, refused: map[string]bool{},
		words: map[string]bool{}, phones: map[string]bool{}, uses: map[LabelUse]int{}, said: map[string]*pronounced{}, seen: map[uint64]int{},
		report: &Report{Layout: c.Spec.Layout, Root: c.Spec.Root, Audio: o.Audio, Utterances: len(c.Utterances), Labels: []LabelCount{}}}
	for _, f := range c.Findings {
		m.find(f)
	}
	return m
}

// add hands in chunk i.
func (m *merger) add(i int, results []checked) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting[i] = results
	for {
		results, ok := m.waiting[m.next]
		if !ok {
			return
		}
		delete(m.waiting, m.next)
		m.next++
		for j := range results {
			m.merge(&results[j])
		}
		if m.o.Progress != nil {
			m.o.Progress(m.done, len(m.c.Utterances))
		}
	}
}

// find counts a finding and keeps it if there is room for one more of its kind.
func (m *merger) find(f Finding) {
	key := [2]string{string(f.Severity), string(f.Kind)}
	if m.counts[key] += max(f.More, 1); m.counts[key] <= m.o.Limit {
		m.report.Findings = append(m.report.Findings, f)
	}
	if f.Severity == SeverityError && f.Utterance != "" && !m.refused[f.Utterance] {
		m.refused[f.Utterance] = true
		m.report.Refused = append(m.report.Refused, f.Utterance)
	}
}

// merge adds the next utterance.
func (m *merger) merge(r *checked) {
	u := &m.c.Utterances[m.done]
	for _, f := range r.findings {
		m.find(f)
	}
	if r.hashed {
		m.duplicate(u, r)
	}
	m.done++
	m.samples += r.samples
	m.speech += r.speech
	m.base += r.labelled
	m.report.Words += r.words
	m.report.Phones += r.phones
	if r.labelsRead {
		m.report.Aligned++
	}
	for _, w := range r.wordTypes {
		if w = WordType(w); !m.words[w] {
			m.words[strings.Clone(w)] = true
		}
	}
	for _, p := range r.phoneTypes {
		if !m.phones[p] {
			m.phones[strings.Clone(p)] = true
		}
	}
	for use, n := range r.uses {
		if _, known := m.uses[use]; !known {
			use.Label = strings.Clone(use.Label)
		}
		m.uses[use] += n
	}
	for word, p := range r.pronounced {
		known, ok := m.said[word]
		if !ok {
			word = strings.Clone(word)
			known = &pronounced{word: word}
			m.said[word] = known
		}
		known.add(p)
	}
	m.shift.add(r.shift)
	if r.telling {
		m.telling++
	}
	if r.foreign != nil {
		m.foreign = append(m.foreign, *r.foreign)
	}
}

// foreigners are errors or warnings, as the whole corpus has it.
func (m *merger) foreigners() {
	severity := SeverityWarning
	if Foreign(len(m.foreign), m.telling) && !m.o.LabelsOptional {
		severity = SeverityError
	}
	for _, f := range m.foreign {
		f.Severity = severity
		m.find(f)
	}
}

// duplicate finds recordings that are there twice. In headers, equal text and length are a suspicion, which the bytes
// of the files confirm or not.
func (m *merger) duplicate(u *Utterance, r *checked) {
	i, ok := m.seen[r.hash]
	if !ok {
		m.seen[r.hash] = m.done
		return
	}
	first := &m.c.Utterances[i]
	if !r.certain && !(u.From == first.From && u.To == first.To && u.Channel == first.Channel && u.Side == first.Side && sameBytes(u.AudioPath, first.AudioPath)) {
		return
	}
	m.find(Finding{Kind: KindDuplicate, Severity: SeverityWarning, Utterance: u.ID, File: u.AudioPath,
		Message: fmt.Sprintf("the sound is that of utterance %s, %s", oneLine(first.ID), oneLine(first.AudioPath))})
}

// pronounced counts the word types that the lexicon has, and lists the others.
func (m *merger) pronounced() {
	n := 0
	for _, w := range slices.Sorted(maps.Keys(m.words)) {
		if m.o.Lexicon.Has(w) {
			n++
			continue
		}
		m.find(Finding{Kind: KindLexicon, Severity: SeverityWarning, Message: fmt.Sprintf("the lexicon lacks %q", w)})
	}
	m.report.Pronounced = &n
}

// farWords lists the word types most of whose tokens are aligned with phones far from the lexicon's, the most frequent first.
func (m *merger) farWords() {
	var far []*pronounced
	for _, p := range m.said {
		if 2*p.far > p.tokens {
			far = append(far, p)
		}
	}
	slices.SortFunc(far, func(p, q *pronounced) int { return cmp.Or(cmp.Compare(q.far, p.far), strings.Compare(p.word, q.word)) })
	for _, p := range far {
		m.find(Finding{Kind: KindFarWord, Severity: SeverityWarning, File: p.file, Line: p.line,
			Message: fmt.Sprintf("%s; so or alike in %d of the %d places where the word is", p.example, p.far, p.tokens)})
	}
}

// unheard lists the phones of the words' pronunciations that no phone tier has: they are of another phone set, or no phones.
func (m *merger) unheard() {
	if len(m.phones) == 0 {
		return
	}
	known := map[string]bool{}
	for _, p := range plainPhones(slices.Collect(maps.Keys(m.phones))) {
		known[p] = true
	}
	for _, w := range slices.Sorted(maps.Keys(m.words)) {
		for _, phones := range m.o.Lexicon.Pronunciations(w) {
			for i, p := range plainPhones(phones) {
				if known[p] {
					continue
				}
				known[p] = true
				m.find(Finding{Kind: KindUnheard, Severity: SeverityWarning,
					Message: fmt.Sprintf("no phone tier has %q, which the lexicon has in %q: %s", phones[i], w, strings.Join(phones, " "))})
			}
		}
	}
}

// finish completes the report.
func (m *merger) finish() *Report {
	r := m.report
	m.foreigners()
	if lag, ok := m.shift.lag(); ok {
		m.find(Finding{Kind: KindShift, Severity: SeverityWarning, File: m.c.Spec.Root,
			Message: fmt.Sprintf("over %d utterances, the sound comes %.0f ms %s than the labels say: a constant shift", m.shift.n, math.Abs(lag)*1000, lateOrEarly(lag))})
	}
	rate := float64(m.c.Spec.Audio.Rate)
	r.Seconds = float64(m.samples) / rate
	r.SpeechSeconds = float64(m.speech) / rate
	if m.base > 0 && r.Aligned > 0 {
		share := max(0, 1-float64(m.speech)/float64(m.base))
		r.SilenceShare = &share
	}
	r.WordTypes, r.PhoneTypes = len(m.words), len(m.phones)
	if m.o.Lexicon != nil {
		m.pronounced()
		m.unheard()
		m.farWords()
	}
	speakers, groups := map[string]string{}, map[string]bool{}
	for i := range m.c.Utterances {
		u := &m.c.Utterances[i]
		if m.refused[u.ID] {
			continue
		}
		if u.Speaker != "" {
			speakers[u.Speaker] = u.Sex
		}
		groups[u.Group] = true
	}
	r.Speakers, r.Groups = len(speakers), len(groups)
	for _, sex := range speakers {
		switch sex {
		case "F":
			r.Female++
		case "M":
			r.Male++
		}
	}
	for use, n := range m.uses {
		r.Labels = append(r.Labels, LabelCount{use, n})
	}
	slices.SortFunc(r.Labels, LabelCount.compare)
	r.summarize(m.counts)
	return r
}
