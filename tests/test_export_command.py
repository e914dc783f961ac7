"""`footnote export`: real library, in this process; what it writes, and what it says instead."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.answer_json import dump_answer
from rag.bibliography import Format
from rag.types import Answer, AnswerSentence, Evidence, Origin, Question, Source, Verdict
from rag.wiring import open_desk, open_to_read
from tests.conftest import PAPERS, run_footnote
from ui.cli import main

# What files begin with: no other format's file begins so.
BEGINS = {
    Format.BIBTEX: r"@\w+\{",
    Format.RIS: r"TY  - ",
    Format.CSL_JSON: r"\[",
    Format.CSV: r"\w+,",
    Format.MARKDOWN: r"- \[@\w+\] ",
    Format.JSON_LINES: r'\{"title": ',
    Format.APA: r"Finch, C\. \(2019\)\. Tidepool",
    Format.IEEE: r"\[1\] A\. Quill",
    Format.NATURE: r"1\. Quill, A\. ",
    Format.VANCOUVER: r"1\. Quill A, ",
}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of four papers, two of them tagged, that keeps three answers."""
    folder = tmp_path_factory.mktemp("export")
    lines = [
        json.dumps({**p, "tags": ["sea" if n % 2 else "law"], "doi": f"10.5555/{n}"})
        for n, p in enumerate(PAPERS)
    ]
    (folder / "p.jsonl").write_text("\n".join(lines), encoding="utf-8")
    done = run_footnote("add", folder / "p.jsonl", library=folder / "library")
    assert done.returncode == 0, done.stderr
    with open_desk(folder / "library") as desk:
        papers = {p.title: p for p in desk.library.papers()}
        kept = [papers[str(p["title"])] for p in PAPERS]
        sources = tuple(Source(n, p, (), 1.0) for n, p in enumerate(kept, 1))

        def keep(id_: str, *cited: int) -> None:
            sentences = tuple(
                AnswerSentence(f"Fact {n}.", (n,), Verdict.SUPPORTED, Origin.MODEL, "")
                for n in cited
            )
            asked = Question(f"Question {id_}?", f"Question {id_}?")
            record = dump_answer(Answer(id_, asked, sentences, Evidence(sources, ()), "scripted"))
            desk.library.conversations.keep(id_, record)

        keep("a1", 3, 1, 3)
        keep("a2")
        keep("a3", 2)
    return folder / "library"


Run = Callable[..., str]


