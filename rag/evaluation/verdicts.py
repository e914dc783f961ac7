"""Pairs of source and sentence, labelled by people -> how far the check of sentences is right.

The harmful error is a sentence that its source does not bear out and that passes; a sentence that
is borne out and does not pass only costs a quotation. Intervals of shares are those of E. B.
Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the
American Statistical Association 22(158), 1927.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from statistics import fmean, median

from rag.errors import EvaluationError
from rag.evaluation.files import read_objects
from rag.support import check_support
from rag.types import Checker, Paper, Source, SourceSentence, Span, Verdict

_Z = (
    1.959964  # standard deviations on each side of the mean that hold 95 % of a normal distribution
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence, the source sentence it cites, and whether that bears it out."""

    paper: str  # title of the source's paper
    source: str
    sentence: str
    label: Verdict
    kind: str  # of sentence, in a word: "negation", "paraphrase"

    @property
    def id(self) -> str:
        """Twelve hexadecimal characters, the same for the same pair in every file."""
        text = "\n".join((self.paper, self.source, self.sentence, self.label, self.kind))
        return hashlib.blake2s(text.encode(errors="replace"), digest_size=6).hexdigest()

    @property
    def is_right(self) -> bool:
        """Whether the source bears the sentence out."""
        return self.label is Verdict.SUPPORTED


@dataclass(frozen=True, slots=True)
class Judged:
    """What the check made of one pair."""

    pair: Pair
    verdict: Verdict
    ms: float

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.SUPPORTED

    def to_json(self) -> dict[str, object]:
        """The pair's verdict, and 1 or 0 under the figures that it counts for."""
        right = self.pair.is_right
        return {
            "type": self.pair.kind,
            "label": self.pair.label.value,
            "verdict": self.verdict.value,
            "passed": None if right else int(self.passed),
            "kept": int(self.passed) if right else None,
            "accuracy": int(self.verdict is self.pair.label),
        }


@dataclass(frozen=True, slots=True)
class Share:
    """How many out of how many."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """From 0 to 1; None out of none."""
        return round(self.count / self.of, 4) if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's interval: it holds the true share 95 times in 100; None out of none."""
        if not self.of:
            return None
        share, spread = self.count / self.of, _Z**2 / self.of
        middle = share + spread / 2
        half = math.sqrt(spread * (share * (1 - share) + spread / 4))
        low, high = ((middle + side) / (1 + spread) for side in (-half, half))
        return round(max(0.0, low), 6), round(min(1.0, high), 6)


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many pairs of each label got each verdict."""

    counts: Mapping[tuple[Verdict, Verdict], int]  # by (label, verdict)

    @classmethod
    def of(cls, judged: Iterable[Judged]) -> Confusion:
        return cls(Counter((j.pair.label, j.verdict) for j in judged))

    def count(self, label: Verdict, verdict: Verdict) -> int:
        return self.counts.get((label, verdict), 0)

    def labelled(self, label: Verdict) -> int:
        return sum(self.count(label, verdict) for verdict in Verdict)

    def judged(self, verdict: Verdict) -> int:
        return sum(self.count(label, verdict) for label in Verdict)

    def to_json(self) -> dict[str, dict[str, int]]:
        """Counts by label, then by verdict."""
        return {a.value: {b.value: self.count(a, b) for b in Verdict} for a in Verdict}


@dataclass(frozen=True, slots=True)
class VerdictFigures:
    """How one verdict is given; None where it is neither given nor due."""

    labelled: int  # pairs that should get it
    judged: int  # pairs that got it
    precision: float | None
    recall: float | None
    f1: float | None

    @classmethod
    def of(cls, verdict: Verdict, confusion: Confusion) -> VerdictFigures:
        labelled, judged = confusion.labelled(verdict), confusion.judged(verdict)
        right = confusion.count(verdict, verdict)
        return cls(
            labelled,
            judged,
            Share(right, judged).value,
            Share(right, labelled).value,
            Share(2 * right, labelled + judged).value,
        )


@dataclass(frozen=True, slots=True)
class KindFigures:
    """How pairs of one kind are judged."""

    pairs: int
    passed: Share
    kept: Share


@dataclass(frozen=True, slots=True)
class SupportFigures:
    """What a check of sentences is worth on labelled pairs."""

    pairs: int
    trained: bool  # a trained checker took part; otherwise the rules decided alone
    passed: Share  # of the pairs that are not supported, those judged supported: the harmful error
    kept: Share  # of the supported pairs, those judged supported
    accuracy: float  # share of the pairs that got their label
    f1: float  # mean over the verdicts that were given or due
    sentence_ms: float  # median time of judging one sentence
    by_verdict: dict[Verdict, VerdictFigures]
    by_kind: dict[str, KindFigures]
    confusion: Confusion
    judged: tuple[Judged, ...] = field(repr=False)

    def to_json(self) -> dict[str, object]:
        """The figures as `footnote eval --json` prints them, without the single pairs."""
        return {
            "pairs": self.pairs,
            "trained": self.trained,
            "passed": self.passed.value,
            "kept": self.kept.value,
            "accuracy": self.accuracy,
            "f1": self.f1,
            "sentence_ms": self.sentence_ms,
            "shares": {
                name: {"count": share.count, "of": share.of, "interval": share.interval}
                for name, share in (("passed", self.passed), ("kept", self.kept))
            },
            "by_verdict": {v.value: asdict(row) for v, row in self.by_verdict.items()},
            "by_type": {  # as with questions, so that runs are compared in the same way
                kind: {
                    "pairs": row.pairs,
                    "wrong": row.passed.of,
                    "right": row.kept.of,
                    "passed": row.passed.value,
                    "kept": row.kept.value,
                }
                for kind, row in self.by_kind.items()
            },
            "confusion": self.confusion.to_json(),
        }


@dataclass(frozen=True, slots=True)
class SupportRun:
    """The check in use and, where that has a trained checker, its rules alone beside it."""

    check: SupportFigures
    rules: SupportFigures | None

    def figures(self, *, trained: bool) -> SupportFigures:
        """Those of the check as it is with its trained checker, or without."""
        return self.check if trained or self.rules is None else self.rules

    def to_json(self) -> dict[str, object]:
        """The figures as `footnote eval --support --json` prints them, with every pair's."""
        return {
            **self.check.to_json(),
            "rules": self.rules.to_json() if self.rules else None,
            "scores": {j.pair.id: j.to_json() for j in self.check.judged},
        }


