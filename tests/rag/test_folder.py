"""A library's folder: writable or told why not, and one owner at a time."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.errors import LibraryBusy, LibraryFull, LibraryReadOnly
from rag.folder import LOCK, FolderLock, default_folder, make_writable, require_space
from rag.library import Library
from tests.rag.conftest import ROOT, Child
from tests.rag.corpus import RECORDS, make_ingest

NOBODY = 65534
# Root may write anywhere: step down to an ordinary user before trying.
AS_ORDINARY_USER = f"""
import os, sys
from pathlib import Path
from rag import folder, library
if os.getuid() == 0:
    os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
place = Path(sys.argv[1])
"""
# Opens the library, says so, and keeps it until its standard input is closed.
OWNER = """
import sys
from pathlib import Path
from rag.config import load_config
from rag.errors import LibraryBusy
from rag.wiring import open_desk
try:
    desk = open_desk(Path(sys.argv[1]), load_config(), holder=sys.argv[2])
except LibraryBusy as error:
    print("busy", error, flush=True)
else:
    with desk:
        print("open", desk.library.counts().papers, flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own are private."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    yield place
    for folder, _, _ in os.walk(place):
        os.chmod(folder, 0o755)
    shutil.rmtree(place)


def own(path: Path) -> None:
    """Give a path to the ordinary user."""
    if os.getuid() == 0:
        os.chown(path, NOBODY, NOBODY)


def test_missing_folder_is_made(tmp_path: Path) -> None:
    """Its parents too, and nothing is left in it."""
    place = tmp_path / "a" / "b"
    make_writable(place)
    assert place.is_dir()
    assert not list(place.iterdir())


@pytest.mark.parametrize("tail", ["", "library"])
def test_file_in_the_way_is_named(tmp_path: Path, tail: str) -> None:
    """A file where the folder, or one above it, should be."""
    file = tmp_path / "notes.txt"
    file.touch()
    with pytest.raises(LibraryReadOnly, match=r"notes\.txt"):
        make_writable(file / tail)


def test_folder_without_the_right_to_write(open_place: Path, child: Child) -> None:
    """The message names the folder and both ways out."""
    open_place.chmod(0o555)
    code = AS_ORDINARY_USER + (
        "try: folder.make_writable(place)\n"
        "except folder.LibraryReadOnly as error: print(error, error.path)"
    )
    done = child(code, open_place)
    assert done.returncode == 0, done.stderr
    assert str(open_place) in done.stdout
    assert "--library" in done.stdout
    assert "right to write" in done.stdout


def test_lock_file_of_another_user(open_place: Path, child: Child) -> None:
    """A lock left by root, in a folder that is otherwise ours, is told and no crash."""
    (open_place / LOCK).touch(0o444)
    (open_place / LOCK).chmod(0o444)
    own(open_place)
    code = AS_ORDINARY_USER + (
        "try: folder.FolderLock(place, 'footnote')\n"
        "except folder.LibraryReadOnly as error: print(error)"
    )
    done = child(code, open_place)
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stdout


def test_database_of_another_user(open_place: Path, child: Child) -> None:
    """A database that may be read but not written is read-only, not damaged."""
    with Library.open(open_place) as library:
        make_ingest(library).library.set_meta(embedding="x")
    for path in open_place.iterdir():
        path.chmod(0o444)
    own(open_place)
    code = AS_ORDINARY_USER + (
        "try:\n library.Library.open(place).set_meta(a=1)\n"
        "except folder.LibraryReadOnly as error: print('told:', error)"
    )
    done = child(code, open_place)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("told:"), done.stdout


def test_space_is_asked_for_before_it_is_needed(tmp_path: Path) -> None:
    """More than the disk has is refused; nothing is not."""
    require_space(tmp_path)
    with pytest.raises(LibraryFull, match="Free some space"):
        require_space(tmp_path, needed=shutil.disk_usage(tmp_path).total)


def test_default_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """FOOTNOTE_LIBRARY wins over the platform's folder."""
    monkeypatch.setenv("FOOTNOTE_LIBRARY", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("FOOTNOTE_LIBRARY")
    assert "footnote" in str(default_folder())


def test_second_owner_is_told_the_first(tmp_path: Path) -> None:
    """In one process as between two; once closed, the next may have it."""
    with FolderLock(tmp_path, "footnote serve"):
        holder = rf"in use by footnote serve \(process {os.getpid()}\)"
        with pytest.raises(LibraryBusy, match=holder) as caught:
            FolderLock(tmp_path, "footnote add")
        assert caught.value.path == tmp_path
    FolderLock(tmp_path, "footnote add").close()


def start_owner(folder: Path, holder: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder), holder],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors


def test_lock_ends_with_its_process(tmp_path: Path) -> None:
    """A killed owner blocks nobody."""
    owner = start_owner(tmp_path, "footnote serve")
    assert owner.stdout is not None
    assert owner.stdout.readline().startswith("open")
    with pytest.raises(LibraryBusy, match=f"footnote serve .process {owner.pid}."):
        FolderLock(tmp_path, "footnote add")
    owner.kill()
    owner.communicate(timeout=60)
    FolderLock(tmp_path, "footnote add").close()


def start_at_once(folder: Path, rounds: int) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(rounds):
        owners = [start_owner(folder, f"start-{n}") for n in range(chance.randint(2, 8))]
        lines = [o.stdout.readline() for o in owners if o.stdout is not None]
        opened = [line for line in lines if line.startswith("open")]
        assert opened == [f"open {len(RECORDS)}\n"], lines
        assert sum(line.startswith("busy") and "is in use by" in line for line in lines) == (
            len(owners) - 1
        ), lines
        for owner in owners:
            end(owner)
        with Library.open(folder) as library:
            assert library.quick_check() == []
            assert library.counts().papers == len(RECORDS)


def test_many_starts_at_once_harm_nothing(tmp_path: Path) -> None:
    """One gets the library, the others are told so, and the papers are all there."""
    with Library.open(tmp_path) as library:
        made = make_ingest(library)
        made.add_records(RECORDS, "written")
        made.index.close()
    start_at_once(tmp_path, rounds=4)
    with Library.open(tmp_path) as library:
        assert make_ingest(library).index.state() == "ready"


@pytest.mark.long
def test_many_starts_at_once_harm_nothing_often(tmp_path: Path) -> None:
    """The same, many more times."""
    with Library.open(tmp_path) as library:
        make_ingest(library).add_records(RECORDS, "written")
    start_at_once(tmp_path, rounds=250)
