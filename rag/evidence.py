"""Passages -> the sentences worth reading, numbered by paper, within the token budget; pure.

One number a paper, best paper first. How many papers are cited decides most of what an answer is
worth, so each paper after the best one must be worth citing by itself (`citable` in
`rag.fitted`). When nothing in the library is near the question, or what it asks for is not in the
papers that are near, there is no evidence, and the reason is given instead.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.abstain import asked_figures, mentions, missing_figures, missing_names, names
from rag.config import EvidenceConfig
from rag.fitted import fitted
from rag.types import Evidence, Parts, Passage, Reason, Source, SourceSentence
from rag.words import content_stems, numbers, words

NEAREST = 5  # papers offered beside a refusal
MARKER_TOKENS = 4  # a sentence's number, brackets and line end in the prompt
_DUPLICATE = 0.8  # share of two abstracts' stems that are in both, above which they are one text
_WHERE_TO_GET_IT = re.compile(
    r"https?://|\b(?:code|data(?:sets?)?|models?|weights|resources)\b[^.]{0,40}\b(?:is|are|be) "
    r"(?:\w+ ){0,2}(?:available|released|open-sourced)\b",
    re.IGNORECASE,
)
# What a sentence promises beyond its nearness: the authors' own claim, a figure, the system's name;
# the opening sentence of an abstract is background, its last may only say where the code is. Coarse
# on purpose.
_OWN_CLAIM = re.compile(r"\b(we|our|this (?:paper|work|study|survey|article))\b", re.IGNORECASE)
_NEARNESS, _SHARED_WORDS, _LIKE_WORDS = 0.7, 0.3, 0.3
_CLAIM, _NUMBER, _SYSTEM, _OPENING, _ADDRESS = 0.15, 0.1, 0.1, -0.2, -0.3
# A sentence that begins like this is about something that the sentence before it introduced.
_REFERS_BACK = re.compile(
    r"(?:this|these|those|such|it|they|its|their|both|the (?:former|latter|resulting|proposed|"
    r"method|approach|model|framework|dataset|benchmark))\b"
    r"(?! (?:paper|work|study|article|survey))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FoundSide:
    """What was found for one side of a comparison by itself."""

    name: str
    passages: Sequence[Passage]

    def best(self, near_similarity: float) -> Passage | None:
        """The best paper that holds what this side names, or is near a side that names nothing."""
        named = (*names(self.name), *re.findall(r"\b[A-Z][a-z]\w+", self.name))
        for passage in self.passages[:NEAREST]:
            text = f"{passage.paper.title}\n{passage.paper.abstract}"
            if named:
                covers = any(mentions(text, name) for name in named)
            else:
                covers = nearness([passage]) >= near_similarity
            if passage.sentences and covers:
                return passage
        return None


@dataclass(frozen=True, slots=True)
class NearPapers:
    """The papers that a question may be answered from, and what it asks for that they lack."""

    passages: Sequence[Passage]  # best first, no two nearly the same
    chosen: Sequence[Passage]  # of these, the ones worth citing
    missing_names: tuple[str, ...]
    missing_figures: tuple[str, ...]
    missing_sides: tuple[str, ...]  # when one of two sides is not covered

    @property
    def features(self) -> dict[str, float]:
        """What tells whether they give what is asked; see `tests.bench.fit`."""
        return {
            "names_missing": float(bool(self.missing_names)),
            "figures_missing": float(bool(self.missing_figures)),
            "similarity": self.passages[0].similarity if self.passages else 0.0,
        }


def find_near(
    question: str,
    passages: Sequence[Passage],
    config: EvidenceConfig,
    sides: Sequence[FoundSide] = (),
) -> NearPapers:
    """The papers worth citing for a question, and what is missing from them.

    `sides` are those of a comparison: the best paper of each is worth citing. What one side alone
    names is not missing from the evidence when that side as a whole is not covered.
    """
    passages = without_duplicates(passages)
    best_of = {side.name: side.best(config.near_similarity) for side in sides}
    covered = [best for best in best_of.values() if best]
    missing_sides: tuple[str, ...] = ()
    if len(covered) == 1 and len(best_of) > 1:
        missing_sides = tuple(name for name, best in best_of.items() if not best)
    chosen = without_duplicates(citable(passages, config, covered))
    papers = [p.paper for p in (*passages[:NEAREST], *chosen)]
    return NearPapers(
        passages,
        chosen,
        tuple(
            name
            for name in missing_names(question, papers)
            if not any(mentions(side, name) for side in missing_sides)
        ),
        missing_figures(question, papers[:1]),
        missing_sides,
    )


def choose_evidence(
    question: str,
    passages: Sequence[Passage],
    config: EvidenceConfig,
    budget: int,
    count_tokens: Callable[[str], int],
    parts: Parts,
    sides: Sequence[FoundSide] = (),
) -> Evidence:
    """The numbered sources for a question, at most `budget` tokens of text, or why there are none.

    When one of two sides of a comparison is not covered, the evidence says so and is about the
    other.
    """
    near = find_near(question, [p for p in passages if p.sentences], config, sides)
    passages = without_duplicates(passages)
    nearest = tuple(p.paper for p in passages[:NEAREST])
    # A comparison with one side that is far off may as a whole be near nothing.
    if parts.nothing_near_gate and not (is_near(near.passages, config) or near.missing_sides):
        # The title of a paper without an abstract may be near; but it answers nothing.
        reason = Reason.NOT_IN_ABSTRACT if is_near(passages, config) else Reason.NOTHING_NEAR
        return Evidence((), nearest, reason=reason)
    if not near.chosen:
        return Evidence((), nearest, reason=Reason.NOT_IN_ABSTRACT)
    is_answered = fitted("answered").probability(near.features) >= config.answered_probability
    if parts.not_in_abstract_gate and not is_answered:
        return Evidence(
            (),
            nearest,
            reason=Reason.NOT_IN_ABSTRACT,
            missing_names=near.missing_names,
            missing_figures=near.missing_figures,
        )
    everything = {p.paper.id: p for p in (*near.passages, *near.chosen)}
    rated = rate_sentences(question, list(everything.values()))
    candidates = [
        (passage, sentence)
        for passage in near.chosen
        for sentence in rated[passage.paper.id][: config.sentences_per_paper]
    ]
    kept, left_out = _within(budget, candidates, count_tokens)
    return Evidence(
        number_sources(near.chosen, kept),
        nearest,
        left_out,
        missing_sides=near.missing_sides,
        budget_tokens=budget,
    )


def is_near(passages: Sequence[Passage], config: EvidenceConfig) -> bool:
    """Whether anything comes near: in meaning, or by holding most of the question's words.

    A short question for a thing by its name ("What is the Nordic Pile?") has little meaning to be
    near to.
    """
    if not passages:
        return False
    by_words = max(p.word_match for p in passages[:NEAREST])
    return nearness(passages) >= config.near_similarity or by_words >= config.near_word_match


def nearness(passages: Sequence[Passage]) -> float:
    """Cosine to the question of the nearest sentence or chunk of the best papers; 0 without any."""
    near = passages[:NEAREST]
    return max(
        (max(p.similarity, *(s.similarity for s in p.sentences), 0.0) for p in near), default=0.0
    )


def without_duplicates(passages: Sequence[Passage]) -> list[Passage]:
    """The passages less those whose abstract is nearly that of a better one."""
    kept: list[tuple[Passage, set[str]]] = []
    for passage in passages:
        stems = set(content_stems(passage.paper.abstract))
        if not any(stems and len(stems & s) >= _DUPLICATE * len(stems | s) for _, s in kept):
            kept.append((passage, stems))
    return [passage for passage, _ in kept]


def citable(
    passages: Sequence[Passage], config: EvidenceConfig, best_of_sides: Sequence[Passage] = ()
) -> list[Passage]:
    """The best paper, the best of each side of a comparison, and others worth citing; by score.

    Papers without an abstract are left out.
    """
    passages = [p for p in passages if p.sentences]
    if not passages:
        return []
    best, *others = passages
    model = fitted("citable")
    worthy = [
        p
        for p in others
        if model.probability(citable_features(p, best)) >= config.citable_probability
    ]
    # A side's score is of its own search: the paper as the whole question found it comes first.
    known = {p.paper.id: p for p in (*best_of_sides, *passages)}
    chosen = dict.fromkeys(p.paper.id for p in (best, *best_of_sides, *worthy))
    found = [known[paper_id] for paper_id in chosen][: config.papers]
    return sorted(found, key=lambda p: (p not in passages, -p.score))


def citable_features(passage: Passage, best: Passage) -> dict[str, float]:
    """What tells whether a paper is worth citing beside the best one; see `tests.bench.fit`."""
    near = max((s.similarity for s in passage.sentences), default=0.0)
    nearest = max((s.similarity for s in best.sentences), default=0.0)
    return {
        "score_share": passage.score / best.score if best.score > 0 else 0.0,
        "similarity": passage.similarity,
        "sentence_similarity": near,
        "sentence_share": near / nearest if nearest > 0 else 0.0,
        "word_match": passage.word_match,
    }


def rate_sentences(
    question: str, passages: Sequence[Passage]
) -> Mapping[str, tuple[SourceSentence, ...]]:
    """{paper id: its sentences with their worth for the question, the most promising first}."""
    worth = _Worth(question, passages)
    return {
        p.paper.id: tuple(
            sorted((replace(s, worth=worth.of(p, s)) for s in p.sentences), key=lambda s: -s.worth)
        )
        for p in passages
    }


class _Worth:
    """How much a sentence promises: its nearness, the rare words it shares, what it claims."""

    def __init__(self, question: str, passages: Sequence[Passage]) -> None:
        self._asked = set(content_stems(question))
        self._figures = asked_figures(question)
        self._stems = {
            (p.paper.id, s.ordinal): set(content_stems(s.text))
            for p in passages
            for s in p.sentences
        }
        frequency = Counter(stem for stems in self._stems.values() for stem in stems)
        total = len(self._stems)
        # Inverse frequency among the sentences found, as in BM25: a word in all says little.
        self._weight = {
            stem: math.log(1 + (total - frequency[stem] + 0.5) / (frequency[stem] + 0.5))
            for stem in self._asked
        }

    def of(self, passage: Passage, sentence: SourceSentence) -> float:
        stems = self._stems[passage.paper.id, sentence.ordinal]
        asked = sum(self._weight.values())
        shared = sum(self._weight[s] for s in self._asked & stems) / asked if asked else 0.0
        has_figure = any(f.given.search(sentence.text) for f in self._figures)
        return (
            _NEARNESS * sentence.similarity
            + _SHARED_WORDS * shared
            + _LIKE_WORDS * sentence.word_match
            + _CLAIM * bool(_OWN_CLAIM.search(sentence.text))
            + _NUMBER * (bool(numbers(sentence.text)) + has_figure)
            + _SYSTEM * _names_the_system(sentence.text, passage.paper.title)
            + _OPENING * (sentence.ordinal == 0)
            + _ADDRESS * bool(_WHERE_TO_GET_IT.search(sentence.text))
        )


def _names_the_system(sentence: str, title: str) -> bool:
    """Whether it says the name that the title begins with: "Lantern" of "Lantern: Sparse …"."""
    name, colon, _ = title.partition(":")
    held = words(name)
    return bool(colon and 1 <= len(held) <= 3 and set(held) <= set(words(sentence)))


def _within(
    budget: int,
    candidates: Sequence[tuple[Passage, SourceSentence]],
    count_tokens: Callable[[str], int],
) -> tuple[list[tuple[Passage, SourceSentence]], int]:
    """The best candidates that fit, the best of each paper first, and how many did not.

    What introduces a sentence that refers back comes with it where there is room.
    """
    taken: dict[tuple[str, int], tuple[Passage, SourceSentence]] = {}
    spent = left_out = 0
    rank: Counter[str] = Counter()
    ranked = []
    for passage, sentence in candidates:
        ranked.append((rank[passage.paper.id], passage, sentence))
        rank[passage.paper.id] += 1
    for _, passage, sentence in sorted(ranked, key=lambda c: (c[0], -c[1].score)):
        cost = count_tokens(sentence.text) + MARKER_TOKENS
        # The best one is kept even when it alone is too long; the model's context decides then.
        if taken and spent + cost > budget:
            left_out += 1
            continue
        spent += cost
        taken[passage.paper.id, sentence.ordinal] = (passage, sentence)
    for passage, sentence in list(taken.values()):
        before = (passage.paper.id, sentence.ordinal - 1)
        if sentence.ordinal and before not in taken and _REFERS_BACK.match(sentence.text):
            introduction = next(s for s in passage.sentences if s.ordinal == before[1])
            cost = count_tokens(introduction.text) + MARKER_TOKENS
            if spent + cost <= budget:
                spent += cost
                taken[before] = (passage, replace(introduction, introduces=True))
    return list(taken.values()), left_out


def number_sources(
    passages: Sequence[Passage], kept: Sequence[tuple[Passage, SourceSentence]]
) -> tuple[Source, ...]:
    """The sentences that were kept under one number a paper, in the order of the passages."""
    sources: list[Source] = []
    for passage in passages:
        sentences = [s for p, s in kept if p.paper.id == passage.paper.id]
        if sentences:
            in_order = tuple(sorted(sentences, key=lambda s: s.ordinal))
            sources.append(Source(len(sources) + 1, passage.paper, in_order, passage.score))
    return tuple(sources)
