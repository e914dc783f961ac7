"""Public sets that people wrote, and abstracts -> numbered sentences, a question, and its answer.

Four kinds of examples, to be learned in this order: *phrase* (all sentences, of one paper, belong
into the answer), *join* (of several papers), *choose* (some do not belong), *refuse* (none does).
What people wrote says what of a source sentence is wanted; the words stay the source's own, so
every sentence of every answer passes the check (`models.citer.shorten`). A fifth of the documents
is kept apart, as for the checker.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from models.checker.data import ENTAILS, abstracts, folded, is_kept_apart, labelled
from models.citer.shorten import shorten
from rag.chunks import split_sentences
from rag.citations import take_citations
from rag.prompt import make_messages
from rag.stream import SentenceStream
from rag.support import check_support
from rag.types import Message, Paper, Source, SourceSentence, Span, Verdict
from rag.words import NUMBER, STOP_WORDS, content_stems

STEPS = ("phrase", "join", "choose", "refuse")
REFUSAL = "The sentences do not answer this."
_SENTENCES = range(5, 61)  # words of a sentence that is learned from
_LONGEST_ANSWER = 30  # words of an answer that a person marked
_MOST_SOURCES, _MOST_SENTENCES = 4, 6
_PHRASE = re.compile(r"[A-Za-z][\w-]*(?: [A-Za-z][\w-]*){0,2}")
_ABOUT_ONE = (
    "What do the papers say about {}?", "What is known about {}?", "What was found about {}?",
    "How is {} addressed?", "Which approach is proposed for {}?", "Who has worked on {}?",
    "What is {} used for?", "Why does {} matter?", "Tell me about {}.", "Is there work on {}?",
    "Which papers deal with {}, and what do they find?", "What are the limits of {}?", "{}",
)  # fmt: skip
_ABOUT_TWO = (
    "How does {} relate to {}?", "What role does {} play in {}?", "How is {} used for {}?",
    "What is reported about {} and {}?", "Does {} help with {}?", "How do {} and {} compare?",
)  # fmt: skip
_OF_FIGURES = (
    "By how much does {} change the results?", "What figures are given for {}?", "How large is {}?",
    "How well does {} work?", "What results are reported on {}?", "How many {} are there?",
    "How accurate is {}?", "What share of {} is it?", "How was {} measured?", "How much {}?",
)  # fmt: skip
_OF_CLAIMS = (
    "Is it true that {}?", "Do the papers bear out that {}?", "What is the evidence that {}?",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, sentences that answer it, and what of them is wanted in the answer."""

    question: str
    title: str
    sentences: tuple[str, ...]
    wanted: frozenset[str]  # content stems; those that the sentences have are kept
    document: str  # a document is either trained on or not
    kind: str  # the set it is from
    points: tuple[str, ...] = ()  # words that a right answer has, where they are known
    others: tuple[str, ...] = ()  # sentences of the same document that do not answer


@dataclass(frozen=True, slots=True)
class Example:
    """What the citer reads and what it is to write."""

    question: str
    sources: tuple[Source, ...]
    answer: str
    step: str
    kind: str
    document: str
    points: tuple[str, ...] = ()  # words that a right answer has, where they are known
    answering: tuple[int, ...] = ()  # numbers of the sources that belong into the answer

    @property
    def messages(self) -> list[Message]:
        """The very prompt that Footnote asks with."""
        return make_messages(self.sources, self.question)

    @property
    def is_held_out(self) -> bool:
        """Whether its document is kept apart; the same in every run."""
        return is_kept_apart(self.document)


