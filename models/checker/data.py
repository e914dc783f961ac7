"""Public sets of claims and replies, and abstracts -> examples for the checker, split by document.

A fifth of the documents of each set is kept apart; nothing of them is trained on. The sets lie in
one folder, as their makers publish them; none of them is part of Footnote.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from models.checker.alter import (
    CONTRADICTING,
    FAULTS,
    PARAPHRASES,
    Surroundings,
    clauses_of,
    names_of,
)
from rag.chunks import split_sentences
from rag.types import titled
from rag.words import STOP_WORDS, content_stems

ENTAILS, OPEN, CONTRADICTS, NOT_ENTAILED = range(4)  # the last: it is one of the two before it
_FOLDS = 5
WRITTEN = Path(__file__).with_name("written.jsonl")


@dataclass(frozen=True, slots=True)
class Example:
    """A source, a sentence, and what the one says of the other."""

    source: str
    sentence: str
    label: int
    kind: str  # the set it is from, or the fault that was planted
    document: str  # what it is about; a document is either trained on or not
    before: str | None = None  # the sentence before the fault; the same where there is none
    title: str = ""  # of the document, where the source begins with it

    @property
    def is_held_out(self) -> bool:
        """Whether its document is of the fifth that is kept apart; the same in every run."""
        return is_kept_apart(self.document)


def is_kept_apart(document: str) -> bool:
    """Whether a document, by its name or beginning, is of the fifth that is not trained on."""
    digest = hashlib.blake2s(document.encode(), digest_size=4).digest()
    return int.from_bytes(digest) % _FOLDS == 0


def labelled(folder: Path) -> list[Example]:
    """All examples of the sets that people labelled."""
    found = [
        *_scifact(folder),
        *_check_covid(folder),
        *_wice(folder),
        *_begin(folder),
        *_scitldr(folder),
        *_squad(folder),
    ]
    return [e for e in found if e.source and e.sentence]


def written() -> list[Example]:
    """Examples of our own: about made-up papers, a restatement and the same with one fault."""
    found = []
    for item in _lines(WRITTEN):
        source = _titled(item["title"], item["source"])
        wrong = CONTRADICTS if item["verdict"] == "contradicts" else OPEN
        for text, label in ((item["same"], ENTAILS), (item["other"], wrong)):
            found.append(Example(source, text, label, "written", item["title"], item["same"]))
    return found


def _lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _sentences(document: Any) -> list[str]:
    """The sentences of an abstract as its set counts them, or else as we do."""
    stated = document.get("sentences") or document.get("metadata", {}).get("sentences")
    text = document["text"]
    return stated or [text[s.start : s.end] for s in split_sentences(text)]


def _scifact(folder: Path) -> Iterator[Example]:
    corpus = {d["_id"]: d for d in _lines(folder / "retrieval/scifact/corpus.jsonl")}
    for claim in _lines(folder / "training/scifact_claims/claims_train.jsonl"):
        labels = {"SUPPORT": ENTAILS, "CONTRADICT": CONTRADICTS}
        for document in claim["cited_doc_ids"]:
            known = corpus.get(document)
            if known is None:
                continue
            title, sentences = known["title"], _sentences(known)
            own = [e for e in claim["evidence"] if e["doc_id"] == document]
            for evidence in own:
                chosen = [sentences[i] for i in evidence["sentences"] if i < len(sentences)]
                yield Example(
                    _titled(title, " ".join(chosen)),
                    claim["claim"],
                    labels[evidence["label"]],
                    "scifact",
                    document,
                    title=title,
                )
            said = {i for e in own for i in e["sentences"]}
            others = [s for i, s in enumerate(sentences) if i not in said]
            if nearest := _nearest(claim["claim"], others, 1):
                # In an abstract without evidence the nearest sentence leaves the claim open; in
                # one with evidence another sentence may still say it in part.
                label = OPEN if not own else NOT_ENTAILED
                if not own or Random(document).random() < 0.3:
                    source = _titled(title, nearest)
                    yield Example(source, claim["claim"], label, "scifact", document)


def _check_covid(folder: Path) -> Iterator[Example]:
    corpus = {d["_id"]: d for d in _lines(folder / "retrieval/check_covid/corpus.jsonl")}
    labels = {"SUPPORT": ENTAILS, "REFUTE": CONTRADICTS, "NOTENOUGHINFO": OPEN}
    for claim in _lines(folder / "training/check_covid/covidCheck_train_composed+extracted.json"):
        known = corpus.get(claim["cord_id"])
        chosen = claim["evidence_set"]
        if isinstance(chosen, str):
            chosen = json.loads(chosen.replace("'", '"'))  # some rows are as Python prints them
        if known is None:
            continue
        sentences = _sentences(known)
        indices = [c["sent_index"] for c in chosen]
        text = " ".join(sentences[i] for i in indices if i < len(sentences))
        yield Example(
            _titled(known["title"], text),
            claim["claim"].strip(),
            labels[claim["label"]],
            "check_covid",
            claim["cord_id"],
            title=known["title"],
        )


def _wice(folder: Path) -> Iterator[Example]:
    for item in _lines(folder / "training/wice/oracle_chunks_claim_dev.jsonl"):
        meta = item["meta"]
        places = {index: place for place, index in enumerate(meta["chunk_idx"])}
        chosen = [places[i] for i in meta.get("oracle_idx") or [] if i in places]
        texts = [item["evidence"][i] for i in sorted(chosen) if i < len(item["evidence"])]
        if not texts:
            texts = [_nearest(item["claim"], item["evidence"], 2)]
        label = ENTAILS if item["label"] == "supported" else NOT_ENTAILED
        title = meta.get("claim_title", "")
        source = _titled(title, " ".join(texts))
        document = meta.get("claim_title", meta["id"])
        yield Example(source, item["claim"], label, "wice", document, title=title)


def _begin(folder: Path) -> Iterator[Example]:
    for name in ("begin_dev_tc", "begin_dev_wow", "begin_test_wow"):
        with (folder / f"training/begin/{name}.tsv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                label = ENTAILS if row["begin_label"] == "Fully attributable" else NOT_ENTAILED
                knowledge = row["knowledge"].strip()
                yield Example(knowledge, row["response"].strip(), label, "begin", knowledge[:80])


def _scitldr(folder: Path) -> Iterator[Example]:
    """One-sentence summaries of which two source sentences hold nearly all words."""
    for name in ("train", "dev"):
        for item in _lines(folder / f"training/scitldr/{name}.jsonl"):
            for summary in item["target"]:
                source = _nearest(summary, item["source"], 2)
                stems, known = set(content_stems(summary)), set(content_stems(source))
                if len(stems) > 4 and len(stems & known) >= 0.75 * len(stems):
                    yield Example(source, summary, ENTAILS, "scitldr", item["paper_id"])


def _squad(folder: Path) -> Iterator[Example]:
    """Questions with their answers as statements; those of an unanswerable question are wrong.

    People wrote these to be asked of the very paragraph that does not answer them.
    """
    sets = json.loads((folder / "training/squad2/squad2_13_articles.json").read_text("utf-8"))
    for article in sets["data"] if isinstance(sets, dict) else sets:
        for paragraph in article["paragraphs"]:
            context = paragraph["context"]
            spans = split_sentences(context)
            for asked in paragraph["qas"]:
                answers = asked["answers"] or asked.get("plausible_answers") or []
                place = answers[0]["answer_start"] if answers else -1
                around = [s for s in spans if s.start <= place < s.end]
                if around:
                    yield Example(
                        " ".join(context[around[0].start : around[0].end].split()),
                        _stated(asked["question"].strip(), answers[0]["text"]),
                        NOT_ENTAILED if asked["is_impossible"] else ENTAILS,
                        "squad2",
                        context[:80],
                    )


def _stated(question: str, answer: str) -> str:
    """A question and its answer in one sentence, roughly."""
    text = question.rstrip("? ")
    be = "(?:is|are|was|were)"
    if m := re.match(rf"(?:What|Who|Which) ({be}) (.+)", text):
        if m[1] in ("is", "are") or len(m[2].split()) < 5:
            return f"{m[2][0].upper()}{m[2][1:]} {m[1]} {answer}."
        return f"{answer} {m[1]} {m[2]}."
    if m := re.match(r"(?:What|Who|Which(?: \w+)?) (?!did |do |does |type |kind )(.+)", text):
        return f"{answer} {m[1]}."
    if m := re.match(r"(?:What|Where|When|How many|How much|Why|How) (?:did|do|does) (.+)", text):
        return f"{m[1][0].upper()}{m[1][1:]} {answer}."
    if m := re.match(rf"(?:When|Where|How) ({be}) (\S+(?: \S+)?) (.+)", text):
        return f"{m[2][0].upper()}{m[2][1:]} {m[1]} {m[3]} {answer}."
    return f"{text}: {answer}."


def abstracts(folder: Path, count: int, leave_out: frozenset[str]) -> Iterator[tuple[str, str]]:
    """(title, abstract) of the first `count` arXiv abstracts whose folded titles are not named."""
    with gzip.open(folder / "scale/arxiv_abstracts.jsonl.gz", "rt", encoding="utf-8") as file:
        for number, line in enumerate(file):
            if number >= count:
                return
            item = json.loads(line)
            title = " ".join(item["title"].split())
            if folded(title) not in leave_out:
                yield title, " ".join(item["abstract"].split())


def folded(title: str) -> str:
    """A title for comparing."""
    return "".join(c for c in title.casefold() if c.isalnum())


class Maker:
    """Makes examples by rule, out of abstracts and out of labelled examples."""

    def __init__(self, papers: list[tuple[str, str]], chance: Random) -> None:
        self._chance = chance
        self._papers = []
        names, words, clauses = [], [], []
        for title, abstract in papers:
            sentences = [abstract[s.start : s.end].strip() for s in split_sentences(abstract)]
            if len(sentences) > 2 and not any("$" in s or "\\" in s for s in sentences):
                self._papers.append((title, sentences))
                names += names_of(abstract)
                words += [w for w in abstract.split() if w.isalpha() and w.islower() and len(w) > 4]
                clauses += [c for s in sentences for c in clauses_of(s)]
        content = [w for w in words if w not in STOP_WORDS]
        self._around = Surroundings(names, content, clauses)

    def from_abstract(self) -> Example | None:
        """A sentence restated by rule, half the time with a fault, or beside another sentence."""
        chance = self._chance
        title, sentences = chance.choice(self._papers)
        place = chance.randrange(len(sentences))
        source, own = sentences[place], sentences[place]
        if len(own.split()) < 6 or len(own.split()) > 60:
            return None
        if chance.random() < 0.2 and len(sentences) > 1:
            other = sentences[place - 1] if place else sentences[place + 1]
            source = f"{other} {own}" if place else f"{own} {other}"
        draw = chance.random()
        if draw < 0.1:
            other = _nearest(own, [s for s in sentences if s != own], 1)
            text = self.restated(own)
            return Example(_titled(title, other), text, NOT_ENTAILED, "other sentence", title)
        text = self.restated(own)
        example = Example(_titled(title, source), text, ENTAILS, "restated", title, text)
        if draw < 0.45:
            return example
        if draw < 0.6:
            return self.with_other_source(example, own)
        return self.with_fault(example)

    def with_fault(self, example: Example) -> Example | None:
        """An example with one fault planted in a sentence that was borne out."""
        # What few sentences have is tried first: a number, a "may".
        rare = self._chance.random()
        kinds = [k for k in ("number", "hedge") if rare < 0.5]
        kinds += self._chance.sample(list(FAULTS), len(FAULTS))
        for kind in kinds:
            if found := self._planted(kind, example):
                return found
        return None

    def _planted(self, kind: str, example: Example) -> Example | None:
        around = self._around
        local = names_of(example.source)
        if kind == "entity" and len(set(local)) > 2 and self._chance.random() < 0.5:
            around = Surroundings(local, content_words_of(example.source), around.clauses)
        text = FAULTS[kind](example.sentence, self._chance, around)
        if text is None or text == example.sentence or text in example.source:
            return None
        label = CONTRADICTS if kind in CONTRADICTING else OPEN
        return Example(example.source, text, label, kind, example.document, example.sentence)

    def with_other_source(self, example: Example, own: str) -> Example | None:
        """The same sentence, with the fault in the source: what it says is not said any more."""
        kind = self._chance.choice(["number", "negation", "direction", "swap", "entity"])
        altered = FAULTS[kind](own, self._chance, self._around)
        if altered is None or altered == own or own not in example.source:
            return None
        label = CONTRADICTS if kind in CONTRADICTING else NOT_ENTAILED
        source = example.source.replace(own, altered)
        return Example(source, example.sentence, label, f"source {kind}", example.document)

    def restated(self, sentence: str) -> str:
        """The sentence after none to three changes that leave what it says."""
        text = sentence
        for kind in self._chance.sample(list(PARAPHRASES), self._chance.choice((0, 1, 1, 2, 3))):
            text = PARAPHRASES[kind](text, self._chance) or text
        return text


def content_words_of(text: str) -> list[str]:
    """Longer words of a text that say what it is about."""
    found = [w.strip(".,;:()") for w in text.split()]
    return [w for w in found if w.isalpha() and w.islower() and len(w) > 4 and w not in STOP_WORDS]


def _nearest(text: str, sentences: list[str], count: int) -> str:
    stems = set(content_stems(text))
    ranked = sorted(
        range(len(sentences)), key=lambda i: -len(stems & set(content_stems(sentences[i])))
    )
    return " ".join(" ".join(sentences[i] for i in sorted(ranked[:count])).split())


def _titled(title: str, text: str) -> str:
    return titled(title, " ".join(text.split()))
