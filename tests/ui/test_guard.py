"""Who can reach the page: the whole matrix of hosts, origins, methods and types, on a real one."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from itertools import product
from pathlib import Path

import pytest
from scripted import ScriptedDesk, Visit

from rag.bibliography import Format
from rag.wiring import Desk
from ui import guard, web
from ui.cli import main
from ui.guard import Guard
from ui.web import PageError, open_page

Visiting = Callable[..., Visit]
Headers = Sequence[tuple[str, str]]

ROOT = Path(__file__).parents[2]
JSON = "application/json"
JOIN = json.dumps({"data": [""], "fn_index": 0, "session_hash": "stranger"}).encode()
PARTS = (
    b'--cut\r\nContent-Disposition: form-data; name="files"; filename="x.jsonl"\r\n\r\n'
    b"{}\r\n--cut--\r\n"
)
TYPES = (
    JSON,
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=cut",
)


EVERYWHERE = {
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True)
class Answer:
    """What came back of one request."""

    status: int
    headers: dict[str, str]
    body: bytes


class Caller:
    """Requests to the page, byte for byte as they are meant, over one connection."""

    def __init__(self, address: str) -> None:
        host, port = address.removeprefix("http://").rstrip("/").rsplit(":", 1)
        self.host, self.port = host.strip("[]"), int(port)
        self.own = f"{host}:{port}"
        self._connection = HTTPConnection(self.host, self.port, timeout=30)

    def __call__(
        self, method: str, path: str, headers: Headers | None = None, body: bytes | None = None
    ) -> Answer:
        """One request; without `headers` as the page itself would send it."""
        if headers is None:
            headers = [("Host", self.own), ("Origin", f"http://{self.own}"), ("Content-Type", JSON)]
        self._connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            self._connection.putheader(name, value)
        if body is not None:
            self._connection.putheader("Content-Length", str(len(body)))
        try:
            self._connection.endheaders(body)
            response = self._connection.getresponse()
            known = {name.lower(): value for name, value in response.getheaders()}
            if known.get("content-type", "").startswith("text/event-stream"):
                self._connection.close()
                return Answer(response.status, known, b"")
            return Answer(response.status, known, response.read())
        except (HTTPException, OSError):
            self._connection.close()
            return Answer(0, {}, b"")  # the server itself would have none of it


def hosts(port: int) -> list[tuple[str, ...]]:
    """Host headers of every kind, the first three our own."""
    named = [
        f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}",
        "evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}",
        f"127.0.0.1.evil.example:{port}", f"localhost.evil.example:{port}",
        f"a.localhost:{port}", f"0.0.0.0:{port}", f"192.0.2.7:{port}", f"127.1:{port}",
        f"2130706433:{port}", f"me@127.0.0.1:{port}", f"127.0.0.1:{port}, evil.example", "",
    ]  # fmt: skip
    twice = (f"127.0.0.1:{port}", "evil.example")
    return [*((name,) for name in named), twice, ()]


def origins(host: str, port: int) -> list[str | None]:
    """Origin headers of every kind, the first two those of a page that is ours."""
    return [
        None, f"http://{host}",
        "null", "http://evil.example", f"http://evil.example:{port}", "http://127.0.0.1",
        f"http://127.0.0.1:{port + 1}", f"https://127.0.0.1:{port}", f"http://127.0.0.2:{port}",
        f"http://127.0.0.1:{port}.evil.example", f"http://127.0.0.1:{port}@evil.example",
        "file://", "chrome-extension://abcdefgh", "*", "",
    ]  # fmt: skip


def requests() -> list[tuple[str, str, str | None, bytes | None]]:
    """What is asked for: method, path, type of the body, body."""
    reads = [("GET", "/"), ("HEAD", "/"), ("GET", "/theme.css"), ("GET", "/config")]
    others = [(m, p) for m in ("OPTIONS", "PUT", "DELETE", "PATCH") for p in ("/", "/theme.css")]
    joins = [("POST", "/gradio_api/queue/join", kind, JOIN) for kind in TYPES]
    uploads = [("POST", "/gradio_api/upload", kind, PARTS) for kind in TYPES]
    bodiless = [(method, path, None, None) for method, path in (*reads, *others)]
    return [*bodiless, *joins, *uploads]


def is_ours(host: tuple[str, ...], origin: str | None, method: str, path: str, port: int) -> bool:
    """Whether a page of ours may ask this; written apart from the guard."""
    known = [(f"{name}:{port}",) for name in ("127.0.0.1", "localhost", "[::1]")]
    if host not in known or path == "/config":
        return False
    if method == "POST":
        return origin == f"http://{host[0]}"
    return method in ("GET", "HEAD") and origin in (None, f"http://{host[0]}")


def open_doors(address: str) -> tuple[list[str], list[str]]:
    """What strangers were let in with, and what our own page was refused."""
    call = Caller(address)
    let_in, locked_out = [], []
    for host in hosts(call.port):
        name = host[0] if host else ""
        for origin, (method, path, kind, body) in product(origins(name, call.port), requests()):
            headers = [("Host", value) for value in host]
            headers += [("Origin", origin)] if origin is not None else []
            headers += [("Content-Type", kind)] if kind else []
            answer = call(method, path, headers, body)
            said = f"{method} {path} {kind} as {host} from {origin}: {answer.status}"
            if is_ours(host, origin, method, path, call.port):
                locked_out += [said] if answer.status in (0, 403, 404) else []
            elif 0 < answer.status < 400 or any("access-control" in h for h in answer.headers):
                let_in.append(said)
    return let_in, locked_out


@pytest.fixture
def call(address: str) -> Caller:
    return Caller(address)


@pytest.fixture
def unguarded(desk: ScriptedDesk, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the same page with nothing round it."""
    monkeypatch.setattr(web, "Guard", lambda app, script: app)
    with open_page(desk, port=0) as url:
        yield url


