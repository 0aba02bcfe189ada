package metrics

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"speechsim/metrics/internal/mt19937"
)

// goldenOf decodes a file of testdata: fixed inputs with what independent public
// implementations return for them.
func goldenOf[T any](t *testing.T, file string) (golden T) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err == nil {
		err = json.Unmarshal(text, &golden)
	}
	if err != nil {
		t.Fatal(err)
	}
	return golden
}

type representationGolden struct {
	X, Y [][]float64
	Wu   struct {
		MaxCorrXY        float64   `json:"maxcorr_x_to_y"`
		MaxCorrYX        float64   `json:"maxcorr_y_to_x"`
		MaxCorrPerNeuron []float64 `json:"maxcorr_x_per_neuron"`
		MaxCorrPair      []int     `json:"maxcorr_x_pair"`
		LinRegXY         float64   `json:"linreg_x_from_y"`
		LinRegYX         float64   `json:"linreg_y_from_x"`
		CCACorrs         []float64 `json:"cca_corrs"`
		SVCCA            float64   `json:"svcca"`
		PWCCAX           float64   `json:"pwcca_x_weights"`
		PWCCAY           float64   `json:"pwcca_y_weights"`
		LinCKA           float64   `json:"lincka"`
		KeptX            int       `json:"svcca_kept_x"`
		KeptY            int       `json:"svcca_kept_y"`
	} `json:"wu_xssl"`
	Thesis struct {
		CKA   float64   `json:"linear_CKA"`
		Corrs []float64 `json:"sklearn_cca_corrs"`
		Mean  float64   `json:"sklearn_cca_mean"`
	} `json:"layer_analysis"`
	Pasad struct {
		Train float64 `json:"train_pwcca_eps1e-10"`
		Mean  float64 `json:"train_pwcca_mean_score"`
	} `json:"pasad"`
}

func TestGoldenRepresentations(t *testing.T) {
	g := goldenOf[representationGolden](t, "representation_metrics.json")
	x, y := fromRows(g.X), fromRows(g.Y)
	eachBackend(t, func(t *testing.T, b Backend) {
		for _, precision := range []struct {
			o         Options
			tolerance float64
		}{{Options{Float64: true}, 1e-9}, {Options{}, 1e-5}} {
			m := momentsOf(t, b, precision.o, x, y)
			got := func(metric, variant string, i, j int, want float64) {
				t.Helper()
				near(t, metric+" "+variant, value(t, m, metric, variant, i, j).Value, want, precision.tolerance)
			}
			got("neuron_neuron", "absolute", 0, 1, g.Wu.MaxCorrXY)
			got("neuron_neuron", "absolute", 1, 0, g.Wu.MaxCorrYX)
			got("neuron_layer", "r", 0, 1, g.Wu.LinRegXY)
			got("neuron_layer", "r", 1, 0, g.Wu.LinRegYX)
			got("svcca", "elkheir2024", 0, 1, g.Wu.SVCCA)
			got("svcca", "elkheir2024", 1, 0, g.Wu.SVCCA)
			got("pwcca", "elkheir2024", 0, 1, g.Wu.PWCCAX)
			got("pwcca", "elkheir2024", 1, 0, g.Wu.PWCCAY)
			got("cka", "biased", 0, 1, g.Wu.LinCKA)
			got("cka", "biased", 0, 1, g.Thesis.CKA)
			near(t, "cca mean", value(t, m, "cca", "mean", 0, 1).Value, g.Thesis.Mean, 1e-5) // an iteration stopped at 1e-6
			for k, match := range value(t, m, "neuron_neuron", "absolute", 0, 1).Match {
				near(t, "matched correlation", math.Abs(match.Value), g.Wu.MaxCorrPerNeuron[k], precision.tolerance)
				if match.X != k || match.Y != g.Wu.MaxCorrPair[k] {
					t.Errorf("unit %d is matched with %d, want %d", match.X, match.Y, g.Wu.MaxCorrPair[k])
				}
			}
			c, err := canonical(m, 0, 1, "svcca", "elkheir2024", below99, false)
			if err != nil || c.kx != g.Wu.KeptX || c.ky != g.Wu.KeptY {
				t.Errorf("kept %d and %d, want %d and %d: %v", c.kx, c.ky, g.Wu.KeptX, g.Wu.KeptY, err)
			}
			for k, r := range c.correlations {
				near(t, "canonical correlation", r, g.Wu.CCACorrs[k], precision.tolerance)
			}
		}
	})
}

