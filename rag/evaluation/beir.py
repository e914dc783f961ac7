"""A public retrieval set in the form of BEIR -> documents, queries, judgments; and its figures.

The form is that of BEIR (Thakur et al., "BEIR: A Heterogenous Benchmark for Zero-shot Evaluation of
Information Retrieval Models", arXiv 2104.08663); the figures are those of trec_eval, which BEIR
computes through pytrec_eval: linear gains, and means over all judged queries.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean

from rag.errors import EvaluationError
from rag.evaluation.averages import Spread
from rag.evaluation.files import read_lines
from rag.readers.tex import clean
from rag.types import Paper, Passage, Record

DEPTH = 100  # ranks that figures look at
# BEIR takes out a document that is the query itself; there has to be one more to take its place.
RANKED = DEPTH + 1
_JUDGMENTS = ("qrels.tsv", "qrels/test.tsv", "qrels/dev.tsv", "qrels/train.tsv")

Judgments = dict[str, int]  # document id -> grade; 0 is not relevant


@dataclass(frozen=True, slots=True)
class Query:
    """One judged query."""

    id: str
    text: str
    judgments: Judgments


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """Documents, and queries with judgments of which documents are relevant."""

    name: str
    documents: dict[str, Record]  # those with title and text; others can be no papers
    unusable: int  # documents that lack one of them
    queries: tuple[Query, ...]
    unjudged: int  # queries that are left out
    fingerprint: str  # of the file of documents

    def library_name(self, embedding: str) -> str:
        """A folder for the documents embedded in a certain way, which `embedding` names."""
        made = hashlib.blake2s(f"{self.fingerprint} {embedding}".encode(), digest_size=6)
        return f"{self.name}-{made.hexdigest()}"


@dataclass(frozen=True, slots=True)
class QueryScores:
    """What one query scored."""

    id: str
    ndcg10: float
    recall10: float
    recall100: float
    search_ms: float


@dataclass(frozen=True, slots=True)
class RetrievalFigures:
    """The figures of a retrieval set on this machine."""

    name: str
    documents: int  # in the set
    documents_not_added: int  # without title or text
    documents_merged: int  # share a paper with another document of the same title
    questions: int  # queries with judgments
    questions_unjudged: int  # left out
    ndcg10: float
    recall10: float
    recall100: float
    search_ms: Spread
    scores: tuple[QueryScores, ...]

    def to_json(self) -> dict[str, object]:
        """The figures as `footnote eval --retrieval … --json` prints them, with every query's."""
        figures = asdict(replace(self, scores=()))
        scores = {
            s.id: {name: value for name, value in asdict(s).items() if name != "id"}
            for s in self.scores
        }
        return figures | {"scores": scores}


def read_retrieval_set(folder: Path) -> RetrievalSet:
    """The set in a folder; EvaluationError says which file is missing or which line is wrong."""
    if not folder.is_dir():
        raise EvaluationError(
            f"There is no folder {folder}; --retrieval wants one with corpus.jsonl, queries.jsonl "
            "and qrels."
        )
    documents, unusable = {}, 0
    for item in _objects(folder / "corpus.jsonl", "title", "text"):
        title, text = clean(item["title"]), clean(item["text"])
        if _has_words(title) and _has_words(text):
            documents[item["_id"]] = Record(title, text)
        else:
            unusable += 1
    texts = {item["_id"]: item["text"] for item in _objects(folder / "queries.jsonl", "text")}
    path = _judgments_file(folder)
    judged = _judgments(path)
    queries = tuple(Query(i, text, judged[i]) for i, text in texts.items() if i in judged)
    if not documents or not queries:
        what = "document with title and text" if not documents else "query that is judged"
        raise EvaluationError(f"{folder} holds no {what}; it is no retrieval set.")
    return RetrievalSet(
        folder.absolute().name,
        documents,
        unusable,
        queries,
        len(texts) - len(queries),
        hashlib.blake2s((folder / "corpus.jsonl").read_bytes(), digest_size=16).hexdigest(),
    )


