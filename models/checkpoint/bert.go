package checkpoint

import (
	"fmt"
	"strconv"
	"strings"

	"speechsim/models"
	"speechsim/models/internal/network"
	"speechsim/models/internal/onnxproto"
)

// bert is BERT (Devlin et al. 2019) as config.json describes it, and its relatives: DistilBERT has other names, RoBERTa counts
// the places of tokens in another way. Embeddings of tokens, their places and their segments, a norm, and the blocks of a
// transformer with the norm after each sum.
type bert struct {
	names bertNames
	// skipsPadding is RoBERTa's way to count places: only tokens that are no padding have one, and the first is Padding + 1.
	// Its tokens are all of the first segment.
	skipsPadding bool

	Vocabulary int `json:"vocab_size"`
	Positions  int `json:"max_position_embeddings"`
	Segments   int `json:"type_vocab_size"` // 0: none
	Padding    int `json:"pad_token_id"`
	Width      int `json:"hidden_size"`
	Blocks     int `json:"num_hidden_layers"`
	Heads      int `json:"num_attention_heads"`
	Inner      int `json:"intermediate_size"`

	Activation string  `json:"hidden_act"`
	Epsilon    float64 `json:"layer_norm_eps"`
	Place      string  `json:"position_embedding_type"`
	Decoder    bool    `json:"is_decoder"`

	InitialDeviation float64 `json:"initializer_range"`
}

// bertNames are the names of keys and modules that differ among the relatives of BERT.
type bertNames struct {
	width, blocks, heads, inner    string // keys of config.json
	block                          string // the scope of the blocks, before their number
	query, key, value, joined      string // of a block
	attentionNorm, grow, cut, norm string
}

func newBERT() architecture { return plainBERT() }

func plainBERT() *bert {
	return &bert{
		names: bertNames{width: "hidden_size", blocks: "num_hidden_layers", heads: "num_attention_heads", inner: "intermediate_size",
			block: "encoder.layer.", query: "attention.self.query", key: "attention.self.key", value: "attention.self.value", joined: "attention.output.dense",
			attentionNorm: "attention.output.LayerNorm", grow: "intermediate.dense", cut: "output.dense", norm: "output.LayerNorm"},
		Vocabulary: 30522, Positions: 512, Segments: 2, Width: 768, Blocks: 12, Heads: 12, Inner: 3072,
		Activation: "gelu", Epsilon: 1e-12, InitialDeviation: 0.02,
	}
}

// newRoBERTa is RoBERTa (Liu et al. 2019).
func newRoBERTa() architecture {
	a := plainBERT()
	a.skipsPadding, a.Vocabulary, a.Padding = true, 50265, 1
	return a
}

// distilBERT is a DistilBERT (Sanh et al. 2019): a BERT without segments, under other names. Its keys point to the fields of
// that BERT.
type distilBERT struct {
	*bert      `json:"-"`
	Vocabulary *int    `json:"vocab_size"`
	Positions  *int    `json:"max_position_embeddings"`
	Width      *int    `json:"dim"`
	Blocks     *int    `json:"n_layers"`
	Heads      *int    `json:"n_heads"`
	Inner      *int    `json:"hidden_dim"`
	Activation *string `json:"activation"`

	InitialDeviation *float64 `json:"initializer_range"`
}

func newDistilBERT() architecture {
	b := &bert{
		names: bertNames{width: "dim", blocks: "n_layers", heads: "n_heads", inner: "hidden_dim",
			block: "transformer.layer.", query: "attention.q_lin", key: "attention.k_lin", value: "attention.v_lin", joined: "attention.out_lin",
			attentionNorm: "sa_layer_norm", grow: "ffn.lin1", cut: "ffn.lin2", norm: "output_layer_norm"},
		Vocabulary: 30522, Positions: 512, Width: 768, Blocks: 6, Heads: 12, Inner: 3072,
		Activation: "gelu", Epsilon: 1e-12, InitialDeviation: 0.02,
	}
	return &distilBERT{b, &b.Vocabulary, &b.Positions, &b.Width, &b.Blocks, &b.Heads, &b.Inner, &b.Activation, &b.InitialDeviation}
}

func (a *bert) check() error {
	for _, v := range []struct {
		key         string
		value, most int
	}{{"vocab_size", a.Vocabulary, mostUnits}, {"max_position_embeddings", a.Positions, mostUnits}, {a.names.width, a.Width, mostUnits},
		{a.names.blocks, a.Blocks, mostLayers}, {a.names.heads, a.Heads, mostUnits}, {a.names.inner, a.Inner, mostUnits}} {
		if v.value < 1 || v.value > v.most {
			return fmt.Errorf("%s is %d; a number from 1 to %d is wanted", v.key, v.value, v.most)
		}
	}
	switch {
	case a.skipsPadding && (a.Padding < 0 || a.Padding > a.Positions-2):
		return fmt.Errorf("pad_token_id is %d: places begin behind it, and max_position_embeddings is %d", a.Padding, a.Positions)
	case a.Segments < 0 || a.Segments > mostUnits:
		return fmt.Errorf("type_vocab_size is %d; a number from 0 to %d is wanted", a.Segments, mostUnits)
	case a.Width%a.Heads != 0:
		return fmt.Errorf("%s %d can't be split into %d heads", a.names.width, a.Width, a.Heads)
	case a.Place != "" && a.Place != "absolute":
		return fmt.Errorf("position_embedding_type is %q; only models with absolute positions can be imported", a.Place)
	case a.Decoder:
		return fmt.Errorf("is_decoder is true: tokens of a decoder see only those before them, and only encoders can be imported")
	}
	return nil
}

