"""What a terminal shows of an answer: while it grows, and what stays of it."""

from __future__ import annotations

import io
import re
import time
from dataclasses import replace

from rich.console import Console

from rag.types import (
    REFUSAL,
    Answer,
    AnswerSentence,
    DraftReady,
    Evidence,
    EvidenceFound,
    Finished,
    Origin,
    Paper,
    Question,
    QuestionUnderstood,
    Reason,
    SentenceReady,
    Source,
    SourceSentence,
    Span,
    Timings,
    Verdict,
)
from ui import terminal

ABSTRACT = "Kites rise at noon. They land at dusk."
PAPER = Paper("aa00000001", "Kites", ABSTRACT, ("Ada Quill",), 2019, "https://example.org/k")
FOUND = SourceSentence("Kites rise at noon.", 0, Span(0, 19), 0.9)
EVIDENCE = Evidence((Source(1, PAPER, (FOUND,), 1.0),), (PAPER,), papers_searched=3)
QUOTED = AnswerSentence(FOUND.text, (1,), Verdict.SUPPORTED, Origin.QUOTATION, FOUND.text)
STATED = replace(QUOTED, text="At noon they rise.", origin=Origin.MODEL)
ANSWER = Answer(
    "b" * 32,
    Question("When?", "When do kites rise?"),
    (STATED,),
    EVIDENCE,
    "small-model",
    timings=Timings(total_ms=1500),
)
EVENTS = (
    QuestionUnderstood(ANSWER.question),
    EvidenceFound(EVIDENCE),
    DraftReady((QUOTED,)),
    SentenceReady(STATED, 0, replaces=True),
    Finished(ANSWER),
)


def console(*, is_terminal: bool) -> Console:
    return Console(
        file=io.StringIO(),
        force_terminal=is_terminal,
        width=80,
        height=24,
        highlight=False,
        markup=False,
        _environ={"TERM": "xterm"},
    )


def written(out: Console) -> str:
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def screen(text: str) -> list[str]:
    """The lines that a terminal shows, and scrolls back to, after it was sent this text."""
    lines, row = [""], 0
    for part in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part.startswith("\x1b") and part.endswith("A"):
            row -= int(part[2:-1])
        elif part.startswith("\x1b") and part.endswith("K"):
            lines[row] = ""
        elif not part.startswith("\x1b") and part != "\r":
            lines[row] += part
    return lines


def wait_for(out: Console, text: str) -> None:
    deadline = time.monotonic() + 30
    while text not in written(out):
        assert time.monotonic() < deadline, written(out)
        time.sleep(0.01)


def printed(answer: Answer) -> str:
    out = console(is_terminal=False)
    terminal.print_answer(out, answer)
    return written(out)


class TestGrowing:
    def test_the_extract_stands_at_once_and_stays_only_as_the_answer(self) -> None:
        """Quotation and sentence are both seen; what can be scrolled back to is the answer once."""
        out = console(is_terminal=True)
        with terminal.growing(out, console(is_terminal=True)) as show:
            for event in EVENTS[:3]:
                show(event)
            wait_for(out, "“Kites rise at noon.” [1]")
            for event in EVENTS[3:]:
                show(event)
            wait_for(out, "At noon they rise [1].")
        terminal.print_answer(out, ANSWER)
        left = "\n".join(screen(written(out)))
        assert left.count("At noon they rise [1].") == 1
        assert "Kites rise at noon" not in left
        assert left.count("Searched for: When do kites rise?") == 1
        assert "Writing" not in left

    def test_a_pipe_gets_the_finished_answer_alone(self) -> None:
        out, err = console(is_terminal=False), console(is_terminal=False)
        with terminal.growing(out, err) as show:
            for event in EVENTS:
                show(event)
        assert written(out) == written(err) == ""

    def test_a_piped_answer_still_says_on_the_terminal_what_is_being_done(self) -> None:
        out, err = console(is_terminal=False), console(is_terminal=True)
        with terminal.growing(out, err) as show:
            for event in EVENTS[:3]:
                show(event)
            wait_for(err, "Quoted from 1 source")
        assert written(out) == ""
        assert "".join(screen(written(err))).strip() == ""

    def test_a_heading_in_brackets_is_text_and_no_markup(self) -> None:
        out = console(is_terminal=True)
        themed = replace(QUOTED, theme="[red]Kites[/red]")
        with terminal.growing(out, out) as show:
            show(DraftReady((themed,)))
            wait_for(out, "[red]Kites[/red]")


class TestPrinting:
    def test_the_footer_says_what_the_answer_rests_on(self) -> None:
        text = printed(replace(ANSWER, sentences=(STATED, QUOTED)))
        assert "From abstracts, not from whole papers. “…” quotes a source. small-model" in text
        assert "[1] Kites (Ada Quill; 2019)  aa00000001\n" in text

    def test_the_footer_says_no_more_than_is_so(self) -> None:
        """Nothing of quotations where none stands, nor of abstracts where none was read."""
        restated = replace(ANSWER, sentences=(STATED,))
        assert "quotes a source" not in printed(restated)
        stopped = replace(ANSWER, sentences=(), evidence=Evidence((), ()), model=None, stopped=True)
        assert printed(stopped).splitlines()[-1] == "Stopped."

    def test_themes_are_headings_and_references_have_links(self) -> None:
        themed = (replace(STATED, theme="At noon"), replace(QUOTED, theme="At dusk"))
        text = printed(replace(ANSWER, sentences=themed))
        assert re.findall(r"^At \w+$", text, re.MULTILINE) == ["At noon", "At dusk"]
        assert "[1] Kites (Ada Quill; 2019)  aa00000001  https://example.org/k" in text

    def test_a_refusal_is_explained(self) -> None:
        lacking = Evidence(
            (),
            (PAPER,),
            reason=Reason.NOT_IN_ABSTRACT,
            missing_names=("Zorbex",),
            missing_figures=("a percentage",),
            papers_searched=3,
        )
        text = printed(replace(ANSWER, sentences=(), evidence=lacking))
        lines = text.splitlines()
        assert lines[1] == REFUSAL
        lacks = "its abstract does not give a percentage, or mention “Zorbex”"
        assert f"{lacks}; the paper itself may" in " ".join(text.split())
        assert "- Ask what was found, rather than for a percentage." in lines
        assert "- Ask without “Zorbex”." in lines
        assert "The nearest paper is at https://example.org/k" in lines
        assert "Searched 3 papers for “When do kites rise?”." in lines

    def test_a_one_sided_comparison_says_so_first(self) -> None:
        evidence = replace(EVIDENCE, missing_sides=("gliders",))
        text = printed(replace(ANSWER, evidence=evidence))
        assert text.index("nothing near “gliders”") < text.index("At noon they rise")
