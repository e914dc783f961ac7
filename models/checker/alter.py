"""A sentence -> the same sentence in other words, or with one thing made wrong; by rule.

Each function takes a sentence and a source of chance, and returns the altered sentence, or None
where it finds nothing to alter. They are rough: what they make is for training, where one odd
sentence among thousands does no harm.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from random import Random

from rag.lexicon import HEDGES, lexicon_words, opposite_words, same_words
from rag.words import STOP_WORDS

_WORD = re.compile(r"[A-Za-z][A-Za-z-]*")
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w,]|\.\d)")
_NAME = re.compile(
    r"(?<!^)(?<![.!?] )\b(?:[A-Z][a-z]+[A-Z0-9][\w-]*|[A-Z]{2,}[\w-]*|[A-Z][a-z]{2,})\b"
)
_SPELLED = "one two three four five six seven eight nine ten eleven twelve twenty".split()
_IRREGULAR = {
    "show": ("shows", "showed", "showing"), "find": ("finds", "found", "finding"),
    "build": ("builds", "built", "building"), "make": ("makes", "made", "making"),
    "hold": ("holds", "held", "holding"), "keep": ("keeps", "kept", "keeping"),
    "let": ("lets", "let", "letting"), "cut": ("cuts", "cut", "cutting"),
    "rise": ("rises", "rose", "rising"), "grow": ("grows", "grew", "growing"),
    "fall": ("falls", "fell", "falling"), "get": ("gets", "got", "getting"),
    "lead": ("leads", "led", "leading"), "beat": ("beats", "beat", "beating"),
    "choose": ("chooses", "chose", "choosing"), "begin": ("begins", "began", "beginning"),
    "run": ("runs", "ran", "running"), "bring": ("brings", "brought", "bringing"),
    "hurt": ("hurts", "hurt", "hurting"), "win": ("wins", "won", "winning"),
    "lose": ("loses", "lost", "losing"), "shrink": ("shrinks", "shrank", "shrinking"),
    "split": ("splits", "split", "splitting"), "break": ("breaks", "broke", "breaking"),
    "drop": ("drops", "dropped", "dropping"), "stop": ("stops", "stopped", "stopping"),
    "permit": ("permits", "permitted", "permitting"), "omit": ("omits", "omitted", "omitting"),
    "lag": ("lags", "lagged", "lagging"), "swap": ("swaps", "swapped", "swapping"),
    "top": ("tops", "topped", "topping"), "fix": ("fixes", "fixed", "fixing"),
    "understand": ("understands", "understood", "understanding"),
}  # fmt: skip
# Verbs that a "does not" may be put before.
_VERBS = frozenset(
    """
    show demonstrate reveal introduce propose use improve achieve reach outperform exceed require
    reduce increase enable prevent build create examine measure compare select combine contain
    predict recover lead depend match update cover train learn answer suggest describe raise lower
    help yield remove retain replace estimate cause produce generate apply provide
    rise fall grow drop beat
    """.split()
)
_SPELLINGS = (
    ("%", " percent"),
    (" percent", "%"),
    *((f" {word} ", f" {n} ") for n, word in enumerate(_SPELLED[:11], 1)),
    *((f" {n} ", f" {word} ") for n, word in enumerate(_SPELLED[:11], 1)),
)
_UNIT = re.compile(
    r"(?<=\d) ?(%|percent|points|hours|days|years|million|billion|thousand|GB|MB|ms|seconds"
    r"|minutes)(?!\w)"
)
_OTHER_UNITS = {
    "%": " points", "percent": "points", "points": "percent", "hours": "days", "days": "weeks",
    "years": "months", "million": "billion", "billion": "million", "thousand": "million",
    "GB": "MB", "MB": "GB", "ms": "seconds", "seconds": "minutes", "minutes": "hours",
}  # fmt: skip
_PASSIVES = {
    "outperforms": "outperformed", "exceeds": "exceeded", "surpasses": "surpassed",
    "reduces": "reduced", "improves": "improved", "increases": "increased",
    "requires": "required", "enables": "enabled", "causes": "caused", "uses": "used",
    "combines": "combined", "replaces": "replaced",
}  # fmt: skip
_ACTIVE = re.compile(
    rf"((?:The |A )?(?:[\w-]+ ){{0,2}}[\w-]+) ({'|'.join(_PASSIVES)}) ((?:[\w-]+ ){{0,3}}[\w-]+)"
    r"((?: (?:by|on|in|for|with|from|to|at)\b.*)?\.)$"
)
_REPORTS = (
    "The authors show that ", "The paper reports that ", "The authors find that ",
    "It was found that ",
)  # fmt: skip
_REPORT = re.compile(r"(?:[^,]{3,60}\b(?:show|find|demonstrate|observe|report)s? that) (.{20,})")
_ASIDE = re.compile(r" \([^)]{2,60}\)")
_LAST_CLAUSE = re.compile(
    r"(.{30,}?)(?:, (?:which|while|and|as|using|including|whereas)\b[^,]+)\.$"
)
_OPENING = re.compile(
    r"(?:However|Moreover|Furthermore|Finally|Additionally|In particular|Specifically"
    r"|To this end|In this (?:paper|work)), (.{20,})"
)
_OPENING_PHRASE = re.compile(
    r"((?:On|In|For|With|By|Using|Across|Under|At|During|Compared (?:to|with))\b[^,;:]{4,70})"
    r", ([^;:]{15,})\.$"
)
_LAST_PHRASE = re.compile(
    r"([^,;:]{20,}) ((?:on|across|under|during|compared to|compared with) [^,;:]{6,50})\.$"
)
_DENIAL = re.compile(
    r"\b(?:does not|do not|did not|cannot|can not|is not|are not|was not|were not|has not|have not"
    r"|will not|no longer|not|never|fails to|fail to)\b ?"
)
_AFFIRMED = {
    "cannot": "can ", "can not": "can ", "is not": "is ", "are not": "are ", "was not": "was ",
    "were not": "were ", "has not": "has ", "have not": "have ", "will not": "will ",
}  # fmt: skip
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|can|could|will|would|may|might|should|has been|have been)\b"
)
_DENIED = {"s": ("does not", "fails to", "never"), "ed": ("did not", "failed to", "never")}
_SIDE = r"((?:[\w-]+ )?[\w-]+)"
_RELATION = re.compile(
    rf"(?=\b{_SIDE} (outperforms?|exceeds?|beats?|surpass(?:es)?|than|over|instead of|rather than"
    r"|into|from|causes?|predicts?|improves?|replaces?|is trained on|depends on|follows?)"
    rf" (?:the |a )?{_SIDE}\b)"
)
_RELATING = re.compile(r"\b(?:to|on|in|by|from|than|with|for|over|of|outperform\w*|but|while)\b")
_WIDER = {
    "some": "all", "many": "all", "most": "all", "several": "all", "often": "always",
    "usually": "always", "sometimes": "always", "typically": "always", "generally": "always",
    "mostly": "entirely", "partly": "fully", "partially": "fully", "few": "many",
    "certain": "all", "rarely": "never", "half": "all", "one of": "all of", "only": "",
    "at least": "exactly", "at most": "exactly", "up to": "", "nearly": "", "almost": "",
    "mainly": "only", "largely": "entirely", "primarily": "only", "about": "exactly",
    "a few": "all", "commonly": "always", "frequently": "always",
}  # fmt: skip
_BOUND = re.compile(rf"\b(?:{'|'.join(sorted(_WIDER, key=len, reverse=True))})\b", re.IGNORECASE)
_CONDITION = re.compile(
    r" (?:when|if|unless|only|except|provided|under|on two|on three|on one|on some)\b[^,;.]{5,60}"
    r"(?=[,;.])"
)
_HOLDING = re.compile(
    r"\b(?:improves?|reduces?|outperforms?|works?|holds?|is|are|achieves?|increases?)\b"
)
_SURER = {
    "may": "will", "might": "will", "could": "will", "can": "always", "suggest": "prove",
    "suggests": "proves", "suggested": "proved", "indicate": "prove", "indicates": "proves",
    "appears to": "is certain to", "seems to": "is certain to", "likely": "certainly",
    "possibly": "certainly", "potentially": "certainly", "perhaps": "certainly",
    "hypothesize": "prove", "argue": "prove", "argues": "proves", "believe": "know",
    "tends to": "always does", "tend to": "always", "potential": "proven",
    "probably": "certainly", "expected": "proven", "promising": "proven",
    "aims to": "manages to", "aim to": "manage to", "try to": "manage to",
}  # fmt: skip
_UNSURE = re.compile(rf"\b(?:{'|'.join(sorted(_SURER, key=len, reverse=True))})\b")
_LOSABLE = frozenset("may might could likely possibly potentially perhaps".split())
_FREE_CLAUSES = (
    "and on every other task as well", "for all languages", "without any loss of accuracy",
    "because it needs less memory", "which makes it useful in practice", "and is faster as well",
    "in all cases", "even on unseen domains", "as human experts confirm", "at no extra cost",
    "and does so with far less data", "which explains the gains", "by a wide margin",
    "and the code is public", "in clinical practice", "for models of any size",
    "thanks to a larger training set", "since the baseline was not tuned", "on a single laptop",
    "and it also lowers the cost", "which earlier work could not do", "in real time",
    "and the effect grows with scale", "as theory predicts", "and generalises to new tasks",
    "regardless of the model", "for both small and large models", "under every condition tested",
    "and this holds in other fields too", "when trained on more data", "without fine-tuning",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a fault may be made of: words and clauses that stand elsewhere."""

    names: Sequence[str]
    words: Sequence[str]
    clauses: Sequence[str]


