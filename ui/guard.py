"""The layer round everything that is served: who may ask, for what, how much, and what may run.

A page of another site can send requests to this machine, under our own name too once it controls
its DNS. So what is not known to come from our own page is refused before anything else sees it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_UPLOAD = 500 * 1024 * 1024  # bytes; a packed JSON Lines file of half a million abstracts
_LARGEST_BODY = 1024 * 1024  # bytes
_UPLOAD = "/gradio_api/upload"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
# All that our page asks for. Gradio has much more: files of this machine, other machines, its API.
_READ = re.compile(
    r"/|/theme\.css|/favicon\.ico|/assets/[\w.-]+|/static/js/iframeResizer\.contentWindow\.min\.js"
    r"|/gradio_api/(?:queue/data|upload_progress|heartbeat/\w+)|/footnote/[\w./-]+",
    re.ASCII,
)
_WRITE = re.compile(r"/gradio_api/(?:queue/join|upload|cancel|run/predict)")
_LASTING = re.compile(r"/assets/|/static/")  # the same for everybody, with a hash in the name
_HEADERS = (
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), usb=(), serial=()"),
)
# Gradio evaluates the templates of its HTML parts and the scripts of its events, hence unsafe-eval;
# what it evaluates is ours and in the served page. Markup that came in by any other way cannot run.
_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' {script} 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
_SCRIPT = re.compile(rb"<script(?=[\s>])")
# For crawlers and for installing the page as an app; the pictures lie on another machine.
_NOT_OURS = re.compile(rb'<(?:meta\s+(?:property="og:|name="twitter:)|link\s+rel="manifest")[^>]*>')


@dataclass(frozen=True)
class Refusal:
    """Why a request goes no further, in a sentence that says what to do."""

    status: int
    sentence: str


class Guard:
    """An ASGI application that lets only our own page through to another one.

    `script` is what the page puts into itself as an inline script; no other can run.
    """

    def __init__(self, app: App, script: str) -> None:
        self._app = app
        digest = hashlib.sha256(script.encode()).digest()
        self._script = f"'sha256-{base64.b64encode(digest).decode()}'"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = _Reply(scope, receive, send, self._script)
        refusal = refused(scope)
        if refusal:
            await reply.refuse(refusal)
            return
        try:
            await self._app(_without_what_misleads(scope), reply.receive, reply.send)
        except Exception:
            if reply.has_begun:
                raise  # the server cuts the connection
            if not reply.is_too_large:
                problem = f"Something unexpected went wrong; reload {_address(scope)}."
                await reply.refuse(Refusal(500, problem))
        if reply.is_too_large and not reply.has_begun:
            await reply.refuse(_too_large(scope))


def refused(scope: Scope) -> Refusal | None:
    """Why the request of an ASGI scope is not answered; None where it is."""
    host = _header(scope, b"host")
    if host not in _own_hosts(scope):
        return Refusal(403, f"Footnote answers at {_address(scope)} only; open it there.")
    path, method = scope["path"], scope["method"]
    is_read = method in ("GET", "HEAD")
    if not _is_from_our_page(scope, host, is_read):
        return Refusal(
            403,
            "Another page asked Footnote for this, which it may not; "
            f"open {_address(scope)} in a tab of its own.",
        )
    known = _READ if is_read else _WRITE
    if not known.fullmatch(path) or ".." in path or method not in ("GET", "HEAD", "POST"):
        return Refusal(404, f"There is nothing here; the page is at {_address(scope)}.")
    length = _header(scope, b"content-length", "0")
    if not length.isdecimal() or int(length[:20]) > _most(scope):
        return _too_large(scope)
    return None


class _Reply:
    """One request and its answer: counts what comes in, and adds our headers to what goes out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, script: str) -> None:
        self.has_begun = False
        self.is_too_large = False
        self._scope = scope
        self._receive = receive
        self._send = send
        self._room = _most(scope)
        self._nonce = secrets.token_urlsafe(16)
        self._policy = _POLICY.format(nonce=self._nonce, script=script).encode()
        self._head: Message = {}
        self._page: bytearray | None = None  # the page's HTML, until all of it is here

    async def receive(self) -> Message:
        message = await self._receive()
        self._room -= len(message.get("body", b""))
        if self._room < 0:
            self.is_too_large = True  # Content-Length may be absent
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if self.is_too_large and not self.has_begun:
            return
        if message["type"] == "http.response.start":
            message["headers"] = self._guarded(message.get("headers", ()))
            is_html = _header(message, b"content-type").startswith("text/html")
            if is_html and self._scope["method"] == "GET":
                self._head, self._page = message, bytearray()
                return
        elif self._page is not None:
            self._page += message.get("body", b"")
            if message.get("more_body"):
                return
            message = await self._marked(bytes(self._page))
        self.has_begun = True
        await self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with a sentence instead."""
        body, kind = f"{refusal.sentence}\n".encode(), b"text/plain; charset=utf-8"
        if _header(self._scope, b"content-type").startswith("application/json"):
            # The page's own script asked; it shows what it finds under this name.
            body, kind = json.dumps({"detail": refusal.sentence}).encode(), b"application/json"
        size = (b"content-length", str(len(body)).encode())
        headers = self._guarded([(b"content-type", kind), size])
        self.has_begun = True
        await self._send(
            {"type": "http.response.start", "status": refusal.status, "headers": headers}
        )
        shown = b"" if self._scope["method"] == "HEAD" else body
        await self._send({"type": "http.response.body", "body": shown})

    async def _marked(self, page: bytes) -> Message:
        """The page with its own scripts marked as ours; sends the head that goes before it."""
        page = _NOT_OURS.sub(b"", page)
        page = _SCRIPT.sub(b'<script nonce="%s"' % self._nonce.encode(), page)
        others = [
            (name, value) for name, value in self._head["headers"] if name != b"content-length"
        ]
        self._head["headers"] = [*others, (b"content-length", str(len(page)).encode())]
        self._page = None
        self.has_begun = True
        await self._send(self._head)
        return {"type": "http.response.body", "body": page}

    def _guarded(self, headers: Any) -> list[tuple[bytes, bytes]]:
        lasting = _LASTING.match(self._scope["path"]) is not None
        kept = [
            (name.lower(), value)
            for name, value in headers
            if not name.lower().startswith(b"access-control-")
            and (lasting or name.lower() != b"cache-control")
        ]
        added = [*_HEADERS, (b"content-security-policy", self._policy)]
        return [*kept, *added, *([] if lasting else [(b"cache-control", b"no-store")])]


def _own_hosts(scope: Scope) -> tuple[str, ...]:
    """What a browser may call us: the address that it reached, or this machine; never a DNS name.

    Another site can make a DNS name of its own point to us, but not an address.
    """
    address, port = scope["server"] or ("", None)
    literal = f"[{address}]" if ":" in address else address
    names = (*_LOOPBACK, literal)
    return tuple(f"{name}:{port}" for name in names) + (names if port == 80 else ())


def _is_from_our_page(scope: Scope, host: str, is_read: bool) -> bool:
    own = f"http://{host}"
    if _header(scope, b"origin", own if is_read else "") != own:
        return False
    if _header(scope, b"sec-fetch-site") in ("", "same-origin", "none"):
        return True
    # A link on another page may lead to ours.
    return (
        is_read
        and scope["path"] == "/"
        and _header(scope, b"sec-fetch-mode") == "navigate"
        and _header(scope, b"sec-fetch-dest") == "document"
    )


def _without_what_misleads(scope: Scope) -> Scope:
    """The scope without what Gradio would believe of another host, or load from another query."""
    dropped = (b"x-forwarded-", b"x-gradio-", b"forwarded", b"accept-encoding")
    headers = [(name, value) for name, value in scope["headers"] if not name.startswith(dropped)]
    query = b"" if scope["path"] == "/" else scope["query_string"]
    return {**scope, "headers": headers, "query_string": query}


def _header(message: Message, name: bytes, default: str = "") -> str:
    """A header's value; one that is there twice is none that we know."""
    values = [value for key, value in message["headers"] if key == name]
    return b", ".join(values).decode("latin-1") if values else default


def _address(scope: Scope) -> str:
    address, port = scope["server"] or (_LOOPBACK[0], None)
    return f"http://[{address}]:{port}/" if ":" in address else f"http://{address}:{port}/"


def _most(scope: Scope) -> int:
    return LARGEST_UPLOAD if scope["path"] == _UPLOAD else _LARGEST_BODY


def _too_large(scope: Scope) -> Refusal:
    if scope["path"] == _UPLOAD:
        return Refusal(
            413,
            f"The page takes {LARGEST_UPLOAD // 1024**2} MB of files at once; "
            "add larger ones with 'footnote add FILE'.",
        )
    return Refusal(
        413, f"The page takes {_LARGEST_BODY // 1024**2} MB of text at once; shorten it."
    )
