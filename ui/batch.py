"""Many questions from a JSON Lines file, one JSON line of results each, in order."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TextIO

from rag.errors import RagError
from rag.evaluation.questions import read_turns
from rag.ingest import Progress
from rag.types import Turn


def run_batch(
    questions: Path,
    results: Path,
    one: Callable[[str, tuple[Turn, ...]], dict[str, object]],
    on_progress: Callable[[Progress], None],
) -> int:
    """Write one line out per line in; return how many failed.

    A line that fails gives `{"id", "error"}` and the run goes on. RagError when a file cannot be
    opened.
    """
    if results.exists() and results.samefile(questions):
        raise RagError(f"{results} holds the questions; name another file for the results.")
    with _open(questions, "r") as file:
        # Not `splitlines`: it cuts at U+2028 and the like, which JSON allows inside a text.
        lines = [line for line in file.read().split("\n") if line.strip()]
    failures = 0
    with _open(results, "w") as out:
        for number, line in enumerate(lines, start=1):
            result = _one(line, number, one)
            failures += "error" in result
            out.write(json.dumps(result, ensure_ascii=False) + "\n")
            out.flush()
            on_progress(Progress(number, len(lines), "questions"))
    return failures


def _open(path: Path, mode: Literal["r", "w"]) -> TextIO:
    # utf-8-sig: a file from Windows may begin with a byte order mark.
    encoding = "utf-8-sig" if mode == "r" else "utf-8"
    try:
        return open(path, mode, encoding=encoding, errors="replace")
    except OSError as error:
        done = "read" if mode == "r" else "written"
        raise RagError(f"{path} cannot be {done}: {error.strerror}.") from error


def _one(
    line: str, number: int, one: Callable[[str, tuple[Turn, ...]], dict[str, object]]
) -> dict[str, object]:
    identity: object = None
    try:
        item = json.loads(line)
        identity = item.get("id")
        question, turns = item["question"], read_turns(item.get("history"))
        if not isinstance(question, str):
            raise TypeError("a question is a text")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {
            "id": identity,
            "error": f"Line {number} is not a JSON object with a 'question' and, if any, a "
            "'history' of [question, answer] pairs.",
        }
    try:
        return {"id": identity, **one(question, turns)}
    except Exception as error:  # whatever is wrong with one question, the others are answered
        return {"id": identity, "error": str(error) or type(error).__name__}
