"""Lists of papers: every order, filter and search gives what a plain reading of all would."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from rag.browse import Order
from rag.identity import first_author, title_key
from rag.library import Change, Library
from rag.types import Paper, Record, Scope
from tests.rag.test_library import new_paper

_TAGS = ("read", "to do", "cs.CL")


def shelf_records() -> list[Record]:
    """Papers with and without years, authors and tags; some share a title or a year."""
    rng = random.Random(6)
    words = "Élan harbour Zebra apple lantern café tide".split()
    return [
        Record(
            f"{rng.choice(words)} and {rng.choice(words)} {n}",
            f"Only the abstract says quince{n}.",
            rng.choice(((), ("Ada Quill",), ("Marsh, Ben", "Ada Quill"), ("Åse O'Brien",))),
            rng.choice((None, 2019, 2020, 2021)),
            tags=tuple(rng.sample(_TAGS, rng.randint(0, 2))),
        )
        for n in range(60)
    ]


@pytest.fixture
def shelved(empty: Library) -> Library:
    """A library of those papers from two files."""
    papers = [new_paper(record) for record in shelf_records()]
    empty.add([replace(p, source=f"{n % 2}.jsonl") for n, p in enumerate(papers)])
    return empty


# What each order means: a key for each paper, by which Python sorts all of them.
KEYS: dict[Order, tuple[Callable[[Paper], object], bool]] = {
    Order.OLDEST: (lambda p: 0, False),
    Order.NEWEST: (lambda p: 0, True),
    Order.YEAR_UP: (lambda p: p.year, False),
    Order.YEAR_DOWN: (lambda p: p.year, True),
    Order.TITLE_UP: (lambda p: title_key(p.title), False),
    Order.TITLE_DOWN: (lambda p: title_key(p.title), True),
    Order.AUTHOR_UP: (lambda p: first_author(p.authors) or None, False),
    Order.AUTHOR_DOWN: (lambda p: first_author(p.authors) or None, True),
}


def expected(papers: list[Paper], order: Order) -> list[Paper]:
    key, downwards = KEYS[order]
    known = [p for p in papers if key(p) is not None]
    unknown = [p for p in papers if key(p) is None]
    if downwards:  # also among equals: the one that was added last stands first
        known.reverse()
        unknown.reverse()
    return sorted(known, key=key, reverse=downwards) + unknown  # type: ignore[arg-type]


class TestOrder:
    @pytest.mark.parametrize("order", Order)
    def test_every_order_goes_through_all_papers(self, shelved: Library, order: Order) -> None:
        """A page at a time, those without the value last, equals by when they were added."""
        wanted = expected(shelved.papers(limit=-1), order)
        pages = [shelved.shelf.browse(order=order, offset=at, limit=7) for at in range(0, 60, 7)]
        assert [p for page in pages for p in page.papers] == wanted
        assert {page.total for page in pages} == {60}
        assert list(shelved.shelf.each(order=order)) == wanted

    def test_offset_past_the_end_gives_the_last_page(self, shelved: Library) -> None:
        """So a list that became shorter still shows something."""
        page = shelved.shelf.browse(offset=500, limit=25)
        assert (page.offset, len(page.papers)) == (50, 10)
        assert shelved.shelf.browse("nowhere", offset=500).offset == 0


class TestFilter:
    @pytest.mark.parametrize(
        "scope",
        [
            Scope(from_year=2020),
            Scope(to_year=2019),
            Scope(2020, 2020),
            Scope(tags=("read",)),
            Scope(tags=("read", "to do")),
            Scope(sources=("1.jsonl",)),
            Scope(2019, 2020, ("to do",), ("0.jsonl",)),
        ],
    )
    @pytest.mark.parametrize("order", [Order.NEWEST, Order.AUTHOR_UP])
    def test_papers_of_a_scope(self, shelved: Library, scope: Scope, order: Order) -> None:
        """All fields hold at once; of tags and sources one is enough."""
        wanted = [
            p
            for p in expected(shelved.papers(limit=-1), order)
            if (scope.from_year is None or (p.year or 0) >= scope.from_year)
            and (scope.to_year is None or (p.year or 9999) <= scope.to_year)
            and (not scope.tags or set(scope.tags) & set(p.tags))
            and (not scope.sources or set(p.sources) & set(scope.sources))
        ]
        page = shelved.shelf.browse(scope=scope, order=order)
        assert 0 < page.total == len(wanted) < 60
        assert list(page.papers) == wanted[:50]
        assert set(shelved.shelf.ids(scope=scope)) == {p.id for p in wanted}

    def test_chosen_papers(self, shelved: Library) -> None:
        """A scope may name its papers; one that is gone is left out."""
        some = [p.id for p in shelved.papers(limit=3)]
        assert set(shelved.shelf.ids(scope=Scope(papers=(*some, "gone")))) == set(some)

    def test_counts_of_what_one_may_filter_by(self, shelved: Library) -> None:
        """They follow every change."""
        papers = shelved.papers(limit=-1)
        facets = shelved.shelf.facets()
        assert {int(f.value): f.papers for f in facets.years} == Counter(
            p.year for p in papers if p.year
        )
        assert {f.value: f.papers for f in facets.tags} == Counter(
            t for p in papers for t in p.tags
        )
        assert [(f.value, f.papers) for f in facets.sources] == [("0.jsonl", 30), ("1.jsonl", 30)]
        assert facets.tags == tuple(sorted(facets.tags, key=lambda f: -f.papers))
        shelved.tag([papers[0].id], add=["new"])
        assert ("new", 1) in [(f.value, f.papers) for f in shelved.shelf.facets().tags]


def found_by_hand(papers: list[Paper], match: str) -> set[str]:
    """Papers of which words begin with every word of `match`, without accents and case."""

    def words(text: str) -> list[str]:
        plain = unicodedata.normalize("NFKD", text).casefold()
        return "".join(c if c.isalnum() else " " for c in plain if c != "\u0301").split()

    return {
        p.id
        for p in papers
        if all(
            any(w.startswith(m) for w in words(" ".join([p.title, *p.authors, *p.tags])))
            for m in words(match)
        )
    }


class TestSearchAsOneTypes:
    @pytest.mark.parametrize(
        "match", ["h", "har", "harbour", "HARBOUR ap", "qui", "quill la", "caf", "café", "elan 1"]
    )
    def test_words_are_found_by_their_beginnings(self, shelved: Library, match: str) -> None:
        """In titles, authors' names and tags, all of them, whatever their case and accents."""
        wanted = found_by_hand(shelved.papers(limit=-1), match)
        assert 0 < len(wanted) < 60
        assert set(shelved.shelf.ids(match)) == wanted
        page = shelved.shelf.browse(match, order=Order.TITLE_UP)
        assert page.total == len(wanted)
        assert {p.id for p in page.papers} <= wanted

    def test_tags_are_found(self, shelved: Library) -> None:
        """Also those given and taken later."""
        (paper, *_) = shelved.papers()
        shelved.tag([paper.id], add=["seminar week 3", "kept"])
        assert shelved.shelf.ids("sem wee 3") == [paper.id]
        shelved.tag([paper.id], remove=["seminar week 3"])
        assert shelved.shelf.ids("sem") == []
        assert shelved.shelf.ids("kept") == [paper.id]

    @pytest.mark.parametrize("match", ["", "  ", "%", "-", '"', "(*", "\x00"])
    def test_what_is_no_word_leaves_nothing_out(self, shelved: Library, match: str) -> None:
        """As one types, signs come before the words they belong to."""
        assert shelved.shelf.browse(match).total == 60

    @pytest.mark.parametrize(
        "match",
        ['"', "o'b", "NEAR(", "title:harbour", "a OR b", "harbour*", "-tide", "日本", "x_y"],
    )
    def test_nothing_that_is_typed_is_an_error(self, shelved: Library, match: str) -> None:
        """No sign and no word is special to the search."""
        shelved.shelf.browse(match)

    def test_name_with_an_apostrophe(self, shelved: Library) -> None:
        """Its parts are words."""
        found = shelved.shelf.browse("o'bri")
        assert found.total > 0
        assert all("Åse O'Brien" in p.authors for p in found.papers)

    def test_words_of_the_abstract_alone_are_not_looked_for(self, shelved: Library) -> None:
        """A list of names answers what is typed; questions go to the abstracts."""
        assert shelved.shelf.browse("quince").total == 0

    def test_edited_and_removed_papers(self, shelved: Library) -> None:
        """The old words are forgotten, the new ones found."""
        first, second = shelved.papers(limit=2)
        became = replace(first, title="Walrus songs", authors=("Ona Reed",))
        shelved.update([Change(became, first)])
        assert shelved.shelf.ids("walrus reed") == [first.id]
        assert first.id not in shelved.shelf.ids(first.title.split()[-1] + " and")
        shelved.remove([second.id])
        assert second.id not in shelved.shelf.ids(second.title)
        assert shelved.quick_check() == []

    def test_read_while_papers_go(self, shelved: Library) -> None:
        """A list that is read to its end does without those that were removed meanwhile."""
        reading = shelved.shelf.each(order=Order.OLDEST)
        next(reading)
        assert len(list(reading)) == 59
