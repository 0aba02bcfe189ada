"""A small English: some 520 words with meanings that show in what they stand beside.

Word vectors, the WordPiece vocabulary and the trained demo models come from its sentences. Animals run and are fed,
food is cooked and eaten, boats cross rivers: so words of one kind have neighbours in common. All content words of the
demo corpus are in it; its sentences are left out.
"""

import random
import sys
from pathlib import Path

_CORPUS = Path(__file__).resolve().parents[3] / "corpus" / "demo"
sys.path.append(str(_CORPUS / "make"))
from text import SENTENCES, TIMIT_SA1, TIMIT_SENTENCES

WORDS = {
    "family": "mother father brother sister uncle aunt cousin grandmother grandfather daughter son wife husband",
    "worker": """teacher doctor farmer baker sailor soldier nurse painter hunter miller tailor king queen priest judge
        captain gardener fisherman shepherd carpenter lawyer writer singer dancer""",
    "person": "man woman boy girl child neighbor friend stranger guest traveler lady gentleman",
    "name": "john mary anna peter tom jane george alice henry emma",
    "pet": "dog cat puppy kitten",
    "farm": "horse cow pig sheep goat hen duck goose lamb donkey calf pony",
    "wild": "fox wolf bear deer rabbit mouse squirrel owl hedgehog badger",
    "flyer": "bird sparrow robin crow swan eagle pigeon butterfly bee",
    "swimmer": "fish trout salmon frog otter whale seal",
    "staple": "bread cheese butter meat rice soup pie cake porridge egg potato ham",
    "fruit": "apple pear plum cherry lemon orange peach berry grape melon",
    "drink": "milk water tea coffee juice wine cider",
    "spice": "sugar salt honey pepper cream jam",
    "water": "river lake sea stream pond harbor",
    "land": "garden forest field meadow hill valley mountain island shore road path",
    "building": "house barn church school castle cottage mill shop tower inn hut palace",
    "span": "bridge gate wall fence tunnel",
    "room": "kitchen cellar attic hall bedroom stable library",
    "craft": "boat ship raft canoe ferry",
    "wheels": "cart wagon carriage train bicycle",
    "furniture": "table chair bed bench shelf cupboard",
    "vessel": "box basket bottle cup bowl jar sack kettle pot",
    "opening": "door window lid drawer",
    "cloth": "coat hat shirt dress scarf glove shoe apron blanket",
    "tool": "hammer knife rope ladder spade axe needle bucket broom saw",
    "text": "letter book story song poem newspaper map",
    "plant": "tree flower rose grass oak leaf branch seed",
    "season": "summer winter spring autumn",
    "daytime": "morning evening night afternoon noon midnight",
    "weather": "rain snow wind storm fog frost thunder sunshine",
    "sky": "sun moon star cloud",
    "feeling": "joy anger fear sorrow pride hope love",
    "look": "watched saw noticed followed admired",
    "handle": "carried brought lifted dropped held took pushed pulled hid",
    "findverb": "found lost forgot kept wanted bought sold",
    "eat": "ate tasted cooked served shared swallowed boiled baked",
    "pour": "drank poured spilled",
    "tend": "fed brushed chased called tamed rode",
    "make": "painted built mended repaired burned decorated",
    "clean": "washed wiped cleaned dried polished",
    "open": "opened closed locked broke",
    "read": "read wrote copied told learned",
    "grow": "planted watered picked cut gathered",
    "wear": "wore sewed folded ironed",
    "move": "walked ran went came hurried wandered marched climbed",
    "swim": "swam floated drifted sank dived",
    "fly": "flew circled landed sang",
    "sail": "sailed rowed steered anchored",
    "drive": "rolled rattled stopped waited",
    "rest": "slept rested sat stood lay hid",
    "talk": "spoke laughed whispered shouted sang cried smiled",
    "fall": "fell came began ended returned passed",
    "size": "small little big large tiny huge tall short long",
    "weight": "heavy light",
    "color": "green yellow red blue white black brown gray purple golden",
    "age": "old young new ancient",
    "mood": "happy sad angry kind gentle proud amiable selfish respectable honest clever brave lazy gay cross",
    "calm": "quiet loud noisy silent peaceful lonely dark bright",
    "warmth": "cold warm hot cool frozen icy",
    "taste": "sweet sour bitter fresh ripe salty",
    "clear": "deep shallow wide narrow clear muddy",
    "state": "clean dirty broken empty full wet dry",
    "manner": "quickly slowly quietly softly gladly sadly carefully suddenly",
    "often": "always never often sometimes seldom",
    "possessive": "my her his our their your",
    "article": "the a this that every",
    "pronoun": "he she they we",
    "number": "two three four five six seven",
    "where": "in near by beside behind",
    "across": "across over under along through into down",
}
CLASSES = {name: words.split() for name, words in WORDS.items()}
CLASSES["human"] = [f"{{det}} {{{k}}}" for k in ("family", "worker", "person")] + ["{name}", "{det} {mood} {worker}"]
CLASSES["beast"] = ["{pet}", "{farm}", "{wild}", "{pet}", "{farm}"]
CLASSES["animal"] = ["{pet}", "{farm}", "{wild}", "{flyer}", "{swimmer}"]
CLASSES["food"] = ["{staple}", "{fruit}", "{spice}", "{taste} {fruit}", "{warmth} {staple}"]
CLASSES["thing"] = ["{vessel}", "{cloth}", "{tool}", "{text}", "{color} {vessel}", "{weight} {vessel}", "{age} {tool}"]
CLASSES["place"] = ["{land}", "{water}", "{building}", "{calm} {land}", "{clear} {water}", "{age} {building}"]
CLASSES["det"] = ["{article}", "the", "the", "{possessive}", "a"]
CLASSES["time"] = ["in {season}", "in the {daytime}", "that {daytime}", "every {daytime}", "this {season}", "at night"]

