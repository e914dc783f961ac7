"""Every model that can be chosen here, with what it costs: room, memory and time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from models.catalog import Catalog, Entry, Kind, Listed
from models.cores import memory_bytes
from models.errors import ModelError
from models.gguf import inspect_gguf
from models.speed import Size, Speed, Speeds, estimate

BESIDE_GB = 1.5  # of memory that the system and the rest of Footnote need beside the model
Origin = Literal["packaged", "built", "pulled", "file"]


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One model; None for what is not known."""

    name: str
    setting: str  # what chooses it: its name, or the path of its file
    kind: Kind
    origin: Origin
    license: str | None
    note: str
    path: Path | None  # where it lies, if it is on this machine
    arrived_bytes: int  # of a download that was not ended
    size_bytes: int | None
    memory_gb: float | None
    memory_fits: bool  # with what is needed beside it, in the memory of this machine
    speed: Speed | None
    reads_quotations: bool


def known_models(catalog: Catalog, in_use: str, threads: int = 0) -> tuple[KnownModel, ...]:
    """The models of the catalogue, then files: those in its folder, and one in use by its path.

    `in_use` is as `Catalog.setting` gives it.
    """
    files = list(catalog.others())
    if Path(in_use).is_absolute() and Path(in_use) not in files:
        files.append(Path(in_use))
    found = {item.entry.name: item for item in catalog.list()}
    found |= {str(p): Listed(_entry_of(p), p if p.is_file() else None) for p in files}
    speeds = Speeds(catalog.folder)
    measured = {
        setting: speed
        for setting, item in found.items()
        if item.path is not None and (speed := speeds.of(item.path, threads)) is not None
    }
    known = [
        (found[setting].entry.name, size, speed)
        for setting, speed in measured.items()
        if (size := _size(found[setting].entry)) is not None
    ]
    return tuple(
        KnownModel(
            name=item.entry.name,
            setting=setting,
            kind=item.entry.kind,
            origin=_origin(item.entry),
            license=item.entry.license or None,
            note=item.entry.note,
            path=item.path,
            arrived_bytes=item.arrived_bytes,
            size_bytes=item.entry.size_bytes,
            memory_gb=(memory := item.entry.memory_gb or _memory_gb(item.entry.size_bytes)),
            memory_fits=fits(memory),
            speed=measured.get(setting) or _estimate(item.entry, known),
            reads_quotations=item.entry.reads_quotations,
        )
        for setting, item in found.items()
    )


def _origin(entry: Entry) -> Origin:
    if entry.package is not None:
        return "packaged"
    if entry.base is not None:
        return "built"
    return "pulled" if entry.repository is not None else "file"


def _estimate(entry: Entry, known: Sequence[tuple[str, Size, Speed]]) -> Speed | None:
    size = _size(entry)
    return estimate(size, known) if size is not None and entry.kind == "llm" else None


def fits(memory_gb: float | None) -> bool:
    """Whether a model that takes so much memory runs here; one that is not known is given a try."""
    return memory_gb is None or memory_gb + BESIDE_GB <= memory_bytes() / 1e9


def _memory_gb(size_bytes: int | None) -> float | None:
    """An estimate for 2,048 tokens of context, rounded up to a tenth."""
    return math.ceil(13 * size_bytes / 1e9 + 1) / 10 if size_bytes else None


def _size(entry: Entry) -> Size | None:
    if entry.size_bytes is None or entry.parameters is None:
        return None
    return Size(entry.size_bytes, entry.parameters)


def _entry_of(path: Path) -> Entry:
    """A file as an entry, with what its header tells."""
    size = parameters = None
    with suppress(ModelError):  # whoever chooses it is told
        header = inspect_gguf(path)
        size, parameters = header.size_bytes, header.parameters
    return Entry(path.stem, "llm", license="", size_bytes=size, parameters=parameters)
