"""The models Footnote knows: listed, found by name or path, pulled or built, removed."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import platformdirs
import yaml

from models.built import Recipe, built_files, ensure_built, find_built
from models.download import Progress, RemoteFile, fetch
from models.errors import BadModelFile, DownloadFailed, ModelInUse, UnknownModel
from models.merge import Progress as BuildProgress
from models.stopping import Stopper

FOLDER_VARIABLE = "FOOTNOTE_MODELS"
Kind = Literal["embedder", "llm"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of the catalogue; None for a figure that is not known for sure."""

    name: str
    kind: Kind
    license: str
    file: str = ""  # within its package or repository
    note: str = ""
    package: str | None = None  # installed with Footnote
    repository: str | None = None  # on the Hugging Face Hub
    revision: str = "main"
    base: str | None = None  # the entry it is built from on this machine,
    adapter: str = ""  # with this file of the package `models`
    size_bytes: int | None = None
    parameters: int | None = None
    sha256: str | None = None
    memory_gb: float | None = None
    context_tokens: int | None = None
    reads_quotations: bool = False  # trained to phrase what is quoted to it, and nothing else


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model that is on this machine."""

    name: str  # of the catalogue, or the file name without .gguf
    path: Path
    entry: Entry | None  # None for a file that was named by its path

    @property
    def reads_quotations(self) -> bool:
        return self.entry is not None and self.entry.reads_quotations


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the catalogue, and where the model lies if it is on this machine."""

    entry: Entry
    path: Path | None
    arrived_bytes: int = 0  # of a download that was not ended


