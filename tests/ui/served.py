"""A page in a process of its own, which tells what its open sessions hold.

Run as `python -m tests.ui.served LIBRARY CONFIG [LEAK]`; prints its address, then, for each line of
standard input, `{"model": process id, "state": bytes}`. With LEAK, an answer loses a megabyte, a
file, a thread, a temporary file and some of the state of each tab.
"""

from __future__ import annotations

import gc
import json
import pickle
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from models.process import LlmProcess
from rag.config import load_config
from rag.types import Answer
from rag.wiring import Desk, open_desk
from ui.web import open_page

MEGABYTE = 2**20
lost: list[object] = []


def main(library: str, config: str, leak: str = "") -> None:
    """Serve until standard input ends."""
    if leak:
        keep = Desk._keep

        def losing(desk: Desk, answer: Answer, conversation: str | None) -> None:
            lose()
            keep(desk, answer, conversation)

        Desk._keep = losing  # type: ignore[method-assign]
    with (
        open_desk(Path(library), load_config(Path(config))) as desk,
        open_page(desk, port=0) as address,
    ):
        print(address, flush=True)
        for _ in sys.stdin:
            assert isinstance(desk.llm, LlmProcess)
            print(json.dumps({"model": desk.llm.pid, "state": state_bytes()}), flush=True)


def lose() -> None:
    """Lose what the planted fault loses at an answer."""
    lost.append(b"x" * MEGABYTE)
    lost.append(Path(__file__).open())  # noqa: SIM115
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    Path(tempfile.mkstemp()[1]).write_bytes(b"x" * 10_000)
    for session in sessions():
        session.config_values[-len(lost)] = {"value": "x" * 10_000}


def sessions() -> list[Any]:
    from gradio.state_holder import SessionState

    return [held for held in gc.get_objects() if type(held) is SessionState]


def state_bytes() -> int:
    """What the tabs that were opened hold: their states, and what each part shows."""
    gc.collect()
    return sum(
        len(pickle.dumps(s.state_data)) + len(json.dumps(s.config_values, default=str))
        for s in sessions()
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
