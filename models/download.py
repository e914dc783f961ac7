"""One file from the Hugging Face Hub, resumable and verified; the only import of huggingface_hub.

It runs in a child process (`python -m models.download`), because the rest of the application has
gone offline for good by the environment: that only the child comes online is then plain to see.
A file that is not complete and verified bears another name, so it can never be used.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BufferedRandom
from pathlib import Path
from typing import Any

from models.child import child_environment, python_module
from models.errors import DownloadFailed
from models.stopping import Stopper

Progress = Callable[[int, int | None], None]  # bytes that are there, bytes there will be

CHUNK_BYTES = 1 << 17
REPORT_SECONDS = 0.2
NETWORK_SECONDS = 15.0  # without a byte, before the connection is given up
ATTEMPTS = 3  # in a row without a single new byte
SPARE_BYTES = 64 << 20  # left free on the disk
SHA256 = re.compile(r"[0-9a-f]{64}")
ONLINE = {
    "HF_HUB_OFFLINE": "0",
    "TRANSFORMERS_OFFLINE": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on the Hub, and what is known of it beforehand."""

    model: str  # the name a user knows it by
    repository: str
    file: str
    revision: str = "main"
    size_bytes: int | None = None
    sha256: str | None = None


def fetch(
    remote: RemoteFile, folder: Path, on_progress: Progress, stopper: Stopper | None = None
) -> Path:
    """Bring a file into the folder, going on where an earlier attempt stopped.

    Raises DownloadFailed; `stopper` and Ctrl-C are among its reasons.
    """
    stopper = stopper or Stopper()
    task = json.dumps({**asdict(remote), "folder": str(folder)})
    child = subprocess.Popen(
        [*python_module("models.download"), task],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(**ONLINE),
        start_new_session=True,  # Ctrl-C comes to us, and we end it
        encoding="utf-8",
    )
    error: str | None = None
    try:
        assert child.stdout is not None
        with stopper.ending_with(child.kill):
            for line in child.stdout:
                if not line.endswith("\n"):
                    break  # it was killed while it wrote
                report = json.loads(line)
                if "there" in report:
                    on_progress(report["there"], report["total"])
                else:
                    error = report["error"]
            _, complaint = child.communicate()
    except KeyboardInterrupt:
        raise _stopped(remote) from None
    finally:
        child.kill()
        child.communicate()
    if stopper.stopped and child.returncode != 0:
        raise _stopped(remote)
    if error is None and child.returncode != 0:
        last = (complaint.strip().splitlines() or [f"exit status {child.returncode}"])[-1]
        error = f"The download of {remote.model} broke off ({last}). Run it again to go on."
    if error is not None:
        raise DownloadFailed(remote.model, error)
    return folder / remote.file


def _stopped(remote: RemoteFile) -> DownloadFailed:
    return DownloadFailed(
        remote.model,
        f"The download of {remote.model} was stopped. What arrived is kept; "
        f"`footnote models pull {remote.model}` goes on from there.",
    )


class _Stop(Exception):
    """The download cannot go on; the message is for the user."""


@dataclass(frozen=True, slots=True)
class _Promise:
    """What the Hub, or the catalogue, says the file will be."""

    url: str
    size: int | None
    sha256: str


def _main(task: dict[str, Any]) -> int:
    folder = Path(task.pop("folder"))
    remote = RemoteFile(**task)
    try:
        _download(remote, folder)
    except _Stop as stop:
        _report(error=str(stop))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            _report(error=f"{folder} cannot be written ({error.strerror}). Check its permissions.")
        else:
            _report(error=_no_room(remote, folder))
    else:
        return 0
    return 1


def _download(remote: RemoteFile, folder: Path) -> None:
    promise = _promise(remote)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{remote.file}.{promise.sha256[:12]}.part"
    with _sole_owner(partial, remote) as file:
        _transfer(remote, promise, file, folder)
        _verify(remote, promise, file, partial)
        os.fsync(file.fileno())
        partial.replace(folder / remote.file)


def _promise(remote: RemoteFile) -> _Promise:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(remote.repository, remote.file, revision=remote.revision)
    try:
        found = get_hf_file_metadata(url, timeout=NETWORK_SECONDS)
    except Exception as error:
        raise _Stop(_unreachable(remote, url, error)) from None
    hub_sha256 = found.etag if found.etag and SHA256.fullmatch(found.etag) else None
    for what, expected, got in (
        ("sha256", remote.sha256, hub_sha256),
        ("size", remote.size_bytes, found.size),
    ):
        if expected is not None and got is not None and expected != got:
            raise _Stop(
                f"{remote.repository} offers another {remote.file} than the catalogue knows "
                f"({what} {got} instead of {expected}). It was not downloaded. Look for a newer "
                "Footnote, or download the file yourself and name its path."
            )
    sha256 = remote.sha256 or hub_sha256
    if sha256 is None:
        raise _Stop(
            f"{remote.repository} gives no sha256 for {remote.file}, so it could not be verified "
            "and was not downloaded."
        )
    return _Promise(url, remote.size_bytes or found.size, sha256)


