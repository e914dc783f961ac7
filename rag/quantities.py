"""The numbers of a text as quantities: value, unit, and where they stand; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS = {
    **{word: float(n) for n, word in enumerate(_ONES)},
    **{word: 10.0 * n for n, word in enumerate(_TENS, start=2)},
    "dozen": 12.0, "hundred": 100.0, "half": 0.5, "twice": 2.0, "double": 2.0, "doubles": 2.0,
    "doubled": 2.0, "thrice": 3.0, "triple": 3.0, "triples": 3.0, "tripled": 3.0,
    "third": 1 / 3, "quarter": 0.25,
}  # fmt: skip
_PARTS = {
    "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10,
}  # fmt: skip
_SCALES = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9, "billion": 1e9,
    "t": 1e12, "trillion": 1e12, "hundred": 100.0, "dozen": 12.0,
}  # fmt: skip
# What bounds a number, as it stands before it; "from 80% to 90%" has two ends.
_BOUNDS = {
    "lower": "at least|over|above|more than|greater than|larger than|higher than|longer than|"
    "exceed(?:s|ed|ing)?|no (?:less|fewer|smaller|lower) than|not less than|upwards of",
    "upper": "at most|up to|under|below|less than|fewer than|smaller than|lower than|"
    "shorter than|no (?:more|greater|larger|higher|longer) than|not more than|"
    "as (?:many|much|large|high|long) as",
    "from": "from",
    "to": "(?<!compared )(?<!relative )(?<!similar )(?<!equal )(?<!close )to",
}
# The longer ones first: "no more than" is not "more than".
_BOUND = re.compile(
    rf"(?:(?<!\w)(?:(?P<upper>{_BOUNDS['upper']})"
    rf"|(?P<lower>(?<!no )(?<!not )(?:{_BOUNDS['lower']}))"
    rf"|(?P<from>{_BOUNDS['from']})|(?P<to>{_BOUNDS['to']}))|(?P<below>[<≤]=?)|(?P<beyond>[>≥]=?))"
    r"\s*(?:an? |the )?$",
    re.IGNORECASE,
)
_BOUND_AFTER = re.compile(r"(?: \w+)? or (?:(?P<upper>fewer|less|below)|(?P<lower>more|above))\b")
_BOUND_KINDS = {"below": "upper", "beyond": "lower"}
_BOUND_REACH = 24  # characters before a number in which its bound stands
_BETWEEN = re.compile(r"\s*(?:to|[-–—])\s*")  # "80-90%"
_UNITS = {
    "%": "%", "percent": "%", "per cent": "%", "point": "point", "pp": "point",
    "percentage point": "point", "x": "times", "×": "times", "time": "times", "fold": "times",
    "factor": "times", "second": "s", "sec": "s", "s": "s", "ms": "ms", "millisecond": "ms",
    "minute": "min", "min": "min", "hour": "h", "h": "h", "day": "day", "week": "week",
    "month": "month", "year": "year", "kb": "kb", "mb": "mb", "gb": "gb", "tb": "tb",
    "gigabyte": "gb", "megabyte": "mb", "terabyte": "tb", "kilobyte": "kb",
    "m": "",  # minutes, metres or months
}  # fmt: skip
_SYMBOLS = frozenset(["%", "x", "×"])
_SPELLED = "|".join(sorted(_WORDS, key=len, reverse=True))
_SCALED = "|".join(sorted((s for s in _SCALES if len(s) > 1), key=len, reverse=True))
_UNIT = "|".join(re.escape(u) for u in sorted(_UNITS, key=len, reverse=True))
# What may be written without a space: "4x", "40ms"; "1990s" is no time in seconds.
_ATTACHED = "|".join(re.escape(u) for u in _UNITS if u != "s")
_COUNTED = "|".join(_ONES[1:10])
_QUANTITY = re.compile(
    r"(?:(?<![\w.])|(?<=\d[x×]))"  # "2x2" is two numbers
    r"(?:(?P<decade>\d{3}0)s(?!\w)"
    r"|(?P<figure>[-−+]?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?:e[-−+]?\d+)?)"
    r"(?P<letter>(?:bn|(?-i:[kKMBT]))(?!\w))?"
    rf"|(?P<share>{_COUNTED})[- ](?P<part>{'|'.join(_PARTS)})s?(?!\w)"
    rf"|(?P<spelled>(?:{_SPELLED})(?:[- ](?:{_COUNTED}))?)(?P<half> and a half)?)"
    rf"(?:\b|(?<=\d)(?=[x×]\d)|(?<=\d)(?=(?:{_ATTACHED})s?(?!\w)))"
    rf"(?:[- ](?P<scale>{_SCALED})s?\b)?(?:[- ]?(?P<unit>{_UNIT})(?:s|es)?(?![\w]))?",
    re.IGNORECASE,
)
# "one of the", "a third way", "half of": words that count nothing, or nothing that can be checked.
_VAGUE = frozenset(["one", "third", "half", "quarter", "double", "twice", "zero"])


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text."""

    text: str  # as written, with a unit that is a sign only
    value: float  # with "million" and the like multiplied in
    unit: str  # one spelling a unit; empty where none is known
    start: int  # characters
    end: int
    is_telling: bool  # not a word such as "one" or "third", which often counts nothing
    bound: str = ""  # "lower" (at least), "upper" (up to), "from", "to"
    bounded_by: str = ""  # the words for it

    def fits(self, other: Quantity, value: bool = True) -> bool:
        """Whether both may be the same: a unit that only one of them has says nothing."""
        same_unit = self.unit == other.unit or not self.unit or not other.unit
        # A plain number is not a share of a hundred.
        bare = {self.unit, other.unit} in ({"", "%"}, {"", "point"})
        return (self.value == other.value or not value) and same_unit and not bare