TEMPLATES = [
    "{human} {look} {det} {color} {flyer} in the {land}",
    "{human} {look} {det} {size} {animal} {where} the {place}",
    "{time} {human} {look} the {sky} over the {place}",
    "{human} {handle} {det} {thing} to the {building}",
    "{human} {handle} the {weight} {vessel} {across} the {span}",
    "{human} {handle} {food} and {drink} into the {room}",
    "{human} {findverb} {det} {thing} in the {room}",
    "{human} {findverb} the {food} and the {food}",
    "{time} {human} {findverb} {det} {size} {beast} {where} the {place}",
    "{human} {eat} {det} {food} with {spice}",
    "{time} {human} {eat} {staple} and {fruit} in the {room}",
    "{human} {pour} {warmth} {drink} from the {vessel}",
    "{human} {pour} {drink} with {spice} in the {daytime}",
    "{human} {tend} {det} {farm} in the {land}",
    "{human} {tend} {possessive} {age} {pet} {manner}",
    "{human} {make} {det} {size} {craft} {color}",
    "{human} {make} the {age} {building} {where} the {water}",
    "{human} {make} {det} {furniture} for {human}",
    "{human} {clean} the {state} {vessel} in {warmth} water",
    "{human} {clean} {possessive} {cloth} in the {water}",
    "{human} {open} the {opening} of the {building}",
    "{time} {human} {open} {det} {calm} {building} {where} the {land}",
    "{human} {open} {det} {vessel} with {det} {tool}",
    "{human} {read} {det} {age} {text} to {human}",
    "{human} {read} a {mood} {text} in the {room}",
    "{human} {grow} {det} {color} {plant} in the {land}",
    "in {season} {human} {grow} {fruit} and {plant} in the {land}",
    "{human} {wear} a {color} {cloth} in {season}",
    "{human} {wear} the {state} {cloth} {manner}",
    "{human} {move} {manner} {across} the {land}",
    "{human} and {human} {move} {across} the {span} {time}",
    "{pronoun} {often} {move} to the {building} {time}",
    "the {size} {beast} {move} {across} the {span}",
    "the {color} {beast} {look} {det} {flyer} in the {plant}",
    "{det} {beast} {look} the {worker} into the {land}",
    "{det} {age} {farm} {handle} {drink} {across} the {land}",
    "{det} {pet} {handle} a {fruit} to the {water}",
    "{det} {size} {swimmer} {swim} in the {clear} {water}",
    "{number} {color} {swimmer} {swim} under the {craft}",
    "{det} {color} {flyer} {fly} over the {place}",
    "{number} {flyer} {fly} in the {plant} {time}",
    "{det} {size} {craft} {sail} {across} the {clear} {water}",
    "{human} {sail} {det} {craft} {across} the {warmth} {water}",
    "{det} {weight} {wheels} {drive} {across} the {span}",
    "{human} {drive} in the {wheels} {where} the {building}",
    "{det} {beast} {rest} {where} the {warmth} {room}",
    "{time} the {pet} {rest} on the {furniture}",
    "{human} {rest} {manner} {where} the {building}",
    "{human} {talk} {manner} to {human}",
    "{human} {talk} with {feeling} in the {room}",
    "{warmth} {weather} {fall} {across} the {land} in {season}",
    "the {weather} {look} the {beast} {across} the {span}",
    "in {season} the {water} is {calm} and the {weather} is {warmth}",
    "the {land} was {warmth} and {state} in {season}",
    "the {fruit} is {taste} and the {drink} is {warmth}",
    "{pronoun} was not an {mood} {age} {person}",
    "{name} was {size} and rather {mood}",
    "{pronoun} might have been made more {mood} than {name}",
    "mister {name} had then a {mood} {family} to consider",
    "{pronoun} married an {mood} {person} in {season}",
    "{number} {tool} and {number} {vessel} are on the {furniture}",
    "{human} had much {feeling} for them",
    "there might be {food} for {human} in the {vessel}",
    "{possessive} {family} was {mood} and even {mood} to {human}",
]

_HELD_OUT = frozenset([*SENTENCES, *TIMIT_SENTENCES.values(), TIMIT_SA1])


def vocabulary() -> list[str]:
    """All words that a sentence can have, sorted."""
    text = " ".join([*TEMPLATES, *(w for words in CLASSES.values() for w in words)])
    return sorted({w for w in text.split() if "{" not in w} | {"an"})


def sentence(rng: random.Random) -> str:
    """One sentence, never one of the demo corpus."""
    while True:
        words: list[str] = []
        stack = rng.choice(TEMPLATES).split()[::-1]
        while stack:
            word = stack.pop()
            if word.startswith("{"):
                stack += rng.choice(CLASSES[word[1:-1]]).split()[::-1]
            else:
                words.append(word)
        for i, following in enumerate(words[1:]):
            if words[i] in ("a", "an"):
                words[i] = "an" if following[0] in "aeiou" or following in ("honest", "hour") else "a"
        if (text := " ".join(words)) not in _HELD_OUT:
            return text


def sentences(n: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [sentence(rng) for _ in range(n)]
