"""A model that is built here: named by what it is made of, whole or built again, removed."""

from __future__ import annotations

import dataclasses
import fcntl
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from models.built import Recipe, built_files, ensure_built, find_built
from models.catalog import Catalog, Entry
from models.errors import BadModelFile, BuildFailed, UnknownModel
from models.gguf import inspect_gguf
from models.merge import merge
from tests.models.adapters import BASE, SMALL_SHAPES, random_adapter, small_base
from tests.models.built_entries import catalog_of, sha256

NAME = "Built-1M"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return small_base(tmp_path / "small.gguf")


@pytest.fixture
def recipe(tmp_path: Path, base: Path) -> Recipe:
    adapter = random_adapter(tmp_path / "adapter.safetensors", SMALL_SHAPES)
    return Recipe(NAME, BASE, base, sha256(base), adapter)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def catalog(folder: Path, recipe: Recipe) -> Catalog:
    return catalog_of(recipe, folder)


def test_built_once(recipe: Recipe, folder: Path) -> None:
    """The first call builds it, with a record of its hash; the second one finds it."""
    assert find_built(recipe, folder) is None
    steps: list[tuple[int, int]] = []
    path = ensure_built(recipe, folder, lambda done, total: steps.append((done, total)))
    assert steps[-1] == (len(steps) - 1, len(steps) - 1)
    assert re.fullmatch(r"Built-1M\.[0-9a-f]{12}\.Q8_0\.gguf", path.name)
    assert find_built(recipe, folder) == path
    assert inspect_gguf(path).architecture == "llama"
    record = path.with_name(f"{path.name}.sha256")
    assert record.read_text() == sha256(path)
    assert sorted(folder.iterdir()) == sorted([path, record])
    steps.clear()
    written = path.stat().st_mtime_ns
    assert ensure_built(recipe, folder, lambda done, total: steps.append((done, total))) == path
    assert not steps
    assert path.stat().st_mtime_ns == written