@contextmanager
def _sole_owner(partial: Path, remote: RemoteFile) -> Iterator[BufferedRandom]:
    with partial.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _Stop(
                f"{remote.model} is being downloaded by another process already. Wait for it."
            ) from None
        yield file


def _transfer(remote: RemoteFile, promise: _Promise, file: BufferedRandom, folder: Path) -> None:
    """Append what is still missing; a broken connection is taken up again."""
    fruitless = 0
    while True:
        there = file.seek(0, os.SEEK_END)
        if promise.size is not None:
            if there >= promise.size:
                break
            if shutil.disk_usage(folder).free < promise.size - there + SPARE_BYTES:
                raise _Stop(_no_room(remote, folder, promise.size - there))
        broken = _append(remote, promise, file)
        grown = file.seek(0, os.SEEK_END) - there
        if broken is None:
            break
        fruitless = 0 if grown else fruitless + 1
        if fruitless == ATTEMPTS:
            raise _Stop(
                f"The connection broke while {remote.model} was downloaded "
                f"({_one_line(broken)}). What arrived is kept; "
                f"`footnote models pull {remote.model}` goes on from there."
            )
        time.sleep(fruitless)
    _report(there=file.tell(), total=promise.size)


def _append(remote: RemoteFile, promise: _Promise, file: BufferedRandom) -> Exception | None:
    """Fetch from the end of the file on; the error that broke the connection, if one did."""
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils import (  # type: ignore[attr-defined] # exported lazily
        build_hf_headers,
        hf_raise_for_status,
        http_stream_backoff,
    )

    there = file.tell()
    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    if there:
        headers["Range"] = f"bytes={there}-"
    reported = 0.0
    try:
        with http_stream_backoff(
            "GET",
            promise.url,
            headers=headers,
            timeout=NETWORK_SECONDS,
            max_retries=1,
            retry_on_exceptions=(),  # it would start over in the middle of our loop
        ) as response:
            hf_raise_for_status(response)
            if there and response.status_code != 206:  # the server starts at the beginning
                file.truncate(0)
            for chunk in response.iter_bytes(CHUNK_BYTES):
                file.write(chunk)
                if promise.size is not None and file.tell() > promise.size:
                    break  # more than was promised: the verification says so
                if time.monotonic() - reported >= REPORT_SECONDS:
                    reported = time.monotonic()
                    _report(there=file.tell(), total=promise.size)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        return error
    except HfHubHTTPError as error:
        raise _Stop(_unreachable(remote, promise.url, error)) from None
    except Exception as error:  # the errors of the HTTP client, which has changed its package
        return error
    finally:
        file.flush()
    if promise.size is not None and file.tell() < promise.size:
        return ConnectionError("the server closed it early")
    return None


def _verify(remote: RemoteFile, promise: _Promise, file: BufferedRandom, partial: Path) -> None:
    """Refuse and delete what is not the promised file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    wrong: str | None = None
    if promise.size is not None and size != promise.size:
        wrong = f"it has more than the {promise.size:,} bytes it should have"
    elif hashlib.file_digest(file, "sha256").hexdigest() != promise.sha256:
        wrong = "its sha256 is not the one it should have"
    if wrong is not None:
        partial.unlink()
        raise _Stop(
            f"What arrived as {remote.model} is not the right file: {wrong}. It was deleted. "
            "Run the pull again; if it happens twice, the source is not to be trusted."
        )


def _unreachable(remote: RemoteFile, url: str, error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    host = url.split("/")[2]
    if status in (401, 403):
        return (
            f"{host} does not give out {remote.repository} without an account (HTTP {status}). "
            "Accept its licence there and set HF_TOKEN, or choose another model."
        )
    if status == 404:
        return f"{host} has no {remote.file} in {remote.repository} (HTTP 404)."
    if status is not None:
        return f"{host} cannot give {remote.model} now (HTTP {status}). Try again later."
    return (
        f"{host} cannot be reached ({_one_line(error)}), so {remote.model} was not downloaded. "
        "Connect to the internet and run the pull again, or copy a .gguf file here by other "
        "means and name its path."
    )


def _no_room(remote: RemoteFile, folder: Path, missing: int | None = None) -> str:
    need = f" ({missing / 1e9:.1f} GB are still to come)" if missing else ""
    return (
        f"The disk of {folder} has no room for {remote.model}{need}. Free some space or set "
        "FOOTNOTE_MODELS to a folder on another disk, then pull again; what arrived is kept."
    )


def _one_line(error: Exception) -> str:
    return " ".join(f"{error}".split())[:120] or type(error).__name__


def _report(**report: Any) -> None:
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    sys.exit(_main(json.loads(sys.argv[1])))
