"""A model that is built on this machine, from a packaged one and an adapter.

Its file is named by the hash of what it is made of, so that another adapter makes another file. Its
own hash is recorded beside it: a file that is not what was once written is built again.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from models.errors import BadModelFile, BuildFailed, UnknownModel
from models.merge import VERSION, Progress, Quantisation, merge

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a built model is made of."""

    name: str  # of the built model
    base_name: str  # in the catalogue
    base: Path
    base_sha256: str
    adapter: Path
    quantisation: Quantisation = "Q8_0"

    def file_name(self) -> str:
        """The name of the built file. Raises UnknownModel where there is no adapter."""
        try:
            made_of = hashlib.sha256(self.adapter.read_bytes())
        except OSError as error:
            raise UnknownModel(
                self.name,
                f"{self.name} needs the file {self.adapter}, which cannot be read "
                f"({error.strerror}). Install Footnote again.",
            ) from None
        made_of.update(f"{self.base_sha256} {VERSION} {self.quantisation}".encode())
        return f"{self.name}.{made_of.hexdigest()[:12]}.{self.quantisation}.gguf"


def find_built(recipe: Recipe, folder: Path) -> Path | None:
    """The built file, if it and the record of its hash are there; it is not read."""
    path = folder / recipe.file_name()
    return path if path.is_file() and _record(path).is_file() else None


def ensure_built(recipe: Recipe, folder: Path, on_progress: Progress) -> Path:
    """The built file in the folder; it is built when it is not there or not what was written.

    Builds of the same name from other inputs are then removed. Raises UnknownModel, BadModelFile or
    BuildFailed.
    """
    path = folder / recipe.file_name()
    try:
        if _is_whole(path):
            return path
        folder.mkdir(parents=True, exist_ok=True)
        with _sole_builder(folder):
            if _is_whole(path):  # another process was quicker
                return path
            if path.exists():
                log.warning("%s is not what was once built there; it is built again.", path)
            write(recipe, path, on_progress)
            for old in built_files(recipe.name, folder):
                if old not in (path, _record(path)):
                    with suppress(OSError):  # it is only in the way
                        old.unlink()
    except OSError as error:
        raise _failed(recipe, folder, error) from None
    return path


def write(recipe: Recipe, path: Path, on_progress: Progress) -> None:
    """Build a file, with the record of its hash beside it; until it is whole it has another name.

    Raises UnknownModel, BadModelFile or BuildFailed.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        if _sha256(recipe.base) != recipe.base_sha256:
            raise BadModelFile(
                recipe.base,
                f"{recipe.base} is not the {recipe.base_name} that {recipe.name} is made from, or "
                "is damaged. Install Footnote again.",
            )
        merge(
            recipe.base,
            recipe.adapter,
            part,
            name=recipe.name,
            base_name=recipe.base_name,
            quantisation=recipe.quantisation,
            on_progress=on_progress,
        )
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        _record(path).write_text(_sha256(part), encoding="ascii")  # a file without it is no model
        part.replace(path)
    except OSError as error:
        raise _failed(recipe, path.parent, error) from None
    finally:
        with suppress(OSError):  # it was renamed, or never begun
            part.unlink()


def built_files(name: str, folder: Path) -> list[Path]:
    """All builds of a name with their records, and what unfinished ones left."""
    ours = re.compile(re.escape(name) + r"\.[0-9a-f]{12}\.\w+\.gguf(\.sha256|\.part)?")
    return [path for path in sorted(folder.glob("*")) if ours.fullmatch(path.name)]


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _is_whole(path: Path) -> bool:
    record = _record(path)
    return (
        path.is_file()
        and record.is_file()
        and record.read_text(encoding="ascii", errors="replace") == _sha256(path)
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _sole_builder(folder: Path) -> Iterator[None]:
    """Wait until no other process builds in this folder; a killed one is not waited for."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _failed(recipe: Recipe, folder: Path, error: OSError) -> BuildFailed:
    reason = error.strerror or "the disk is full"  # numpy keeps the reason of a write to itself
    return BuildFailed(
        recipe.name,
        f"{recipe.name} could not be built in {folder} ({reason}). Free some space there, or set "
        "FOOTNOTE_MODELS to a folder that can be written and has room for it; without a model, "
        "`footnote models use none` answers in quotations.",
    )