class Maker:
    """Makes examples without end, of documents that are kept apart or of the others."""

    def __init__(
        self, folder: Path, leave_out: frozenset[str], chance: Random, *, held_out: bool = False
    ) -> None:
        """`leave_out` holds folded titles of papers not to be used."""
        self._chance = chance
        by_people = [
            a
            for a in asked_by_people(folder)
            if is_kept_apart(a.document) is held_out and folded(a.title) not in leave_out
        ]
        self._sets: dict[str, list[Asked]] = defaultdict(list)
        for asked in by_people:
            self._sets[asked.kind].append(asked)
        self._impossible = [
            a for a in impossible_questions(folder) if is_kept_apart(a.document) is held_out
        ]
        papers = [p for p in abstracts(folder, 10**9, leave_out) if is_kept_apart(p[0]) is held_out]
        self._papers = [
            (title, sentences)
            for title, abstract in chance.sample(papers, min(len(papers), 20_000))
            if len(sentences := readable_sentences(abstract)) > 2
        ]
        self._by_phrase: dict[str, list[int]] = defaultdict(list)
        for number, (_, sentences) in enumerate(self._papers):
            for phrase in sorted({p for s in sentences for p in key_phrases(s) if " " in p}):
                self._by_phrase[phrase.lower()].append(number)
        self._shared = [p for p, papers in self._by_phrase.items() if 2 <= len(papers) <= 40]

    def make(self, step: str) -> Example:
        """One example of a step."""
        make = {
            "phrase": self._phrase, "join": self._join, "choose": self._choose,
            "refuse": self._refuse,
        }[step]  # fmt: skip
        while True:
            if example := make():
                return example

    def _asked(self) -> Asked | None:
        """Half of them people asked, half are made of abstracts."""
        if self._chance.random() < 0.5:
            return self._chance.choice(self._sets[self._chance.choice(list(self._sets))])
        title, sentences = self._chance.choice(self._papers)
        return self._about(title, sentences)

    def _about(self, title: str, sentences: Sequence[str]) -> Asked | None:
        """A question about some sentences of an abstract, made of phrases that they hold."""
        count = min(len(sentences), self._chance.choice((1, 2, 2, 3, 3, 4, 5)))
        places = sorted(self._chance.sample(range(len(sentences)), count))
        chosen = tuple(sentences[p] for p in places)
        question = self._question(title, chosen)
        if question is None:
            return None
        others = tuple(s for p, s in enumerate(sentences) if p not in places)
        wanted = frozenset(content_stems(question)) | _figures(chosen)
        points = tuple(n.strip() for s in chosen for n in NUMBER.findall(s))
        return Asked(question, title, chosen, wanted, title, "abstracts", points, others)

    def _question(self, title: str, sentences: Sequence[str]) -> str | None:
        phrases = sorted({p for s in (*sentences, title) for p in key_phrases(s)})
        if len(phrases) < 2:
            return None
        one, two = self._chance.sample(phrases, 2)
        if ":" in title and self._chance.random() < 0.4:
            one = title.split(":")[0]  # as a rule the name of what is proposed
        if _figures(sentences) and self._chance.random() < 0.5:
            text = self._chance.choice(_OF_FIGURES).format(one)
        elif self._chance.random() < 0.3:
            text = self._chance.choice(_ABOUT_TWO).format(one, two)
        else:
            text = self._chance.choice(_ABOUT_ONE).format(one)
        return text[:1].upper() + text[1:]

    def _phrase(self) -> Example | None:
        asked = self._asked()
        if asked is None:
            return None
        return self._example("phrase", asked.question, [asked], asked.kind, asked.points)

    def _join(self) -> Example | None:
        """Two or three papers that share a phrase, asked about it."""
        phrase = self._chance.choice(self._shared)
        papers = self._by_phrase[phrase]
        numbers = self._chance.sample(papers, min(len(papers), self._chance.choice((2, 2, 3, 4))))
        question = self._chance.choice(_ABOUT_ONE[:-1]).format(phrase)
        named = [self._papers[n][0].split(":")[0] for n in numbers if ":" in self._papers[n][0]]
        if len(named) > 1 and self._chance.random() < 0.4:
            question = f"How do {named[0]} and {named[1]} differ?"
        found = []
        for number in numbers:
            title, sentences = self._papers[number]
            about = [n for n, s in enumerate(sentences) if phrase in s.lower()][:1]
            others = [n for n in range(len(sentences)) if n not in about]
            more = self._chance.sample(others, self._chance.choice((0, 0, 1, 2)))
            chosen = tuple(sentences[n] for n in sorted([*about, *more]))
            wanted = frozenset(content_stems(question)) | _figures(chosen)
            found.append(Asked(question, title, chosen, wanted, title, "abstracts"))
        return self._example("join", question, found, "abstracts")

    def _choose(self) -> Example | None:
        """One source answers; the others are of the same document or of others."""
        asked = self._asked()
        if asked is None:
            return None
        others = [asked.others] if asked.others else []
        others += [tuple(self._chance.choice(self._papers)[1]) for _ in range(2)]
        beside = [
            Asked(asked.question, "", self._few(o), frozenset(), asked.document, "beside")
            for o in others[: self._chance.choice((1, 2, 3))]
        ]
        place = self._chance.randrange(len(beside) + 1)
        sources = [*beside[:place], asked, *beside[place:]]
        return self._example("choose", asked.question, sources, asked.kind, asked.points)

    def _few(self, sentences: Sequence[str]) -> tuple[str, ...]:
        start = self._chance.randrange(len(sentences))
        return tuple(sentences[start : start + self._chance.choice((1, 1, 2))])

    def _refuse(self) -> Example | None:
        """A question that people made impossible, or one whose source was taken out."""
        if self._chance.random() < 0.5:
            asked = self._chance.choice(self._impossible)
            beside = [Asked("", "", asked.sentences, frozenset(), asked.document, "beside")]
        else:
            drawn = self._asked()
            if drawn is None or not drawn.others:
                return None
            asked = drawn
            beside = [Asked("", "", self._few(asked.others), frozenset(), asked.document, "beside")]
        return self._example("refuse", asked.question, beside, asked.kind)

    def _example(
        self,
        step: str,
        question: str,
        found: Sequence[Asked],
        kind: str,
        points: tuple[str, ...] = (),
    ) -> Example | None:
        """Sources with numbers, and the answer: what is wanted of each, with its number."""
        if len(found) > _MOST_SOURCES or sum(len(a.sentences) for a in found) > _MOST_SENTENCES:
            return None
        numbers = list(range(1, len(found) + 1))
        if self._chance.random() < 0.25:  # a theme of a summary has any of the numbers
            numbers = sorted(self._chance.sample(range(1, 11), len(found)))
        sources, said = [], []
        answering = [n for n, a in zip(numbers, found, strict=True) if a.kind != "beside"]
        for number, asked in zip(numbers, found, strict=True):
            sources.append(_source(number, asked))
            if number in answering:
                said += [
                    f"{shorten(s, asked.title, keeping(s, asked.wanted))} [{number}]"
                    for s in asked.sentences
                ]
        answer = " ".join(said)
        if answer and not _passes(answer, sources, len(said)):
            return None
        return Example(
            question,
            tuple(sources),
            answer or REFUSAL,
            step,
            kind,
            found[0].document,
            points,
            tuple(answering),
        )


