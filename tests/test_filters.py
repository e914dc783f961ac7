"""`--years`, `--tag` and `--source`: questions to some papers of a library."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PAPERS, json_lines, run_footnote
from ui.cli import main

QUESTION = "What was found?"


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four papers in two files, the first two tagged."""
    folder = tmp_path_factory.mktemp("shelves")
    for name, some, tags in (
        ("old.jsonl", PAPERS[:2], ["law", "sea"]),
        ("new.jsonl", PAPERS[2:], []),
    ):
        lines = [json.dumps({**p, "tags": tags}) + "\n" for p in some]
        (folder / name).write_text("".join(lines), encoding="utf-8")
        done = run_footnote("add", folder / name, library=folder / "library")
        assert done.returncode == 0, done.stderr
    return folder / "library"


Run = Callable[..., str]


@pytest.fixture
def run(shelves: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, which has its models loaded; what it printed."""

    def run(*arguments: object, code: int = 0) -> str:
        assert main([*map(str, arguments), "--library", str(shelves)]) == code
        printed = capsys.readouterr()
        return printed.err if code else printed.out

    return run


@pytest.mark.parametrize(
    ("arguments", "years"),
    [
        ((), [2019, 2021, 2022, 2023]),
        (("--years", "2019-2021"), [2019, 2021]),
        (("--years", "2021"), [2021]),
        (("--years", "2022-"), [2022, 2023]),
        (("--years", "-2021"), [2019, 2021]),
        (("--tag", "law"), [2019, 2021]),
        (("--tag", "law", "--tag", "sea", "--years", "2020-"), [2021]),
        (("--source", "new.jsonl"), [2022, 2023]),
        (("--source", "new.jsonl", "--source", "old.jsonl", "--years", "2021–2022"), [2021, 2022]),
        (("--source", "new.jsonl", "--tag", "law"), []),
    ],
)
def test_a_search_finds_what_passes(run: Run, arguments: tuple[str, ...], years: list[int]) -> None:
    """Each of the four papers has a year of its own."""
    found = json.loads(run("search", QUESTION, "--json", *arguments))["results"]
    assert sorted(r["paper"]["year"] for r in found) == years


def test_an_answer_and_a_summary_rest_on_what_passes(run: Run, tmp_path: Path) -> None:
    """The record says what was looked at, and a summary cites nothing else."""
    question = "How many of the termination clauses does Lantern find?"
    answer = json.loads(run("ask", question, "--years", "2021", "--json"))
    assert (answer["scope"]["from_year"], answer["scope"]["to_year"]) == (2021, 2021)
    assert len(answer["evidence"]) == 1
    told = json.loads(run("ask", question, "--source", "new.jsonl", "--json"))["explanation"]
    assert told["searched"].startswith("Searched the 2 papers added from “new.jsonl” for")
    assert told["advice"][0] == "Ask without the filter: your library has 4 papers."
    bib = tmp_path / "cited.bib"
    run("summarize", "termination clauses", "--tag", "law", "--out", bib)
    text = bib.read_text(encoding="utf-8")
    assert "@misc{quill2021lantern," in text
    assert "2022" not in text


def test_a_filter_that_leaves_nothing_is_an_answer(run: Run) -> None:
    asked = run("ask", QUESTION, "--years", "1950-1960")
    assert "Your library has no paper from 1950 to 1960." in asked
    searched = run("search", QUESTION, "--years", "1950")
    assert "The library holds no paper from 1950." in searched


def test_a_batch_is_filtered_too(run: Run, tmp_path: Path) -> None:
    questions, results = tmp_path / "q.jsonl", tmp_path / "r.jsonl"
    questions.write_text(json.dumps({"id": 1, "question": QUESTION}), encoding="utf-8")
    run("search", "--batch", questions, "--out", results, "--years", "2023")
    (line,) = json_lines(results)
    assert [r["paper"]["year"] for r in line["results"]] == [2023]  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", ["ask", "search", "summarize"])
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--tag", "lwa"), "is tagged 'lwa'. Did you mean 'law'?"),
        (("--source", "news.jsonl"), "is added from 'news.jsonl'. Did you mean 'new.jsonl'?"),
    ],
)
def test_what_the_library_does_not_have_is_named_with_the_nearest(
    run: Run, command: str, arguments: tuple[str, ...], told: str
) -> None:
    said = run(command, QUESTION, *arguments, code=1)
    assert said == f"footnote: No paper of the library {told}\n"


@pytest.mark.parametrize("more", [("--remove",), ("--year", "2021"), ("--ids", "0")])
def test_papers_without_a_tag_to_give_are_not_passed_over(run: Run, more: tuple[str, ...]) -> None:
    assert run("tag", *more, code=1).startswith("footnote: Say which tag; ")
    assert run("tag").split() == ["2", "law", "2", "sea"]


def test_notes_outlive_an_empty_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    paper = json.loads(run("list", "--json"))[0]["id"]
    assert run("note", paper, "") == "There are no notes on this paper yet.\n"
    run("note", paper, "Compare with chapter 3.")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert "the notes stay" in run("note", paper, "-", code=1)
    assert run("note", paper) == "Compare with chapter 3.\n"
    assert run("note", paper, "") == "Deleted your notes.\n"


@pytest.mark.parametrize(
    "years", ["2021-2019", "soon", "-", "", "20", "2019-2020-2021", "19 90", "20192020", "²⁰¹⁹"]
)
def test_years_that_are_none_are_told(years: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["search", QUESTION, f"--years={years}"])
    assert ended.value.code == 2
    assert f"argument --year/--years: '{years}' " in capsys.readouterr().err