def quantities(text: str) -> list[Quantity]:
    """The numbers of a text, in order, written in figures or in words."""
    found: list[Quantity] = []
    for match in _QUANTITY.finditer(text):
        spelled = (match["spelled"] or match["share"] or "").lower()
        if match["share"]:
            value = _WORDS[spelled] / _PARTS[match["part"].lower()]
        elif spelled:
            parts = re.split(r"[- ]", spelled)
            value = sum(_WORDS[p] for p in parts) + (0.5 if match["half"] else 0.0)
        else:
            written = match["decade"] or match["figure"]
            value = float(written.replace(",", "").replace("−", "-"))
        for scale in (match["letter"], match["scale"]):
            value *= _SCALES[scale.lower()] if scale else 1.0
        written = " ".join((match["unit"] or "").lower().split())
        shown = match[0][: match.start("unit") - match.start()] if written else match[0]
        bound = _BOUND_AFTER.match(text, match.end()) or _BOUND.search(
            text[max(0, match.start() - _BOUND_REACH) : match.start()]
        )
        group = bound.lastgroup if bound else None
        found.append(
            Quantity(
                match[0].strip() if written in _SYMBOLS else shown.strip(" -"),
                float(f"{value:.15g}"),  # 4.1 million is 4100000, not a billionth less
                "decade" if match["decade"] else _UNITS.get(written, ""),
                match.start(),
                match.end(),
                spelled not in _VAGUE or match["scale"] is not None,
                _BOUND_KINDS.get(group, group) if group else "",
                bound[group] if bound and group else "",
            )
        )
    return _share_units(text, found)


def _share_units(text: str, found: list[Quantity]) -> list[Quantity]:
    """Give the first number of a range the unit of the second: "80 to 90%"."""
    for i, (first, second) in enumerate(pairwise(found)):
        if not first.unit and _BETWEEN.fullmatch(text, first.end, second.start):
            found[i] = replace(first, unit=second.unit)
    return found