def _passes(answer: str, sources: Sequence[Source], count: int) -> bool:
    """Whether an answer falls into so many sentences when it streams, and each passes the check."""
    stream = SentenceStream()
    texts = [*stream.feed(answer), stream.finish() or ""]
    cited = [take_citations(text, {s.number for s in sources}) for text in texts if text]
    verdicts = [check_support(c.text, [s for s in sources if s.number in c.numbers]) for c in cited]
    supported = [v for v in verdicts if v is not None and v.verdict is Verdict.SUPPORTED]
    return len(supported) == len(cited) == count


def keeping(sentence: str, wanted: frozenset[str]) -> Callable[[str], bool]:
    """Whether a text has all that the sentence has of what is wanted."""
    here = wanted & set(content_stems(sentence))
    return lambda text: here <= set(content_stems(text))


def _figures(sentences: Sequence[str]) -> frozenset[str]:
    """Stems of the numbers: more often than not they are what is asked for."""
    return frozenset(
        stem for s in sentences for n in NUMBER.findall(s) for stem in content_stems(n)
    )


def key_phrases(sentence: str) -> list[str]:
    """Runs of one to three words that may be what a question is about."""
    found = []
    for match in _PHRASE.finditer(sentence):
        words = match[0].split()
        while words and (words[0].lower() in STOP_WORDS or len(words[0]) < 3):
            words.pop(0)
        if words and not any(w.lower() in STOP_WORDS for w in words) and len(words[-1]) > 3:
            found.append(" ".join(words))
    return found


def readable_sentences(text: str) -> list[str]:
    """Sentences of a middle length without formulas and addresses."""
    found = [text[s.start : s.end].strip() for s in split_sentences(text)]
    plain = [s for s in found if "://" not in s and not set(s) & set("$\\{}[]~")]
    return [s for s in plain if len(s.split()) in _SENTENCES]


def _source(number: int, asked: Asked) -> Source:
    paper = Paper("", asked.title, " ".join(asked.sentences))
    sentences = tuple(SourceSentence(s, n, Span(0, 0)) for n, s in enumerate(asked.sentences))
    return Source(number, paper, sentences, 0.0)