// TestGoldenPasad: the signs that the value depends on are LAPACK's, so it can
// be had again with OpenBLAS only.
func TestGoldenPasad(t *testing.T) {
	g := goldenOf[representationGolden](t, "representation_metrics.json")
	m := momentsOf(t, openBLAS(t), Options{Float64: true}, fromRows(g.X), fromRows(g.Y))
	near(t, "pwcca pasad2021", value(t, m, "pwcca", "pasad2021", 0, 1).Value, g.Pasad.Train, 1e-6)
	pure := momentsOf(t, PureGo(), Options{Float64: true}, fromRows(g.X), fromRows(g.Y))
	if v := value(t, pure, "pwcca", "pasad2021", 0, 1).Value; v < .7066 || v > .8283 {
		t.Errorf("%g is outside of what any choice of signs gives", v)
	}
}

// uniform is numpy.random.uniform(size=(rows, cols)) of the legacy generator.
func uniform(g *mt19937.Source, rows, cols int) Matrix {
	x := Matrix{Rows: rows, Cols: cols, Stride: cols}
	for range rows * cols {
		a, b := g.Uint32()>>5, g.Uint32()>>6
		x.Data64 = append(x.Data64, (float64(a)*(1<<26)+float64(b))/(1<<53))
	}
	return x
}

// TestPublishedComparison has the inputs and values of a published comparison
// of 32 repositories.
func TestPublishedComparison(t *testing.T) {
	g := mt19937.New(0)
	x, y := uniform(g, 30, 25), uniform(g, 30, 25)
	near(t, "the first number", x.Data64[0], 0.5488135039273248, 0)
	eachBackend(t, func(t *testing.T, b Backend) {
		m := momentsOf(t, b, Options{SquaredNorms: true, Float64: true}, x, y)
		for _, c := range []struct {
			metric, variant string
			i, j            int
			want            float64
		}{
			{"cka", "biased", 0, 1, .48934273910441},
			{"cka", "debiased", 0, 1, .02359869858056},
			{"cca", "mean", 0, 1, .89010497381578},
			{"svcca", "textbook", 0, 1, .78318141226504},
			{"procrustes", "score", 0, 1, .72277871759934},
			{"neuron_neuron", "absolute", 0, 1, .4219492238},
			{"neuron_neuron", "absolute", 1, 0, .4231431993},
		} {
			tolerance := 1e-12
			if c.metric == "neuron_neuron" {
				tolerance = 1e-10
			}
			near(t, c.metric+" "+c.variant, value(t, m, c.metric, c.variant, c.i, c.j).Value, c.want, tolerance)
		}
		ten, err := canonical(m, 0, 1, "svcca", "textbook", selection{false, func(*spectrum) int { return 10 }}, false)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "svcca with 10 components", average(ten.correlations), .53797444610444, 1e-12)
	})
}

// TestLinnerud has the data of a textbook exercise: 20 men, three exercises
// (chins, sit-ups, jumps) and three measurements (weight, waist, pulse).
func TestLinnerud(t *testing.T) {
	exercise := fromRows([][]float64{
		{5, 162, 60}, {2, 110, 60}, {12, 101, 101}, {12, 105, 37}, {13, 155, 58}, {4, 101, 42}, {8, 101, 38},
		{6, 125, 40}, {15, 200, 40}, {17, 251, 250}, {17, 120, 38}, {13, 210, 115}, {14, 215, 105}, {1, 50, 50},
		{6, 70, 31}, {12, 210, 120}, {4, 60, 25}, {11, 230, 80}, {15, 225, 73}, {2, 110, 43}})
	body := fromRows([][]float64{
		{191, 36, 50}, {189, 37, 52}, {193, 38, 58}, {162, 35, 62}, {189, 35, 46}, {182, 36, 56}, {211, 38, 56},
		{167, 34, 60}, {176, 31, 74}, {154, 33, 56}, {169, 34, 50}, {166, 33, 52}, {154, 34, 64}, {247, 46, 50},
		{193, 36, 46}, {202, 37, 62}, {176, 37, 54}, {157, 32, 52}, {156, 33, 54}, {138, 33, 68}})
	eachBackend(t, func(t *testing.T, b Backend) {
		c, err := canonical(momentsOf(t, b, Options{Float64: true}, exercise, body), 0, 1, "cca", "mean", everything, false)
		if err != nil || len(c.correlations) != 3 {
			t.Fatal(c.correlations, err)
		}
		for k, want := range []float64{.79560815, .20055604, .07257029} {
			near(t, "canonical correlation", c.correlations[k], want, 1e-8)
		}
	})
}
