"""A scope: the papers that it holds, by SQL, and its words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.library import Library
from rag.scope import describe
from rag.types import EVERYTHING, Paper, Record, Scope
from tests.rag.corpus import RECORDS, make_ingest

AUTHORS = ((), ("Åse O'Brien", "Ben Marsh"), ("Marsh-Low, Ada", "{The Reed Group}"))
YEARS, TAGS, SOURCES = (None, 2019, 2020, 2021), ((), ("rag",), ("rag", "it's")), ("a", "b;--")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A paper of each year, each set of tags and each source."""
    made = Library.open(tmp_path_factory.mktemp("scoped"))
    ingest = make_ingest(made)
    for source in SOURCES:
        records = [
            Record(f"On {year} {tags} {source}", "Said.", AUTHORS[n % 3], year, tags=tags)
            for n, (year, tags) in enumerate(product(YEARS, TAGS))
        ]
        ingest.add_records(records, source)
    ingest.index.close()
    made.mark_read([paper.id for paper in made.papers(limit=-1)[::3]], True)
    return made


def holds(scope: Scope, paper: Paper) -> bool:
    """What a scope is, said in Python."""
    year = paper.year
    return (
        (scope.from_year is None or (year is not None and year >= scope.from_year))
        and (scope.to_year is None or (year is not None and year <= scope.to_year))
        and (not scope.tags or bool(set(scope.tags) & set(paper.tags)))
        and (not scope.sources or set(paper.sources) & set(scope.sources))
        and (not scope.papers or paper.id in scope.papers)
        and (not scope.authors or any(wrote(paper, name) for name in scope.authors))
        and scope.is_read in (None, paper.is_read)
    )


def wrote(paper: Paper, name: str) -> bool:
    """Whether each word of the name begins a word of the authors, case and accents aside."""
    words = re.findall(r"\w+", unaccented(" ".join(paper.authors)))
    return all(any(w.startswith(n) for w in words) for n in re.findall(r"\w+", unaccented(name)))


def unaccented(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in plain if not unicodedata.combining(c))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_scope_holds_exactly_its_papers(library: Library, data: st.DataObject) -> None:
    """Counted, and by their chunks; each field by itself and together."""
    papers = library.papers(limit=-1)
    year = st.sampled_from((*YEARS, 1900))
    scope = Scope(
        data.draw(year),
        data.draw(year),
        data.draw(st.sampled_from((*TAGS, ("none",), ("it's",)))),
        data.draw(st.sampled_from(((), ("a",), SOURCES, ("none",)))),
        data.draw(st.sampled_from(((), (papers[0].id, papers[7].id, "none")))),
        data.draw(st.sampled_from(((), ("marsh",), ("Ase O'B",), ("ada mar", "reed"), ("quill",)))),
        data.draw(st.sampled_from((None, None, True, False))),
    )
    inside = [paper.id for paper in papers if holds(scope, paper)]
    assert library.count_in(scope) == len(inside)
    chunks = library.chunks_of(inside)
    assert library.chunks_in(scope) == sorted(chunks)
    some = library.chunks_in(EVERYTHING)[::2]
    assert library.chunks_in(scope, some) == sorted(set(chunks) & set(some))
    keys, vectors = library.chunk_vectors(scope)
    assert (keys, len(vectors)) == (sorted(chunks), len(chunks))


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (Scope(), ""),
        (Scope(2019, 2021), "from 2019 to 2021"),
        (Scope(2019, 2019), "from 2019"),
        (Scope(2019), "from 2019 on"),
        (Scope(to_year=2021), "up to 2021"),
        (Scope(tags=("rag",)), "tagged “rag”"),
        (Scope(tags=("a", "b", "c")), "tagged “a”, “b” or “c”"),
        (Scope(sources=("x.jsonl",), papers=("1",)), "added from “x.jsonl” that you chose"),
        (Scope(authors=("Reed", "Vale")), "by “Reed” or “Vale”"),
        (Scope(is_read=False), "that you have not read"),
        (Scope(2019, 2021, ("rag",)), "from 2019 to 2021 tagged “rag”"),
    ],
)
def test_a_scope_in_words(scope: Scope, words: str) -> None:
    """They follow the word "papers"; a scope that leaves nothing out has none."""
    assert describe(scope) == words
    assert bool(scope) is bool(words)


@pytest.mark.parametrize("name", ["?", "", "_ -"])
def test_a_name_without_letters_is_nobodys(library: Library, name: str) -> None:
    """So that who removes the papers of such an author does not remove all."""
    assert library.count_in(Scope(authors=(name,))) == 0
    reeds = library.count_in(Scope(authors=("Reed",)))
    assert library.count_in(Scope(authors=(name, "Reed"))) == reeds > 0


def test_the_papers_of_the_corpus_have_years() -> None:
    """Or the tests of search by years would say nothing."""
    assert len({record.year for record in RECORDS}) > 3


def steps(library: Library, read: Callable[[], object]) -> int:
    """How many steps of SQLite's machine a reading takes."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    connection = library._db._connection
    connection.set_progress_handler(count, 1)
    read()
    connection.set_progress_handler(None, 1)
    return taken


def test_a_wide_scope_is_not_gone_through_for_each_chunk(tmp_path: Path) -> None:
    """Steps grow with the papers of a scope plus the chunks looked at, not with their product."""
    with Library.open(tmp_path) as library:
        ingest = make_ingest(library)
        ingest.add_records([Record(f"On {n}", "Said.", tags=("all",)) for n in range(300)], "a")
        ingest.index.close()
        chunks, scope = library.chunks_in(EVERYTHING), Scope(tags=("all",))
        assert steps(library, lambda: library.chunks_in(scope, chunks)) < 100 * len(chunks)
        product = (
            "SELECT chunks.pk FROM chunks JOIN papers ON papers.pk = chunks.paper WHERE"
            " papers.pk IN (SELECT paper FROM tags WHERE tag = 'all')"
            " AND +papers.pk > 0 AND chunks.ordinal + papers.pk >= 0 AND EXISTS"
            " (SELECT 1 FROM tags WHERE +paper = papers.pk)"
        )
        planted = steps(library, lambda: library._db.rows(product))
        assert planted > 100 * len(chunks), "the detector of products sees one"


def test_the_full_text_is_read_once_and_not_for_each_paper(library: Library) -> None:
    """The plan of SQLite says so: for each paper it would take a hundred times as long."""
    connection = library._db._connection
    asked: list[str] = []
    connection.set_trace_callback(lambda sql: asked.append(sql) if "bm25" in sql else None)
    library.full_text_scores('"said"', 1.0, 9, scope=Scope(tags=("rag",)))
    library.full_text_scores('"said"', 1.0, 9, among=[1, 2, 3])
    connection.set_trace_callback(None)

    def plan(sql: str) -> str:
        return str([tuple(row) for row in library._db.rows(f"EXPLAIN QUERY PLAN {sql}")])

    assert len(asked) == 2
    assert not any("0:=" in plan(sql) for sql in asked)
    assert all("0:=" in plan(sql.replace("+rowid", "rowid")) for sql in asked), "a planted fault"
