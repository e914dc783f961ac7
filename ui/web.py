"""The web page: started on a port of this machine, and closed again."""

from __future__ import annotations

import errno
import ipaddress
import os
import signal
import socket
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rag.errors import RagError
from rag.wiring import Desk, stay_offline
from ui.adding import Adding
from ui.chosen import Chosen
from ui.guard import Guard
from ui.jobs import ModelJobs
from ui.talk import Talks

LOOPBACK = "127.0.0.1"
_PATIENCE = 1  # seconds for what still runs when the page is closed


class PageError(RagError):
    """The page cannot be served; the message says what to do."""


@contextmanager
def open_page(desk: Desk, host: str = LOOPBACK, port: int = 7860) -> Iterator[str]:
    """Serve the page of a library while the block runs; gives its address.

    `host` is an IP address of this machine, or one that stands for all of them; port 0 takes any
    free one. Raises PageError when they cannot be used.
    """
    with _listening(host, port) as listener, _own_environment():
        import uvicorn

        from ui.downloads import report, routes
        from ui.page import Page, script
        from ui.page.mount import application

        talks, adding, jobs = Talks(desk), Adding(desk), ModelJobs(desk)
        chosen = Chosen()
        page = Page(desk, talks, adding, chosen, jobs)
        options = uvicorn.Config(
            Guard(application(page, [*routes(desk, chosen), report(adding)]), script()),
            log_config=None,
            log_level="critical",
            lifespan="on",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_PATIENCE,
        )
        server = uvicorn.Server(options)
        running = threading.Thread(target=server.run, args=([listener],), daemon=True)
        running.start()
        try:
            while not server.started:
                if not running.is_alive():
                    raise PageError("The page did not start; try again, or choose another port.")
                time.sleep(0.01)
            yield _address(listener)
        finally:
            talks.close()
            adding.close()
            jobs.close()
            page.blocks.close(verbose=False)
            server.should_exit = True
            running.join()


def serve(
    desk: Desk,
    host: str = LOOPBACK,
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


def is_seen_from_outside(host: str) -> bool:
    """Whether other machines can reach a page that listens on this address."""
    return not _ip(host).is_loopback


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens; it is ours from here on, so that no other can take its place."""
    ip = _ip(host)
    family = socket.AF_INET6 if ip.version == 6 else socket.AF_INET
    try:
        listener = socket.create_server((str(ip), port), family=family)
    except (OSError, OverflowError) as error:
        if getattr(error, "errno", None) == errno.EADDRNOTAVAIL:
            raise PageError(
                f"{host} is no address of this machine; give one of its own, or leave --host away."
            ) from error
        raise PageError(
            f"The page cannot use port {port} on {host} ({error}). Another Footnote may be running "
            "there; close it, or choose another port with --port."
        ) from error
    with listener:
        yield listener


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(LOOPBACK if host == "localhost" else host.strip("[]"))
    except ValueError as error:
        raise PageError(
            f"'{host}' is no IP address; give one of this machine, 0.0.0.0 for all of them, "
            "or leave --host away."
        ) from error


def _address(listener: socket.socket) -> str:
    """The page's address for a browser on this machine."""
    host, port = listener.getsockname()[:2]
    ip = ipaddress.ip_address(host)
    if ip.is_unspecified:
        host = LOOPBACK if ip.version == 4 else "::1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


@contextmanager
def _own_environment() -> Iterator[None]:
    """What gradio reads of the environment: nothing but what is set here.

    A variable of the user's could make it share the page, serve files or trust a proxy. Uploads go
    to a folder that nobody else can read and that ends with the page.
    """
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        del os.environ[name]
    stay_offline()
    with tempfile.TemporaryDirectory(prefix="footnote-", ignore_cleanup_errors=True) as uploads:
        os.environ["GRADIO_TEMP_DIR"] = uploads
        yield