Alteration = Callable[[str, Random, Surroundings], "str | None"]


def clauses_of(sentence: str) -> list[str]:
    """The endings of a sentence that could be put behind another."""
    found = re.findall(
        r",? ((?:which|because|while|and|by|on|for|without|when|using|as) [^,;:.]{15,80})[,;.]",
        sentence,
    )
    return [str(c) for c in found]


def names_of(text: str) -> list[str]:
    """Proper names and acronyms of a text."""
    return _NAME.findall(text)


# -- the same in other words


def other_words(sentence: str, chance: Random) -> str | None:
    """One to four words give place to words that mean the same."""
    return _replaced(sentence, chance, same_words, chance.randint(1, 4))


def cut(sentence: str, chance: Random) -> str | None:
    """An aside, an opening or a last clause is left out."""
    options = []
    if m := _REPORT.match(sentence):
        options.append(_raised(m[1]))
    if m := _ASIDE.search(sentence):
        options.append(sentence[: m.start()] + sentence[m.end() :])
    if m := _LAST_CLAUSE.match(sentence):
        options.append(m[1] + ".")
    if m := _OPENING.match(sentence):
        options.append(_raised(m[1]))
    return chance.choice(options) if options else None


def reported(sentence: str, chance: Random) -> str | None:
    """The authors are spoken of, or what is said gains a report of theirs."""
    text = re.sub(
        r"^We\b|\bwe\b", lambda m: "The authors" if m[0] == "We" else "the authors", sentence
    )
    text = re.sub(r"\b[Oo]ur\b", lambda m: "Their" if m[0] == "Our" else "their", text)
    if text != sentence:
        return text
    if re.match(r"(?:The|A|An|It|This|These)\b", sentence):
        return chance.choice(_REPORTS) + sentence[0].lower() + sentence[1:]
    return None


