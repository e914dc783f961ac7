"""Retrieval sets in the form of BEIR are read, and scored as trec_eval scores them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from rag.errors import EvaluationError
from rag.evaluation.beir import (
    Corpus,
    Query,
    QueryScores,
    graded_ndcg,
    read_retrieval_set,
    recall,
    score_query,
    summarise_retrieval,
)
from rag.types import Paper, Record
from tests.rag.builders import paper, passage

DOCUMENTS = [
    {"_id": "d1", "title": "Moss on walls", "text": "Moss grows on damp walls."},
    {"_id": "d2", "title": "Gulls at sea", "text": "Gulls sleep on the wing."},
    {"_id": "d3", "title": "Nothing to read", "text": " "},
    {"_id": "d4", "title": "", "text": "It has no title."},
]
QUERIES = [{"_id": "q1", "text": "Where does moss grow?"}, {"_id": "q2", "text": "Who sleeps?"}]
HEADER = "query-id\tcorpus-id\tscore"


def write(
    folder: Path, qrels: str = "qrels.tsv", judgments: tuple[str, ...] = ("q1\td1\t2", "q1\td2\t0")
) -> Path:
    """A set of four documents and two queries, one of them judged."""
    for name, items in (("corpus.jsonl", DOCUMENTS), ("queries.jsonl", QUERIES)):
        (folder / name).write_text("".join(json.dumps(i) + "\n" for i in items), encoding="utf-8")
    path = folder / qrels
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([HEADER, *judgments]) + "\n", encoding="utf-8")
    return folder


class TestFigures:
    def test_ndcg_of_grades_by_hand(self) -> None:
        """Grades 1, 0, 2 found, 2 and 1 and 1 there: (1 + 2/2) / (2 + 1/log2 3 + 1/2)."""
        got = graded_ndcg(["a", "x", "b"], {"a": 1, "b": 2, "c": 1, "x": 0}, 10)
        assert got == pytest.approx(2 / (2.5 + 1 / math.log2(3)))
        assert got == pytest.approx(0.6387879)

    def test_one_grade_is_binary(self) -> None:
        """Relevant at ranks 1 and 4 of two: (1 + 1/log2 5) / (1 + 1/log2 3)."""
        got = graded_ndcg(["a", "x", "y", "b"], {"a": 1, "b": 1}, 10)
        assert got == pytest.approx(0.8772153)

    def test_only_the_first_ranks_count_in_ranking_and_ideal(self) -> None:
        """Rank 11 gains nothing; ten relevant ones in ten ranks are ideal though there are 12."""
        many = {str(n): 1 for n in range(12)}
        assert graded_ndcg([str(n) for n in range(10)], many, 10) == pytest.approx(1.0)
        assert graded_ndcg(["x"] * 10 + ["a"], {"a": 1}, 10) == 0.0

    def test_a_negative_grade_gains_nothing(self) -> None:
        """Some sets grade spam below zero."""
        assert graded_ndcg(["a", "b"], {"a": -2, "b": 1}, 10) == pytest.approx(1 / math.log2(3))

    def test_nothing_relevant_scores_zero(self) -> None:
        """As trec_eval counts a judged query without a relevant document."""
        assert graded_ndcg(["a"], {"a": 0}, 10) == 0.0
        assert recall(["a"], {"a": 0}, 10) == 0.0

    def test_recall_by_hand(self) -> None:
        """Of three relevant documents one is in the first two ranks, two in the first four."""
        judgments = {"a": 1, "b": 2, "c": 1, "x": 0}
        assert recall(["x", "a", "y", "b"], judgments, 2) == pytest.approx(1 / 3)
        assert recall(["x", "a", "y", "b"], judgments, 4) == pytest.approx(2 / 3)

    def test_a_query_has_its_figures(self) -> None:
        """Rank 50 is found within a hundred and not within ten."""
        query = Query("q", "?", {"a": 1})
        ranking = [f"x{n}" for n in range(49)] + ["a"]
        assert score_query(query, ranking, 3.0) == QueryScores("q", 0.0, 0.0, 1.0, 3.0)


class TestReading:
    def test_a_set_is_read_whole(self, tmp_path: Path) -> None:
        """Documents that can be papers, judged queries, and how many of each are left out."""
        found = read_retrieval_set(write(tmp_path))
        assert found.name == tmp_path.name
        assert list(found.documents) == ["d1", "d2"]
        assert found.documents["d1"] == Record("Moss on walls", "Moss grows on damp walls.")
        assert found.unusable == 2
        assert found.queries == (Query("q1", "Where does moss grow?", {"d1": 2, "d2": 0}),)
        assert found.unjudged == 1

    @pytest.mark.parametrize("name", ["qrels/test.tsv", "qrels/dev.tsv", "qrels/train.tsv"])
    def test_judgments_may_stand_in_a_folder(self, tmp_path: Path, name: str) -> None:
        """As the public sets have them; the test split comes first."""
        write(tmp_path, "qrels/train.tsv", ("q2\td2\t1",))
        found = read_retrieval_set(write(tmp_path, name))
        assert [q.id for q in found.queries] == (["q1"])

    def test_other_documents_or_vectors_have_another_library(self, tmp_path: Path) -> None:
        """The folder's name tells both, and stays the same for the same."""
        first = read_retrieval_set(write(tmp_path))
        assert first.library_name("a") == read_retrieval_set(tmp_path).library_name("a")
        assert first.library_name("a") != first.library_name("b")
        with (tmp_path / "corpus.jsonl").open("a") as file:
            file.write(json.dumps({"_id": "d5", "title": "More", "text": "More."}) + "\n")
        assert first.library_name("a") != read_retrieval_set(tmp_path).library_name("a")

    @pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
    def test_a_missing_file_is_named(self, tmp_path: Path, name: str) -> None:
        """One sentence with the path."""
        (write(tmp_path) / name).unlink()
        with pytest.raises(EvaluationError, match=name):
            read_retrieval_set(tmp_path)

    def test_a_folder_in_place_of_a_file(self, tmp_path: Path) -> None:
        """Told in words, not by the system's number."""
        write(tmp_path)
        (tmp_path / "queries.jsonl").unlink()
        (tmp_path / "queries.jsonl").mkdir()
        with pytest.raises(EvaluationError, match=r"queries\.jsonl: it is a folder; name"):
            read_retrieval_set(tmp_path)

    def test_no_folder(self, tmp_path: Path) -> None:
        """The sentence says what the folder should hold."""
        with pytest.raises(EvaluationError, match=r"no folder .* queries\.jsonl"):
            read_retrieval_set(tmp_path / "missing")

    @pytest.mark.parametrize(
        "line",
        [
            "{", "[]", "3",
            '{"title": "a", "text": "b"}', '{"_id": 3, "text": "b"}', '{"_id": "a", "text": ["b"]}',
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl"])
    def test_a_bad_line_is_named(self, tmp_path: Path, name: str, line: str) -> None:
        """File and line."""
        with (write(tmp_path) / name).open("a") as file:
            file.write(line)
        with pytest.raises(EvaluationError, match=rf"{name}, line \d is not a JSON object"):
            read_retrieval_set(tmp_path)

    @pytest.mark.parametrize("line", ["q1 d1 1", "q1\td1", "q1\td1\tyes", "q1\t0\td1\t1"])
    def test_a_bad_judgment_is_named(self, tmp_path: Path, line: str) -> None:
        """File and line."""
        write(tmp_path, judgments=("q1\td1\t1", line))
        with pytest.raises(EvaluationError, match=r"qrels\.tsv, line 3 is not a query id"):
            read_retrieval_set(tmp_path)

    def test_judgments_of_other_queries(self, tmp_path: Path) -> None:
        """There would be nothing to score."""
        with pytest.raises(EvaluationError, match="holds no query that is judged"):
            read_retrieval_set(write(tmp_path, judgments=("q9\td1\t1",)))

    def test_no_documents(self, tmp_path: Path) -> None:
        """There would be nothing to find."""
        (write(tmp_path) / "corpus.jsonl").write_text(json.dumps(DOCUMENTS[3]))
        with pytest.raises(EvaluationError, match="holds no document with title and text"):
            read_retrieval_set(tmp_path)


PAPERS = {p.title: p for p in (paper("One", "It is."), paper("Two", "It is not."))}
RECORDS = {
    "a": Record("One", "It is."),
    "b": Record("Two", "It is not."),
    "c": Record("One", "It is, again."),
    "d": Record("Three", "Nobody kept it."),
}


def find(record: Record) -> Paper | None:
    return PAPERS.get(record.title)


class TestCorpus:
    def test_a_ranking_of_papers_is_one_of_documents(self) -> None:
        """Documents that share a paper follow each other."""
        corpus = Corpus(RECORDS, find)
        found = [passage("Two", "It is not."), passage("One", "It is.")]
        assert corpus.ranking(Query("q", "?", {}), found) == ["b", "a", "c"]
        assert (corpus.papers, corpus.merged) == (2, 1)

    def test_a_query_does_not_find_itself(self) -> None:
        """As in BEIR, where queries may be documents of the set."""
        corpus = Corpus(RECORDS, find)
        assert corpus.ranking(Query("a", "?", {}), [passage("One", "It is.")]) == ["c"]

    def test_means_over_judged_queries(self, tmp_path: Path) -> None:
        """With what was left out beside them, and every query's figures."""
        found = read_retrieval_set(write(tmp_path))
        scores = [QueryScores("q1", 1.0, 1.0, 1.0, 4.0), QueryScores("q2", 0.0, 0.5, 1.0, 8.0)]
        figures = summarise_retrieval(found, Corpus({}, find), scores)
        assert (figures.ndcg10, figures.recall10, figures.recall100) == (0.5, 0.75, 1.0)
        assert (figures.documents, figures.documents_not_added) == (4, 2)
        assert (figures.questions, figures.questions_unjudged) == (2, 1)
        document = json.loads(json.dumps(figures.to_json()))
        assert document["search_ms"]["median"] == 6.0
        assert document["scores"]["q2"]["recall10"] == 0.5