def asked_by_people(folder: Path) -> Iterator[Asked]:
    """Questions, claims, replies and summaries that people wrote, with the sentences behind."""
    for asked in (*_claims(folder), *_squad(folder), *_covid_qa(folder), *_pubmed_qa(folder)):
        if asked.sentences and all(len(s.split()) in _SENTENCES for s in asked.sentences):
            yield asked


def _claims(folder: Path) -> Iterator[Asked]:
    for example in labelled(folder):
        if example.label != ENTAILS or example.kind == "squad2":
            continue
        text = example.source.removeprefix(f"{example.title.rstrip('.')}. ")
        claim = example.sentence.rstrip(".?! ")
        number = sum(map(ord, claim))
        if example.kind in ("begin", "scitldr"):
            phrases = sorted(key_phrases(claim), key=len)
            if not phrases:
                continue
            question = _ABOUT_ONE[number % len(_ABOUT_ONE)].format(phrases[-1])
        else:
            first = claim.split(" ", 1)[0]
            said = claim if not first[1:].islower() else claim[:1].lower() + claim[1:]
            question = _OF_CLAIMS[number % len(_OF_CLAIMS)].format(said)
        sentences = tuple(text[s.start : s.end].strip() for s in split_sentences(text))
        wanted = frozenset(content_stems(f"{question} {claim}"))
        yield Asked(question, example.title, sentences, wanted, example.document, example.kind)


def _paragraphs(path: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(context, questions) of a file in SQuAD's form."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for article in content["data"]:
        for paragraph in article["paragraphs"]:
            yield paragraph["context"], paragraph["qas"]


def _answered(folder: Path, name: str, kind: str, *, possible: bool = True) -> Iterator[Asked]:
    """Questions with the sentence that holds the answer that a person marked."""
    for context, questions in _paragraphs(folder / "training" / name):
        spans = split_sentences(context)
        document = context[:80]
        for asked in questions:
            answers = asked["answers"] or asked.get("plausible_answers") or []
            if not answers or asked.get("is_impossible", False) is possible:
                continue
            begin, said = answers[0]["answer_start"], answers[0]["text"]
            around = [n for n, s in enumerate(spans) if s.start <= begin < s.end]
            if not around or len(said.split()) > _LONGEST_ANSWER:
                continue
            sentence = " ".join(context[spans[around[0]].start : spans[around[0]].end].split())
            near = [spans[n] for n in (around[0] - 1, around[0] + 1) if 0 <= n < len(spans)]
            others = [" ".join(context[s.start : s.end].split()) for s in near]
            yield Asked(
                asked["question"].strip(),
                "",
                (sentence,),
                frozenset(content_stems(f"{asked['question']} {said}")),
                document,
                kind,
                (" ".join(said.split()).strip(" .,;"),) if said in sentence else (),
                tuple(o for o in others if len(o.split()) in _SENTENCES),
            )


def _squad(folder: Path) -> Iterator[Asked]:
    yield from _answered(folder, "squad2/squad2_13_articles.json", "squad2")


def impossible_questions(folder: Path) -> Iterator[Asked]:
    """Questions that people made to be asked of the very sentence that does not answer them."""
    name = "squad2/squad2_13_articles.json"
    yield from _answered(folder, name, "squad2", possible=False)


def _covid_qa(folder: Path) -> Iterator[Asked]:
    yield from _answered(folder, "covid_qa/200423_covidQA.json", "covid_qa")


def _pubmed_qa(folder: Path) -> Iterator[Asked]:
    """Questions, with the sentences of the abstract that are nearest to the conclusion."""
    path = folder / "training/pubmedqa/pubmedqa_500.json"
    for item in json.loads(path.read_text(encoding="utf-8")).values():
        text = " ".join(" ".join(item["CONTEXTS"]).split())
        concluded = set(content_stems(item["LONG_ANSWER"]))
        sentences = readable_sentences(text)
        near = sorted(sentences, key=lambda s: -len(concluded & set(content_stems(s))))[:2]
        wanted = frozenset(concluded | set(content_stems(item["QUESTION"])))
        chosen = tuple(s for s in sentences if s in near)
        others = tuple(s for s in sentences if s not in near)
        yield Asked(item["QUESTION"], "", chosen, wanted, text[:80], "pubmedqa", others=others)
