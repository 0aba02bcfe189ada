"""Writes options.json: how Hugging Face's tokenizers encode some hard strings under each option.

    pip install tokenizers==0.22.2 && python make_options.py

The vocabulary is made up here; it has no piece from any published one.
"""
import json

from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

PIECES = (
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "Caf", "caf", "##é", "É", "é", "##cole", "ecole", "naïve", "naive"]
    + [c for c in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.,!-[]#"]
    + ["##" + c for c in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    + ["中", "##中", "文", "##文", "ᄒ", "##ᅡ", "##ᆫ", "한", "İ", "i̇", "##\u0307", "Σ", "σ", "ς", "##Σ", "##σ", "##ς", "##\u0301", "ß", "##ß"]
)

TEXTS = [
    "Café café CAFÉ cafe\u0301", "École ÉCOLE école", "naïve Naïve NAÏVE", "IT'S Well-Known, Mr. X!", "abc中文def 中", "한 하\u11ab",
    "İa Ia\u0307 ıa", "ΣΣ σς", "STRAßE straẞe", "a\u200bB\u00adC", "x[SEP]Y[mask][MASK]", "\ufeffA\u0301b \u0301", "A\u0301\u0327b A\u0327\u0301b",
    "a\u302e\u0301b a\u0301\u302eb \u1e3f\U0001d165x", "\u0344a e\u0344", "##a # #", "zz\tY\u00a0X\u2028W\x0bV", "", " ", "Q" * 100 + " " + "Q" * 101,
]

# KeepCase, KeepAccents, KeepChinese
OPTIONS = [(c, a, z) for c in (False, True) for a in (False, True) for z in (False, True)]


def tokenizer(keep_case, keep_accents, keep_chinese):
    t = Tokenizer(WordPiece({p: i for i, p in enumerate(PIECES)}, unk_token="[UNK]", max_input_chars_per_word=100))
    t.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=not keep_chinese, strip_accents=not keep_accents, lowercase=not keep_case)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    t.add_special_tokens(["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"])
    return t


assert len(set(PIECES)) == len(PIECES)
with open("options.json", "w") as out:
    out.write('{"pieces": %s,\n"options": [\n' % json.dumps(PIECES))
    for k, o in enumerate(OPTIONS):
        t = tokenizer(*o)
        out.write('{"keep_case": %s, "keep_accents": %s, "keep_chinese": %s, "cases": [\n' % tuple(json.dumps(x) for x in o))
        lines = []
        for text in TEXTS:
            e = t.encode(text)
            lines.append(json.dumps({"text": text, "ids": e.ids, "tokens": e.tokens, "word_ids": e.word_ids, "offsets": e.offsets}))
        out.write(",\n".join(lines) + "\n]}" + (",\n" if k + 1 < len(OPTIONS) else "\n"))
    out.write("]}\n")
