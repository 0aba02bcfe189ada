"""The sentences of the demo corpus.

Twenty sentences of ours in which forty content words recur, each in at least two sentences, so that a word can be
met in different contexts and by different speakers. `check` keeps that promise when somebody edits them.
"""

CONTENT_WORDS = {
    "noun": """dog cat bird horse fish river boat bridge house garden bread milk apple water sugar
        mother brother teacher doctor farmer summer winter morning evening rain""",
    "verb": "carried watched painted found opened washed followed forgot",
    "adjective": "small green heavy yellow quiet cold little",
}

SENTENCES = [
    # block 0
    "the dog carried a heavy apple to the river",
    "my mother painted the small boat yellow",
    "in winter the farmer found a bird in the garden",
    "cold rain followed the horse across the bridge",
    "that evening a doctor watched the green boat",
    # block 1
    "her brother forgot the milk in the house",
    "every morning the teacher washed an apple in cold water",
    "the cat watched a yellow fish under the bridge",
    "in summer the farmer carried sugar to the horse",
    "my brother found the little dog in the rain",
    # block 2
    "the bird followed a small fish down the river",
    "this evening the doctor opened a quiet house",
    "my mother forgot the bread and the sugar",
    "a heavy horse carried milk through the garden in summer",
    "the little cat washed in the morning rain",
    # block 3
    "the teacher painted a green bird for her brother",
    "the river is quiet in winter and the water is cold",
    "a farmer opened the small house by the bridge",
    "the doctor found bread and milk on the boat",
    "the dog followed my mother into the quiet garden",
]

BLOCK = 5  # sentences a synthetic speaker reads

# The mini corpus in TIMIT's layout: SA1 is read by everybody, as there.
TIMIT_SA1 = "her teacher carried water from the green river all winter"
TIMIT_SENTENCES = {
    "SX1": "the yellow bird watched a dog in the garden",
    "SX2": "a cold evening is good for milk and bread",
    "SX3": "the doctor washed a little fish in the boat",
    "SI4": "my brother opened the sugar with a heavy apple",
    "SI5": "in the morning a cat found the bridge",
    "SI6": "rain followed the horse to the small house",
}


def check() -> None:
    """Fails when a content word does not stand in at least two sentences."""
    content = [word for words in CONTENT_WORDS.values() for word in words.split()]
    for word in content:
        n = sum(word in s.split() for s in SENTENCES)
        if n < 2:
            raise ValueError(f"content word {word!r} stands in {n} sentences, want at least 2")
    if len(content) != 40:
        raise ValueError(f"{len(content)} content words, want 40")