def packaged_pairs() -> list[Pair]:
    """The pairs that come with Footnote."""
    return read_pairs(resources.files("rag.evaluation").joinpath("pairs.jsonl"))


def read_pairs(path: Traversable) -> list[Pair]:
    """The pairs of a JSON Lines file; EvaluationError names the line that is wrong."""
    wanted = "a pair with paper, source, sentence, label and kind"
    lines: dict[tuple[str, str, str], int] = {}
    pairs = []
    for number, pair in read_objects(path, "the pairs in", wanted, _pair):
        first = lines.setdefault((pair.paper, pair.source, pair.sentence), number)
        if first != number:
            raise EvaluationError(
                f"{path}, line {number} repeats the pair of line {first}; keep one of them."
            )
        pairs.append(pair)
    if not pairs:
        raise EvaluationError(f"{path} holds no pairs.")
    return pairs


def _pair(item: dict[str, object]) -> Pair:
    def text(key: str) -> str:
        value = item[key]
        if not isinstance(value, str) or not value.strip():
            raise TypeError(f"{key} must be a text")
        return value

    labels = [verdict.value for verdict in Verdict]
    if item["label"] not in labels:
        raise TypeError(f"label must be one of {', '.join(labels)}")
    label = Verdict(text("label"))
    return Pair(text("paper"), text("source"), text("sentence"), label, text("kind"))


def judge(pair: Pair, checker: Checker | None) -> Verdict:
    """The verdict of the check, as if the pair's source sentence were all that is cited."""
    cited = SourceSentence(pair.source, 0, Span(0, len(pair.source)))
    source = Source(1, Paper(pair.id, pair.paper, pair.source), (cited,), 1.0)
    support = check_support(pair.sentence, [source], checker)
    assert support is not None  # there is a source
    return support.verdict


def summarise_support(judged: Sequence[Judged], *, trained: bool) -> SupportFigures:
    """The figures of one pair or more."""
    confusion = Confusion.of(judged)
    by_verdict = {verdict: VerdictFigures.of(verdict, confusion) for verdict in Verdict}
    kinds = dict.fromkeys(j.pair.kind for j in judged)
    return SupportFigures(
        pairs=len(judged),
        trained=trained,
        passed=_passed(judged, right=False),
        kept=_passed(judged, right=True),
        accuracy=round(fmean(j.verdict is j.pair.label for j in judged), 4),
        f1=round(fmean(row.f1 for row in by_verdict.values() if row.f1 is not None), 4),
        sentence_ms=round(median(j.ms for j in judged), 2),
        by_verdict=by_verdict,
        by_kind={kind: _of_kind([j for j in judged if j.pair.kind == kind]) for kind in kinds},
        confusion=confusion,
        judged=tuple(judged),
    )


def _of_kind(judged: Sequence[Judged]) -> KindFigures:
    return KindFigures(len(judged), _passed(judged, right=False), _passed(judged, right=True))


def _passed(judged: Iterable[Judged], *, right: bool) -> Share:
    """Of the pairs that are right, or of those that are not, how many pass."""
    passed = [j.passed for j in judged if j.pair.is_right == right]
    return Share(sum(passed), len(passed))