def uploads() -> list[Path]:
    return [p for p in Path(os.environ["GRADIO_TEMP_DIR"]).rglob("*") if p.is_file()]


class TestStrangers:
    def test_no_door_is_open_and_ours_are_not_shut(self, address: str) -> None:
        """Every host, origin, method, path and type; what is refused leaves nothing on disk."""
        before = len(uploads())
        let_in, locked_out = open_doors(address)
        assert let_in == []
        assert locked_out == []
        own = 3  # hosts under which our page may upload
        assert len(uploads()) - before <= own

    def test_the_matrix_finds_the_open_doors_of_an_unguarded_page(self, unguarded: str) -> None:
        """The planted fault: a rebound name, a foreign upload, a preflight, the API."""
        let_in, _ = open_doors(unguarded)
        for door in (
            "GET / None as ('evil.example',)", "GET /config", "OPTIONS /",
            "POST /gradio_api/upload multipart/form-data; boundary=cut as ('127.0.0.1",
            "POST /gradio_api/queue/join application/json as ('evil.example',)",
            "from http://evil.example",
        ):  # fmt: skip
            assert any(door in said for said in let_in), door

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_a_browser_that_says_who_asks_is_believed(self, call: Caller, site: str) -> None:
        """Another page may lead to ours, and nothing else: no picture, no frame, no read."""

        def status(path: str, mode: str, kind: str, method: str = "GET") -> int:
            told = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", kind)]
            return call(method, path, [("Host", call.own), *told]).status

        assert status("/", "navigate", "document") == 200
        assert status("/", "navigate", "iframe") == 403
        assert status("/", "no-cors", "image") == 403
        assert status("/theme.css", "navigate", "document") == 403
        assert status("/theme.css", "no-cors", "style") == 403
        assert status("/gradio_api/queue/data?session_hash=x", "cors", "empty") == 403
        own = [("Host", call.own), ("Sec-Fetch-Site", "same-origin")]
        assert call("GET", "/theme.css", own).status == 200

    def test_the_refusal_says_what_to_do(self, call: Caller) -> None:
        said = call("GET", "/", [("Host", "evil.example")])
        assert said.status == 403
        assert said.headers["content-type"].startswith("text/plain")
        where = f"http://{call.own}/"
        assert said.body.decode() == f"Footnote answers at {where} only; open it there.\n"
        foreign = [("Host", call.own), ("Origin", "http://evil.example")]
        assert "in a tab of its own" in call("POST", "/gradio_api/upload", foreign).body.decode()
        assert where in call("GET", "/config").body.decode()
        assert call("HEAD", "/config").body == b""

    def test_a_socket_that_is_upgraded_gets_nothing(self, call: Caller) -> None:
        upgrade = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]
        assert call("GET", "/gradio_api/ws", [("Host", call.own), *upgrade]).status == 404
        sent: list[dict[str, object]] = []

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        async def unused(*_: object) -> None:
            raise AssertionError("a WebSocket went through")

        # On a thread of its own: the browser of other tests has a loop on this one.
        with ThreadPoolExecutor() as pool:
            answered = Guard(unused, "")({"type": "websocket"}, unused, send)
            pool.submit(asyncio.run, answered).result()
        assert [m["type"] for m in sent] == ["websocket.close"]