@pytest.fixture
def run(shelf: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `export`; what it printed, or what it said where it failed."""

    def run(*arguments: object, code: int = 0, library: Path = shelf) -> str:
        capsys.readouterr()
        assert main(["export", *map(str, arguments), "--library", str(library)]) == code
        printed = capsys.readouterr()
        assert not (code and printed.out)
        return printed.err if code else printed.out

    return run


def titles(jsonl: str) -> list[str]:
    return [json.loads(line)["title"] for line in jsonl.splitlines()]


NAMES = [str(p["title"]) for p in PAPERS]


@pytest.mark.parametrize("format", Format)
def test_each_format_holds_each_paper(run: Run, tmp_path: Path, format: Format) -> None:
    """On standard output, and the same in a file whose name tells the format."""
    text = run("--format", format)
    assert re.match(BEGINS[format], text), text[:80]
    for paper in PAPERS:
        assert str(paper["title"]).split()[0].rstrip(":") in text
    path = tmp_path / f"refs.{format.ending.upper()}"
    assert run("--out", path) == ""
    assert path.read_bytes().decode() == text


def test_a_selection(run: Run, shelf: Path) -> None:
    assert titles(run("--format", "jsonl")) == NAMES
    assert titles(run("--format", "jsonl", "--tag", "sea")) == NAMES[1::2]
    assert titles(run("--format", "jsonl", "--years", "2022-")) == NAMES[2:]
    with open_to_read(shelf) as library:
        ids = {p.title: p.id for p in library.papers()}
    wanted = [NAMES[2], NAMES[0], NAMES[2]]
    assert titles(run("--format", "jsonl", "--ids", *(ids[t] for t in wanted))) == wanted[:2]


def test_exactly_what_an_answer_cites_in_the_order_cited(run: Run) -> None:
    assert titles(run("--answer", "a1", "--format", "jsonl")) == [NAMES[2], NAMES[0]]
    assert titles(run("--answer", "last", "--format", "jsonl")) == [NAMES[1]]
    first, second = run("--answer", "a1", "--format", "ieee").splitlines()
    assert first.startswith("[1] D. Osei")
    assert second.startswith("[2] A. Quill")


def test_an_answer_as_markdown_cites_by_the_keys_of_its_bibtex(run: Run) -> None:
    text = run("--answer", "a1", "--format", "markdown")
    assert text.startswith("# Question a1?\n\nFact 3 [@osei2022small]. Fact 1 [@quill2021lantern].")
    assert "::: {#refs}\n:::" in text
    bib = run("--answer", "a1", "--format", "bibtex")
    assert re.findall(r"@\w+\{(\w+),", bib) == ["osei2022small", "quill2021lantern"]


def test_an_answer_cites_papers_as_they_are_known_now(run: Run, shelf: Path) -> None:
    """What was found out of them since belongs in a bibliography."""
    with open_desk(shelf) as desk:
        (paper,) = (p for p in desk.library.papers() if p.title == NAMES[1])
        desk.library.tag([paper.id], add=["Known since"])
    try:
        assert "Known since" in run("--answer", "a3", "--format", "jsonl")
    finally:
        with open_desk(shelf) as desk:
            desk.library.tag([paper.id], remove=["Known since"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Say which format with --format: bibtex, ris, csl-json,"),
        (("--out", "refs.docx"), "refs.docx does not tell its format: say which one with --format"),
        (("--out", "refs.bib", "--years", "1950"), "No paper of the library passes the filter"),
        (("--out", "refs.bib", "--tag", "lwa"), "Did you mean 'law'?"),
        (("--out", "refs.bib", "--ids", "none"), "There is no paper with the id none"),
        (("--out", "refs.bib", "--answer", "none"), "There is no answer none"),
        (("--out", "refs.md", "--answer", "a2"), "“Question a2?” cites no papers"),
        (("--out", "refs.bib", "--answer", "a1", "--tag", "law"), "leave the filter out"),
        (("--out", "none/refs.bib"), "none/refs.bib cannot be written"),
        (("--out", ".", "--format", "ris"), ". cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_no_file(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    said = run(*arguments, code=1)
    assert re.fullmatch(r"footnote: [^\n]+[.?]\n", said), said
    assert told in said
    assert os.listdir(tmp_path) == []


def test_an_empty_library_is_told(run: Run, tmp_path: Path) -> None:
    open_desk(tmp_path / "empty").close()
    assert "footnote add" in run("--format", "ris", library=tmp_path / "empty", code=1)


def test_an_older_file_stays_whole_until_the_new_one_is(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps its rights, and a link to it stays a link."""
    old, link = tmp_path / "old.jsonl", tmp_path / "link.jsonl"
    old.write_text("an older one", encoding="utf-8")
    old.chmod(0o640)
    link.symlink_to(old)

    def fail(papers: object, format: Format) -> Iterator[str]:
        yield "half"
        assert old.read_text(encoding="utf-8") == "an older one"
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("ui.commands.export.write", fail)
        assert "cannot be written: No space left on device." in run("--out", link, code=1)
    assert old.read_text(encoding="utf-8") == "an older one"
    run("--out", link)
    assert titles(old.read_text(encoding="utf-8")) == NAMES
    assert link.is_symlink()
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link.jsonl", "old.jsonl"]


def test_it_works_while_the_page_is_open_and_through_a_pipe(shelf: Path) -> None:
    """It only reads; nothing but the papers stands on standard output."""
    with open_desk(shelf):
        done = run_footnote("export", "--format", "vancouver", library=shelf)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(PAPERS)
    assert done.stderr == ""


def test_a_wrong_format_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["export", "--format", "docx"])
    assert ended.value.code == 2
    assert "'vancouver'" in capsys.readouterr().err