def moved(sentence: str, chance: Random) -> str | None:
    """An opening phrase goes to the end, or a last one to the front."""
    if m := _OPENING_PHRASE.match(sentence):
        return f"{_raised(m[2])} {m[1][0].lower()}{m[1][1:]}."
    if m := _LAST_PHRASE.match(sentence):
        return f"{_raised(m[2])}, {_lowered(m[1])}."
    return None


def turned(sentence: str, chance: Random) -> str | None:
    """Active and passive: "X outperforms Y" becomes "Y is outperformed by X"."""
    m = _ACTIVE.match(sentence)
    return m and f"{_raised(m[3])} is {_PASSIVES[m[2]]} by {_lowered(m[1])}{m[4]}"


def respelled(sentence: str, chance: Random) -> str | None:
    """Numbers in another spelling: "two" and 2, "%" and "percent", 1,000 and 1000."""
    for written, other in chance.sample(_SPELLINGS, len(_SPELLINGS)):
        if written in sentence:
            return sentence.replace(written, other, 1)
    if m := re.search(r"\b(\d{1,3}),(\d{3})\b", sentence):
        return sentence.replace(m[0], m[1] + m[2])
    return None


PARAPHRASES: dict[str, Callable[[str, Random], str | None]] = {
    "other words": other_words,
    "cut": cut,
    "reported": reported,
    "moved": moved,
    "turned": turned,
    "respelled": respelled,
}


# -- with one thing made wrong


def number_changed(sentence: str, chance: Random, around: Surroundings) -> str | None:
    """Another number, another unit, or two numbers exchanged."""
    found = list(_NUMBER.finditer(sentence))
    if len(found) > 1 and chance.random() < 0.25:
        one, other = sorted(chance.sample(found, 2), key=lambda m: m.start())
        if one[0] != other[0]:
            return _exchanged(sentence, one.span(), other.span())
    unit = _UNIT.search(sentence)
    if unit and chance.random() < 0.15:
        return _with(sentence, unit.span(1), _OTHER_UNITS[unit[1]])
    if found:
        m = chance.choice(found)
        return _with(sentence, m.span(), _other_number(m[0], chance))
    spelled = [m for m in _WORD.finditer(sentence) if m[0].lower() in _SPELLED[1:]]
    if spelled:
        m = chance.choice(spelled)
        new = chance.choice([w for w in _SPELLED[1:] if w != m[0].lower()])
        return _with(sentence, m.span(), new)
    return None


