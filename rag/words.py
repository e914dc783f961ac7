"""The words of a text as search, follow-ups and the support check compare them; pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

# Function words, and the words of asking, which say nothing of what is asked for.
STOP_WORDS = frozenset(
    """
    a about above after again all also am among an and any anybody anyone anything are as at
    be because been before being below between both but by can cannot could did do does
    doing done down during each either else ever every few for from further get gets give
    given gives had has have having he her here hers him his how however i if in into is it
    its itself just let like many may me might more most much must my near need no nor not
    now of off on once one ones only or other our ours out over own per please same say says
    see shall she should show so some somebody someone something such tell than that the
    their theirs them then there these they thing things this those through to too under
    until up upon us use used uses using very via was we were what whatever when where
    whether which while who whole whom whose why will with within without would yes yet you
    your yours paper papers study studies work works author authors abstract article
    articles summarise summarize summary find found
    """.split()
)
NEGATIONS = frozenset(
    """
    no not never none neither nor without cannot fail fails failed lack lacks lacked
    """.split()
)
# A number may carry a sign, thousands commas, a decimal part, a percent sign or a multiplier.
NUMBER = re.compile(
    r"(?<![\w.])[-−+]?(?:\d+(?:,\d{3}(?!\d))*(?:\.\d+)?|\.\d+)(?:\s?(?:%|percent\b)|[xXkKMBT]\b|×)?"
)
_PARTS = re.compile(r"\+?(-?)(\d*)(\.\d+)?\s?(\D*)")
WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")


def words(text: str) -> list[str]:
    """Lower-case words and numbers, in order."""
    return [w.lower() for w in WORD.findall(text)]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The English Snowball stem of a lower-case word."""
    return str(_stemmer().stemWord(word.split("'")[0].split("’")[0]))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


def content_words(text: str) -> list[str]:
    """The words that say what a text is about, in order; of a question made of none, all words."""
    found = words(text)
    return [w for w in found if w not in STOP_WORDS] or found


def content_stems(text: str) -> list[str]:
    """Stems of the content words, in order."""
    return [stem(w) for w in words(text) if w not in STOP_WORDS]


def numbers(text: str) -> list[str]:
    """The numbers of a text in one spelling: `1,000` is 1000, `4 %` is 4%, `2.0x` is 2x."""
    return [plain_number(n) for n in NUMBER.findall(text)]


def plain_number(number: str) -> str:
    """The one spelling of a match of NUMBER: no commas, no closing zeros, the unit attached."""
    for written, plain in (("percent", "%"), ("×", "x"), ("−", "-"), (",", "")):
        number = number.replace(written, plain)
    sign, whole, fraction, unit = _PARTS.fullmatch(number).groups()  # type: ignore[union-attr]
    digits = f"{whole or 0}{(fraction or '').rstrip('0').rstrip('.')}"
    return f"{sign}{digits}{unit.lower()}"