def default_folder() -> Path:
    """Where pulled models go: the folder in FOOTNOTE_MODELS, or the platform's data folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else platformdirs.user_data_path("footnote") / "models"


class Catalog:
    """The models that are known, and the folder that holds those that were pulled or built."""

    def __init__(self, entries: tuple[Entry, ...], folder: Path) -> None:
        self.entries = entries
        self.folder = folder

    @classmethod
    def open(cls, folder: Path | None = None) -> Catalog:
        """Read the catalogue that is shipped."""
        text = resources.files("models").joinpath("catalog.yaml").read_text(encoding="utf-8")
        entries = tuple(Entry(**row) for row in yaml.safe_load(text))
        return cls(entries, folder or default_folder())

    def list(self) -> tuple[Listed, ...]:
        """Every model of the catalogue, installed or not."""
        return tuple(
            Listed(e, self._installed(e), sum(_size(p) for p in self._unfinished(e)))
            for e in self.entries
        )

    def others(self) -> tuple[Path, ...]:
        """The chat models in the folder that are none of the catalogue: they were put there."""
        known = {entry.file for entry in self.entries}
        built = {p for e in self.entries if e.base for p in built_files(e.name, self.folder)}
        return tuple(
            p for p in sorted(self.folder.glob("*.gguf")) if p.name not in known and p not in built
        )

    def find(self, name_or_path: str, kind: Kind = "llm") -> ModelFile:
        """A model on this machine, by name (any case), unique start of a name, or path.

        Raises UnknownModel, naming the nearest known names or the command that brings it.
        """
        if _looks_like_path(name_or_path):
            return _file_at(Path(name_or_path).expanduser())
        entry = self._entry(name_or_path, kind)
        path = self._installed(entry)
        if path is not None:
            return ModelFile(entry.name, path, entry)
        if entry.package is not None:
            raise UnknownModel(
                entry.name,
                f"{entry.name} comes in the Python package {entry.package.replace('_', '-')}, "
                "which is not installed. Install Footnote again.",
            )
        if entry.base is not None:
            self.recipe(entry).file_name()  # says so where it cannot be built
            raise UnknownModel(
                entry.name,
                f"{entry.name} comes with Footnote and is built at its first use, which has not "
                f"been yet. Run `footnote models pull {entry.name}`.",
            )
        raise UnknownModel(
            entry.name,
            f"{entry.name} is not on this machine yet. Run `footnote models pull {entry.name}`.",
        )

    def setting(self, name_or_path: str) -> str:
        """What the settings should call a model that `find` takes under any name or path.

        Its whole name, or the path of its file; as it is when nothing is called so.
        """
        if not _looks_like_path(name_or_path):
            with suppress(UnknownModel):
                return self._entry(name_or_path, "llm").name
            return name_or_path
        path = Path(name_or_path).expanduser().absolute()
        files = {i.entry.name: i.path for i in self.list()} | {str(p): p for p in self.others()}
        same = (name for name, p in files.items() if p and p.resolve() == path.resolve())
        return next(same, str(path))

    def is_to_build(self, name_or_path: str) -> bool:
        """Whether `ready` would build it, for all that can be told without reading its file."""
        try:
            return (
                not _looks_like_path(name_or_path)
                and (entry := self._entry(name_or_path, "llm")).base is not None
                and self._installed(entry) is None
            )
        except UnknownModel:
            return False

    def ready(
        self, name_or_path: str, on_progress: BuildProgress = lambda done, total: None
    ) -> ModelFile:
        """As `find`; but a built model is checked, and built when it is not there or not whole.

        Raises what `find` does, or BuildFailed.
        """
        if not _looks_like_path(name_or_path):
            entry = self._entry(name_or_path, "llm")
            if entry.base is not None:
                path = ensure_built(self.recipe(entry), self.folder, on_progress)
                return ModelFile(entry.name, path, entry)
        return self.find(name_or_path)

    def recipe(self, entry: Entry) -> Recipe:
        """What a built model is made of. Raises UnknownModel where its base is not installed."""
        assert entry.base is not None
        base = self.find(entry.base)
        assert base.entry is not None
        assert base.entry.sha256 is not None
        return Recipe(
            name=entry.name,
            base_name=base.name,
            base=base.path,
            base_sha256=base.entry.sha256,
            adapter=Path(__file__).parent / entry.adapter,
        )

    def pull(
        self,
        name: str,
        on_progress: Progress = lambda there, total: None,
        stopper: Stopper | None = None,
    ) -> ModelFile:
        """Bring a model of the catalogue onto this machine, unless it is there.

        Raises UnknownModel, DownloadFailed (also when stopped; the next pull goes on from there),
        or what `ready` raises for a built one.
        """
        entry = self._entry(name)
        if entry.base is not None:
            return self.ready(entry.name)
        path = self._installed(entry)
        if path is None:
            if entry.repository is None:
                raise DownloadFailed(
                    entry.name,
                    f"{entry.name} cannot be pulled: it comes with Footnote. Install it again.",
                )
            remote = RemoteFile(
                model=entry.name,
                repository=entry.repository,
                file=entry.file,
                revision=entry.revision,
                size_bytes=entry.size_bytes,
                sha256=entry.sha256,
            )
            path = fetch(remote, self.folder, on_progress, stopper)
        return ModelFile(entry.name, path, entry)

    def remove(self, name: str, in_use: str = "") -> Path:
        """Delete a pulled or built model and what unfinished attempts left of it; where it was.

        Raises ModelInUse for the one that is `in_use`, as `find` takes it, and UnknownModel when
        nothing of it is there to be deleted.
        """
        entry = self._entry(name)
        if entry.name.lower() != name.strip().lower():
            raise UnknownModel(
                name, f"To remove {entry.name}, write its whole name; nothing was removed."
            )
        if entry.package is not None:
            raise UnknownModel(
                entry.name, f"{entry.name} comes with Footnote and cannot be removed."
            )
        if entry.base is not None:
            found = built_files(entry.name, self.folder)
        else:
            path = self.folder / entry.file
            found = [path] if path.is_file() else []
            found += self._unfinished(entry)
        if not found:
            raise UnknownModel(entry.name, f"{entry.name} is not on this machine.")
        used = Path(in_use).expanduser().resolve()  # an older build, perhaps
        if self.setting(in_use) == entry.name or used in [path.resolve() for path in found]:
            raise ModelInUse(
                entry.name,
                f"{entry.name} writes the answers of this library, so it was not removed. Choose "
                "another model first, or none.",
            )
        for file in found:
            file.unlink(missing_ok=True)
        return found[0]

    def _entry(self, name: str, kind: Kind | None = None) -> Entry:
        of_kind = [e for e in self.entries if kind in (None, e.kind)]
        wanted = name.strip().lower()
        exact = [e for e in of_kind if e.name.lower() == wanted]
        begun = [e for e in of_kind if wanted and e.name.lower().startswith(wanted)]
        if len(exact or begun) == 1:
            return (exact or begun)[0]
        if begun:
            names = " and ".join(e.name for e in begun)
            raise UnknownModel(name, f"{name} could be {names}. Write more of the name.")
        by_lower = {e.name.lower(): e.name for e in of_kind}
        near = difflib.get_close_matches(wanted, by_lower, n=3, cutoff=0.3)
        hint = f" Did you mean {' or '.join(by_lower[n] for n in near)}?" if near else ""
        raise UnknownModel(
            name,
            f"There is no model {name!r}.{hint} `footnote models list` shows all; "
            "the path of a .gguf file works as well.",
        )

    def _unfinished(self, entry: Entry) -> Iterator[Path]:
        """What downloads that were not ended left in the folder."""
        if entry.repository is not None:
            for path in self.folder.glob("*.part"):
                if path.name.startswith(f"{entry.file}."):
                    yield path

    def _installed(self, entry: Entry) -> Path | None:
        if entry.base is not None:
            try:
                return find_built(self.recipe(entry), self.folder)
            except UnknownModel:
                return None
        if entry.package is None:
            path = self.folder / entry.file
            return path if path.is_file() else None
        package = find_spec(entry.package)  # finds it without importing it
        for place in (package.submodule_search_locations or []) if package else []:
            path = Path(place) / entry.file
            if path.exists():
                return path
        return None


def _size(path: Path) -> int:
    """Bytes of a file that may be gone by now: a download that has ended gives it another name."""
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _looks_like_path(name: str) -> bool:
    return os.sep in name or name.lower().endswith(".gguf") or Path(name).is_file()


def _file_at(path: Path) -> ModelFile:
    if path.is_dir():
        raise BadModelFile(path, f"{path} is a folder; name the .gguf file in it.")
    if not path.exists():
        raise UnknownModel(path, f"There is no file {path}. Check the path of the model.")
    return ModelFile(path.stem, path.absolute(), None)
