"""A Hub of our own on loopback, which does what a test says."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from models.catalog import Entry

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
    stall_after: int | None = None  # bytes after which nothing more comes, until it is None
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
            if hub.stall_after is not None:
                self.wfile.write(body[: hub.stall_after])
                self.wfile.flush()
                while hub.stall_after is not None:
                    time.sleep(0.05)
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
