"""Papers -> themes with names: grouped by their vectors, named by their telling words.

Groups are found by average-linkage clustering on cosines, their number by the best mean silhouette
(Rousseeuw, "Silhouettes", 1987). A name is made of the terms that stand out in one group against
the others and against all papers near the topic, as in class-based TF-IDF (Grootendorst,
"BERTopic", arXiv 2203.05794); only terms that end as the phrases of these papers do can be a name.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rag.types import Paper, Vectors
from rag.words import STOP_WORDS, content_stems, stem, words

_PAPERS_PER_THEME = 3  # at least, on average; in smaller groups themes are hardly more than titles
_MOST_THEMES = 5
_NOTHING_OWN = 1e-6  # length of what a paper does not share with the others
# Words that tell no theme from another, by stem: any paper may say them of itself.
_EMPTY = frozenset(
    stem(word)
    for word in """
    ability able achieve across actual additional address adopt advance advanced aim allow analyse
    analyze and apply approach area arise around art aspect assess automatic available average base
    based become begin believe benefit best better beyond bring broad build call capability capable
    capture carefully carry cause central certain challenge challenging change choose clear close
    combine come common comparable comparative compare compete competitive complete complex
    comprehensive conclude conduct consider considerable consist consistent construct contain
    contemporary contribute contribution correct could cover create critical crucial current deal
    deep define deliver demonstrate dependent derive describe design desire despite detail determine
    develop difference different difficult direct discover discuss distinct diverse due easy effect
    effective efficacy eight either eliminate emerge empirical employ empower enable encounter end
    enhance ensure entire especially essential establish evaluate even evidence examine excel
    exceptional exhibit exist existing expect experiment explain explicit explore extend extensive
    extremely face facilitate fact factor fail far feasible field final first five fix focus follow
    form four full fully fundamental further future gain gap general github give go good great grow
    growing handle hard heavily help hence heterogeneous high highlight hinder however http https
    idea identify illustrate impact implement implication important impressive improve improvement
    include incorporate increase increasing indicate individual initial input insight inspire
    instead integrate interest introduce introduction investigate involve issue key know known lack
    lag landscape large largely last latest latter lead leading less let leverage light like limit
    limitation line literature little llm llms lms long low lower main maintain major make manner
    many massive matter mean measure meet method methodology million minimal mitigate modern modify
    moreover multiple name natural necessary need neural never new next nine notable note novel
    number numerous observe obtain offer often open operate opportunity optimal order original other
    outperform outperforming output overall overcome overview part particular perform performance
    perspective pipeline popular pose possible potential powerful practical practice pre-train
    pre-trained predominantly prepare present preserve preserving prevalent prevent previous
    primarily primary prior problem produce progress prominent promise promising proper propose
    prove provide publicly purpose pursue qualitative quite raise range rapid rate reach real
    receive recent recently recipe reduce reducing regard relate relative release relevant rely
    remain remarkable report represent require research researcher respective result reveal review
    rich rigorous robust role scale scenario school second section seek select seven several severe
    shed short show showcase significant similar simple simply simultaneously single situation six
    size small solution solve sophisticated source specific specifically stage stand standard start
    state state-of-the-art status step still straightforward strategy strength strong study
    subsequent substantial succeed success successful suffer sufficient suggest suitable suite
    summarise summarize superior support surpass survey systematic systematically tackle take target
    technique ten tend term theoretical third thorough thousand three time today together top total
    touch toward towards traditional transparent truly try turn two type typical ultimately
    underline underlying underscore understand unified unique unlike usage use useful utilize
    valuable value variety various vary verify versatile version vital way well whole wide
    widespread work world worse yet yield zero
    """.split()
)
# Nouns that name something beside another word only: "reward model", not "model".
_VAGUE = frozenset(
    stem(word)
    for word in """
    accuracy algorithm analysis answering application architecture assessment baseline benchmark
    benchmarks case code computation context corpus cost data dataset detection document domain
    efficiency error evaluation example experience feature framework function generation human
    inference information instance interaction knowledge label language layer learner learning
    length level machine mechanism memory metric model modeling modelling module network paradigm
    parameter phase prediction pretraining procedure process processing program property quality
    question question-answering reasoning representation response sample scenario score scratch
    sequence set setting software space structure system task test text theory token tool train
    training transformer translation understanding unit user word
    """.split()
)
_TOKEN = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_PARTS = re.compile(r"[-'’]")
_NO_NAME = re.compile(
    r"(?:ed|ly|i[sz]es?|able|ible|ous|ful|less|lingual|modal|['’]s)$"
)  # hardly ever a noun
_NO_START = re.compile(r"(?:ly|ized|ised)$")
_PAIR = 2.0  # two words side by side tell more than one
_TITLE = 2.0  # a title names what the paper is about
_SECOND = 0.4  # share of the first word's weight at which a second one joins it
_WITH_TOPIC = 0.6  # a pair that repeats a word of the topic tells less
# Share of a term's uses that end a phrase; below it, it is the beginning of a longer one.
_ENDS_PHRASES = 0.4
_ARTICLES = frozenset("a an the its their our your this that these those any each all such".split())
_COVERED = 1 / 3  # share of a group's papers that its name must speak of, and two at least

_Term = tuple[str, ...]  # stems of one word or of two side by side


def group_papers(vectors: Vectors) -> list[list[int]]:
    """Rows that belong together, ascending; groups in the order of their first rows.

    No group has one row only, unless that is all there are.
    """
    rows = len(vectors)
    most = min(_MOST_THEMES, rows // _PAPERS_PER_THEME)
    if most < 2:
        return [list(range(rows))] if rows else []
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.metrics import silhouette_score

    # All are near the topic: what they share would make one big group and some that are alone.
    own = vectors - vectors.mean(axis=0)
    lengths = np.linalg.norm(own, axis=1, keepdims=True)
    if lengths.min() < _NOTHING_OWN:
        return [list(range(rows))]
    own = own / lengths
    best, best_score = np.zeros(rows, int), 0.0
    for count in range(2, most + 1):
        clustering = AgglomerativeClustering(count, metric="cosine", linkage="average")
        labels = _without_singles(clustering.fit_predict(own), own)
        if len(set(labels.tolist())) > 1:
            score = float(silhouette_score(own, labels, metric="cosine"))
            if score > best_score:
                best, best_score = labels, score
    return sorted(np.flatnonzero(best == label).tolist() for label in set(best.tolist()))


def _without_singles(labels: np.ndarray, vectors: Vectors) -> np.ndarray:
    """Every row that is alone moved to the group that it is nearest to on average."""
    labels = labels.copy()
    for row in range(len(labels)):
        if np.count_nonzero(labels == labels[row]) == 1:
            others = sorted(set(labels.tolist()) - {labels[row]})
            similarity = vectors @ vectors[row]
            labels[row] = max(others, key=lambda label: similarity[labels == label].mean())
    return labels


@dataclass(frozen=True, slots=True)
class _Use:
    """One word, or two side by side, as it stands in a text."""

    term: _Term
    written: str
    ends_phrase: bool  # no telling word follows
    in_title: bool


class _Words:
    """What one paper has to offer for a name."""

    def __init__(self, paper: Paper, asked: frozenset[str]) -> None:
        self.uses = [
            *_uses(paper.title, asked, in_title=True),
            *_uses(paper.abstract, asked, in_title=False),
        ]
        self.weights: dict[_Term, float] = {}
        for term, in_title in {(use.term, use.in_title) for use in self.uses}:
            self.weights[term] = self.weights.get(term, 0.0) + (_TITLE if in_title else 1.0)
        self.in_title = {use.term for use in self.uses if use.in_title}


def name_groups(
    groups: Sequence[Sequence[Paper]], around: Sequence[Paper], topic: str
) -> list[str]:
    """A name of one to three words for each group; `around` are all the papers near the topic.

    Names differ from each other. A group without telling words has its first paper's title.
    """
    naming = _Naming(groups, around, frozenset(content_stems(topic)) | _initials(topic))
    names: list[str] = []
    for number, papers in enumerate(groups):
        name = naming.name(number) or papers[0].title
        names.append(f"{name} ({number + 1})" if name in names else name)
    return names


def _initials(topic: str) -> frozenset[str]:
    """What the topic may be called in short: its words' initials, any three or more in a row."""
    line = "".join(word[0] for word in words(topic))
    return frozenset(
        line[start:end] for start in range(len(line)) for end in range(start + 3, len(line) + 1)
    )


