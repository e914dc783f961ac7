"""Is this sentence borne out by what it cites? -> verdict, best source sentence, reason.

Three steps, the cheapest first. A source sentence with nothing but light edits (`rag.edits`) is
supported. What a rule objects to (`rag.objections`), a number, a name, a denial, a "may", is not,
and the rule says why. What is left is paraphrase, or a fault that no rule can name: there the
trained checker reads source and sentence together; without one it is not supported. A doubt only
costs a quotation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from rag.edits import is_light_edit
from rag.fitted import fitted
from rag.objections import Objection, objections, unmatched
from rag.types import Checker, Source, SourceSentence, Support, Verdict, titled
from rag.words import NEGATIONS, content_stems, words

_NEAREST = 3  # source sentences that a sentence is compared with
# Share of a sentence's content words that the source must have for it to be partly supported.
_PARTLY_KNOWN = 0.5
_LEAST = 3  # content words of a sentence that the trained checker is asked about
_MARKUP = re.compile(r"<\w|[\[\]{}|`]|://")
_LACKING = "not in the source"
_SURE = 1e-4  # no probability of the checker is taken to be nearer to 0 or 1


def check_support(
    sentence: str, sources: Sequence[Source], checker: Checker | None = None
) -> Support | None:
    """Check one sentence against the sentences of the sources it cites; None without any source.

    Without a trained checker the rules decide alone, and take no paraphrase.
    """
    stems = content_stems(sentence)
    pairs = [(s, t) for s in sources for t in s.sentences]
    pairs.sort(key=lambda pair: -_nearness(stems, pair[1].text))
    if not pairs:
        return None
    source, best = pairs[0]
    if not stems:
        nothing = "it says nothing that a source could bear out"
        return Support(Verdict.UNSUPPORTED, source.number, best, nothing)
    for near, text in pairs[:_NEAREST]:
        if is_light_edit(sentence, text.text, near.paper.title):
            return Support(Verdict.SUPPORTED, near.number, text, "")
    found = objections(sentence, best.text, source.paper.title)
    if found:
        verdict, reason = _by_rule(found, sentence, source)
    else:
        verdict, reason = _by_reading(sentence, best, source, checker)
    return Support(verdict, source.number, best, reason)


def _nearness(stems: Sequence[str], text: str) -> float:
    other = content_stems(text)
    return _coverage(stems, other) + _order(stems, other)


def _by_rule(found: Sequence[Objection], sentence: str, source: Source) -> tuple[Verdict, str]:
    """The worst that was found; where another sentence has what the nearest lacks, it is said."""
    worst = next((o for o in found if o.verdict is Verdict.UNSUPPORTED), found[0])
    reason = worst.reason
    if reason.endswith(_LACKING):
        for other in source.sentences:
            if worst not in objections(sentence, other.text, source.paper.title):
                return worst.verdict, reason.replace(_LACKING, "not in its nearest sentence")
    return worst.verdict, reason


def _whole(source: Source) -> str:
    return " ".join(s.text.strip() for s in source.sentences)


def _by_reading(
    sentence: str, best: SourceSentence, source: Source, checker: Checker | None
) -> tuple[Verdict, str]:
    """What no rule objects to: borne out, said in part, or not said."""
    missing = unmatched(sentence, f"{best.text} {source.paper.title}")
    known = 1 - len(missing) / max(1, len(set(content_stems(sentence))))
    against = False
    if checker is not None and may_restate(sentence, best.text, source.paper.title):
        features = reading_features(sentence, best.text, source.paper.title, checker)
        supported = fitted("supported")
        if supported.probability(features) >= supported.threshold:
            return Verdict.SUPPORTED, ""
        against = features["contradicts"] > 0
    if unsaid := unmatched(sentence, f"{_whole(source)} {source.paper.title}"):
        reason = f"{_LACKING}: {', '.join(unsaid[:4])}"
    elif missing:
        reason = f"not in its nearest sentence: {', '.join(missing[:4])}"
    else:
        reason = "the check cannot tell that the source says so"
    verdict = Verdict.PARTLY if known >= _PARTLY_KNOWN and not against else Verdict.UNSUPPORTED
    return verdict, reason


def may_restate(sentence: str, source: str, title: str) -> bool:
    """Whether a sentence has words enough, and enough of its source's, to be read with it."""
    if _MARKUP.search(sentence):
        return False  # a tag or a link is no statement to restate
    if NEGATIONS & set(words(source)) and not NEGATIONS & set(words(sentence)):
        return False  # what denies it may have been cut off
    stems = content_stems(sentence)
    missing = unmatched(sentence, f"{source} {title}")
    telling = [s for s in stems if s.isalpha()]  # "12.5" is no word
    return len(telling) >= _LEAST and len(missing) <= (1 - _PARTLY_KNOWN) * len(set(stems))


def reading_features(sentence: str, source: str, title: str, checker: Checker) -> dict[str, float]:
    """The checker's log odds that the source entails the sentence, and that it contradicts it."""
    judged = checker.judge([(titled(title, source), sentence)])[0]
    return {"entails": _log_odds(float(judged[0])), "contradicts": _log_odds(float(judged[2]))}


def _log_odds(probability: float) -> float:
    sure = min(1 - _SURE, max(_SURE, probability))
    return math.log(sure / (1 - sure))


def _coverage(stems: Sequence[str], source: Sequence[str]) -> float:
    """Share of the sentence's stems that stand in the source."""
    known = set(source)
    return sum(s in known for s in stems) / len(stems) if stems else 0.0


def _order(stems: Sequence[str], source: Sequence[str]) -> float:
    """Share of the sentence's stems in the longest common subsequence with the source."""
    if not stems:
        return 0.0
    row = [0] * (len(source) + 1)
    for a in stems:
        diagonal = 0
        for j, b in enumerate(source, start=1):
            diagonal, row[j] = row[j], diagonal + 1 if a == b else max(row[j], row[j - 1])
    return row[-1] / len(stems)
