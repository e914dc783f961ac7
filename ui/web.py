"""The web page: started on a port of this machine, and closed again."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rag.errors import RagError
from rag.wiring import Desk, stay_offline
from ui.talk import Talks

_LARGEST_UPLOAD = "500mb"  # a packed JSON Lines file of half a million abstracts
_LOCAL_NAMES = "127.0.0.1,localhost"


class PageError(RagError):
    """The page cannot be served; the message says what to do."""


@contextmanager
def open_page(desk: Desk, host: str = "127.0.0.1", port: int = 7860) -> Iterator[str]:
    """Serve the page of a library while the block runs; gives its address.

    Port 0 takes any free one. Raises PageError when the port cannot be used.
    """
    port = _claim(host, port)
    _prepare_environment()
    from ui.page import Page, look

    talks = Talks(desk)
    blocks = Page(desk, talks).blocks
    options: dict[str, Any] = {
        "server_name": host,
        "server_port": port,
        "share": False,
        "inbrowser": False,
        "inline": False,
        "quiet": True,
        "prevent_thread_lock": True,
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "pwa": False,
        "mcp_server": False,
        "max_file_size": _LARGEST_UPLOAD,
        **look(),
    }
    try:
        _, address, _ = blocks.launch(**options)
    except OSError as error:
        raise _port_error(host, port, error) from error
    try:
        yield address
    finally:
        talks.close()
        blocks.close(verbose=False)


def serve(
    desk: Desk,
    host: str = "127.0.0.1",
    port: int = 7860,
    open_browser: bool = False,
    on_ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve the page until Ctrl-C or SIGTERM; `on_ready` is told its address once it answers.

    The desk stays open; who opened it closes it. Raises PageError when the port cannot be used.
    """
    ended = False  # no Event: a signal may come while its own lock is held, and wait for ever

    def end(*_: object) -> None:
        nonlocal ended
        ended = True

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)
    try:
        with open_page(desk, host, port) as address:
            desk.warm_up()
            on_ready(address.rstrip("/"))
            if open_browser:
                webbrowser.open(address)
            while not ended:
                time.sleep(0.25)
    except KeyboardInterrupt:
        return


def _claim(host: str, port: int) -> int:
    """The port, once it is known to be free; a free one for 0."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except (OSError, OverflowError) as error:
            raise _port_error(host, port, error) from error
        return int(probe.getsockname()[1])


def _port_error(host: str, port: int, error: Exception) -> PageError:
    return PageError(
        f"The page cannot use port {port} on {host} ({error}). Another Footnote may be running "
        "there; close it, or choose another port with --port."
    )


def _prepare_environment() -> None:
    """Set what gradio reads when it is imported and when it checks that it answers."""
    stay_offline()
    os.environ.pop("GRADIO_SHARE", None)
    # A proxy in the environment would be asked for our own address.
    for name in ("NO_PROXY", "no_proxy"):
        known = os.environ.get(name)
        os.environ[name] = f"{known},{_LOCAL_NAMES}" if known else _LOCAL_NAMES