class _Naming:
    """Weighs the terms of each group against those of the others."""

    def __init__(
        self,
        groups: Sequence[Sequence[Paper]],
        around: Sequence[Paper],
        asked: frozenset[str],
    ) -> None:
        self._asked = asked
        self._groups = [[_Words(paper, asked) for paper in group] for group in groups]
        self._around = [_Words(paper, asked) for paper in around]
        self._spread = Counter(term for paper in self._around for term in paper.weights)
        self._all: Counter[_Term] = Counter()
        for paper in (p for group in self._groups for p in group):
            self._all.update(paper.weights)
        self._taken: set[str] = set()

    @cached_property
    def _end_share(self) -> dict[_Term, float]:
        """How often each term ends a phrase, in all papers near the topic."""
        uses = [use for paper in self._around for use in paper.uses]
        times = Counter(use.term for use in uses)
        ends = Counter(use.term for use in uses if use.ends_phrase)
        return {term: ends[term] / count for term, count in times.items()}

    def name(self, number: int) -> str:
        """The name of a group, or nothing; words of earlier names are not used again."""
        papers = self._groups[number]
        ranked = self._ranked(papers)
        if not ranked:
            return ""
        weight, first = ranked[0]
        chosen = [first]
        if len(first) == 1:
            chosen += [
                term for second, term in ranked[1:]
                if len(term) == 1 and second >= _SECOND * weight and term[0][:4] != first[0][:4]
            ][:1]  # fmt: skip
        self._taken.update(part for term in chosen for part in term)
        return " and ".join(_written(term, papers) for term in chosen)

    def _ranked(self, papers: Sequence[_Words]) -> list[tuple[float, _Term]]:
        """The terms of a group with their weights, the most telling first."""
        holding = Counter(term for paper in papers for term in paper.weights)
        wanted = max(min(2, len(papers)), _COVERED * len(papers))
        weights = {term: self._weight(term, papers) for term in holding}
        telling = [
            (weight, term)
            for term, weight in weights.items()
            if weight > 0 and not self._taken & set(term)
        ]
        shared = [(weight, term) for weight, term in telling if holding[term] >= wanted]
        return sorted(shared or telling, reverse=True)

    def _weight(self, term: _Term, papers: Sequence[_Words]) -> float:
        is_pair = len(term) == 2
        # A single word of an abstract is hardly ever what a paper is about.
        if not is_pair and not any(term in paper.in_title for paper in papers):
            return 0.0
        if any(self._end_share.get(t, 1.0) < _ENDS_PHRASES for t in (term, term[-1:])):
            return 0.0
        within = sum(paper.weights.get(term, 0.0) for paper in papers)
        rare = math.log(1 + len(self._around) / max(self._spread[term], 1))
        weight = within / len(papers) * within / self._all[term] * rare
        weight *= _PAIR if is_pair else 1.0
        return weight * (_WITH_TOPIC if self._asked & set(term) else 1.0)


