package configs

// Figure is one way in which a comparison is drawn.
//
// In YAML: heatmap, or {heatmap: {title: ..., caption: ..., scale: {map: rocket, min: 0, max: 1}}}, or a list of such.
type Figure struct {
	Pos     Pos
	Kind    string
	Title   string
	Caption string
	Scale   Scale
}

// Scale is the range of values that a figure shows, by default that of the data, and the colours of a map.
type Scale struct {
	Pos      Pos
	Min, Max *float64
	Map      string // viridis (default), cividis, rocket, or diverging
}

var (
	kinds = []string{"heatmap", "curves", "profile", "tree", "mds", "sweep", "grid", "prefix"}
	maps  = []string{"viridis", "cividis", "rocket", "diverging"}
)

func (k *Comparison) validateFigures(oneOf func(Pos, string, *string, []string), bad func(Pos, string, ...any)) {
	seen := map[string]bool{}
	for i := range k.Figures {
		f := &k.Figures[i]
		oneOf(f.Pos, "figure", &f.Kind, kinds)
		if seen[f.Kind] {
			bad(f.Pos, "comparison %q: figure has %s twice", k.Name, f.Kind)
		}
		seen[f.Kind] = true
		if f.Scale.Map != "" {
			oneOf(f.Scale.Pos.Of("map"), "figure scale.map", &f.Scale.Map, maps)
		}
		if s := f.Scale; s.Min != nil && s.Max != nil && *s.Min >= *s.Max {
			bad(s.Pos.Of("min", "max"), "figure scale: min is %g and max is %g; min must be less", *s.Min, *s.Max)
		}
		if (f.Kind == "tree" || f.Kind == "mds") && len(k.Models) == 0 {
			bad(f.Pos, "comparison %q: figure: %s compares the layers of models with one another; give models: [...] in place of x and y", k.Name, f.Kind)
		}
	}
}
