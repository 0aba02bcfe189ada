package tokenizer

import "testing"

func TestFoldWords(t *testing.T) {
	for _, words := range [][]string{
		{"don't", "DON’T", "Donʼt", "don\u200b't"},
		{"été", "ÉTÉ", "e\u0301te\u0301"},
		{"οδος", "ΟΔΟΣ", "ΟΔΟΣ\u200b"},
		{"istanbul", "İstanbul", "ISTANBUL"},
		{"ırmak", "ırmak"},
		{"straße", "Straße", "STRAẞE"},
		{"wort", "wo\u00adrt"},
		{"σ", "Σ"},
	} {
		for _, w := range words {
			if got := Fold(w); got != words[0] || Fold(got) != got {
				t.Errorf("Fold(%q) = %q, want %q", w, got, words[0])
			}
		}
	}
	if Fold("kır") == Fold("kir") {
		t.Error("the dotless ı is taken for an i")
	}
}
