"""Writes bytepair/ and bytepair.json: a small byte-level vocabulary, and how Hugging Face's tokenizers encode hard strings with it.

    pip install transformers==5.23.0 && python make_bytepair.py

bytepair/ has vocab.json and merges.txt as published checkpoints of RoBERTa have them, and tokenizer.json with the same as
newer versions of transformers save it. The vocabulary is learnt here, from the texts below; it has no piece from any published one.
"""
import json
import pathlib

from tokenizers import Tokenizer, pre_tokenizers, trainers
from tokenizers.models import BPE
from transformers import RobertaTokenizer

HERE = pathlib.Path(__file__).parent
FOLDER = HERE / "bytepair"

LEARNT = """It's well known that we don't know what they've said, and I'm sure you'll find they're right: I'd say so.
The quick brown fox jumps over the lazy dog; the dog doesn't mind. Mister Quilter is the apostle of the middle classes,
and we are glad to welcome his gospel. Nor is Mister Quilter's manner less interesting than his matter. He tells us that at
this festive season of the year, with Christmas and roast beef looming before us, similes drawn from eating and its results
occur most readily to the mind. THE MAN WAS THERE AND THE OTHERS WERE THERE. Year 1995, 1996 and 2001; 100 000 words.
  Indented lines, \t tabs,\n\n and empty ones. Café, naïve, crème brûlée, façade, Ærø, 東京 東京都, こんにちは, привет мир, 😀😀 🙂."""

TEXTS = [
    "", " ", "  ", "\n", " \n ", "a", " a", "  a", "a ", "a  ", "the man was there", " the man", "   the  man   ", "The Quick Brown FOX",
    "it's don't they've I'm you'll we're I'd", "IT'S DON'T", "'s", " 's", "''s", "'sad 'tis 'twas", "it''s", "it' s", "rock'n'roll", "dogs' o'clock 'em",
    "well-known, isn't it?", "...", " ...!?", "a.b,c", "1995", " 1995,1996", "a1b2", "³ ½ Ⅷ ٣", "100 000", "tab\there", "\tlead", "a\n\nb", "a\r\nb", "a \n b", "a\u00a0b", "a\u2003 b", "\u3000x", "a\u200bb", "\ufeffx",
    "Café naïve crème brûlée", "cafe\u0301 e\u0301\u0302", "\u0301", " \u0301a", "東京都です", "こんにちは 世界", "привет, мир", "ÆRØ ærø", "ß ẞ İ ı ſ", "한국어 ᄒ", "हिन्दी", "ไทย",
    "😀", " 😀😀", "👩‍👩‍👧‍👦 family", "🇩🇪", "☕️x", "❤️", "\U0001d54f\U0001d7d9", "\U000e0001", "\x00\x01\x7f", "\x85x", "a\x0bb\x0cc", "\ufffd",
    "<s>", "</s>", "a <mask> b", "a<mask>b  <s> c", " <mask>", "<mask> ", "<pad><unk>", "< s>", "<S> <<s>>", "<s", "</s></s>", "x<s>y",
    "Ġ", "Ġthe Ċ", "â€™", "quilter" * 30, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "''''''", "-- — – …", "“quoted” ‘so’ it’s", "http://a.b/c?d=e&f", "a_b__c", "$5.00 €3 50%",
]

# Already separate words, as an alignment has them.
WORDS = [
    ["the", "man", "was", "there"], ["IT'S", "MISTER", "QUILTER"], ["it's", "well-known", "'tis", "we've"], ["café", "東京", "😀"], ["a"], [], ["1995", "and", "...", "x"],
]


def learn():
    t = Tokenizer(BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=480, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    t.train_from_iterator([LEARNT] * 3, trainer)
    FOLDER.mkdir(exist_ok=True)
    t.model.save(str(FOLDER))


def case(tokenizer, text):
    e = tokenizer(text, return_offsets_mapping=True)
    return {"text": text, "ids": e["input_ids"], "tokens": tokenizer.convert_ids_to_tokens(e["input_ids"]), "word_ids": e.word_ids(), "offsets": e["offset_mapping"]}


if not (FOLDER / "vocab.json").exists():
    learn()
plain = RobertaTokenizer.from_pretrained(FOLDER)
blank = RobertaTokenizer.from_pretrained(FOLDER, add_prefix_space=True)
plain.backend_tokenizer.save(str(FOLDER / "tokenizer.json"), pretty=False)
# Of a text that begins with a blank, or goes on behind a special one, tokenizers give other offsets with a blank first: they
# count the blank of the text for the one that was added.
simple = [t for t in TEXTS if not t[:1].isspace() and "<" not in t]
with open(HERE / "bytepair.json", "w") as out:
    lists = {
        "cases": [case(plain, t) for t in TEXTS],
        "blank_first": [case(blank, t) for t in simple],
        "words": [{"words": w, "ids": plain(" ".join(w))["input_ids"]} for w in WORDS],
        "words_blank_first": [{"words": w, "ids": blank(w, is_split_into_words=True)["input_ids"]} for w in WORDS],
    }
    out.write("{" + ",\n".join(f'"{k}": [\n' + ",\n".join(json.dumps(c) for c in v) + "\n]" for k, v in lists.items()) + "}\n")
