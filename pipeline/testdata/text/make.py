"""Writes vocab.txt and golden.json: what transformers' BERT gives for the words of transcripts as they are written.

    .venv-export/bin/python pipeline/testdata/text/make.py

The model is that of models/testdata/bert.full17.onnx, made again from its seed. Of each aligned word, the stretch of the
transcript is written down by hand below, the tokens are those of BertTokenizerFast that have a character of it, and the row is
the mean of their hidden states.
"""

import json
import pathlib
import sys
import unicodedata

import torch
import transformers as tf

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2] / "models" / "testdata"))

import make as models  # noqa: E402

VOCABULARY = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] , . ! ? ' ’ - “ ” ; the captain sang it s well known don t un ##tim ##ely cat ##s he said hello there "
    "boys every ##one one mother in law was of ship ete al ##ready ##y three 2 with"
).split()

# Name: (transcript, labels of the alignment, stretches of the transcript; "" where it has no such word)
UTTERANCES = {
    "plain": ("the captain sang", "the captain sang", "the|captain|sang"),
    "punct": ("The captain, sang!", "the captain sang", "The|captain|sang"),
    "curly": ("“Hello there,” he said; it’s the captain’s ship.", "hello there he said it's the captain's ship", "Hello|there|he|said|it’s|the|captain’s|ship"),
    "single": ("'Hello there,' he said.", "hello there he said", "Hello|there|he|said"),
    "possessive": ("the boys' cat's 'ship'", "the boys' cat's ship", "the|boys'|cat's|ship"),
    "hyphens": ("Well-known mother-in-law, untimely.", "well-known mother in law untimely", "Well-known|mother|in|law|untimely"),
    "cut": ("the well-known ship; it's", "the well known ship it 's", "the|well|known|ship|it|'s"),
    "joined": ("Every one sang!", "everyone sang", "Every one|sang"),
    "inside": ("everyone don't", "every one do n't", "every|one|do|n't"),
    "lacking": ("the captain, was well", "the ship was untimely well", "the||was||well"),
    "accents": ("Ete" + "\u0301" + ", already, " + unicodedata.normalize("NFD", "été") + "!", "eté already été", "Ete\u0301|already|" + unicodedata.normalize("NFD", "été")),
    "unknown": ("Bosun (captain) said: 2 ships?", "bosun captain said two ships", "Bosun|captain|said||ships"),
    "upper": ("THE CAPTAIN'S SHIP DON'T", "the captain's ship don't", "THE|CAPTAIN'S|SHIP|DON'T"),
}


def main():
    (HERE / "vocab.txt").write_text("".join(p + "\n" for p in VOCABULARY), encoding="utf-8")
    cls, config, _ = models.MODELS["bert"]
    assert len(VOCABULARY) == config.vocab_size, len(VOCABULARY)
    torch.manual_seed(0)
    config._attn_implementation = "eager"
    bert = cls(config).eval()
    models.randomise(bert)
    tokenizer = tf.BertTokenizerFast(vocab=str(HERE / "vocab.txt"), do_lower_case=True)
    golden = {}
    for name, (text, labels, stretches) in UTTERANCES.items():
        coded = tokenizer(text, return_offsets_mapping=True, return_tensors="pt")
        offsets = coded.pop("offset_mapping")[0].tolist()
        with torch.no_grad():
            states = bert(**coded, output_hidden_states=True).hidden_states
        rows, at = [], 0
        for stretch in stretches.split("|"):
            if not stretch:
                rows.append(None)
                continue
            begin = text.index(stretch, at)
            at = begin + len(stretch)
            tokens = [i for i, (a, b) in enumerate(offsets) if a < at and b > begin]
            assert tokens, (name, stretch)
            rows.append([[round(float(x), 7) for x in s[0, tokens].double().mean(0)] for s in states])
        assert len(rows) == len(labels.split()), name
        pieces = tokenizer.convert_ids_to_tokens(coded["input_ids"][0])
        print(name, pieces)
        golden[name] = {"text": text, "labels": labels.split(), "tokens": pieces, "rows": rows}
    (HERE / "golden.json").write_text(json.dumps(golden, ensure_ascii=False, indent=None, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