def negated(sentence: str, chance: Random, around: Surroundings) -> str | None:
    """A denial put in or taken away."""
    if m := _DENIAL.search(sentence):
        return _with(sentence, m.span(), _AFFIRMED.get(m[0].strip(), ""))
    if (m := re.search(r"\bwithout\b", sentence)) and chance.random() < 0.7:
        return _with(sentence, m.span(), "with")
    options = []
    for m in _AUXILIARY.finditer(sentence):
        denial = chance.choice((" not", " not", " never", " no longer"))
        options.append(sentence[: m.end()] + denial + sentence[m.end() :])
    for m in re.finditer(r"\b([a-z]+?)(s|ed)\b", sentence):
        base = _base_of(m[0])
        if base and base[0] in _VERBS:
            denial = chance.choice(_DENIED[m[2]])
            verb = m[0] if denial == "never" else base[0]
            options.append(_with(sentence, m.span(), f"{denial} {verb}"))
    return chance.choice(options) if options else None


def turned_round(sentence: str, chance: Random, around: Surroundings) -> str | None:
    """A word gives place to its opposite."""
    return _replaced(sentence, chance, opposite_words, 1)


def exchanged(sentence: str, chance: Random, around: Surroundings) -> str | None:
    """What stands on the two sides of a comparison or another relation changes places."""
    options = []
    for m in _RELATION.finditer(sentence):
        sides = {m[1].lower(), m[3].lower()}
        if len(sides) == 2 and not sides & STOP_WORDS:
            options.append(_exchanged(sentence, m.span(1), m.span(3)))
    names = list(_NAME.finditer(sentence))
    for one, other in pairwise(names):
        between = sentence[one.end() : other.start()]
        is_list = re.fullmatch(r",? ?(?:and|or)? ?", between)  # its order says nothing
        if one[0] != other[0] and _RELATING.search(between) and not is_list:
            options.append(_exchanged(sentence, one.span(), other.span()))
    if not options:
        found = [
            m for m in _WORD.finditer(sentence) if m[0].lower() not in STOP_WORDS and len(m[0]) > 4
        ]
        if len(found) >= 4:
            one, other = sorted(chance.sample(found, 2), key=lambda m: m.start())
            between = sentence[one.end() : other.start()]
            is_list = re.search(r"\band\b|\bor\b", between)
            if one[0].lower() != other[0].lower() and len(between.split()) > 1 and not is_list:
                options.append(_exchanged(sentence, one.span(), other.span()))
    return chance.choice(options) if options else None


def renamed(sentence: str, chance: Random, around: Surroundings) -> str | None:
    """A name, or another word, gives place to one from elsewhere."""
    names = list(_NAME.finditer(sentence))
    if names and around.names and chance.random() < 0.6:
        m, other = chance.choice(names), chance.choice(around.names)
        return None if other in sentence else _with(sentence, m.span(), other)
    found = [
        m
        for m in _WORD.finditer(sentence)
        if m[0].islower() and m[0] not in STOP_WORDS and len(m[0]) > 4
    ]
    if not found or not around.words:
        return None
    m = chance.choice(found)
    fitting = [w for w in around.words if w[-2:] == m[0][-2:] and w != m[0]]
    other = chance.choice(fitting or list(around.words))
    return None if other in sentence else _with(sentence, m.span(), other)


def widened(sentence: str, chance: Random, around: Surroundings) -> str | None:
    """What holds for some is said of all, or a bound is lost."""
    options = [
        _with(sentence, m.span(), _WIDER[m[0].casefold()]) for m in _BOUND.finditer(sentence)
    ]
    if m := _CONDITION.search(sentence):
        new = chance.choice(("", " in all cases", " on every task"))
        options.append(_with(sentence, m.span(), new))
    if (not options or chance.random() < 0.2) and (m := _HOLDING.search(sentence)):
        lead = chance.choice(("always ", "never fails and ", "consistently and everywhere "))
        options.append(sentence[: m.start()] + lead + sentence[m.start() :])
    return " ".join(chance.choice(options).split()) if options else None


