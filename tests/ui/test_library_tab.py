"""The Library tab in a real browser: what a person does with papers, and what comes of it."""

from __future__ import annotations

import json
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from scripted import ScriptedDesk, Visit, records, write_records
from starlette.applications import Starlette
from starlette.testclient import TestClient
from wire import Tab, wait_until

from rag.browse import Facets
from rag.errors import IndexFailure, LibraryDamaged
from rag.ingest import AddReport
from rag.library import NewPaper
from rag.types import Chunk, Record, Scope, Span
from ui.adding import Adding
from ui.chosen import Chosen
from ui.downloads import routes

Visiting = Callable[..., Visit]
TIN = {"title": "Tin barometers", "abstract": "Tin barometers rust within a week."}
# What of the tab is cut off by the window's edges.
OUTSIDE = """() => [...document.querySelectorAll("#library *")].filter(element => {
  const box = element.getBoundingClientRect();
  const isOut = box.left < 0 || box.right > window.innerWidth;
  return isOut && box.width > 1 && element.checkVisibility();
}).map(element => element.outerHTML.slice(0, 80))"""
COUNT = "#library-bar p[role=status]"


@pytest.fixture
def many(desk: ScriptedDesk) -> ScriptedDesk:
    """The library with 120 papers more; the first sixty are of 2001."""
    vectors = np.ones((1, 384), np.float32) / np.sqrt(np.float32(384))
    desk.library.add(
        [
            NewPaper(
                Record(f"Tide table {n}", "It rose.", (f"Ona Reed{n % 7}",), 2001 + n // 60),
                "tides.jsonl",
                (Chunk(0, Span(0, 8), "It rose."),),
                vectors,
                (Span(0, 8),),
                vectors,
            )
            for n in range(120)
        ]
    )
    return desk


@dataclass
class Gated:
    """A library to which nothing is added before `go_on` is set."""

    desk: ScriptedDesk
    go_on: threading.Event


@pytest.fixture
def gated(desk: ScriptedDesk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gated]:
    gated = Gated(desk, threading.Event())
    add = desk.add

    def waits(*parts: Any) -> AddReport:
        assert gated.go_on.wait(60)
        return add(*parts)

    monkeypatch.setattr(desk, "add", waits)
    yield gated
    gated.go_on.set()


def open_library(tab: Visit) -> None:
    tab.page.get_by_role("tab", name="Library").click()
    tab.page.wait_for_selector("#papers :is(.papers, .nothing)")


def find(tab: Visit, words: str, count: str) -> None:
    tab.page.fill("#match input", words)
    wait_for_count(tab, count)


def wait_for_count(tab: Visit, count: str) -> None:
    tab.page.wait_for_selector(f"{COUNT}:text-is({json.dumps(count)})")


def titles(tab: Visit) -> list[str]:
    return tab.page.locator("#papers .title").all_inner_texts()


def add(tab: Visit, *paths: Path) -> None:
    tab.page.set_input_files("#files input[type=file]", list(paths))
    tab.page.wait_for_selector("#adding :is(.outcome, .problem)")


class TestAdding:
    def test_an_added_file_raises_the_count(self, visit: Visiting, tmp_path: Path) -> None:
        """A table says what came of it, with reasons for what could not be used."""
        tab = visit()
        assert "2 papers" in tab.page.inner_text("#counts")
        open_library(tab)
        bare = {"title": "Of this only the title is known"}
        rows = [TIN, *records(), {"abstract": "Of this no title is known."}, bare]
        add(tab, write_records(tmp_path / "tin.jsonl", rows))
        assert "2 papers added" in tab.page.inner_text("#adding .notice")
        cells = tab.page.locator("#adding tbody tr >> nth=0").locator("th, td").all_inner_texts()
        assert cells == ["tin.jsonl", "5", "2", "0", "2", "1", "1"]
        tab.page.click("#adding summary")
        assert "Line 4: the record has no title" in tab.page.inner_text("#adding .more")
        tab.page.wait_for_selector("#counts:has-text('4 papers')")
        assert titles(tab)[:2] == [bare["title"], "Tin barometers"]
        assert "No abstract" in tab.page.inner_text("#papers .meta >> nth=0")
        href = str(tab.page.get_attribute("#adding a[download]", "href"))
        (told,) = httpx.get(tab.address + href).json()["files"]
        assert (told["path"], told["added"], told["without_abstract"]) == ("tin.jsonl", 2, 1)

    def test_a_file_that_knows_more_updates_and_an_archive_is_told_file_by_file(
        self, desk: ScriptedDesk, visit: Visiting, tmp_path: Path
    ) -> None:
        """Undo takes out what was added and leaves what was updated."""
        tab = visit()
        open_library(tab)
        more = {**records()[1], "doi": "10.1000/brass"}
        packed = tmp_path / "export.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(write_records(tmp_path / "tin.jsonl", [TIN]), "a/tin.jsonl")
            archive.write(write_records(tmp_path / "brass.jsonl", [more]), "brass.jsonl")
            archive.writestr("picture.png", bytes(range(256)) * 9)
        add(tab, packed)
        rows = tab.page.locator("#adding tbody tr")
        assert [row.locator("th, td").all_inner_texts() for row in rows.all()] == [
            ["export.zip: a/tin.jsonl", "1", "1", "0", "0", "0", "0"],
            ["export.zip: brass.jsonl", "1", "0", "1", "0", "0", "0"],
        ]
        assert "1 file in export.zip holds no papers: picture.png" in tab.page.inner_text("#adding")
        tab.page.click("#adding [data-do=undo]:has-text('updates stay')")
        tab.page.wait_for_selector("#adding .notice:has-text('with what they gained')")
        assert [paper.doi for paper in desk.library.papers()] == [None, "10.1000/brass"]
        assert httpx.get(f"{tab.address}footnote/added.json").status_code == 404

    def test_an_adding_is_undone(self, desk: ScriptedDesk, visit: Visiting, tmp_path: Path) -> None:
        """What was there before stays, also when the file names it."""
        before = [paper.id for paper in desk.library.papers()]
        tab = visit()
        open_library(tab)
        add(tab, write_records(tmp_path / "tin.jsonl", [TIN, *records()]))
        tab.page.wait_for_selector("#counts:has-text('3 papers')")
        tab.page.click("#adding [data-do=undo]")
        tab.page.wait_for_selector("#adding .notice:has-text('Took the paper out again')")
        tab.page.wait_for_selector("#counts:has-text('2 papers')")
        assert [paper.id for paper in desk.library.papers()] == before
        assert tab.page.locator("#adding [data-do=undo]").count() == 0

    def test_a_file_that_is_nothing_of_the_kind_gets_a_sentence(
        self, visit: Visiting, tmp_path: Path
    ) -> None:
        tab = visit()
        open_library(tab)
        path = tmp_path / "noise.bin"
        path.write_bytes(bytes(range(256)) * 40)
        add(tab, path)
        said = tab.page.inner_text("#adding .fault")
        assert said.startswith("noise.bin is not text.")
        assert "/" not in said  # where the file lies meanwhile helps nobody
        assert tab.page.locator("#adding [data-do=undo]").count() == 0
        assert "2 papers" in tab.page.inner_text("#counts")

    def test_adding_can_be_stopped(
        self, desk: ScriptedDesk, visit: Visiting, tmp_path: Path
    ) -> None:
        """What was added until then stays, and can be undone too."""
        tab = visit()
        open_library(tab)
        rows = [{"title": f"Tide {n}", "abstract": f"It rose {n} times."} for n in range(2000)]
        path = write_records(tmp_path / "tides.jsonl", rows)
        tab.page.set_input_files("#files input[type=file]", path)
        tab.page.click("#adding #stop-adding")
        tab.page.wait_for_selector("#adding .outcome")
        assert "Stopped before the end" in tab.page.inner_text("#adding")
        assert 2 < desk.library.counts().papers < 2002

    def test_it_knows_nothing_of_what_the_tab_shows_by_its_end(
        self, gated: Gated, visit: Visiting, tmp_path: Path
    ) -> None:
        """An answer, a search, ticks and a form that came after its beginning stay."""
        tab = visit()
        open_library(tab)
        tab.page.set_input_files(
            "#files input[type=file]", write_records(tmp_path / "tin.jsonl", [TIN])
        )
        tab.page.wait_for_selector("#adding .under-way")
        assert not tab.page.is_visible("#files")
        assert "More files can be added when" in tab.page.inner_text("#adding")
        tab.page.evaluate("footnote.goTo('Ask')")
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        open_library(tab)
        find(tab, "glass", "1 of 2 papers")
        tab.page.check("#papers .tick input >> nth=0")
        tab.page.wait_for_selector("#library-bar b:text-is('1 chosen')")
        tab.page.click("#papers .title >> nth=0")
        tab.page.click("#papers [data-do=edit] >> nth=0")
        tab.page.fill(".paper-form [name=title]", "Glass, half written")
        gated.go_on.set()
        tab.page.wait_for_selector("#counts:has-text('3 papers')")
        tab.page.wait_for_selector("#library-bar p:has-text('1 chosen · 1 of 3 papers')")
        assert tab.page.is_visible("#files")
        assert tab.page.input_value(".paper-form [name=title]") == "Glass, half written"
        assert tab.page.input_value("#match input") == "glass"
        tab.page.evaluate("footnote.goTo('Ask')")
        tab.page.wait_for_timeout(300)
        assert tab.page.locator("#live .welcome").count() == 0
        assert "drift" in tab.page.inner_text("#live .asked")

    def test_it_outlives_the_tab(self, gated: Gated, visit: Visiting, tmp_path: Path) -> None:
        """Also a reload; every tab shows how far it has come, then what came of it, and Undo."""
        tab = visit()
        open_library(tab)
        tab.page.set_input_files(
            "#files input[type=file]", write_records(tmp_path / "tin.jsonl", [TIN])
        )
        tab.page.wait_for_selector("#adding .under-way")
        tab.page.reload()
        open_library(tab)
        tab.page.wait_for_selector("#adding .under-way")
        tab.page.context.close()
        gated.go_on.set()
        wait_until(lambda: gated.desk.library.count() == 3)
        other = visit()
        open_library(other)
        other.page.wait_for_selector("#adding .notice:has-text('1 paper added')")
        other.page.click("#adding [data-do=undo]")
        other.page.wait_for_selector("#counts:has-text('2 papers')")
        wait_for_count(other, "2 papers")

    def test_files_dropped_while_others_are_added_are_not_lost_silently(
        self, gated: Gated, tmp_path: Path
    ) -> None:
        """Another tab may not have known."""
        adding = Adding(gated.desk)
        assert adding.begin([write_records(tmp_path / "tin.jsonl", [TIN])])
        late = write_records(tmp_path / "late.jsonl", [TIN])
        assert not adding.begin([late])
        assert not late.exists()
        gated.go_on.set()
        adding.close()
        assert adding.outcome is not None
        assert adding.outcome.report is not None
        assert adding.undo() == 1
        assert adding.undo() == 0

    def test_the_welcome_follows_the_library(self, desk: ScriptedDesk, visit: Visiting) -> None:
        tab = visit()
        open_library(tab)
        tab.page.check("#library-bar input")
        tab.page.wait_for_selector("#library-bar b:text-is('2 chosen')")
        tab.page.click("#library-bar summary:has-text('Delete')")
        tab.page.click("#library-bar [data-do=delete-chosen]")
        tab.page.wait_for_selector("#papers .nothing")
        tab.page.wait_for_selector("#live .welcome:has-text('footnote add')", state="attached")

    def test_the_sample_is_offered_for_removal_and_leaves(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        desk.bring_sample()
        tab = visit()
        open_library(tab)
        assert "sample papers are still among yours" in tab.page.inner_text("#sample-hint")
        tab.page.click("#remove-sample")
        tab.page.wait_for_selector("#counts:has-text('2 papers')")
        assert tab.page.locator("#remove-sample").count() == 0

    def test_an_empty_library_says_how_to_add_papers(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        desk.remove([paper.id for paper in desk.library.papers()])
        tab = visit()
        assert "footnote add" in tab.page.inner_text("#live .welcome")
        open_library(tab)
        assert "Drop a file above" in tab.page.inner_text("#papers")


class TestFinding:
    def test_papers_are_found_as_one_types(self, many: ScriptedDesk, visit: Visiting) -> None:
        """By the beginnings of words; what matches nothing says how to see all again."""
        tab = visit()
        open_library(tab)
        wait_for_count(tab, "122 papers")
        find(tab, "bra lin", "1 of 122 papers")
        assert titles(tab) == ["Brass barometers in the mountains"]
        assert tab.page.locator("#match input").evaluate("e => e === document.activeElement")
        tab.page.fill("#match input", "<b>zebra")
        tab.page.wait_for_selector("#papers .nothing:has-text('No paper matches “<b>zebra”')")
        tab.page.click("#papers [data-do=clear]")
        wait_for_count(tab, "122 papers")
        assert tab.page.input_value("#match input") == ""

    def test_papers_are_sorted(self, many: ScriptedDesk, visit: Visiting) -> None:
        tab = visit()
        open_library(tab)
        tab.page.select_option("#match select", "title-up")
        tab.page.wait_for_selector("#papers .title >> nth=0 >> text=Brass")
        tab.page.select_option("#match select", "title-down")
        tab.page.wait_for_selector("#papers .title >> nth=0 >> text=Tide table 99")

    def test_filters_are_set_and_taken_off(self, many: ScriptedDesk, visit: Visiting) -> None:
        """Each as a chip beside the list."""
        tab = visit()
        open_library(tab)
        tab.page.click("#library-scope summary")
        tab.page.fill("#library-scope [name=from_year]", "2002")
        tab.page.check("#library-scope [name=sources][value='tides.jsonl']")
        tab.page.click("#library-scope button[type=submit]")
        wait_for_count(tab, "60 of 122 papers")
        tab.page.click("#library-scope .chip:has-text('2002') button")
        wait_for_count(tab, "120 of 122 papers")
        tab.page.click("#library-scope .chip button")
        wait_for_count(tab, "122 papers")

    def test_papers_of_an_author_that_were_read(self, many: ScriptedDesk, visit: Visiting) -> None:
        """Several authors stand between semicolons; export links keep to the filter."""
        many.library.mark_read([paper.id for paper in many.library.papers(limit=60)], True)
        tab = visit()
        open_library(tab)
        tab.page.click("#library-scope summary")
        tab.page.fill("#library-scope [name=authors]", "reed3, Ona;  quill ; ??; ")
        tab.page.click("#library-scope button[type=submit]")
        wait_for_count(tab, "18 of 122 papers")
        assert tab.page.locator("#library-scope .chip").count() == 2
        tab.page.click("#library-scope summary")
        assert tab.page.input_value("#library-scope [name=authors]") == "reed3, Ona; quill"
        tab.page.select_option("#library-scope [name=is_read]", "no")
        tab.page.click("#library-scope button[type=submit]")
        wait_for_count(tab, "9 of 122 papers")
        assert tab.page.locator("#papers .mark").count() == 0
        href = str(tab.page.get_attribute("#library-bar a[href*='.jsonl']", "href"))
        assert httpx.get(tab.address + href).text.count("\n") == 9
        tab.page.click("#library-scope .chip:has-text('reed3') button")
        tab.page.wait_for_selector("#papers .nothing")
        tab.page.click("#library-scope .chip:has-text('not read') button")
        wait_for_count(tab, "1 of 122 papers")
        assert tab.page.inner_text("#papers .mark") == "Read"

    def test_pages_are_turned_with_the_keyboard(self, many: ScriptedDesk, visit: Visiting) -> None:
        """The focus stays on the way on, and the list begins in view."""
        tab = visit()
        open_library(tab)
        tab.page.focus("#papers .pager button:has-text('Next')")
        for first in ("51 to 100", "101 to 122"):
            tab.page.keyboard.press("Enter")
            tab.page.wait_for_selector(f"#papers .pager:has-text('{first} of 122')")
            tab.page.wait_for_function(
                "document.activeElement.dataset.key === 'Next' || "
                "document.querySelector('[data-key=Next]').disabled"
            )
        assert len(titles(tab)) == 22
        tab.page.click("#papers .pager button:has-text('Previous')")
        tab.page.wait_for_selector("#papers .pager:has-text('51 to 100')")


class TestChoosing:
    def choose(self, tab: Visit, *numbers: int) -> None:
        for chosen, number in enumerate(numbers, start=1):
            tab.page.check(f"#papers .tick input >> nth={number}")
            tab.page.wait_for_selector(f"#library-bar b:text-is('{chosen} chosen')")

    def test_the_chosen_are_deleted(self, many: ScriptedDesk, visit: Visiting) -> None:
        """After one question that says how many; the others stay."""
        tab = visit()
        open_library(tab)
        gone = [titles(tab)[0], titles(tab)[2]]
        self.choose(tab, 0, 2)
        tab.page.click("#library-bar summary:has-text('Delete')")
        assert "2 papers will be gone" in tab.page.inner_text("#library-bar")
        assert many.library.counts().papers == 122
        tab.page.click("#library-bar [data-do=delete-chosen]")
        tab.page.wait_for_selector("#library-bar .notice:has-text('Deleted 2 papers.')")
        tab.page.wait_for_selector("#counts:has-text('120 papers')")
        assert not {p.title for p in many.library.papers(limit=-1)} & set(gone)

    @pytest.mark.parametrize("verb", ["delete-chosen", "tag", "untag", "read", "unread"])
    def test_a_second_click_and_a_late_one_do_nothing(
        self, many: ScriptedDesk, address: str, verb: str
    ) -> None:
        """The first click leaves nothing chosen, which must not stand for the whole library."""
        tab = Tab(address)
        act = {"do": verb, "tags": "tide", "count": "2"}
        ids = [paper.id for paper in many.library.papers(limit=3)]
        for paper_id in ids[:2]:
            tab.act("papers", do="tick", id=paper_id, checked="yes")
        tab.act("library-bar", **act)
        left = many.library.papers(limit=-1)
        if verb == "delete-chosen":
            assert len(left) == 120
            tab.act("library-bar", **act)
            assert "no paper is chosen" in tab.text("library-bar")
            for paper_id in (p.id for p in left[:3]):
                tab.act("papers", do="tick", id=paper_id, checked="yes")
        else:
            tab.act("papers", do="tick", id=ids[2], checked="yes")
        tab.act("library-bar", **act)
        assert "other papers are chosen by now, 3 of them" in tab.text("library-bar")
        tab.act("library-bar", do="none")
        tab.act("library-bar", **{**act, "count": str(len(left))})
        assert "no paper is chosen" in tab.text("library-bar")
        assert many.library.papers(limit=-1) == left

    def test_all_that_match_are_tagged(self, many: ScriptedDesk, visit: Visiting) -> None:
        """Also on the pages that are not shown, less one that is taken out."""
        tab = visit()
        open_library(tab)
        find(tab, "tide", "120 of 122 papers")
        tab.page.check("#library-bar input")
        tab.page.wait_for_selector("#library-bar b:text-is('120 chosen')")
        tab.page.uncheck("#papers .tick input >> nth=0")
        tab.page.wait_for_selector("#library-bar b:text-is('119 chosen')")
        tab.page.click("#library-bar summary:has-text('Tags')")
        tab.page.fill("#library-bar [data-do=tag] input", "sea, to read")
        tab.page.press("#library-bar [data-do=tag] input", "Enter")
        tab.page.wait_for_selector("#library-bar .notice:has-text('to 119 papers')")
        assert len(many.library.tagged("to read")) == 119
        assert many.library.papers(limit=-1)[-1].tags == ()

    def test_the_chosen_are_marked_as_read_and_not_read(
        self, many: ScriptedDesk, visit: Visiting
    ) -> None:
        """Those that leave a list of what was not read are not chosen any more."""
        tab = visit()
        open_library(tab)
        self.choose(tab, 0, 2)
        tab.page.click("#library-bar summary:has-text('Mark as')")
        tab.page.click("#library-bar [data-do=read]")
        tab.page.wait_for_selector("#library-bar .notice:has-text('Marked 2 papers as read.')")
        assert "2 chosen" in tab.page.inner_text(COUNT)
        marked = tab.page.locator("#papers li:has(.mark) .title").all_inner_texts()
        assert marked == [titles(tab)[0], titles(tab)[2]]
        tab.page.click("#library-scope summary")
        tab.page.select_option("#library-scope [name=is_read]", "yes")
        tab.page.click("#library-scope button[type=submit]")
        wait_for_count(tab, "2 of 122 papers")
        self.choose(tab, 0)
        tab.page.click("#library-bar summary:has-text('Mark as')")
        tab.page.click("#library-bar [data-do=unread]")
        tab.page.wait_for_selector("#library-bar .notice:has-text('1 paper as not read.')")
        wait_for_count(tab, "1 of 122 papers")
        assert sum(paper.is_read for paper in many.library.papers(limit=-1)) == 1

    def test_ticks_are_those_of_what_is_chosen(self, many: ScriptedDesk, visit: Visiting) -> None:
        """Another paper in the place of a chosen one is not ticked, nor what a search let go."""
        tab = visit()
        open_library(tab)
        ticked = tab.page.locator("#library .tick :checked")
        self.choose(tab, 0, 2)
        assert ticked.count() == 2
        tab.page.click("#library-bar summary:has-text('Delete')")
        tab.page.click("#library-bar [data-do=delete-chosen]")
        wait_for_count(tab, "120 papers")
        tab.page.wait_for_function("!document.querySelector('#library .tick :checked')")
        self.choose(tab, 1)
        find(tab, "tide", "118 of 120 papers")
        tab.page.wait_for_function("!document.querySelector('#library .tick :checked')")
        tab.page.check("#library-bar input")
        tab.page.wait_for_selector("#library-bar b:text-is('118 chosen')")
        tab.page.wait_for_function("document.querySelectorAll('#papers .tick :checked')[49]")
        tab.page.uncheck("#papers .tick input >> nth=0")
        tab.page.wait_for_selector("#library-bar b:text-is('117 chosen')")
        tab.page.wait_for_function("!document.querySelector('#library-bar :checked')")
        assert ticked.count() == 49

    def test_what_is_out_of_sight_is_not_chosen(self, many: ScriptedDesk, visit: Visiting) -> None:
        """A new search begins with nothing chosen; another page of the list does not."""
        tab = visit()
        open_library(tab)
        self.choose(tab, 0)
        tab.page.click("#papers .pager button:has-text('Next')")
        tab.page.wait_for_selector("#papers .pager:has-text('51 to 100')")
        assert "1 chosen" in tab.page.inner_text(COUNT)
        find(tab, "glass", "1 of 122 papers")

    def test_the_chosen_are_exported(self, many: ScriptedDesk, visit: Visiting) -> None:
        """The links stand for what is chosen, or all that matches; Footnote reads it again."""
        tab = visit()
        open_library(tab)
        find(tab, "barometers", "2 of 122 papers")

        def exported(kind: str) -> str:
            href = str(tab.page.get_attribute(f"#library-bar a[href*='.{kind}']", "href"))
            answer = httpx.get(tab.address + href)
            assert answer.status_code == 200
            assert f'filename="papers.{kind}"' in answer.headers["Content-Disposition"]
            assert len(href) < 200
            return answer.text

        assert [json.loads(line)["title"] for line in exported("jsonl").splitlines()] == [
            "Brass barometers in the mountains",
            "Glass barometers at sea",
        ]
        self.choose(tab, 1)
        assert exported("jsonl").count("\n") == 1
        glass = exported("bib")
        assert re.findall(r"@misc\{(\w+),", glass) == ["quill2019glass"]
        find(tab, "", "122 papers")
        tab.page.check("#library-bar input")
        tab.page.wait_for_selector("#library-bar b:text-is('122 chosen')")
        tab.page.uncheck("#papers .tick input >> nth=0")
        tab.page.wait_for_selector("#library-bar b:text-is('121 chosen')")
        assert exported("jsonl").count("\n") == 121

    def test_the_next_question_is_asked_of_the_chosen(
        self, many: ScriptedDesk, visit: Visiting
    ) -> None:
        """The Ask tab opens and says which papers it will look at."""
        tab = visit()
        open_library(tab)
        self.choose(tab, 0, 1)
        tab.page.click("#library-bar [data-do=ask-these]")
        tab.page.wait_for_selector("#scope .chip:has-text('only 2 papers')")
        assert tab.page.locator("#question").is_visible()

    def test_a_question_names_no_more_papers_than_it_can(
        self, many: ScriptedDesk, visit: Visiting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The tab stays and says what to do instead."""
        for module in ("ui.page.library", "ui.render.papers"):
            monkeypatch.setattr(f"{module}.MOST_NAMED", 100)
        tab = visit()
        open_library(tab)
        find(tab, "tide", "120 of 122 papers")
        tab.page.click("#library-bar [data-do=ask-these]")
        tab.page.wait_for_selector("#library-bar .problem:has-text('Give them a tag')")
        find(tab, "tide 9", "11 of 122 papers")
        tab.page.click("#library-bar [data-do=ask-these]")
        tab.page.wait_for_selector("#scope .chip:has-text('only 11 papers')")

    def test_they_are_not_lost_on_the_way_to_the_question(
        self, many: ScriptedDesk, visit: Visiting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However slowly the Ask tab draws itself anew when it opens."""
        facets = many.library.shelf.facets

        def slowly() -> Facets:
            time.sleep(0.3)
            return facets()

        monkeypatch.setattr(many.library.shelf, "facets", slowly)
        tab = visit()
        for number in range(3):
            open_library(tab)
            self.choose(tab, number)
            tab.page.click("#library-bar [data-do=ask-these]")
            tab.page.wait_for_selector("#scope .chip:has-text('only “Tide table')")
            tab.page.wait_for_timeout(700)
            tab.ask(f"How high does the tide rise, {number}?")
            tab.wait_for_answer()
            tab.page.wait_for_selector(f"#live .asked:has-text('rise, {number}?')")
            (kept,) = [
                answer.question
                for conversation in many.library.conversations.latest("", 9)
                for answer in many.answers(conversation.id)
                if answer.question.text.endswith(f"{number}?")
            ]
            assert kept.scope == Scope(papers=(many.library.papers(limit=-1)[-1 - number].id,))
            open_library(tab)
            tab.page.click("#library-bar [data-do=none]")
            tab.page.wait_for_selector("#library-bar b", state="detached")


class TestFailing:
    def test_a_library_that_cannot_be_read_is_told(
        self, desk: ScriptedDesk, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In a sentence, whatever is done, and also in a tab that is opened then."""

        def fails(*_: object, **__: object) -> None:
            raise LibraryDamaged(desk.folder, "The database is damaged.")

        tab = Tab(address)
        assert tab.text("papers")
        monkeypatch.setattr(desk.library.shelf, "browse", fails)
        tab.act("match", do="find", words="glass")
        assert tab.text("library-bar") == "The database is damaged."
        tab.act("adding", do="undo")
        assert Tab(address).text("library-bar") == "The database is damaged."

    def test_what_was_deleted_is_gone_from_the_tab_though_the_index_failed(
        self, many: ScriptedDesk, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(_: object) -> None:
            raise IndexFailure("The index cannot be written.")

        monkeypatch.setattr(many.index, "remove", fails)
        tab = Tab(address)
        for paper in many.library.papers(limit=2):
            tab.act("papers", do="tick", id=paper.id, checked="yes")
        tab.act("library-bar", do="delete-chosen", count="2")
        assert "The index cannot be written." in tab.text("library-bar")
        assert "120 papers" in tab.text("counts")
        assert "2 chosen" not in tab.text("library-bar")


class TestOnePaper:
    def edit(self, tab: Visit, **fields: str) -> None:
        tab.page.click("#papers .title >> nth=0")
        tab.page.click("#papers [data-do=edit] >> nth=0")
        tab.page.wait_for_selector(".paper-form")
        for name, text in fields.items():
            tab.page.fill(f".paper-form [name={name}]", text)
        tab.page.click(".paper-form button[type=submit]")

    def test_a_paper_is_edited(self, desk: ScriptedDesk, visit: Visiting) -> None:
        """It stays open and shows what was saved."""
        tab = visit()
        open_library(tab)
        self.edit(tab, year="2004", tags="metal, old", authors="Mei Lind; Bo Ash")
        tab.page.wait_for_selector("#library-bar .notice:has-text('Saved.')")
        byline = tab.page.inner_text("#papers .byline >> nth=0")
        assert byline == "Mei Lind, Bo Ash · 2004 · metal · old"
        assert desk.library.papers()[-1].year == 2004

    def test_notes_are_kept_as_they_are_written(self, desk: ScriptedDesk, visit: Visiting) -> None:
        """Line by line, with the mark of what was read; both can be taken back."""
        tab = visit()
        open_library(tab)
        tab.page.click("#papers .title >> nth=0")
        tab.page.click("#papers [data-do=edit] >> nth=0")
        tab.page.check(".paper-form [name=is_read]")
        tab.page.fill(".paper-form [name=notes]", "<b>Brass</b> & tin.\n\n  Why $3?\n")
        tab.page.click(".paper-form button[type=submit]")
        tab.page.wait_for_selector("#papers .mark:text-is('Read')")
        assert tab.page.inner_text("#papers .notes") == "<b>Brass</b> & tin.\n\n  Why $3?"
        paper = desk.library.papers()[-1]
        assert (paper.notes, paper.is_read) == ("<b>Brass</b> & tin.\n\n  Why $3?", True)
        tab.page.click("#papers [data-do=edit] >> nth=0")
        assert tab.page.input_value(".paper-form [name=notes]") == paper.notes
        tab.page.uncheck(".paper-form [name=is_read]")
        tab.page.fill(".paper-form [name=notes]", "")
        tab.page.click(".paper-form button[type=submit]")
        tab.page.wait_for_selector("#papers .mark", state="detached")
        paper = desk.library.papers()[-1]
        assert (paper.notes, paper.is_read) == ("", False)

    def test_a_paper_without_an_abstract_is_saved_without_one(
        self, desk: ScriptedDesk, visit: Visiting, tmp_path: Path
    ) -> None:
        """It says so where its abstract would be."""
        desk.add([write_records(tmp_path / "bare.jsonl", [{"title": "Only a title"}])])
        tab = visit()
        open_library(tab)
        self.edit(tab, year="1999")
        tab.page.wait_for_selector("#library-bar .notice:has-text('Saved.')")
        assert "No abstract: for citing" in tab.page.inner_text("#papers .paper-read >> nth=0")
        paper = desk.library.papers()[-1]
        assert (paper.year, paper.abstract) == (1999, "")

    def test_a_fault_stands_beside_its_field(self, desk: ScriptedDesk, visit: Visiting) -> None:
        """What was written stays in the form, and the focus goes to the fault."""
        tab = visit()
        open_library(tab)
        self.edit(tab, year="soon", title="Brass & co")
        fault = tab.page.wait_for_selector(".paper-form #fault-year")
        assert "four digits" in fault.inner_text()
        tab.page.wait_for_function("document.activeElement.name === 'year'")
        assert tab.page.input_value(".paper-form [name=title]") == "Brass & co"
        assert desk.library.papers()[-1].year == 2021
        tab.page.click(".paper-form [data-do=cancel]")
        tab.page.wait_for_selector("#papers .paper-read")
        assert titles(tab)[0] == "Brass barometers in the mountains"

    def test_an_edited_abstract_is_searched(self, desk: ScriptedDesk, visit: Visiting) -> None:
        """Its sentences and vectors are made anew at once."""
        tab = visit()
        open_library(tab)
        self.edit(tab, abstract="Brass bends under walruses.")
        tab.page.wait_for_selector("#library-bar .notice:has-text('Saved.')")
        _, passages = desk.search("What bends under walruses?")
        assert passages[0].sentences[0].text == "Brass bends under walruses."

    def test_a_paper_is_deleted(self, desk: ScriptedDesk, visit: Visiting) -> None:
        tab = visit()
        open_library(tab)
        tab.page.click("#papers .title >> nth=0")
        tab.page.click("#papers .sure summary >> nth=0")
        tab.page.click("#papers [data-do=delete] >> nth=0")
        tab.page.wait_for_selector("#counts:has-text('1 paper')")
        assert [p.title for p in desk.library.papers()] == ["Glass barometers at sea"]


@pytest.mark.parametrize("width", [1440, 1024, 400])
def test_nothing_has_to_be_scrolled_sideways(
    many: ScriptedDesk, visit: Visiting, width: int
) -> None:
    """With a paper in its form, papers chosen and a menu open."""
    tab = visit(viewport={"width": width, "height": 800})
    open_library(tab)
    tab.page.check("#papers .tick input >> nth=1")
    tab.page.click("#papers .title >> nth=0")
    tab.page.click("#papers [data-do=edit] >> nth=0")
    tab.page.wait_for_selector(".paper-form")
    for menu in ("#library-scope", "#library-bar .actions"):
        tab.page.click(f"{menu} summary >> nth=0")
        assert tab.page.evaluate(OUTSIDE) == []
        tab.page.keyboard.press("Escape")
    tab.page.add_style_tag(content="#papers .title { position: relative; left: -999px; }")
    assert tab.page.evaluate(OUTSIDE) != []


@pytest.mark.parametrize(
    "query", ["scope={", "scope=[]", 'scope={"year": 1}', "order=best", 'scope={"from_year": "x"}']
)
def test_a_broken_export_link_gets_a_sentence(desk: ScriptedDesk, query: str) -> None:
    """Whatever it says."""
    answer = TestClient(Starlette(routes=routes(desk, Chosen()))).get(
        f"/footnote/library.jsonl?{query}"
    )
    assert answer.status_code == 404
    assert answer.text.startswith("This link is broken")
