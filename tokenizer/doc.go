// Package tokenizer turns text into what text models and phone comparisons are
// fed: BERT's WordPiece with word indices and offsets, pronunciation lexicons, and
// the phone sets in which speech corpora are labelled. It reads files and knows no
// corpus and no model; corpus and the stages after it put it to use.
//
// # WordPiece
//
// A [WordPiece] is read from the vocab.txt of a checkpoint. Its output is that of
// Hugging Face's tokenizers: ids, pieces, word indices and offsets in code points.
// Of all code points 568 are taken differently: marks, punctuation and format
// characters that Unicode added or reclassified after version 8, where their tables
// end and Go's do not. The offsets give the rows of a hidden state that make up a
// word of the text:
//
//	bert, err := tokenizer.LoadVocabulary("bert-base-uncased/vocab.txt")
//	if err != nil {
//		return err // vocab.txt:812:1: expected every piece once, found ...
//	}
//	in := bert.Encode("It's Missus Dashwood!")
//	// in.Tokens  [CLS]  it    '     s   miss   ##us   dash   ##wood     !     [SEP]
//	// in.Offsets [0 0] [0 2] [2 3] [3 4] [5 9] [9 11] [12 16] [16 20] [20 21] [0 0]
//
// # Byte pairs
//
// A [BytePair] is read from the vocab.json and merges.txt of a RoBERTa, and gives the same [Encoding], with <s> and </s>
// at the ends. Nothing is unknown to it, and it changes neither case nor accents:
//
//	roberta, err := tokenizer.LoadBytePair("roberta-base/vocab.json", "roberta-base/merges.txt")
//	in := roberta.Encode("it's Missus Dashwood")
//	// in.Tokens  <s> it 's ĠMiss us ĠDash wood </s>
//	// in.Words    -1  0  1     2  2     3    3   -1
//
// # Pronunciations
//
// A [Lexicon] holds CMUdict, LibriSpeech's lexicon, and their relatives. Where a
// word has several pronunciations the caller chooses the first, the last, or the
// one nearest to the phones that were aligned:
//
//	lexicon, err := tokenizer.ReadLexicon(file, "librispeech-lexicon.txt", tokenizer.LexiconOptions{})
//	phones, ok := lexicon.Pronunciation("read", tokenizer.Nearest, []string{"R", "IY1", "D"})
//
// # Phones
//
// [PhoneSet] folds TIMIT's 61 labels to 48 or 39 (Lee and Hon 1989), [StripStress],
// [IsSilence] and [IsNoise] clean labels, and [Levenshtein] is the edit distance of two lists.
package tokenizer
