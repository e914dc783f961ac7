"""Hybrid search: the right paper first, whatever is typed, and never a removed one."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.embedder import SentenceEmbedder
from rag.config import load_config
from rag.evaluation.questions import RANKED, read_cases, score, summarise
from rag.index import ChunkIndex
from rag.ingest import Ingest
from rag.library import Library
from rag.search import Searcher, full_text_query, fuse, similar_papers
from rag.types import Embedder, Paper, Record, Scope
from rag.wiring import open_desk
from rag.wordmatch import WordMatcher
from tests.rag.conftest import ROOT
from tests.rag.corpus import RECORDS, HashEmbedder, make_ingest

SHARED = ROOT.parent / "shared"
NDCG, RECALL = 0.87, 0.88  # of ten and of five papers, on the questions of the shared data


def searcher(library: Library, index: ChunkIndex, embedder: Embedder) -> Searcher:
    return Searcher(library, index, embedder, WordMatcher(embedder), load_config().search)


@pytest.fixture
def cheap(filled: Library, index: ChunkIndex) -> Searcher:
    """Search over the written papers with the cheap embedder."""
    return searcher(filled, index, HashEmbedder())


@pytest.fixture(scope="module")
def real(
    tmp_path_factory: pytest.TempPathFactory, embedder: SentenceEmbedder
) -> Iterator[tuple[Library, Ingest, Searcher]]:
    """The written papers, embedded by the real model."""
    with Library.open(tmp_path_factory.mktemp("real")) as library:
        ingest = make_ingest(library, embedder)
        ingest.add_records(RECORDS, "written")
        yield library, ingest, searcher(library, ingest.index, embedder)
        ingest.index.close()


class TestFullTextQuery:
    @pytest.mark.parametrize(
        ("question", "expression"),
        [
            ("Which corpora hold RECIPES?", '"corpora" OR "hold" OR "recipes"'),
            ("lattice parsing lattice", '"lattice" OR "parsing"'),
            ("what is it", '"what" OR "is" OR "it"'),
            ("???", ""),
            ("", ""),
            ('say "AND" NEAR(a b) title:x -y *', '"title" OR "x" OR "b" OR "y"'),
        ],
    )
    def test_words_are_quoted_and_joined_by_or(self, question: str, expression: str) -> None:
        """Content words where there are any, else all words, each once."""
        made = full_text_query(question)
        assert set(made.split(" OR ")) == set(expression.split(" OR "))

    def test_long_question_is_cut(self) -> None:
        """More words only cost time."""
        assert full_text_query(" ".join(f"word{n}" for n in range(500))).count(" OR ") == 63

    @given(st.text(max_size=200))
    def test_any_text_is_a_valid_expression(self, question: str) -> None:
        """FTS5 reads no operator, quote or column name out of it."""
        made = full_text_query(question)
        if made:
            assert FULL_TEXT.execute("SELECT * FROM t WHERE t MATCH ?", (made,)).fetchall() == []

    def test_unquoted_text_is_not_a_valid_expression(self) -> None:
        """What the test above would catch."""
        with pytest.raises(sqlite3.OperationalError):
            FULL_TEXT.execute("SELECT * FROM t WHERE t MATCH ?", ("nobody's AND",)).fetchall()


FULL_TEXT = sqlite3.connect(":memory:")
FULL_TEXT.execute(
    "CREATE VIRTUAL TABLE t USING fts5 (title, tokenize='porter unicode61 remove_diacritics 2')"
)

scores = st.dictionaries(st.integers(0, 9), st.floats(-1e6, 1e6), max_size=10)


class TestFuse:
    def test_best_of_each_score_counts_its_whole_weight(self) -> None:
        """Each score is divided by its best, and weights by their sum."""
        fused = fuse([(1.0, {1: 0.8, 2: 0.4}), (3.0, {2: 12.0, 3: 6.0})])
        assert fused == pytest.approx({1: 0.25, 2: 0.125 + 0.75, 3: 0.375})

    def test_negative_and_zero_scores_count_nothing(self) -> None:
        """A cosine below zero is as far as can be."""
        assert fuse([(1.0, {1: -0.5, 2: 0.0}), (1.0, {1: 2.0})]) == {1: 0.5, 2: 0.0}

    def test_nothing_to_fuse(self) -> None:
        """No scores, or no weight at all."""
        assert fuse([]) == {}
        assert fuse([(0.0, {1: 1.0})]) == {1: 0.0}

    @given(st.lists(st.tuples(st.floats(0, 10), scores), max_size=4))
    def test_fused_scores_lie_between_nought_and_one(
        self, given_scores: list[tuple[float, dict[int, float]]]
    ) -> None:
        """For every key that has any score."""
        fused = fuse(given_scores)
        assert set(fused) == {key for _, by_key in given_scores for key in by_key}
        assert all(0 <= v <= 1 + 1e-9 and not math.isnan(v) for v in fused.values())


class TestRealEmbedder:
    @pytest.mark.parametrize(
        ("question", "title"),
        [
            ("How well can storm reports be translated on the cheap?", "Kestrel"),
            ("Can a computer judge how long someone takes to read, with a webcam?", "Estimating"),
            ("Which data set helps cooks avoid allergic reactions?", "Marrow"),
            ("What makes language models get stuck in loops?", "Why Chatbots"),
            ("deciphering old scripts from few labelled lines", "Inkwell"),
            ("Does showing evidence make people believe wrong answers?", "Do Readers"),
            ("on-device text prediction that keeps messages private", "Pollen"),
            ("BLEU 41.2", "Kestrel"),
            ("DIETICIAN", "Marrow"),
        ],
    )
    def test_right_paper_comes_first(
        self, real: tuple[Library, Ingest, Searcher], question: str, title: str
    ) -> None:
        """Found by meaning, by words, or by a number."""
        passages = real[2].search(question, 5)
        assert passages[0].paper.title.startswith(title)
        assert len(passages) == 5

    def test_right_sentence_is_the_most_similar(
        self, real: tuple[Library, Ingest, Searcher]
    ) -> None:
        """Sentences are compared with the question one by one."""
        (passage,) = real[2].search("How many bits of gossip? Which words last longest?", 1)
        assert passage.best_sentences(1)[0].text == "Words for food last longest."


class TestSearch:
    def test_passages_are_in_order_and_whole(self, cheap: Searcher, filled: Library) -> None:
        """Best first, scores between 0 and 1, all sentences of each abstract."""
        passages = cheap.search("syllables of folk songs", 30)
        assert passages[0].paper.title.startswith("Counting Syllables")
        assert [p.score for p in passages] == sorted((p.score for p in passages), reverse=True)
        assert all(0 <= p.score <= 1 and -1 <= p.similarity <= 1.001 for p in passages)
        assert len({p.paper.id for p in passages}) == len(passages) == len(RECORDS)
        for passage in passages:
            assert " ".join(s.text for s in passage.sentences) == passage.paper.abstract
            assert filled.paper(passage.paper.id) == passage.paper
        assert passages[0].bm25 > 0

    def test_word_that_only_full_text_finds(self, cheap: Searcher) -> None:
        """Words are found by their stem, in any case."""
        passages = cheap.search("DIETICIAN", 30)
        assert [p.paper.title[:6] for p in passages if p.bm25 > 0] == ["Marrow"]

    def test_words_near_in_meaning_are_told(self, real: tuple[Library, Ingest, Searcher]) -> None:
        """Of the papers and of their sentences, as shares between 0 and 1."""
        passages = real[2].search("Which physicians agreed on hospital meals?", 30)
        assert all(0 <= p.word_match <= 1 for p in passages)
        assert max(passages, key=lambda p: p.word_match).paper.title.startswith("Marrow")
        marrow = real[2].search("Which physicians agreed?", 1)[0]
        best = max(marrow.sentences, key=lambda s: s.word_match)
        assert best.text == "Two dieticians agreed on 97% of the labels."

    def test_several_questions_find_what_each_finds_alone(self, cheap: Searcher) -> None:
        """Embedded together, searched each by itself; no question is no search."""
        questions = ["syllables of folk songs", "DIETICIAN", "folk songs"]
        assert cheap.search_all(questions, 5) == [cheap.search(q, 5) for q in questions]
        assert cheap.search_all([], 5) == []
        assert cheap.count() == len(RECORDS)

    @pytest.mark.parametrize(
        "scope",
        [
            Scope(2018, 2020),
            Scope(to_year=2015),
            Scope(sources=("written",)),
            Scope(sources=("elsewhere",)),
        ],
    )
    def test_a_scope_leaves_the_rest_as_it_is(
        self, cheap: Searcher, filled: Library, scope: Scope
    ) -> None:
        """All its papers and no other, in the order and with the scores of what is measured."""
        question = "syllables of folk songs"
        inside = {p.id for p in filled.papers(limit=-1) if in_years(p, scope)}
        whole = cheap.search(question, 30)
        found = cheap.search(question, 30, scope)
        expected = set() if "elsewhere" in scope.sources else inside
        assert {p.paper.id for p in found} == expected
        assert cheap.count(scope) == len(expected)
        measured = {p.paper.id: (p.similarity, p.bm25) for p in whole}
        for passage in found:
            assert (passage.similarity, passage.bm25) == pytest.approx(
                measured[passage.paper.id], abs=1e-5
            )
        assert cheap.search(question, 3, scope) == found[:3]

    def test_a_scope_that_is_empty_of_filters_is_no_scope(self, cheap: Searcher) -> None:
        assert cheap.search("folk songs", 30, Scope()) == cheap.search("folk songs", 30)

    def test_a_tag_that_a_paper_gets_counts_at_once(self, cheap: Searcher, filled: Library) -> None:
        """What was read for a scope is not used once the scope holds something else."""
        scope = Scope(tags=("folk",))
        assert cheap.search("folk songs", 5, scope) == []
        for n, paper in enumerate(filled.papers(limit=3), start=1):
            filled.tag([paper.id], add=["folk"])
            assert len(cheap.search("folk songs", 5, scope)) == n

    @pytest.mark.parametrize(
        "question",
        ["what is it", "the of and", "???", "\x00", '"', "NEAR(", "a:", "😀", "日本語", "a" * 9999],
    )
    def test_odd_question_is_answered_all_the_same(self, cheap: Searcher, question: str) -> None:
        """Stop words, marks, operators: some papers come, and no error."""
        assert len(cheap.search(question, 5)) == 5

    def test_empty_library_finds_nothing(self, empty: Library) -> None:
        """And is no error."""
        found = searcher(empty, ChunkIndex(empty), HashEmbedder()).search("recipes", 5)
        assert found == []

    @pytest.mark.parametrize("index_knows", [True, False])
    def test_removed_paper_never_comes_back(
        self, cheap: Searcher, filled: Library, index: ChunkIndex, index_knows: bool
    ) -> None:
        """Also where the index was not told, as after a kill between the two."""
        question = "recipes for hospital kitchens"
        gone = cheap.search(question, 1)[0].paper
        chunks = filled.chunks_of([gone.id])
        filled.remove([gone.id])
        if index_knows:
            index.remove(chunks)
        for _ in range(2):
            assert index.state() == "ready"
            passages = cheap.search(question, 30)
            assert gone.id not in {p.paper.id for p in passages}
            assert len(passages) == len(RECORDS) - 1
            index.close()
        index.rebuild()
        assert gone.id not in {p.paper.id for p in cheap.search(question, 30)}

    def test_paper_added_while_the_index_is_open_is_found(
        self, cheap: Searcher, ingest: Ingest
    ) -> None:
        """Before the index has caught up."""
        cheap.search("anything", 1)
        record = Record("Zither", "Zithers are tuned by robots.")
        ingest.library.add(ingest._prepare([record], "new"))
        assert ingest.index.state() == "behind"
        assert cheap.search("tuned zithers", 1)[0].paper.title == "Zither"
        vector = HashEmbedder().encode([f"{record.title}\n{record.abstract}"])[0]
        (found,) = ingest.index.nearest(vector, 1)
        assert found[1] == pytest.approx(1, abs=1e-3)


class TestSimilar:
    def test_the_nearest_papers_by_their_mean_and_never_itself(
        self, real: tuple[Library, Ingest, Searcher]
    ) -> None:
        """In order of the cosine between the means of their chunks."""
        library, ingest, _ = real
        papers = library.papers(limit=-1)
        vectors = library.paper_vectors([p.id for p in papers])
        for row, paper in enumerate(papers[:10]):
            found = similar_papers(library, ingest.index, paper.id, 4)
            order = [papers[i].id for i in (-(vectors @ vectors[row])).argsort() if i != row]
            assert [p.id for p in found] == order[:4]

    def test_a_paper_that_is_not_there_is_like_none(
        self, real: tuple[Library, Ingest, Searcher], empty: Library
    ) -> None:
        library, ingest, _ = real
        assert similar_papers(library, ingest.index, "none", 4) == []
        assert similar_papers(empty, ChunkIndex(empty), "none", 4) == []
        alone = make_ingest(empty)
        alone.add_records(RECORDS[:1], "a")
        assert similar_papers(empty, alone.index, empty.papers()[0].id, 4) == []
        every = similar_papers(library, ingest.index, library.papers(limit=1)[0].id, 99)
        assert len(every) == len(RECORDS) - 1


def in_years(paper: Paper, scope: Scope) -> bool:
    assert paper.year is not None
    return (scope.from_year or 0) <= paper.year <= (scope.to_year or 9999)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared pages and questions")
def test_search_is_as_good_as_was_measured(tmp_path: Path) -> None:
    """Over the saved pages, added and searched as a user would."""
    with open_desk(tmp_path, load_config()) as desk:
        report = desk.add(sorted((SHARED / "seeds").glob("*.txt")))
        assert not report.failed
        cases = read_cases(SHARED / "eval" / "questions_dev.jsonl")
        figures = summarise(
            [score(c, desk.search(c.question, c.turns, RANKED)[1], None) for c in cases]
        )
    print(figures)
    assert figures.ndcg10 is not None
    assert figures.ndcg10 >= NDCG
    assert figures.recall5 is not None
    assert figures.recall5 >= RECALL
