"""`footnote summarize`: real library, real embedder, real packaged model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, assert_one_sentence, run_footnote
from tests.lighthouses import FORECASTING, READING, TOPIC, write_papers


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of papers about one topic, and of some others."""
    folder = tmp_path_factory.mktemp("logs")
    done = run_footnote("add", write_papers(folder / "p.jsonl"), library=folder / "library")
    assert done.returncode == 0, done.stderr
    return folder / "library"


def test_a_summary_is_printed_theme_by_theme(logs: Path) -> None:
    """Headings and cited sentences on standard output, progress on standard error."""
    done = run_footnote("summarize", TOPIC, library=logs)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert {"Handwriting Recognition", "Fog Forecasting"} <= set(lines)
    assert "Theme 1 of 2: " in done.stderr
    assert "Theme 2 of 2: " in done.stderr
    assert "Theme" not in done.stdout
    for paper in READING + FORECASTING:
        assert any(str(paper["title"]) in line and line.startswith("[") for line in lines)
    # What the model wrote and was withheld may follow.
    assert any(line.startswith("From abstracts, not from whole papers.") for line in lines)
    assert len(done.stdout.split("\n\n[1] ")[0].split()) <= 320, "a summary is short"


def test_a_summary_is_written_as_markdown(logs: Path, tmp_path: Path) -> None:
    """--out writes it instead of printing it; --json prints the answer all the same."""
    path = tmp_path / "logs.md"
    path.write_text("an older one", encoding="utf-8")
    done = run_footnote("summarize", TOPIC, "--out", path, "--json", library=logs)
    assert done.returncode == 0, done.stderr
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Lighthouse logs\n\n## ")
    assert "## References\n\n- [1] " in text
    assert "<https://doi.org/10.5555/wick.1>" in text
    assert "From abstracts, not from whole papers." in text
    assert "an older one" not in text
    answer = json.loads(done.stdout)
    assert {s["theme"] for s in answer["sentences"]} == {
        "Handwriting Recognition",
        "Fog Forecasting",
    }
    assert f"Written to {path}" in done.stderr


def test_the_number_of_papers_can_be_bounded(logs: Path) -> None:
    done = run_footnote("summarize", TOPIC, "--papers", 2, "--json", library=logs)
    assert len(json.loads(done.stdout)["evidence"]) == 2
    for wrong in ("0", "21", "many"):
        done = run_footnote("summarize", TOPIC, "--papers", wrong, library=logs)
        assert done.returncode == 2
        assert "--papers" in done.stderr


def test_ask_takes_the_same_path(logs: Path) -> None:
    """A call for a summary is one, however it is given."""
    question = f"Give me an overview of {TOPIC}, please."
    answer = json.loads(run_footnote("ask", question, "--json", library=logs).stdout)
    assert answer["question"] == question
    assert answer["standalone_question"] == TOPIC
    assert len(answer["evidence"]) == 6


def test_nothing_near_is_refused(logs: Path, tmp_path: Path) -> None:
    path = tmp_path / "refused.md"
    done = run_footnote("summarize", "football cups of 1974", "--out", path, library=logs)
    assert done.returncode == 0, done.stderr
    assert "Your papers do not answer this." in path.read_text(encoding="utf-8")
    path = tmp_path / "cited.ris"
    done = run_footnote("summarize", "football cups of 1974", "--out", path, library=logs)
    assert_one_sentence(done, "cites no papers", str(path))
    assert not path.exists()


def test_what_a_summary_cites_is_written_in_the_format_that_the_name_tells(
    logs: Path, tmp_path: Path
) -> None:
    path = tmp_path / "cited.vancouver.txt"
    done = run_footnote("summarize", TOPIC, "--out", path, "--json", library=logs)
    assert done.returncode == 0, done.stderr
    lines = path.read_text(encoding="utf-8").splitlines()
    cited = {n for s in json.loads(done.stdout)["sentences"] for n in s["citations"]}
    assert [line.split(". ")[0] for line in lines] == [str(n + 1) for n in range(len(cited))]


def test_what_cannot_be_written_is_said_at_once(logs: Path, tmp_path: Path) -> None:
    """A folder, or a file in a folder that is not there: before anything is loaded."""
    for path in (tmp_path, tmp_path / "none" / "logs.md"):
        done = run_footnote("summarize", TOPIC, "--out", path, library=logs)
        assert done.returncode == 1
        assert_one_sentence(done, str(path), "cannot be written")
    assert not (tmp_path / "none").exists()


def test_what_is_refused_leaves_no_file(logs: Path, tmp_path: Path) -> None:
    path = tmp_path / "empty.md"
    done = run_footnote("summarize", " ", "--out", path, library=logs)
    assert_one_sentence(done, "empty")
    assert not path.exists()


def test_an_empty_library_is_told(tmp_path: Path) -> None:
    done = run_footnote("summarize", TOPIC, library=tmp_path / "nothing")
    assert_one_sentence(done, "footnote add")


def test_ctrl_c_keeps_what_there_is(logs: Path, tmp_path: Path) -> None:
    """It is written with a note that it was stopped, and the exit code says so."""
    path = tmp_path / "stopped.md"
    process = subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "summarize", TOPIC, "--out", str(path)],
        cwd=ROOT,
        env=os.environ | {"FOOTNOTE_LIBRARY": str(logs)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Theme 1"):
            process.send_signal(signal.SIGINT)
            break
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 130, said
    assert "Traceback" not in said
    text = path.read_text(encoding="utf-8")
    assert "It was stopped before the end" in text
    assert "## Handwriting Recognition" in text