def test_the_name_changes_with_each_input(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Base, adapter, quantisation and the way it is made are all in the name; nothing else is."""
    other = random_adapter(tmp_path / "other.safetensors", SMALL_SHAPES, seed=9)
    same = tmp_path / "moved.safetensors"
    same.write_bytes(recipe.adapter.read_bytes())
    assert dataclasses.replace(recipe, adapter=same).file_name() == recipe.file_name()
    names = {
        recipe.file_name(),
        dataclasses.replace(recipe, adapter=other).file_name(),
        dataclasses.replace(recipe, base_sha256="0" * 64).file_name(),
        dataclasses.replace(recipe, quantisation="F16").file_name(),
    }
    monkeypatch.setattr("models.built.VERSION", 2)
    names.add(recipe.file_name())
    assert len(names) == 5
    assert len({name.split(".")[1] for name in names}) == 5


@pytest.mark.parametrize("harm", ["a bit", "cut off", "no record", "an empty record", "no file"])
def test_what_is_not_whole_is_built_again(
    recipe: Recipe, folder: Path, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A damaged file is noticed at the next start, replaced, and a word is said about it."""
    path = ensure_built(recipe, folder, lambda done, total: None)
    right = sha256(path)
    record = path.with_name(f"{path.name}.sha256")
    content = bytearray(path.read_bytes())
    if harm == "a bit":
        content[-5] ^= 1
        path.write_bytes(content)
    elif harm == "cut off":
        path.write_bytes(content[:-64])
    elif harm == "no record":
        record.unlink()
    elif harm == "an empty record":
        record.write_text("")
    else:
        path.unlink()
    with caplog.at_level(logging.WARNING):
        assert ensure_built(recipe, folder, lambda done, total: None) == path
    assert sha256(path) == right == record.read_text()
    assert [r.getMessage() for r in caplog.records] == (
        []
        if harm == "no file"
        else [f"{path} is not what was once built there; it is built again."]
    )


def test_older_builds_go_when_a_newer_one_stands(recipe: Recipe, folder: Path) -> None:
    """Those of the same name, and what a kill left; nothing of anybody else."""
    older = ensure_built(dataclasses.replace(recipe, quantisation="F16"), folder, lambda *_: None)
    left = folder / f"{NAME}.0123456789ab.Q8_0.gguf.part"
    others = [folder / f"{NAME}-Chat.0123456789ab.Q8_0.gguf", folder / f"{NAME}.Q8_0.gguf"]
    for file in (left, *others):
        file.write_bytes(b"x")
    path = ensure_built(recipe, folder, lambda *_: None)
    assert not older.exists()
    assert built_files(NAME, folder) == [path, path.with_name(f"{path.name}.sha256")]
    assert all(other.exists() for other in others)


def test_older_builds_stay_when_the_newer_one_fails(recipe: Recipe, folder: Path) -> None:
    """What works is not given up for what does not."""
    older = ensure_built(recipe, folder, lambda *_: None)
    recipe.adapter.write_bytes(b"no adapter")
    with pytest.raises(BadModelFile, match="adapter"):
        ensure_built(recipe, folder, lambda *_: None)
    assert built_files(NAME, folder) == [older, older.with_name(f"{older.name}.sha256")]


class Stopped(Exception):
    """Raised in the middle of a build."""


@pytest.mark.parametrize("error", [Stopped, KeyboardInterrupt, MemoryError])
def test_an_interrupted_build_leaves_nothing(
    recipe: Recipe, folder: Path, error: type[BaseException]
) -> None:
    """Ctrl-C in the middle: the folder is as it was."""

    def stop(done: int, total: int) -> None:
        if done == 3:
            assert len(list(folder.iterdir())) == 1  # it is being written, under another name
            raise error

    with pytest.raises(error):
        ensure_built(recipe, folder, stop)
    assert list(folder.iterdir()) == []
    assert find_built(recipe, folder) is None


KILLED = """
import os, signal, sys
from pathlib import Path
from models import built
base, adapter, folder, when = *map(Path, sys.argv[1:4]), sys.argv[4]
recipe = built.Recipe("Built-1M", "SmolLM2-135M-Instruct", base, built._sha256(base), adapter)
kill = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if when == "written":
    os.fsync = kill
elif when == "recorded":
    Path.replace = kill
built.ensure_built(recipe, folder, lambda done, total: done == int(when) and kill()
                   if when.isdigit() else None)
"""


@pytest.mark.parametrize("when", ["0", "7", "written", "recorded"])
def test_a_killed_build_leaves_no_model(recipe: Recipe, folder: Path, when: str) -> None:
    """Whenever it is killed, nothing is taken for the model; the next start builds it."""
    command = [sys.executable, "-c", KILLED, recipe.base, recipe.adapter, folder, when]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert any(file.suffix == ".part" for file in folder.iterdir())
    assert find_built(recipe, folder) is None
    path = ensure_built(recipe, folder, lambda *_: None)
    assert sorted(folder.iterdir()) == built_files(NAME, folder)
    assert len(built_files(NAME, folder)) == 2
    assert inspect_gguf(path).tensor_count


def test_two_processes_at_once(recipe: Recipe, folder: Path) -> None:
    """The second waits for the first and takes what that one built."""
    folder.mkdir()
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)  # another process builds
    steps: list[int] = []
    found: list[Path] = []
    second = threading.Thread(
        target=lambda: found.append(
            ensure_built(recipe, folder, lambda done, total: steps.append(done))
        )
    )
    second.start()
    second.join(0.3)
    assert second.is_alive()
    path = folder / recipe.file_name()
    merge(recipe.base, recipe.adapter, path, name=NAME, base_name=BASE)
    path.with_name(f"{path.name}.sha256").write_text(sha256(path))
    os.close(handle)
    second.join(30)
    assert found == [path]
    assert not steps


def test_many_at_once(recipe: Recipe, folder: Path) -> None:
    """However many start together, one builds and all get a whole file."""
    builds: list[int] = []
    found: list[Path] = []

    def count(done: int, total: int) -> None:
        if done == total:
            builds.append(done)

    threads = [
        threading.Thread(target=lambda: found.append(ensure_built(recipe, folder, count)))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 5
    assert len(builds) == 1


def test_a_folder_that_cannot_be_written(recipe: Recipe, tmp_path: Path) -> None:
    """One sentence with the reason and the way out."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(BuildFailed, match="FOOTNOTE_MODELS") as caught:
        ensure_built(recipe, blocked / "models", lambda *_: None)
    assert "Not a directory" in str(caught.value)
    assert "\n" not in str(caught.value)


FULL = """
import resource, sys
from pathlib import Path
from models.built import Recipe, ensure_built
from models.errors import BuildFailed
from tests.models.built_entries import sha256
base, adapter, folder = map(Path, sys.argv[1:4])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), -1))
try:
    ensure_built(Recipe("Built-1M", "SmolLM2-135M-Instruct", base, sha256(base), adapter), folder,
                 lambda *_: None)