def _uses(text: str, asked: frozenset[str], *, in_title: bool) -> Iterator[_Use]:
    """Each word and each pair of words that could name a theme, but those of the topic alone."""
    found = [_Token(match) for match in _TOKEN.finditer(text)]
    for place, token in enumerate(found):
        if not token.is_noun:
            continue
        following = found[place + 1] if place + 1 < len(found) else None
        ends = following is None or not _side_by_side(text, token, following) or following.is_link
        is_asked = set(token.parts) <= asked
        if not is_asked and token.stem not in _VAGUE:
            yield _Use((token.stem,), token.text, ends, in_title)
        before = found[place - 1] if place else None
        if (
            before
            and before.is_telling
            and not _NO_START.search(before.text)
            and _side_by_side(text, before, token)
            and before.stem != token.stem
            and not {before.stem, token.stem} <= _VAGUE
            and not {*before.parts, *token.parts} <= asked
        ):
            written = text[before.start : token.end]
            yield _Use((before.stem, token.stem), written, ends, in_title)


class _Token:
    """One word of a text; a compound with hyphens is one."""

    def __init__(self, match: re.Match[str]) -> None:
        self.text, self.start, self.end = match[0], match.start(), match.end()
        self.parts = [stem(part.lower()) for part in _PARTS.split(self.text)]
        self.stem = "-".join(self.parts)
        lowered = self.text.lower()
        self.is_telling = (
            len(lowered) > 2
            and not lowered[0].isdigit()
            and lowered not in STOP_WORDS
            and self.stem not in _EMPTY
        )
        self.is_noun = self.is_telling and not _NO_NAME.search(lowered)
        # After "the" or "its" a noun begins: the word before it was a verb.
        self.is_link = not self.is_telling and lowered not in _ARTICLES


def _side_by_side(text: str, one: _Token, other: _Token) -> bool:
    return text[one.end : other.start] == " "


def _written(term: _Term, papers: Sequence[_Words]) -> str:
    """The term as its papers write it most often, each word with a capital."""
    spellings = Counter(
        " ".join(word[0].upper() + word[1:] for word in use.written.split())
        for paper in papers
        for use in paper.uses
        if use.term == term
    )
    return max(spellings, key=lambda s: (spellings[s], s))