class TestPaths:
    def test_gradio_offers_far_more_than_can_be_reached(
        self, desk: ScriptedDesk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each route of Gradio's application is tried; those that are open the page uses."""
        inner: list[object] = []
        monkeypatch.setattr(
            web, "Guard", lambda app, script: inner.append(app) or Guard(app, script)
        )
        with open_page(desk, port=0) as address:
            call = Caller(address)
            known = sorted(_routes(inner[0]))
            passed = {
                route
                for method, route in known
                for path in [re.sub(r"\{[^}]*\}", "x", route)]
                if call(method, path, body=JOIN if method == "POST" else None).status
                not in (403, 404)
            }
        assert len(known) > 60
        assert {p.removesuffix("/") for p in passed} == {
            "", "/theme.css", "/favicon.ico", "/gradio_api/heartbeat/{session_hash}",
            "/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/upload",
            "/gradio_api/cancel", "/gradio_api/upload_progress",
            # ours; the others of ours know no such paper, answer or conversation
            "/footnote/run", *(f"/footnote/library.{format.ending}" for format in Format),
        }  # fmt: skip

    @pytest.mark.parametrize(
        "path",
        ["/config", "/gradio_api/info", "/gradio_api/openapi.json", "/openapi.json", "/docs",
         "/monitoring", "/login", "/logout", "/gradio_api/runs", "/gradio_api/vibe-code",
         "/gradio_api/file=/etc/passwd", "/gradio_api/proxy=https://evil.example",
         "/gradio_api/deep_link", "/gradio_api/startup-events", "/manifest.json", "/robots.txt",
         "/assets/../config", "/assets/%2e%2e/config", "/assets/..", "/static/../../routes.py",
         "/static/fonts/../../x", "//config", "/theme.css/", "/assets/a\\b", "/footnote/../config",
         "/gradio_api/heartbeat/../info", "/?deep_link=x/../..", "http://evil.example/config"],
    )  # fmt: skip
    def test_what_the_page_does_not_need_is_closed(self, call: Caller, path: str) -> None:
        answer = call("GET", path)
        if path.startswith("/?"):  # the page itself: what follows is not read
            assert answer.status == 200
            assert b'"deep_link_state":"none"' in answer.body
        else:
            assert answer.status == 404

    def test_no_file_of_the_library_can_be_fetched(
        self, call: Caller, desk: ScriptedDesk, unguarded: str
    ) -> None:
        """Not by its path either; and an upload that is there is not served again."""
        bare = Caller(unguarded)
        for name in ("library.sqlite", "config.yaml"):
            for door in ("/gradio_api/file=", "/gradio_api/file/", "/file="):
                assert call("GET", f"{door}{desk.folder / name}").status == 404
        parts = [("Host", bare.own), ("Content-Type", TYPES[3])]
        (path,) = json.loads(bare("POST", "/gradio_api/upload", parts, PARTS).body)
        assert bare("GET", f"/gradio_api/file={path}").status == 200  # so it is the guard
        assert call("GET", f"/gradio_api/file={path}").status == 404

    def test_the_page_itself_is_refused_nothing(self, visit: Visiting, tmp_path: Path) -> None:
        """A whole visit: no request of the page's own is turned away, nothing is forbidden."""
        tab = visit()
        refused: list[str] = []
        tab.page.on("response", lambda r: refused.append(r.url) if r.status >= 400 else None)
        tab.page.reload()
        tab.page.wait_for_selector("#live .welcome")
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.get_by_role("tab", name="Library").click()
        path = tmp_path / "tin.jsonl"
        path.write_text(json.dumps({"title": "Tin", "abstract": "Tin barometers rust."}))
        tab.page.set_input_files("#files input[type=file]", path)
        tab.page.wait_for_selector("#adding .notice")
        tab.page.reload()
        tab.page.wait_for_selector("#live .exchange")
        assert refused == []
        assert tab.violations == []
        assert tab.foreign == []
        assert tab.errors == []


class TestSizes:
    @pytest.fixture(autouse=True)
    def smaller(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(guard, "LARGEST_UPLOAD", 3 * 1024 * 1024)

    def send(self, call: Caller, path: str, size: int, is_told: bool) -> tuple[int, str]:
        """A body of this size, its length told beforehand or not; the answer's status and text."""
        headers = (
            f"POST {path} HTTP/1.1\r\nHost: {call.own}\r\nOrigin: http://{call.own}\r\n"
            f"Content-Type: {TYPES[3] if 'upload' in path else JSON}\r\n"
        )
        block = b"x" * 65536
        start = PARTS[: PARTS.index(b"{}")] if "upload" in path else b'{"data": ["'
        with socket.create_connection((call.host, call.port), timeout=30) as link:
            told = f"Content-Length: {size}" if is_told else "Transfer-Encoding: chunked"
            link.sendall(f"{headers}{told}\r\n\r\n".encode())
            sent = 0
            link.settimeout(5)
            try:
                for data in [start, *[block] * (size // len(block) + 1)]:
                    data = data[: size - sent]
                    sent += len(data)
                    link.sendall(data if is_told else b"%x\r\n%s\r\n" % (len(data), data))
                link.sendall(b"" if is_told else b"0\r\n\r\n")
            except OSError:
                pass  # it has answered already
            answer = HTTPResponse(link)
            answer.begin()
            return answer.status, answer.read().decode()

    @pytest.mark.parametrize("is_told", [True, False])
    @pytest.mark.parametrize(
        ("path", "most", "said"),
        [
            ("/gradio_api/queue/join", 1024 * 1024, "shorten it"),
            ("/gradio_api/run/predict", 1024 * 1024, "shorten it"),
            ("/gradio_api/upload", 3 * 1024 * 1024, "footnote add FILE"),
        ],
    )
    def test_a_body_is_cut_off_at_its_limit(
        self, call: Caller, path: str, most: int, said: str, is_told: bool
    ) -> None:
        status, text = self.send(call, path, most + 70_000, is_told)
        assert status == 413
        assert said in text
        status, _ = self.send(call, path, most - 70_000, is_told)
        assert status not in (0, 413)

    @pytest.mark.parametrize("is_told", [True, False])
    def test_it_is_the_guard_that_cuts_it_off(self, unguarded: str, is_told: bool) -> None:
        """The planted fault: without it two megabytes of text are read and parsed."""
        status, _ = self.send(Caller(unguarded), "/gradio_api/queue/join", 2_000_000, is_told)
        assert status == 422

    def test_a_length_that_is_none_is_refused(self, call: Caller) -> None:
        for length in ("-1", "1e9", "9" * 40, "1, 2"):
            headers = [
                ("Host", call.own),
                ("Origin", f"http://{call.own}"),
                ("Content-Length", length),
            ]
            assert call("POST", "/gradio_api/queue/join", headers).status in (0, 400, 413)

    @pytest.mark.parametrize("size", [1, 100, 10_000, 10_001, 1_000_000, 2_000_000, 10_000_000])
    def test_a_question_of_any_size_gets_an_answer_or_one_sentence(
        self, visit: Visiting, size: int
    ) -> None:
        """From one byte to ten megabytes, typed into the page."""
        tab = visit()
        tab.page.eval_on_selector(
            "#question textarea",
            "(box, size) => { box.value = 'a'.repeat(size);"
            " box.dispatchEvent(new Event('input', { bubbles: true })); }",
            size,
        )
        tab.page.click("#ask")
        if size <= 10_000:
            tab.wait_for_answer()
        elif size <= 1_000_000:
            said = tab.page.inner_text("#live .problem")
            assert said.startswith(
                f"The question has {size:,} characters; at most 10,000 are read."
            )
        else:
            said = tab.page.wait_for_selector(".toast-body").inner_text()
            assert "The page takes 1 MB of text at once; shorten it." in said
        tab.page.wait_for_selector("#ask", state="visible")
        assert tab.errors == []


class TestHeaders:
    def test_every_answer_carries_them(self, call: Caller) -> None:
        page = call("GET", "/")
        asset = re.search(rb"\./(assets/[\w.-]+\.js)", page.body)
        assert asset
        for answer in (
            page,
            call("GET", f"/{asset[1].decode()}"),
            call("GET", "/theme.css"),
            call("GET", "/gradio_api/heartbeat/abc"),
            call("POST", "/gradio_api/queue/join", body=JOIN),
            call("GET", "/config"),
            call("GET", "/", [("Host", "evil.example")]),
        ):
            assert EVERYWHERE.items() <= answer.headers.items()
            policy = answer.headers["content-security-policy"]
            for part in (
                "default-src 'none'", "frame-ancestors 'none'", "object-src 'none'",
                "connect-src 'self'", "base-uri 'self'", "form-action 'self'",
            ):  # fmt: skip
                assert part in policy
            scripts = policy.split("script-src ")[1].split(";")[0]
            assert "unsafe-inline" not in scripts
            assert "http" not in policy
            assert "server" not in answer.headers
            assert not any(name.startswith("access-control-") for name in answer.headers)
        assert page.headers["cache-control"] == "no-store"
        assert call("GET", "/theme.css").headers["cache-control"] == "no-store"

    def test_only_the_scripts_of_the_page_are_marked(self, call: Caller) -> None:
        """Each answer has a word of its own that stands in its policy and at its scripts."""
        seen = set()
        for _ in range(3):
            page = call("GET", "/")
            tags = re.findall(rb"<script[^>]*>", page.body)
            (word,) = {re.search(rb'nonce="([\w-]{20,})"', tag)[1] for tag in tags}  # type: ignore[index]
            assert f"'nonce-{word.decode()}'" in page.headers["content-security-policy"]
            assert len(tags) >= 4
            seen.add(word)
        assert len(seen) == 3
        assert call("HEAD", "/").status == 200

    def test_the_page_names_no_other_machine(self, call: Caller) -> None:
        """Neither for crawlers nor as an app to install."""
        page = call("GET", "/").body
        assert b"og:image" not in page
        assert b'rel="manifest"' not in page
        named = set(re.findall(rb'(?:src|href|content)="(?:https?:)?//([^/"]+)', page))
        assert named == set()
        assert re.search(rb'"root":"http://%s"' % call.own.encode(), page)

    def test_another_host_in_a_proxys_words_is_not_believed(self, call: Caller) -> None:
        told = [("X-Forwarded-Host", "evil.example"), ("X-Gradio-Server", "http://evil.example"),
                ("X-Forwarded-Proto", "https"), ("Forwarded", "host=evil.example")]  # fmt: skip
        page = call("GET", "/", [("Host", call.own), *told]).body
        assert b"evil.example" not in page
        assert b"https://127.0.0.1" not in page

    def test_the_policy_stops_a_script_that_got_in(self, visit: Visiting) -> None:
        """Were escaping to fail, markup would still not run, nor load, nor send anything."""
        bad = (
            '<img src="http://evil.invalid/x.png" onerror="window.ran = 1">'
            "<iframe srcdoc='<script>parent.ran = 1</script>'></iframe>"
            '<a id="bad" href="javascript:window.ran=1">x</a>'
        )
        put = """html => {
          const live = document.querySelector('#live');
          live.innerHTML = html;
          const script = document.createElement('script');
          script.textContent = 'window.ran = 1';
          live.append(script);
          const far = document.createElement('script');
          far.src = 'http://evil.invalid/x.js';
          live.append(far);
          document.querySelector('#bad').click();
          return fetch('http://evil.invalid/').then(() => 'sent', () => 'not sent');
        }"""
        tab = visit()
        assert tab.page.evaluate(put, bad) == "not sent"
        tab.page.wait_for_timeout(300)
        assert tab.page.evaluate("window.ran") is None
        assert len(tab.violations) >= 5
        bare = visit(bypass_csp=True)  # the planted fault: the same without a policy
        bare.page.evaluate(put, bad)
        bare.page.wait_for_function("window.ran === 1")
        assert any("evil.invalid" in url for url in bare.foreign)


class TestHosts:
    def test_all_addresses_of_the_machine_but_no_name(self, desk: ScriptedDesk) -> None:
        """On 0.0.0.0 the page is ours under the address that was reached; names may be rebound."""
        with open_page(desk, "0.0.0.0", 0) as address:
            assert address.startswith("http://127.0.0.1:")
            port = int(address.rstrip("/").rsplit(":", 1)[1])
            other = Caller(f"http://127.0.0.2:{port}/")
            for host, status in (
                (f"127.0.0.2:{port}", 200), (f"localhost:{port}", 200), (f"127.0.0.1:{port}", 200),
                (f"127.0.0.3:{port}", 403), (f"{socket.gethostname()}:{port}", 403),
                (f"0.0.0.0:{port}", 403), (f"evil.example:{port}", 403),
            ):  # fmt: skip
                assert other("GET", "/theme.css", [("Host", host)]).status == status, host

    def test_one_address_of_the_machine(self, desk: ScriptedDesk) -> None:
        with open_page(desk, "127.0.0.2", 0) as address:
            assert Caller(address)("GET", "/theme.css").status == 200
            with pytest.raises(OSError, match="refused"):
                socket.create_connection(("127.0.0.1", Caller(address).port))

    def test_the_other_kind_of_address(self, desk: ScriptedDesk) -> None:
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            pytest.skip("this machine has no IPv6")
        with open_page(desk, "::1", 0) as address:
            assert address.startswith("http://[::1]:")
            assert Caller(address)("GET", "/theme.css").status == 200

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:80", "", "300.0.0.1"])
    def test_what_is_no_address_is_said_without_looking_it_up(
        self, desk: ScriptedDesk, host: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("a look-up"))
        with pytest.raises(PageError, match="no IP address"), open_page(desk, host, 0):
            pass

    @pytest.mark.parametrize(("host", "is_told"), [("0.0.0.0", True), ("::", True), ("::1", False)])
    def test_who_opens_it_to_a_network_is_told(
        self,
        host: str,
        is_told: bool,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        served: list[str] = []

        def serve(
            desk: Desk, host: str, port: int, on_ready: Callable[[str], None], **_: object
        ) -> None:
            served.append(host)
            on_ready("http://127.0.0.1:1")

        monkeypatch.setattr(web, "serve", serve)
        assert main(["serve", "--host", host, "--library", str(tmp_path / "library")]) == 0
        assert served == [host]
        told = "can read and change the library" in " ".join(capsys.readouterr().out.split())
        assert told is is_told


class TestProcess:
    """The command as it is run, in a process of its own."""

    @pytest.fixture
    def start(self, tmp_path: Path, made_once: Path) -> Iterator[Callable[..., subprocess.Popen]]:
        running: list[subprocess.Popen] = []

        def go(**variables: str) -> subprocess.Popen:
            command = [sys.executable, "-m", "ui.cli", "serve", "--no-browser", "--port", "0"]
            process = subprocess.Popen(
                [*command, "--library", str(made_once)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env={**os.environ, **variables},
            )
            running.append(process)
            return process

        yield go
        for process in running:
            process.kill()
            process.communicate()

    def address_of(self, process: subprocess.Popen) -> str:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, (line, process.communicate(timeout=30)[1])
        return found[0] + "/"

    @pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
    def test_it_ends_at_once_with_streams_open(
        self, start: Callable[..., subprocess.Popen], end: signal.Signals
    ) -> None:
        """The page within three seconds; the process once it has loaded what it was loading."""
        process = start()
        call = Caller(self.address_of(process))
        joined = call("POST", "/gradio_api/queue/join", body=JOIN)
        assert joined.status == 200
        streams = []
        for path in ("heartbeat/abc", "heartbeat/def", "queue/data?session_hash=stranger"):
            stream = HTTPConnection(call.host, call.port, timeout=30)
            stream.request("GET", f"/gradio_api/{path}")
            streams.append(stream.getresponse())
        assert [stream.status for stream in streams] == [200] * 3
        began = time.monotonic()
        process.send_signal(end)
        for stream in streams:
            with suppress(HTTPException, OSError):
                stream.read()
        assert time.monotonic() - began < 3
        assert process.communicate(timeout=60) == ("", "")
        assert process.returncode == 0

    def test_no_variable_of_gradio_opens_anything(
        self, start: Callable[..., subprocess.Popen]
    ) -> None:
        process = start(
            GRADIO_SHARE="True", GRADIO_ROOT_PATH="https://evil.example/x",
            GRADIO_ALLOWED_PATHS="/", GRADIO_MCP_SERVER="True", GRADIO_SERVER_NAME="0.0.0.0",
            GRADIO_SERVER_PORT="1", GRADIO_SSR_MODE="True", GRADIO_NODE_PATH="/bin/false",
            GRADIO_ANALYTICS_ENABLED="True", GRADIO_LOCAL_DEV_MODE="1", GRADIO_VIBE_MODE="1",
            GRADIO_WATCH_DIRS="/", GRADIO_PROFILING="1", GRADIO_RUN_HISTORY="True",
            GRADIO_TEMP_DIR="/nowhere", GRADIO_DEBUG="1", GRADIO_NUM_WORKERS="2",
        )  # fmt: skip
        address = self.address_of(process)
        call = Caller(address)
        assert address.startswith("http://127.0.0.1:")
        page = call("GET", "/").body
        assert b"evil.example" not in page
        assert b'"is_share":true' not in page.replace(b" ", b"")
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", call.port))
        upload = [("Host", call.own), ("Origin", f"http://{call.own}"), ("Content-Type", TYPES[3])]
        (path,) = json.loads(call("POST", "/gradio_api/upload", upload, PARTS).body)
        folder = Path(path).parents[1]
        assert folder.stat().st_mode & 0o077 == 0  # what is uploaded is nobody else's to read
        process.terminate()
        assert process.communicate(timeout=30) == ("", "")
        assert not folder.exists()


def _routes(app: object) -> Iterator[tuple[str, str]]:
    """Method and path of every route of an application, mounted ones too."""
    for route in getattr(app, "routes", ()):
        methods = getattr(route, "methods", None)
        if methods:
            yield from ((method, route.path) for method in methods if method != "HEAD")
        else:
            # FastAPI keeps the routes of a router that it includes in the router itself.
            yield from _routes(getattr(route, "original_router", None) or route.app)
