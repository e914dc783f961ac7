"""What a question asks for and its evidence does not hold; pure.

Near is not enough: a paper on the right topic may not hold the system that is named, or may give no
figure of the kind that is asked for. Nearness cannot tell, because such papers are as near as those
that answer. So what is asked for is taken from the question itself and looked for in the abstracts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.types import Paper
from rag.words import STOP_WORDS

_MOST_NAMES = 32  # a question that names more is a pasted text
_LONGEST_NAME = 40  # characters
_READ = 10_000  # characters of an abstract in which a figure is looked for
_NAME = re.compile(r"\w+(?:[-.]\w+)*")
# What makes a word a name wherever it stands: an inner capital, capitals with a digit, an acronym.
_IS_NAME = re.compile(r"[a-z]\w*[A-Z]|[A-Z]\w*\d|\d\w*[A-Z]|[A-Z]{2,}\d*s?$")
# A name that is told from others by its number: "Llama 2".
_VERSION = re.compile(r"(?<=[^.?!:\s] )([A-Z]\w+) (\d{1,2}(?:\.\d+)?)(?![\w%]|[.,]\d)")
_CAPITALISED = re.compile(r"(?<=[^.?!:\s] )[\"“'(]?([A-Z][a-z]{2,})\b")
# Acronyms that say what kind of thing is meant, not which one.
_COMMON = frozenset(
    """
    AI API APIs CPU CPUs F1 GPU GPUs IR LLM LLMs LM LMs ML MT NLG NLI NLP NLU OK PDF PLM PLMs QA
    RAG RL SOTA TV UK US USA URL VLM VLMs
    """.split()
)
_CALENDAR = frozenset(
    """
    january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday
    """.split()
)
_COMPARES = re.compile(
    r"\b(?:compar\w+|contrast\w*|versus|vs|differ\w*|both|disagree\w*|than the|respectively|or)\b",
    re.IGNORECASE,
)
_NUMBER_WORD = (
    r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|"
    r"millions?|billions?)"
)
_SCORE = (
    r"(?:accuracy|f1|score|bleu|rouge|auc|auroc|perplexity|win rate|pass@\d+|map|mrr|ndcg|"
    r"kappa|agreement)"
)
_PERCENT = r"\d\s*(?:\\?%|percent|per cent|pp\b)"
_RATIO = rf"{_PERCENT}|\d\s*(?:\$?\s*\\times|x\b|×|times|-?fold)|orders? of magnitude"


@dataclass(frozen=True, slots=True)
class Figure:
    """A kind of figure: how it is called, asked for, and given."""

    name: str
    asked: re.Pattern[str]
    given: re.Pattern[str]


def _figure(name: str, asked: str, given: str) -> Figure:
    return Figure(name, re.compile(asked, re.IGNORECASE), re.compile(given, re.IGNORECASE))


FIGURES = (
    _figure(
        "a percentage",
        r"\b(?:what|which|how (?:big|large|high|small)) (?:\w+ ){0,3}?"
        r"(?:percent\w*|share|proportion|fraction|(?<!learning )(?<!sampling )rate)\b|"
        r"\bpercentage\b|\bwhat (?:share|proportion|fraction)\b",
        rf"{_PERCENT}|\bpercent|\b(?:half|third|quarter|tenth|fifth)s?\b|\b0?\.\d|"
        r"\b\d+ (?:of|out of)\b",
    ),
    _figure(
        "a score",
        r"\b(?:what|which|best|how (?:high|good)|highest|exact|reported|get|gets|reach\w*) "
        rf"(?:\w+[ -]){{0,4}}?{_SCORE}\b|\b(?:accuracy|f1|bleu|auc)\?$",
        rf"{_PERCENT}|\d+\.\d+|\bpoints?\b|\b\d{{2}}\b(?! (?:languages|tasks|models|datasets))",
    ),
    _figure(
        "a price",
        r"\b(?:dollars?|euros?|price|usd|how much money|how expensive|"
        r"(?:monetary|dollar|api|annotation|labell?ing) (?:costs?|fees?|bills?)|"
        r"what (?:does|did|do|would) \S.* cost|cost in \w+)\b",
        r"[$€£]\s*\\?\d|\\\$\s*\d|\d\s*(?:dollars?|euros?|usd|cents?)\b|\bdollars?\b|"
        rf"(?:cost|cheap|expens|price)[^.]{{0,200}}(?:{_RATIO})|(?:{_RATIO})[^.]{{0,200}}(?:cost|cheap|expens|price)",
    ),
    _figure(
        "a time",
        r"\b(?:how long (?:does|did|do|is|was|were|it|to|would|will)|how much time|"
        r"how many (?:\w+[ -])?(?:hours|days|minutes|seconds|weeks)|"
        r"(?:gpu|tpu|cpu|machine|compute)[- ]?(?:hours?|days?)|latency|runtime in)\b",
        r"\b(?:hours?|days?|minutes?|seconds?|weeks?|months?|milliseconds?|ms)\b|\d\s*(?:h|m?s)\b|"
        + _RATIO,
    ),
    _figure(
        "a speedup",
        r"\b(?:speed[- ]?ups?|how much (?:faster|quicker|slower)|times faster|"
        r"how (?:fast|much speed))\b",
        rf"{_RATIO}|\b(?:twice|half|double|halv\w+)\b|\btokens?(?:/s| per second)",
    ),
    _figure(
        "a number of parameters",
        r"\b(?:how many|number of|what) (?:\w+ ){0,2}?parameters\b|\bparameter count\b|"
        r"\bhow (?:big|large) is (?:the |its )?(?:\S+ )?model\b",
        r"\b\d+(?:\.\d+)?\s*-?\s*(?:[BMT]\b|billion|million|trillion)|\d\s*parameters",
    ),
    _figure(
        "a number of tokens",
        r"\b(?:how many|number of|how much) (?:\w+ ){0,2}?tokens\b",
        r"\d[\d,.]*\s*-?\s*(?:[KMBT]\b|billion|million|trillion)?\s*-?\s*(?:\w+ ){0,3}?tokens?\b",
    ),
    _figure(
        "a memory size",
        r"\bhow (?:many|much) (?:gigabytes|megabytes|[GM]i?B|(?:gpu |video )?(?:memory|v?ram))\b",
        rf"\d\s*(?:[GMT]i?B|gigabytes?|megabytes?)\b|{_RATIO}",
    ),
    _figure(
        "a number",
        r"\bhow many\b(?! (?:of (?:the|these|my) )?(?:papers|studies|articles|works))|"
        r"\b(?:exact|total) number of\b|\bwhat number of\b|\bsize of the\b",
        r"(?<![\w.-])\d[\d,]*(?:\.\d+)?\s*(?:[KMBkmb]\b)?(?![\w.]*\s?(?:\\?%|x\b|\\times|×))|"
        rf"\b{_NUMBER_WORD}\b",
    ),
)


def _detail(name: str, asked: str, given: str = "") -> Figure:
    return _figure(name, rf"\b(?:{asked})\b", rf"\b(?:{given or asked})")


# What papers tell in their methods and appendices, and abstracts hardly ever.
DETAILS = (
    _detail("a learning rate", "learning rates?"),
    _detail("an optimizer", "optimi[sz]ers?", "optimi[sz]ers?|adam|sgd|lion|muon"),
    _detail("a batch size", "batch sizes?"),
    _detail("the number of epochs", "(?:how many|number of|which) epochs?", "epochs?"),
    _detail("hyperparameters", "hyper-?parameters?"),
    _detail("a random seed", "random seeds?|which seeds?|how many seeds", "seeds?"),
    _detail("a sampling temperature", "(?:what|which|sampling) temperatures?", "temperatures?"),
    _detail(
        "who annotated",
        "who (?:rated|annotated|labell?ed|judged|scored|graded)|(?:how many|number of) "
        "(?:\\w+ )?(?:annotators|raters|participants|judges|crowd-?workers|labell?ers)",
        "annotator|rater|crowd-?worker|participant|expert|human (?:judge|evaluat|annotat)|student|"
        "volunteer|clinician|physician|speaker|native|lawyer",
    ),
    _detail(
        "an agreement between annotators",
        "inter-?(?:annotator|rater)[- ]agreement|kappa|agree(?:ment)? (?:with each other|among)",
        "agreement|kappa",
    ),
    _detail(
        "an exact wording",
        "exact (?:wording|prompt|phrasing|sentence)|verbatim",
        '“|"|``|verbatim',  # of models that give texts out again, "verbatim" is the topic
    ),
    _detail("a licence", "licen[cs]es?|licen[cs]ed", "licen[cs]|open[- ]source|permissive"),
    _detail(
        "hardware",
        "(?:which|what|how many) (?:\\w+ )?(?:gpus?|tpus?|hardware|accelerators?|machines?)",
        "gpus?|tpus?|a100|h100|v100|rtx|cpus?|npus?|accelerator|hardware|chips?",
    ),
    _detail(
        "a carbon footprint",
        "carbon|co2|emissions?|(?:energy|electricity|power) (?:use|used|consumption|draw)|kwh",
        "carbon|co2|emission|energy|electricity|kwh|power|watt",
    ),
    _detail("funding", "who (?:funded|paid for|sponsored)|funding|grants?", "fund|grant|sponsor"),
    _detail(
        "a date of release",
        "when (?:was|were|did|will) \\S.{0,60}(?:released?|published|launched|come out)|"
        "release date",
        r"\b(?:19|20)\d\d\b|january|february|march|april|june|july|august|september|october|"
        "november|december",
    ),
)


def asked_figures(question: str) -> tuple[Figure, ...]:
    """The kinds of figure a question asks for; of two that fit, the more telling."""
    found = [f for f in FIGURES if f.asked.search(question)]
    return tuple(f for f in found if f is not FIGURES[-1] or len(found) == 1)


def names(question: str) -> tuple[str, ...]:
    """What a question names: systems, datasets, acronyms; hyphenated names part by part.

    A number stays with the name before it: GPT-4 is not GPT-3.
    """
    if _is_shouted(question):
        return ()
    versions = [f"{n} {v}" for n, v in _VERSION.findall(question) if n.lower() not in _CALENDAR]
    found = [part for match in _NAME.finditer(question) for part in _parts(match[0])]
    return tuple(dict.fromkeys([*versions, *filter(_is_name, found)]))[:_MOST_NAMES]


def _parts(word: str) -> list[str]:
    """The parts of a hyphenated word that may be names: "CT-LLM" is one, "LLM-based" has one."""
    parts = re.split(r"-(?!\d)", word)
    if len(parts) > 1 and all(part[:1].isupper() and len(part) > 1 for part in parts):
        return [word]
    return parts


def _is_name(part: str) -> bool:
    spellings = (part.replace("-", ""), *part.split("-"))
    return (
        1 < len(part) <= _LONGEST_NAME
        and any(_IS_NAME.search(spelling) for spelling in spellings)
        and part not in _COMMON
    )


def _is_shouted(question: str) -> bool:
    """Whether a question is written in capitals, which then say nothing of its words."""
    return sum(map(str.isupper, question)) > sum(map(str.islower, question))


def _is_titled(question: str) -> bool:
    """Whether most words of a question begin with a capital, as in a title."""
    long = [w for w in question.split()[1:] if len(w) > 3]
    return len(long) > 2 and 2 * sum(w[0].isupper() for w in long) > len(long)


def mentions(text: str, name: str) -> bool:
    """Whether a text has a name: `GPT-4` also as GPT4 or gpt 4."""
    return _pattern(name).search(text) is not None


@lru_cache(maxsize=1024)
def _pattern(name: str) -> re.Pattern[str]:
    pieces = re.findall(r"[^\W\d_]+|\d+(?:\.\d+)*", name.removesuffix("s"))
    inside = r"[-\s.]?".join(map(re.escape, pieces)) or re.escape(name)
    return re.compile(rf"(?<![a-z0-9]){inside}s?(?![a-z0-9])", re.IGNORECASE)


def missing_names(question: str, papers: Sequence[Paper]) -> tuple[str, ...]:
    """What the question names and none of these papers holds together; empty when one does.

    A comparison may find its names in several papers. A word that is a name only by its capital
    letter is looked for by itself: papers seldom repeat everything a question mentions.
    """
    texts = [f"{p.title}\n{p.abstract}" for p in papers]
    asked = names(question)
    lacks = [[n for n in asked if not mentions(text, n)] for text in texts]
    if _COMPARES.search(question):
        missing = [n for n in asked if all(n in lack for lack in lacks)]
    else:
        # The paper that lacks least is the one that comes nearest to an answer.
        missing = min(lacks, key=len, default=[])
    # Another language or dataset beside the named system: in what is said of that system.
    about = [text for text, lack in zip(texts, lacks, strict=True) if asked and not lack] or texts
    missing += [
        w
        for w in _capitalised(question)
        if w not in asked and not any(mentions(t, w) for t in about)
    ]
    return tuple(dict.fromkeys(missing))


def _capitalised(question: str) -> list[str]:
    if _is_shouted(question) or _is_titled(question):
        return []
    found = dict.fromkeys(_CAPITALISED.findall(question))
    return [w for w in found if w.lower() not in STOP_WORDS | _CALENDAR][:_MOST_NAMES]


def missing_figures(question: str, papers: Sequence[Paper]) -> tuple[str, ...]:
    """The kinds of figure and detail that are asked for and that no abstract of these gives."""
    abstracts = [p.abstract[:_READ] for p in papers]
    asked = (*asked_figures(question), *(d for d in DETAILS if d.asked.search(question)))
    return tuple(f.name for f in asked if not any(f.given.search(a) for a in abstracts))
