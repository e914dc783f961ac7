"""A whole session on the page, with the real models; run by itself it is one without a network.

`python -m tests.ui.offline FOLDER` switches on the loopback of an empty network namespace, serves a
library of its own there, and drives a Chromium inside it.
"""

from __future__ import annotations

import fcntl
import shutil
import socket
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from scripted import FLAGS, Visit, write_records

_GET_FLAGS, _SET_FLAGS, _UP = (
    0x8913,
    0x8914,
    1,
)  # of an interface: SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP


def whole_session(tab: Visit, folder: Path) -> None:
    """What a person does: asks, reads, asks on, adds a file, asks about it, comes back."""
    page = tab.page
    page.click("#live .example >> nth=0")
    page.wait_for_selector("#evidence .card", timeout=120_000)
    tab.wait_for_answer()
    page.click("#live .cite >> nth=0")
    page.wait_for_selector("#evidence mark.target")
    tab.ask("And what does it cost?")
    page.wait_for_selector("#thread .exchange")
    tab.wait_for_answer()
    page.get_by_role("tab", name="Library").click()
    page.wait_for_selector("#papers .papers")
    paper = {"title": "Tin barometers", "abstract": "Tin barometers rust within a week."}
    page.set_input_files("#files input[type=file]", write_records(folder / "tin.jsonl", [paper]))
    page.wait_for_selector("#adding .notice:has-text('1 paper added')", timeout=120_000)
    page.get_by_role("tab", name="Ask").click()
    tab.ask("How soon do tin barometers rust?")
    page.wait_for_selector("#live .asked:has-text('tin barometers')")
    tab.wait_for_answer()
    page.reload()
    page.wait_for_selector("#live .exchange footer")
    assert tab.foreign == []
    assert tab.violations == []
    assert tab.errors == []


def loopback_up() -> None:
    """Switch on `lo`, which a new namespace has, and nothing else, switched off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(any_socket, _GET_FLAGS, asked), 16)
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", flags | _UP))


def is_cut_off() -> bool:
    """Whether no address outside of this machine can be reached, not even in principle."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return True
    return False


def main(folder: Path) -> None:
    loopback_up()
    assert is_cut_off(), "this is no empty network namespace"
    from playwright.sync_api import sync_playwright

    from rag.wiring import open_desk
    from ui.web import open_page

    with sync_playwright() as driver, open_desk(folder / "library") as desk:
        desk.bring_sample()
        with open_page(desk, port=0) as address:
            path = shutil.which("chromium") or shutil.which("chromium-browser")
            browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
            whole_session(Visit(browser, address), folder)
            browser.close()
    print("the whole session worked")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
