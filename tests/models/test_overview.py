"""What each model costs: memory, and speed by measurement or estimate."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from models import overview
from models.catalog import Catalog, Entry
from models.errors import MeasureFailed
from models.overview import KnownModel, fits, known_models
from models.speed import Speed, Speeds
from tests.models.gguf_files import PACKAGED

SPEED = Speed(600.0, 100.0, date(2024, 5, 1))
PULLED = Entry(
    "Tiny-1B", "llm", "MIT", file="tiny.gguf", repository="someone/tiny", size_bytes=983_624_320,
    parameters=1_345_150_080, memory_gb=1.5,
)  # fmt: skip


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog((*Catalog.open().entries[:2], PULLED), tmp_path)


def by_name(catalog: Catalog, in_use: str = "none") -> dict[str, KnownModel]:
    return {model.name: model for model in known_models(catalog, in_use)}


def test_nothing_is_known_before_anything_is_measured(catalog: Catalog) -> None:
    assert {model.speed for model in known_models(catalog, "none")} == {None}


def test_the_others_are_estimated_from_what_was_measured(catalog: Catalog) -> None:
    """Ten times the bytes and the parameters: a tenth of the speed, and called an estimate."""
    Speeds(catalog.folder).keep(PACKAGED, SPEED)
    found = by_name(catalog)
    assert found["SmolLM2-135M-Instruct"].speed == SPEED
    assert found["Tiny-1B"].speed == Speed(60.0, 10.0, None, "SmolLM2-135M-Instruct")
    assert found["all-MiniLM-L6-v2"].speed is None


def test_files_are_models_too(catalog: Catalog, tmp_path: Path) -> None:
    """One put into the folder, one in use by its path, and one in use that is not there."""
    Speeds(catalog.folder).keep(PACKAGED, SPEED)
    beside = shutil.copy(PACKAGED, tmp_path / "beside.gguf")
    (tmp_path / "elsewhere").mkdir()
    away = shutil.copy(PACKAGED, tmp_path / "elsewhere" / "away.gguf")
    found = by_name(catalog, str(away))
    for name, path in (("beside", beside), ("away", away)):
        model = found[name]
        assert (model.setting, model.path, model.origin) == (str(path), Path(path), "file")
        assert model.size_bytes == PACKAGED.stat().st_size
        assert model.license is None
        assert model.memory_gb == 0.3
        assert model.speed is not None
        assert model.speed.measured is None
        assert model.speed.reads == pytest.approx(600.0)
    lost = by_name(catalog, str(tmp_path / "lost.gguf"))["lost"]
    assert (lost.path, lost.size_bytes, lost.speed) == (None, None, None)


def test_an_unfinished_download_is_known(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf.0123456789ab.part").write_bytes(b"x" * 1234)
    tiny = by_name(catalog)["Tiny-1B"]
    assert (tiny.path, tiny.arrived_bytes, tiny.origin) == (None, 1234, "pulled")


def test_a_download_that_ends_meanwhile_is_no_error(catalog: Catalog, tmp_path: Path) -> None:
    """Its file is seen, then gone; and so is a model that somebody deletes."""
    (tmp_path / "tiny.gguf.0123456789ab.part").symlink_to(tmp_path / "gone")
    assert by_name(catalog)["Tiny-1B"].arrived_bytes == 0
    assert Speeds(tmp_path).of(tmp_path / "gone.gguf") is None
    with pytest.raises(MeasureFailed, match="is gone") as caught:
        Speeds(tmp_path).keep(tmp_path / "gone.gguf", SPEED)
    assert "\n" not in str(caught.value)


def test_what_does_not_fit_is_told(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the rest of Footnote needs beside it."""
    monkeypatch.setattr(overview, "memory_bytes", lambda: 3_000_000_000)
    assert by_name(catalog)["Tiny-1B"].memory_fits
    monkeypatch.setattr(overview, "memory_bytes", lambda: 2_900_000_000)
    assert not by_name(catalog)["Tiny-1B"].memory_fits
    assert fits(None)


def test_the_catalogue_tells_the_memory_and_parameters_of_every_chat_model() -> None:
    """The estimate for other files is near what the catalogue says of these."""
    from models.gguf import inspect_gguf

    chat = [entry for entry in Catalog.open().entries if entry.kind == "llm"]
    for entry in chat:
        assert entry.memory_gb is not None
        assert entry.parameters is not None
        unknown = overview._memory_gb(entry.size_bytes)
        assert unknown is not None
        assert 0.75 * entry.memory_gb <= unknown <= 1.5 * entry.memory_gb, entry.name
    smollm2 = next(entry for entry in chat if entry.package)
    assert smollm2.parameters == inspect_gguf(PACKAGED).parameters
