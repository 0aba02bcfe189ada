package matrices

import (
	"fmt"
	"slices"

	"speechsim/metrics"
	"speechsim/pipeline/study"
)

// measures lists what the job asks for, in the order of the registry. notes say which variants of "all" can't be computed
// from these data.
func (j *Job) measures() (out []study.Measure, notes []string, err error) {
	if err := j.checkArguments(); err != nil {
		return nil, nil, err
	}
	infos, err := j.infos()
	if err != nil {
		return nil, nil, err
	}
	if err := j.checkVariants(infos); err != nil {
		return nil, nil, err
	}
	for _, info := range infos {
		for k, v := range info.Variants {
			m := study.Measure{Info: info, Variant: v}
			all := study.Settings(info.Name, v.Name, j.ASIF.P, j.ASIF.K, nil)
			asked := len(j.Metrics) > 0 && k == 0 || slices.Contains(j.Variants, v.Name)
			if !asked && !j.wants(info, k) {
				continue
			}
			switch reason := j.missing(m); {
			case reason == "":
				for _, m.Params = range all {
					out = append(out, m)
				}
			case asked:
				return nil, nil, &ArgumentError{fmt.Sprintf("%s %s %s", info.Name, v.Name, reason)}
			default:
				notes = append(notes, fmt.Sprintf("%s %s is left out, because it %s", info.Name, v.Name, reason))
			}
		}
	}
	return out, notes, nil
}

func (j *Job) checkArguments() error {
	switch grouped := j.Groups != "" || j.Labels != ""; {
	case j.Null != 0 && (j.Null < 19 || j.Null > 100000):
		return &ArgumentError{fmt.Sprintf("--null %d: the number of draws must be from 19 (for p = .05) to 100000", j.Null)}
	case j.KNN < 0 || slices.ContainsFunc(slices.Concat(j.ASIF.P, j.ASIF.K), func(n int) bool { return n < 1 }):
		return &ArgumentError{fmt.Sprintf("--knn-k %d, --asif-p %d, --asif-k %d: expected numbers of 1 or more", j.KNN, j.ASIF.P, j.ASIF.K)}
	case j.Null > 0 && !grouped:
		return &ArgumentError{"--null needs --groups or --labels: rows of one speaker or word depend on each other, and permuting single rows would call unrelated data similar"}
	case j.Interval && !grouped:
		return &ArgumentError{"--interval needs --groups: rows of one speaker depend on each other, so a confidence interval needs whole groups to leave out"}
	}
	return nil
}

// infos are the metrics that were named, or the default ones.
func (j *Job) infos() ([]metrics.Info, error) {
	var out []metrics.Info
	for _, name := range j.Metrics {
		if _, err := metrics.Lookup(name); err != nil {
			return nil, &ArgumentError{err.Error()}
		}
	}
	for _, info := range metrics.All() {
		if slices.Contains(j.Metrics, info.Name) || len(j.Metrics) == 0 && info.Default().Source == metrics.FromMoments && info.Name != "attention" {
			out = append(out, info)
		}
	}
	return out, nil
}

// wants says whether variant k of a metric is meant when it is not named: the default, those of CKA, and all where all are asked for, but none that approximates another.
func (j *Job) wants(info metrics.Info, k int) bool {
	return info.Variants[k].Source != metrics.FromProjections && (k == 0 || info.Name == "cka" || j.Parity || slices.Contains(j.Variants, "all"))
}

// checkVariants refuses a variant that none of the metrics has.
func (j *Job) checkVariants(infos []metrics.Info) error {
	var every metrics.Info
	for _, info := range infos {
		every.Name += map[bool]string{false: "", true: ", "}[every.Name != ""] + info.Name
		for _, v := range info.Variants {
			if !slices.ContainsFunc(every.Variants, func(o metrics.Variant) bool { return o.Name == v.Name }) {
				every.Variants = append(every.Variants, v)
			}
		}
	}
	every.Variants = append(every.Variants, metrics.Variant{Name: "all"})
	for _, name := range j.Variants {
		if _, err := every.Variant(name); err != nil || name == "" {
			return &ArgumentError{fmt.Sprintf("%v", err)}
		}
	}
	return nil
}

// missing says what a variant needs that a job on two matrices lacks, or "".
func (j *Job) missing(m study.Measure) string {
	switch {
	case m.Variant.Source == metrics.FromAttention:
		return "needs the attention maps of each utterance: use pipeline run"
	case m.Variant.Source == metrics.FromProjections:
		return "is for maps of many layers, in pipeline run: of two matrices the exact value takes no longer; ask for the variant debiased"
	case m.Variant.Source == metrics.FromGroups && j.Groups == "":
		return "needs --groups: it is computed from rows of different groups"
	case m.Name == "asif" && j.Labels == "":
		return "needs --labels: a retrieval is judged by the word of each row"
	case m.Variant.Source == metrics.FromRows && !slices.Contains(rowMetrics, m.Name):
		return "can't be computed from two matrices alone: use pipeline run"
	}
	return ""
}
