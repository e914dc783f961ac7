"""Pulling a model from a Hub of our own on loopback: whole, resumed, refused."""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from models.catalog import Catalog, Entry
from models.download import RemoteFile, fetch
from models.errors import DownloadFailed

CONTENT = b"GGUF" + bytes(range(256)) * 12_000  # 3 MB
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ENTRY = Entry(
    name="Tiny-1B",
    kind="llm",
    repository="someone/Tiny-1B-GGUF",
    file="tiny-q4.gguf",
    license="MIT",
    size_bytes=len(CONTENT),
    sha256=SHA256,
)


@dataclasses.dataclass
class Hub:
    """What the server gives, and what it was asked."""

    content: bytes = CONTENT
    etag: str = SHA256
    size: int | None = None  # what it claims; None: the true one
    cut_after: int | None = None  # bytes after which it hangs up, once for each number
    always_cut: bool = False
    status: int = 200
    ranges: list[str | None] = dataclasses.field(default_factory=list)
    address: str = ""


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the tests."""


def handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Keeps the output of the tests clean."""

        def do_HEAD(self) -> None:
            if hub.status != 200 or "/resolve/" not in self.path:
                self.refuse(hub.status if hub.status != 200 else 404)
                return
            size = len(hub.content) if hub.size is None else hub.size
            self.send_response(200)
            self.send_header("ETag", f'"{hub.etag}"')
            self.send_header("X-Linked-ETag", f'"{hub.etag}"')
            self.send_header("X-Linked-Size", str(size))
            self.send_header("X-Repo-Commit", "0" * 40)
            self.send_header("Content-Length", str(size))
            self.end_headers()

        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            hub.ranges.append(asked)
            begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
            body = hub.content[begin:]
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(body)))
            if asked:
                total = len(hub.content)
                self.send_header("Content-Range", f"bytes {begin}-{total - 1}/{total}")
            self.end_headers()
            if hub.cut_after is not None:
                self.wfile.write(body[: hub.cut_after])
                if not hub.always_cut:
                    hub.cut_after = None
                self.close_connection = True
                return
            self.wfile.write(body)

        def refuse(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Handler


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub on loopback; the environment is offline, as in every other command."""
    hub = Hub()
    server = QuietServer(("127.0.0.1", 0), handler(hub))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    yield hub
    server.shutdown()
    server.server_close()


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog((ENTRY,), tmp_path / "models")


def usable(catalog: Catalog) -> list[Path]:
    return list(catalog.folder.glob("*.gguf"))


def partial(catalog: Catalog) -> list[Path]:
    return list(catalog.folder.glob("*.part"))


def assert_one_sentence(error: DownloadFailed) -> None:
    assert error.model == ENTRY.name
    assert "\n" not in str(error)
    assert "Traceback" not in str(error)


def test_a_pull(hub: Hub, catalog: Catalog) -> None:
    """The file arrives whole, with progress; a second pull asks for nothing."""
    seen: list[tuple[int, int | None]] = []
    model = catalog.pull("tiny", lambda there, total: seen.append((there, total)))
    assert model.path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [there for there, _ in seen] == sorted(there for there, _ in seen)
    assert partial(catalog) == []
    assert catalog.find("tiny").path == model.path
    assert hub.ranges == [None]
    catalog.pull("tiny")
    assert hub.ranges == [None]


def test_a_connection_that_breaks_is_taken_up_again(hub: Hub, catalog: Catalog) -> None:
    """Within one pull, only the missing bytes are asked for after a break."""
    hub.cut_after = 1_000_000
    assert catalog.pull("tiny").path.read_bytes() == CONTENT
    first, second = hub.ranges
    assert first is None
    assert second is not None
    assert 0 < int(re.findall(r"\d+", second)[0]) <= 1_000_000


def test_an_interrupted_pull_is_resumed_by_the_next(hub: Hub, catalog: Catalog) -> None:
    """Ctrl-C keeps what arrived, under a name that cannot be used; the next pull goes on."""
    hub.cut_after, hub.always_cut = 1_200_000, True

    def press_ctrl_c(there: int, total: int | None) -> None:
        if there:
            raise KeyboardInterrupt

    with pytest.raises(DownloadFailed, match="goes on from there") as caught:
        catalog.pull("tiny", press_ctrl_c)
    assert_one_sentence(caught.value)
    assert usable(catalog) == []
    kept = partial(catalog)[0].stat().st_size
    assert 0 < kept < len(CONTENT)

    hub.cut_after, hub.always_cut = None, False
    hub.ranges.clear()
    assert catalog.pull("tiny").path.read_bytes() == CONTENT
    assert hub.ranges == [f"bytes={kept}-"]
    assert partial(catalog) == []


def test_a_wrong_hash_is_refused(hub: Hub, catalog: Catalog) -> None:
    """Content that is not the promised one is deleted and never becomes a model."""
    hub.content = CONTENT[:-1] + b"?"
    with pytest.raises(DownloadFailed, match="sha256 is not") as caught:
        catalog.pull("tiny")
    assert_one_sentence(caught.value)
    assert usable(catalog) == partial(catalog) == []


def test_a_wrong_size_is_refused(hub: Hub, catalog: Catalog) -> None:
    """A file with more bytes than were promised is deleted."""
    hub.content = CONTENT + b"more"
    hub.size = len(CONTENT)
    with pytest.raises(DownloadFailed, match="more than the") as caught:
        catalog.pull("tiny")
    assert_one_sentence(caught.value)
    assert usable(catalog) == partial(catalog) == []


@pytest.mark.parametrize(
    ("changes", "says"), [({"etag": "0" * 64}, "sha256"), ({"size": 123}, "size 123")]
)
def test_a_file_other_than_the_catalogue_knows_is_not_fetched(
    hub: Hub, catalog: Catalog, changes: dict[str, object], says: str
) -> None:
    """When the Hub announces another file, not one byte of it is asked for."""
    for key, value in changes.items():
        setattr(hub, key, value)
    with pytest.raises(DownloadFailed, match=says) as caught:
        catalog.pull("tiny")
    assert_one_sentence(caught.value)
    assert hub.ranges == []


def test_without_figures_of_our_own_the_hub_is_held_to_its_word(hub: Hub, tmp_path: Path) -> None:
    """Where the catalogue knows no hash, the Hub's sha256 counts; without one nothing is taken."""
    remote = RemoteFile("Tiny-1B", "someone/Tiny-1B-GGUF", "tiny-q4.gguf")
    assert fetch(remote, tmp_path, lambda there, total: None).read_bytes() == CONTENT
    hub.content = CONTENT[:-1] + b"?"
    with pytest.raises(DownloadFailed, match="sha256 is not"):
        fetch(remote, tmp_path / "second", lambda there, total: None)
    hub.etag = "a-git-hash"
    with pytest.raises(DownloadFailed, match="gives no sha256"):
        fetch(remote, tmp_path / "third", lambda there, total: None)


@pytest.mark.parametrize(("status", "says"), [(404, "HTTP 404"), (403, "licence")])
def test_what_the_hub_refuses(hub: Hub, catalog: Catalog, status: int, says: str) -> None:
    """A file that is not there, or not given out, is told as such."""
    hub.status = status
    with pytest.raises(DownloadFailed, match=says) as caught:
        catalog.pull("tiny")
    assert_one_sentence(caught.value)


def test_offline(hub: Hub, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a connection the sentence says what else can be done."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DownloadFailed, match="cannot be reached") as caught:
        catalog.pull("tiny")
    assert_one_sentence(caught.value)
    assert "path" in str(caught.value)


def test_no_room_on_the_disk(hub: Hub, catalog: Catalog) -> None:
    """A model larger than the free space is not begun."""
    hub.size = 10**15
    huge = dataclasses.replace(ENTRY, size_bytes=None)
    with pytest.raises(DownloadFailed, match="no room") as caught:
        Catalog((huge,), catalog.folder).pull("tiny")
    assert_one_sentence(caught.value)
    assert hub.ranges == []


def test_two_pulls_at_once(hub: Hub, catalog: Catalog) -> None:
    """While one process pulls, another is told to wait."""
    catalog.folder.mkdir()
    part = catalog.folder / f"{ENTRY.file}.{SHA256[:12]}.part"
    with part.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(DownloadFailed, match="already"):
            catalog.pull("tiny")
    assert catalog.pull("tiny").path.read_bytes() == CONTENT


def test_removing(hub: Hub, catalog: Catalog) -> None:
    """A removed model and its partial files are gone, and it can be pulled again."""
    path = catalog.pull("tiny").path
    (catalog.folder / f"{ENTRY.file}.abc.part").write_bytes(b"half")
    assert catalog.remove("Tiny-1B") == path
    assert usable(catalog) == partial(catalog) == []
    assert catalog.pull("tiny").path.exists()