def made_certain(sentence: str, chance: Random, around: Surroundings) -> str | None:
    """A "may" or "suggests" is lost or becomes a proof."""
    found = list(_UNSURE.finditer(sentence))
    if not found:
        return None
    m = chance.choice(found)
    kept = (m[0] in HEDGES and chance.random() < 0.6) or m[0] not in _LOSABLE
    return " ".join(_with(sentence, m.span(), _SURER[m[0]] if kept else "").split())


def clause_added(sentence: str, chance: Random, around: Surroundings) -> str | None:
    """Something more is said, at the end or in the middle."""
    pool = around.clauses if around.clauses and chance.random() < 0.6 else _FREE_CLAUSES
    clause = chance.choice(list(pool)).strip()
    if len(commas := [m.start() for m in re.finditer(", ", sentence)]) and chance.random() < 0.25:
        place = chance.choice(commas)
        return f"{sentence[:place]}, {clause}{sentence[place:]}"
    joint = "" if chance.random() < 0.7 else ","
    return f"{sentence.rstrip('.!? ')}{joint} {clause}."


FAULTS: dict[str, Alteration] = {
    "number": number_changed,
    "negation": negated,
    "direction": turned_round,
    "swap": exchanged,
    "entity": renamed,
    "scope": widened,
    "hedge": made_certain,
    "clause": clause_added,
}
CONTRADICTING = frozenset({"number", "negation", "direction", "swap"})


# -- the parts they share


def _lowered(text: str) -> str:
    return text if re.match(r"[A-Z][\w-]*[A-Z0-9]", text) else text[0].lower() + text[1:]


def _raised(text: str) -> str:
    return text[0].upper() + text[1:]


def _with(text: str, span: tuple[int, int], new: str) -> str:
    return text[: span[0]] + new + text[span[1] :]


def _exchanged(text: str, one: tuple[int, int], other: tuple[int, int]) -> str:
    (a, b), (c, d) = one, other
    return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]


def _other_number(written: str, chance: Random) -> str:
    value = float(written.replace(",", ""))
    if "." in written:
        digits = len(written.split(".")[1])
        factor = chance.choice((0.5, 0.8, 0.9, 1.1, 1.3, 2))
        changed = f"{value * factor + chance.choice((0, 1, 3)) * (value > 5):.{digits}f}"
    elif 1900 <= value <= 2100:  # a year
        changed = str(int(value) + chance.choice((-7, -3, -2, 1, 2, 4)))
    else:
        factor = chance.choice((0.1, 0.5, 2, 3, 10))
        changed = str(max(0, int(value * factor + chance.choice((0, 1, 2, 5)))))
    return changed if changed != written else str(int(value) + 3)


def _forms(base: str) -> dict[str, str]:
    """The word in the four forms that verbs have, by the ending that tells which."""
    if base in _IRREGULAR:
        s, ed, ing = _IRREGULAR[base]
    else:
        stem = base[:-1] + "i" if re.search(r"[^aeiou]y$", base) else base
        hissing = base.endswith(("s", "x", "z", "ch", "sh"))
        s = stem + ("es" if hissing or stem != base else "s")
        ed = stem + ("d" if base.endswith("e") else "ed")
        ing = (base[:-1] if re.search(r"[^eoy]e$", base) else base) + "ing"
    return {"": base, "s": s, "ed": ed, "ing": ing}


@cache
def _surfaces() -> dict[str, tuple[str, str]]:
    """Written form -> (base form, which form); the base form wins where two are alike."""
    found: dict[str, tuple[str, str]] = {}
    for word in lexicon_words():
        for form, written in _forms(word).items():
            if not form or written not in found:
                found[written] = (word, form)
    return found


def _base_of(word: str) -> tuple[str, str] | None:
    return _surfaces().get(word.lower())


def _replaced(
    sentence: str, chance: Random, choose: Callable[[str], list[str]], count: int
) -> str | None:
    """Some words replaced by what `choose` gives for their base forms, in the same form."""
    options = []
    for m in _WORD.finditer(sentence):
        known = _base_of(m[0])
        if known and (others := choose(known[0])):
            options.append((m, known[1], others))
    if not options:
        return None
    text = sentence
    picked = chance.sample(options, min(count, len(options)))
    for m, form, others in sorted(picked, key=lambda o: -o[0].start()):
        new = _forms(chance.choice(others))[form]
        text = _with(text, m.span(), new.capitalize() if m[0][0].isupper() else new)
    return None if text == sentence else _with_articles(text)


def _with_articles(text: str) -> str:
    """Each "a" and "an" as the letter after it asks."""
    return re.sub(
        r"\b([Aa])n? (?=([A-Za-z]))",
        lambda m: f"{m[1]}{'n' if m[2].lower() in 'aeiou' else ''} ",
        text,
    )
