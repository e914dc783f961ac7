"""The catalogue: what is in it, and how a model is found."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.catalog import Catalog, default_folder
from models.child import child_environment
from models.errors import BadModelFile, DownloadFailed, ModelInUse, UnknownModel
from models.gguf import inspect_gguf
from tests.models.gguf_files import PACKAGED


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.open(tmp_path)


def test_every_entry_is_complete(catalog: Catalog) -> None:
    """Each names its file, licence and one source; what is pulled can be verified."""
    assert len({e.name.lower() for e in catalog.entries}) == len(catalog.entries)
    assert len({e.file or e.adapter for e in catalog.entries}) == len(catalog.entries)
    for entry in catalog.entries:
        assert entry.kind in ("embedder", "llm")
        assert entry.license
        assert [entry.package, entry.repository, entry.base].count(None) == 2, entry.name
        assert (entry.base is None) == bool(entry.file) == (not entry.adapter)
        if entry.repository is not None:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+", entry.repository)
            assert entry.file.endswith(".gguf")
            assert entry.size_bytes is not None
            assert entry.sha256 is not None
            assert entry.memory_gb is not None
            assert entry.memory_gb * 1e9 > entry.size_bytes
            assert re.fullmatch(r"main|[0-9a-f]{40}", entry.revision)
        if entry.sha256 is not None:
            assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)


def test_the_defaults_are_installed_and_true(catalog: Catalog) -> None:
    """The two packaged models are found, and the figures of the one with figures are right."""
    listed = {item.entry.name: item for item in catalog.list()}
    embedder = listed["all-MiniLM-L6-v2"]
    llm = listed["SmolLM2-135M-Instruct"]
    assert embedder.path is not None
    assert (embedder.path / "modules.json").is_file()
    assert llm.path == PACKAGED
    assert llm.entry.size_bytes == PACKAGED.stat().st_size
    assert llm.entry.context_tokens == inspect_gguf(PACKAGED).context_tokens
    others = [item for item in listed.values() if item not in (embedder, llm)]
    assert others
    assert all(item.path is None for item in others)


@pytest.mark.parametrize(
    "name", ["SmolLM2-135M-Instruct", "smollm2-135m-INSTRUCT", "smollm2", str(PACKAGED)]
)
def test_found_by_name_start_or_path(catalog: Catalog, name: str) -> None:
    """Any case, a unique start, and a path all lead to the file."""
    assert catalog.find(name).path == PACKAGED


@pytest.mark.parametrize(
    "name", ["qwen3-4b", "QWEN3-4", "{folder}/{file}", "~/{file}", "link.gguf"]
)
def test_one_model_under_many_names(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whatever the settings call the one in use, it has one name, and is not removed."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    entry = next(e for e in catalog.entries if e.name == "Qwen3-4B")
    shutil.copy(PACKAGED, tmp_path / entry.file)
    (tmp_path / "link.gguf").symlink_to(tmp_path / entry.file)
    in_use = name.format(folder=tmp_path, file=entry.file)
    assert catalog.find(in_use).path.resolve() == tmp_path / entry.file
    assert catalog.setting(in_use) == entry.name
    with pytest.raises(ModelInUse, match="Choose another"):
        catalog.remove(entry.name, in_use)
    assert (tmp_path / entry.file).is_file()
    assert catalog.remove(entry.name, "smollm2") == tmp_path / entry.file


def test_the_setting_of_what_is_no_model(catalog: Catalog, tmp_path: Path) -> None:
    """As it is; a file that is nowhere by its path."""
    assert [catalog.setting(name) for name in ("none", "", "qwen2.5")] == ["none", "", "qwen2.5"]
    assert catalog.setting("Footnote-1") == "Footnote-135M"  # not built yet
    assert catalog.setting(f"{tmp_path}/lost.gguf") == f"{tmp_path}/lost.gguf"


def test_found_by_kind(catalog: Catalog) -> None:
    """An embedder is found as one, and is no LLM."""
    assert catalog.find("all-minilm", "embedder").path.is_dir()
    with pytest.raises(UnknownModel):
        catalog.find("all-MiniLM-L6-v2")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("SmolLM2-315M", "SmolLM2-135M-Instruct"),
        ("Lama-3.2-1B", "Llama-3.2-1B-Instruct"),
        ("gema", "gemma-3-1b-it"),
        ("zzzz", "models list"),
        ("", "models list"),
        ("qwen2.5", "Write more"),
        ("Qwen3-4B", "footnote models pull Qwen3-4B"),
    ],
)
def test_a_miss_names_what_is_near(catalog: Catalog, name: str, says: str) -> None:
    """A name that leads nowhere gets the nearest names, or the command that brings it."""
    with pytest.raises(UnknownModel, match=re.escape(says)) as caught:
        catalog.find(name)
    assert "\n" not in str(caught.value)


def test_paths_that_lead_nowhere(catalog: Catalog, tmp_path: Path) -> None:
    """A missing file and a folder are told apart."""
    with pytest.raises(UnknownModel, match="no file"):
        catalog.find(str(tmp_path / "none.gguf"))
    with pytest.raises(BadModelFile, match="is a folder"):
        catalog.find(f"{tmp_path}/")


def test_what_comes_with_footnote_is_neither_pulled_nor_removed(catalog: Catalog) -> None:
    """Pulling it finds it there; removing it is refused."""
    assert catalog.pull("smollm2").path == PACKAGED
    with pytest.raises(UnknownModel, match="cannot be removed"):
        catalog.remove("smollm2-135m-instruct")
    with pytest.raises(UnknownModel, match="not on this machine"):
        catalog.remove("Qwen3-4B")
    smollm2 = catalog.find("smollm2").entry
    assert smollm2 is not None
    lost = Catalog((dataclasses.replace(smollm2, package="no_such_package"),), catalog.folder)
    with pytest.raises(DownloadFailed, match="comes with Footnote"):
        lost.pull("smollm2")
    with pytest.raises(UnknownModel, match="not installed"):
        lost.find("smollm2")


def test_the_folder_of_pulled_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """FOOTNOTE_MODELS names it; else it lies in the data folder of the platform."""
    monkeypatch.setenv("FOOTNOTE_MODELS", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("FOOTNOTE_MODELS")
    assert default_folder().parts[-2:] == ("footnote", "models")


def test_importing_is_cheap() -> None:
    """Nothing heavy is imported until a model is used."""
    code = (
        "import sys, models.catalog, models.process, models.embedder\n"
        "heavy = {'torch', 'llama_cpp', 'sentence_transformers', 'huggingface_hub'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=child_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