def _has_words(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _objects(path: Path, *keys: str) -> Iterator[dict[str, str]]:
    """The `_id` and the texts under `keys` of each line; a missing title is an empty one."""
    for number, line in read_lines(path, "the retrieval set's"):
        try:
            item = json.loads(line)
            found = {key: item.get(key) or "" for key in keys} | {"_id": item["_id"]}
            if not all(isinstance(value, str) for value in found.values()):
                raise TypeError
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise EvaluationError(
                f"{path}, line {number} is not a JSON object with texts under _id, "
                f"{' and '.join(keys)}."
            ) from error
        yield found


def _judgments_file(folder: Path) -> Path:
    found = next((folder / name for name in _JUDGMENTS if (folder / name).is_file()), None)
    if found is None:
        raise EvaluationError(
            f"{folder} holds no judgments; they are looked for in {', '.join(_JUDGMENTS)}."
        )
    return found


def _judgments(path: Path) -> dict[str, Judgments]:
    """Lines of query, document and grade, with a tab between; the first one names the columns."""
    found: dict[str, Judgments] = {}
    for number, line in read_lines(path, "the retrieval set's"):
        if number == 1:
            continue
        try:
            query, document, grade = line.split("\t")
            found.setdefault(query, {})[document] = int(grade)
        except ValueError as error:
            raise EvaluationError(
                f"{path}, line {number} is not a query id, a document id and a whole number with "
                "tabs between them."
            ) from error
    return found


class Corpus:
    """The documents of a set as the papers of a library."""

    def __init__(
        self, documents: Mapping[str, Record], find: Callable[[Record], Paper | None]
    ) -> None:
        """`find` gives the paper of the library that a record describes."""
        self._documents: dict[str, list[str]] = {}  # paper id -> documents, usually one
        for document, record in documents.items():
            paper = find(record)
            if paper is not None:
                self._documents.setdefault(paper.id, []).append(document)

    @property
    def papers(self) -> int:
        """How many papers of the library are documents of the set."""
        return len(self._documents)

    @property
    def merged(self) -> int:
        """How many documents share a paper with an earlier one."""
        return sum(map(len, self._documents.values())) - self.papers

    def ranking(self, query: Query, passages: Iterable[Passage]) -> list[str]:
        """Documents, best first; those that share a paper stand one after the other."""
        found = [d for p in passages for d in self._documents[p.paper.id]]
        return [d for d in found if d != query.id]  # as BEIR does: its queries may be documents


def score_query(query: Query, ranking: Sequence[str], search_ms: float) -> QueryScores:
    """The figures of one query."""
    return QueryScores(
        query.id,
        graded_ndcg(ranking, query.judgments, 10),
        recall(ranking, query.judgments, 10),
        recall(ranking, query.judgments, 100),
        search_ms,
    )


def graded_ndcg(ranking: Sequence[str], judgments: Judgments, depth: int) -> float:
    """Normalised discounted cumulative gain with the grades as gains; 0 where none is relevant.

    Järvelin and Kekäläinen (2002), discounted by the logarithm of rank + 1 as in trec_eval's
    ndcg_cut.
    """
    ideal = _gain(sorted(judgments.values(), reverse=True)[:depth])
    return _gain([judgments.get(d, 0) for d in ranking[:depth]]) / ideal if ideal else 0.0


def _gain(grades: Iterable[int]) -> float:
    return sum(max(grade, 0) / math.log2(rank + 2) for rank, grade in enumerate(grades))


def recall(ranking: Sequence[str], judgments: Judgments, depth: int) -> float:
    """Share of the relevant documents within the first `depth` ranks; 0 where none is relevant."""
    relevant = {document for document, grade in judgments.items() if grade > 0}
    return len(relevant & set(ranking[:depth])) / len(relevant) if relevant else 0.0


def summarise_retrieval(
    found: RetrievalSet, corpus: Corpus, scores: Sequence[QueryScores]
) -> RetrievalFigures:
    """Means over all judged queries."""
    return RetrievalFigures(
        found.name,
        len(found.documents) + found.unusable,
        found.unusable,
        corpus.merged,
        len(scores),
        found.unjudged,
        round(fmean(s.ndcg10 for s in scores), 4),
        round(fmean(s.recall10 for s in scores), 4),
        round(fmean(s.recall100 for s in scores), 4),
        Spread.of([s.search_ms for s in scores]),
        tuple(scores),
    )