except BuildFailed as error:
    print("told:", error)
print(list(folder.iterdir()))
"""


@pytest.mark.parametrize("limit", [100, 60_000])
def test_a_full_disk(recipe: Recipe, folder: Path, limit: int) -> None:
    """In the header or in the weights: a sentence that says what to do, and nothing is left."""
    command = [sys.executable, "-c", FULL, recipe.base, recipe.adapter, folder, limit]
    done = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, check=False, cwd=Path.cwd()
    )
    told, left = done.stdout.splitlines()
    assert told.startswith(f"told: {NAME} could not be built in {folder} ("), done
    assert "Free some space" in told
    assert left == "[]"


def test_a_base_that_is_not_the_one(recipe: Recipe, folder: Path) -> None:
    """A bit that fell over in the packaged file is not built into the new one."""
    content = bytearray(recipe.base.read_bytes())
    content[-5] ^= 1
    recipe.base.write_bytes(content)
    with pytest.raises(BadModelFile, match="damaged"):
        ensure_built(recipe, folder, lambda *_: None)
    assert list(folder.iterdir()) == []


# -- in the catalogue


def test_found_once_it_is_built(catalog: Catalog) -> None:
    """Before, finding it names the command that builds it; building it is all a pull does."""
    assert catalog.is_to_build(NAME)
    assert catalog.is_to_build("built")
    with pytest.raises(UnknownModel, match=f"footnote models pull {NAME}"):
        catalog.find(NAME)
    assert [item.path for item in catalog.list() if item.entry.base] == [None]
    pulled = catalog.pull(NAME)
    assert not catalog.is_to_build(NAME)
    assert catalog.find("built-1m") == catalog.ready("built") == pulled
    assert pulled.reads_quotations
    assert [item.path for item in catalog.list() if item.entry.base] == [pulled.path]


def test_other_models_are_found_as_they_are(catalog: Catalog, base: Path) -> None:
    """Nothing is to be built of a packaged model, a path, or what nobody knows."""
    for name in (BASE, str(base), "nothing-like-it", ""):
        assert not catalog.is_to_build(name)
    assert catalog.ready(BASE).path == base
    assert not catalog.ready(BASE).reads_quotations
    assert not catalog.ready(str(base)).reads_quotations
    with pytest.raises(UnknownModel, match="models list"):
        catalog.ready("nothing-like-it")


def test_removed_and_built_anew(catalog: Catalog) -> None:
    """Removing deletes every build and what is beside it; then it is to be built again."""
    path = catalog.ready(NAME).path
    (catalog.folder / f"{NAME}.0123456789ab.F16.gguf.part").write_bytes(b"x")
    assert catalog.remove(NAME) in (path, catalog.folder / f"{NAME}.0123456789ab.F16.gguf.part")
    assert list(catalog.folder.iterdir()) == []
    with pytest.raises(UnknownModel, match="not on this machine"):
        catalog.remove(NAME)
    assert catalog.ready(NAME).path == path


def test_an_adapter_that_is_not_there(catalog: Catalog, recipe: Recipe) -> None:
    """The rest of the catalogue works, and the model says what it lacks."""
    recipe.adapter.unlink()
    assert len(catalog.list()) == 2
    for use in (catalog.find, catalog.ready, catalog.pull):
        with pytest.raises(UnknownModel, match="Install Footnote again") as caught:
            use(NAME)
        assert str(recipe.adapter) in str(caught.value)


def test_every_built_entry_can_be_built() -> None:
    """Each names a packaged base, whose hash is known, and an adapter within `models`."""
    catalog = Catalog.open()
    built: list[Entry] = [entry for entry in catalog.entries if entry.base]
    assert built
    for entry in built:
        recipe = catalog.recipe(entry)
        assert recipe.base_sha256 == sha256(recipe.base)
        assert recipe.adapter.is_relative_to(Path(__file__).parents[2] / "models")
        assert recipe.adapter.suffix == ".safetensors"