func (a *bert) anchor() string { return "embeddings.word_embeddings.weight" }

func (a *bert) part(name string) bool {
	if strings.HasSuffix(name, "_ids") { // 0, 1, 2, ..., which older versions of transformers save
		return false
	}
	scope, _, _ := strings.Cut(a.names.block, ".")
	return strings.HasPrefix(name, "embeddings.") || strings.HasPrefix(name, scope+".")
}

// build writes the network: see transformers' modeling_bert.py, modeling_roberta.py and modeling_distilbert.py.
func (a *bert) build(n *network.Network, _ feature) models.Card {
	card := a.card()
	ids := n.Input(card.Input, onnxproto.Int64, -1, -1)
	mask := n.Input(card.Mask, onnxproto.Int64, -1, -1)
	real := n.Module("mask").Cast(mask, onnxproto.Bool)
	keys := n.Module("mask").Keys(real, a.Heads)
	x := a.embeddings(n.Module("embeddings"), ids, card.TokenTypes)
	state := func(i int, x network.Tensor) { n.Output(fmt.Sprintf("hidden_states.%d", i), x, -1, -1, a.Width) }
	state(0, x)
	for i := range a.Blocks {
		var attention network.Tensor
		x, attention = a.block(n.Module(a.names.block+strconv.Itoa(i)), x, keys)
		n.Output(fmt.Sprintf("attentions.%d", i), attention, -1, a.Heads, -1, -1)
		state(i+1, x)
	}
	return card
}

// card describes what build writes.
func (a *bert) card() models.Card {
	c := models.Card{Kind: models.Text, Input: "input_ids", Mask: "attention_mask", Vocabulary: a.Vocabulary, MaxTokens: a.Positions, Heads: a.Heads}
	switch {
	case a.skipsPadding:
		c.MaxTokens -= a.Padding + 1
	case a.Segments > 0:
		c.TokenTypes = "token_type_ids"
	}
	c.Layers, c.Attentions = blockOutputs(a.Blocks, a.Width, a.Heads)
	return c
}

// embeddings of ids, [batch, tokens], are [batch, tokens, width]; segments is the input with those of the tokens, or "".
func (a *bert) embeddings(m network.Module, ids network.Tensor, segments string) network.Tensor {
	x := m.Module("word_embeddings").Embedding(ids, a.Vocabulary, a.Width)
	if a.Segments > 0 {
		of := m.Int(0)
		if segments != "" {
			of = m.Input(segments, onnxproto.Int64, -1, -1)
		}
		x = m.Add(x, m.Module("token_type_embeddings").Embedding(of, a.Segments, a.Width))
	}
	x = m.Add(x, m.Module("position_embeddings").Embedding(a.places(m, ids), a.Positions, a.Width))
	return m.Module("LayerNorm").LayerNorm(x, a.Width, a.Epsilon)
}

// places are the rows of the table of positions, for each token of ids.
func (a *bert) places(m network.Module, ids network.Tensor) network.Tensor {
	if !a.skipsPadding {
		return m.Range(m.Length(ids, 1))
	}
	padding := m.Op("Equal", []network.Tensor{ids, m.Int(a.Padding)})
	real := m.Cast(m.Op("Not", []network.Tensor{padding}), onnxproto.Int64)
	count := m.Op("CumSum", []network.Tensor{real, m.Int(1)})
	return m.Add(m.Mul(count, real), m.Int(a.Padding))
}

// block is one block of the transformer, [batch, tokens, width] to the same, and its attention map, [batch, heads, tokens, tokens].
func (a *bert) block(m network.Module, x network.Tensor, keys network.Keys) (out, attention network.Tensor) {
	project := func(name string) network.Tensor { return m.Module(name).Linear(x, a.Width, a.Width) }
	context, attention := m.Attention(project(a.names.query), project(a.names.key), project(a.names.value), a.Heads, a.Width, keys)
	y := m.Module(a.names.joined).Linear(context, a.Width, a.Width)
	x = m.Module(a.names.attentionNorm).LayerNorm(m.Add(y, x), a.Width, a.Epsilon)
	y = m.Activation(a.Activation, m.Module(a.names.grow).Linear(x, a.Width, a.Inner))
	y = m.Module(a.names.cut).Linear(y, a.Inner, a.Width)
	return m.Module(a.names.norm).LayerNorm(m.Add(y, x), a.Width, a.Epsilon), attention
}

// initial follows transformers' _init_weights, but for the row of the padding token, which is never read.
func (a *bert) initial(name string, _ []int) distribution {
	isNorm := strings.Contains(strings.ToLower(strings.ReplaceAll(name, "_", "")), "layernorm.")
	switch {
	case strings.HasSuffix(name, ".bias"):
		return distribution{}
	case isNorm:
		return distribution{constant: 1}
	}
	return distribution{deviation: a.InitialDeviation}
}
