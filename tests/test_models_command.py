"""`footnote models`: what it prints of speed and wait, whatever the width, and what it refuses."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from models.catalog import Catalog
from models.speed import Speed, Speeds
from tests.models.gguf_files import PACKAGED
from ui.cli import main

SMALL = "SmolLM2-135M-Instruct"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models, and a library whose settings name the small packaged one."""
    monkeypatch.setenv("FOOTNOTE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("FOOTNOTE_LIBRARY", str(tmp_path / "library"))
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "config.yaml").write_text(f"models:\n  llm: {SMALL}\n")
    return tmp_path / "models"


@pytest.mark.parametrize("columns", ["20", "60", "200"])
def test_nothing_of_the_list_is_cut(
    folder: Path, columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a pipe every name, licence, speed and wait stands whole on its line."""
    monkeypatch.setenv("COLUMNS", columns)
    Speeds(folder).keep(PACKAGED, Speed(500.0, 50.0, date(2024, 11, 21)))
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for entry in Catalog.open().entries:
        line = next(line for line in lines if line[2:].startswith(entry.name))
        assert entry.license in line
        assert line.startswith("*") == (entry.name in (SMALL, "all-MiniLM-L6-v2"))
    text = "\n".join(lines)
    assert "    reads 500 and writes 50 tokens a second, measured 21 Nov; first sentence" in text
    assert text.count("(an estimate); first sentence after perhaps") == 9
    assert "…" not in text


def test_measuring(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The one in use is measured when none is named; a program reads it from the list."""
    monkeypatch.setattr("models.speed.ROUNDS", 1)
    assert main(["models", "measure"]) == 0
    told = capsys.readouterr().out
    assert f"{SMALL} reads " in told
    assert "first sentence after about" in told
    assert main(["models", "list", "--json"]) == 0
    known = {model["name"]: model for model in json.loads(capsys.readouterr().out)}
    assert known[SMALL]["in_use"]
    assert known[SMALL]["speed"]["measured"] == f"{date.today()}"
    assert known[SMALL]["wait"]["first_sentence"] > 0
    assert known["Qwen3-4B"]["speed"]["measured"] is None
    assert known["Qwen3-4B"]["speed"]["estimated_from"] == SMALL
    assert known["all-MiniLM-L6-v2"]["speed"] is None


def test_the_model_in_use_is_not_removed(
    folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pulled = next(e for e in Catalog.open().entries if e.repository)
    folder.mkdir()
    path = Path(shutil.copy(PACKAGED, folder / pulled.file))
    assert main(["models", "use", pulled.name]) == 0
    assert main(["models", "remove", pulled.name]) == 1
    assert "Choose another model first" in capsys.readouterr().err
    assert path.exists()
    assert main(["models", "use", "none"]) == 0
    assert main(["models", "remove", pulled.name]) == 0
    assert not path.exists()
