"""Brings a question into one spelling: lower case, digits for numbers, no contractions; and words to their stems."""

from __future__ import annotations

import re

NUMBERS = {
    "zero": 0, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "dozen": 12, "fourteen": 14, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100,
}  # fmt: skip
WORD = re.compile(r"[0-9]+(?:-[0-9]+)+|[a-z0-9°]+(?:[./:][0-9a-z]+)*|[,<>=]+")
MOST_CHARACTERS = 1000
"""A question that is longer is not read at all."""

_SPELLINGS = (
    (r"[\u2018\u2019`]", "'"),
    (r"[\u2010-\u2015]", "-"),
    (r"\b(what|who|where|it|that|there|how)'s\b", r"\1 is"),
    (r"\bcan't\b", "can not"),
    (r"\bwon't\b", "will not"),
    (r"n't\b", " not"),
    (r"'(re|ve|ll|d)\b", " "),
    (r"'s\b", ""),
    (r"'", " "),
    (r"\bno (longer|more)\b(?! than)", "not"),
    (r"(?<=\d),(?=\d{3}\b)", ""),
    (r"%", " percent "),
    (r"\bper ?cent\b", "percent"),
    (r"(?<=[a-z])[-_](?=[a-z0-9])", " "),
    (r"(?<=[0-9])-(?=[a-z])", " "),
    (r"(?<=\d)(?=(hours?|days?|weeks?|months?|minutes?|h|degrees|percent)\b)", " "),
    (r"(?<=[0-9])/(?=[0-9])", "-"),
    (r"/(?=[a-rt-z])", " "),
    (r"[?!;:()\[\]\"&]+|\.(?=\s|$)", " , "),
)


def normal(text: str) -> str:
    """Return the question as the reader matches it; one blank between words."""
    plain = text.lower()
    for pattern, spelling in _SPELLINGS:
        plain = re.sub(pattern, spelling, plain)
    words = [str(NUMBERS.get(word, word)) for word in WORD.findall(plain)]
    return " ".join(words).strip(" ,")


_IRREGULAR = {"bought": "buy", "met": "meet"}
_SHORTEST = 3


def stem(word: str) -> str:
    """Return a word without its common endings, so that forms of one word meet; a few rules, no dictionary."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= _SHORTEST or not word.isalpha():
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return _unvoiced(word)


def _unvoiced(word: str) -> str:
    """Take off the endings of verbs, and the silent e that they replace."""
    for ending in ("ing", "ed"):
        body = word.removesuffix(ending)
        if body != word and len(body) >= _SHORTEST and any(letter in "aeiouy" for letter in body):
            word = body[:-1] if body[-1] == body[-2] and body[-1] not in "lsz" else body
            break
    return word.removesuffix("e") if len(word) > _SHORTEST else word


def stems(phrase: str) -> str:
    """Return a phrase with every word brought to its stem."""
    return " ".join(stem(word) for word in phrase.split())
