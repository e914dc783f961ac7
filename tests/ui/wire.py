"""A browser tab as the server knows it: the requests of the page, without a browser."""

from __future__ import annotations

import html
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from socket import SHUT_RDWR, socket
from typing import Any
from urllib.parse import urlsplit

from gradio_client.utils import apply_diff

SECONDS = 120.0  # a server that is silent for longer is given up
SENDS = json.dumps({"asks": "question", "before": ""})  # what footnote.asks() says of a new text


class Tab:
    """What one tab shows and is told; `do` waits for the end, so that Stop needs another thread."""

    def __init__(self, address: str) -> None:
        self._at = urlsplit(address)
        self.session = uuid.uuid4().hex
        self.shown: dict[str, str] = {}  # by the id of its element; the newest only
        self.told: list[tuple[str, str]] = []  # everything that was ever shown, as it came
        self._config = self._page()
        self._names = {
            part["id"]: part["props"].get("elem_id") or f"{part['type']} {part['id']}"
            for part in self._config["components"]
        }
        self._alive = self._open("GET", f"/gradio_api/heartbeat/{self.session}")
        self._streams: list[socket] = []
        self._closed = False
        for event in self._events("load"):
            self._run(event, ["" for _ in event["inputs"]])

    # -- what a person does

    def ask(self, question: str) -> None:
        """Ask, and read the answer to its end."""
        self.do("question", "submit", {"question": question}, how=SENDS)

    def act(self, part: str, **act: str) -> None:
        """Click on something in a part of the page that the server wrote."""
        self.do(part, "select", event_data=act)

    def stop(self) -> None:
        self.do("stop", "click")

    def close(self) -> None:
        """Close the tab: its streams break off, whatever is under way."""
        self._closed = True
        for stream in (self._alive.sock, *self._streams):
            stream.shutdown(SHUT_RDWR)
        self._alive.close()

    def text(self, part: str) -> str:
        """What a part says, without its tags."""
        plain = html.unescape(re.sub(r"<[^>]*>", "", self.shown.get(part, "")))
        return " ".join(plain.split())

    # -- how the page says it

    def do(
        self,
        part: str,
        event: str,
        values: dict[str, str] | None = None,
        event_data: dict[str, str] | None = None,
        how: str = "",
    ) -> None:
        (found,) = (e for e in self._events(event) if [self._id(part), event] in e["targets"])
        kinds = [self._names[number] for number in found["inputs"]]
        data = [(values or {}).get(kind, how if "textbox" in kind else None) for kind in kinds]
        self._run(found, data, event_data)

    def _id(self, part: str) -> int:
        return next(number for number, name in self._names.items() if name == part)

    def _events(self, kind: str) -> list[dict[str, Any]]:
        found = self._config["dependencies"]
        return [e for e in found if any(name == kind for _, name in e["targets"])]

    def _page(self) -> dict[str, Any]:
        page = self._open("GET", "/").getresponse().read().decode()
        start = page.index("{", page.index("window.gradio_config"))
        config: dict[str, Any] = json.JSONDecoder().raw_decode(page[start:])[0]
        return config

    def _run(
        self, event: dict[str, Any], data: list[Any], event_data: dict[str, str] | None = None
    ) -> None:
        body = {
            "data": data,
            "fn_index": event["id"],
            "session_hash": self.session,
            "event_data": event_data,
            "trigger_id": event["targets"][0][0],
        }
        if not event["queue"]:
            self._post("/gradio_api/run/predict", body)
            return
        number = self._post("/gradio_api/queue/join", body)["event_id"]
        parts = [self._names[number] for number in event["outputs"]]
        values: list[Any] = []
        for message in self._messages():
            if message.get("event_id") != number:
                continue
            if message["msg"] == "process_generating":
                new = message["output"]["data"]
                values = (
                    [apply_diff(a, b) for a, b in zip(values, new, strict=True)] if values else new
                )
            elif message["msg"] == "process_completed":
                assert message["success"], message
                values = message["output"].get("data", [])
            for part, value in zip(parts, values, strict=False):  # none when it was ended
                self._show(part, value)

    def _show(self, part: str, value: Any) -> None:
        if isinstance(value, dict):  # an update of some properties, perhaps of none
            value = value.get("value")
        if isinstance(value, str) and self.shown.get(part) != value:
            self.shown[part] = value
            self.told.append((part, value))

    def _messages(self) -> Iterator[dict[str, Any]]:
        connection = self._open("GET", f"/gradio_api/queue/data?session_hash={self.session}")
        stream = connection.sock
        self._streams.append(stream)
        try:
            for line in connection.getresponse():
                if line.startswith(b"data:"):
                    message = json.loads(line[5:])
                    if message["msg"] == "close_stream":
                        return
                    yield message
        except (OSError, HTTPException):
            if not self._closed:
                raise
        finally:
            self._streams.remove(stream)
            connection.close()

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        connection = self._open("POST", path, json.dumps(body).encode())
        response = connection.getresponse()
        said = response.read()
        connection.close()
        assert response.status == 200, (path, said)
        answer: dict[str, Any] = json.loads(said)
        return answer

    def _open(self, method: str, path: str, body: bytes | None = None) -> HTTPConnection:
        connection = HTTPConnection(str(self._at.hostname), self._at.port, timeout=SECONDS)
        headers = {"Origin": f"http://{self._at.netloc}", "Content-Type": "application/json"}
        connection.request(method, path, body, headers)
        return connection


def wait_until(is_so: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for what is to come; fails when it does not."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)
