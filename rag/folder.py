"""A data folder on disk: where it is by default, whether it can be written, and its one owner."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from rag.errors import LibraryBusy, LibraryError, LibraryFull, LibraryReadOnly

DATABASE = "library.sqlite"
LOCK = "owner.lock"
SETTINGS = "config.yaml"
# Below this SQLite and Chroma can no longer be trusted to fail cleanly (a full disk hangs Chroma).
LEAST_FREE_BYTES = 32 * 1024 * 1024


def default_folder() -> Path:
    """The library folder that the platform expects, unless FOOTNOTE_LIBRARY names another."""
    import platformdirs

    named = os.environ.get("FOOTNOTE_LIBRARY")
    if named:
        return Path(named).expanduser()
    return Path(platformdirs.user_data_dir("footnote", appauthor=False)) / "library"


def cache_folder(name: str) -> Path:
    """A folder for what can be made again, where the platform expects such things."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("footnote", appauthor=False)) / name


def make_writable(folder: Path) -> None:
    """Create the folder if need be; LibraryReadOnly if nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except NotADirectoryError as error:
        raise LibraryReadOnly(
            folder, f"{folder} cannot be a library: a part of that path is a file, not a folder."
        ) from error
    except FileExistsError as error:
        raise LibraryReadOnly(folder, f"{folder} is a file; name a folder.") from error
    except OSError as error:
        raise _cannot_write(folder, error) from error


def require_space(folder: Path, needed: int = 0) -> None:
    """LibraryFull unless the disk has room for `needed` bytes beyond a small reserve."""
    if shutil.disk_usage(folder).free < LEAST_FREE_BYTES + needed:
        raise _full(folder)


def _cannot_write(folder: Path, error: OSError) -> LibraryError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(folder)
    return LibraryReadOnly(
        folder,
        f"The library folder {folder} cannot be written ({error.strerror}). "
        "Give yourself the right to write there, or name another folder with --library.",
    )


def _full(folder: Path) -> LibraryFull:
    return LibraryFull(
        folder,
        f"The disk of {folder} is full. Free some space and run the same command again; "
        "everything that was added so far is kept.",
    )


class FolderLock:
    """The exclusive right to a data folder, held until closed or until the process ends.

    Raises LibraryBusy, naming the holder, when another process has it; LibraryReadOnly or
    LibraryFull when its file cannot be written.
    """

    def __init__(self, folder: Path, holder: str) -> None:
        try:
            self._file = open(folder / LOCK, "a+b", buffering=0)  # noqa: SIM115 (held open)
        except OSError as error:
            raise _cannot_write(folder, error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.seek(0)
            other = self._file.read(200).decode(errors="replace").strip() or "another Footnote"
            self._file.close()
            raise LibraryBusy(
                folder,
                f"The library {folder} is in use by {other}. "
                "Close that one first, or name another folder with --library.",
            ) from error
        except OSError as error:  # the file system knows no locks
            self._file.close()
            raise _cannot_write(folder, error) from error
        try:
            self._file.truncate(0)
            self._file.write(f"{holder} (process {os.getpid()})".encode())
        except OSError as error:
            self._file.close()
            raise _cannot_write(folder, error) from error

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()
