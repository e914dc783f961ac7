"""What an empty conversation says; pure, everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ui.render.pieces import FORMATS, counted

_GO = '<button type="button" class="button" data-tab="Library">Open the library</button>'


def welcome(papers: int, examples: Sequence[str], samples: int = 0, sentences: int = 1) -> str:
    """Questions to begin with, and how to add papers.

    `samples` of the papers were brought; all of them together have so many `sentences` to quote.
    """
    if not papers:
        return (
            '<div class="welcome"><h2>Your library is empty</h2><p>Add papers first: open the '
            "library and drop a file there, or run <code>footnote add FILE</code>. "
            f"{FORMATS}</p>{_GO}</div>"
        )
    if not sentences:
        return (
            f'<div class="welcome"><h2>{counted(papers, "paper")}, and no abstract</h2><p>Answers '
            "rest on abstracts. Add a file that has them: the papers that are here gain theirs. "
            f"{FORMATS}</p>{_GO}</div>"
        )
    buttons = "".join(
        '<li><button type="button" class="example" data-do="ask" '
        f'data-question="{escape(question)}">{escape(question)}</button></li>'
        for question in examples
    )
    asked = f'<p>Some questions they can answer:</p><ul class="examples">{buttons}</ul>'
    return (
        f'<div class="welcome"><h2>Ask {counted(papers, "paper")}</h2>'
        f"<p>The answer quotes or restates their abstracts, with a citation behind every "
        f"sentence.</p>{asked if buttons else ''}{_own(samples) if samples == papers else ''}</div>"
    )


def _own(samples: int) -> str:
    """For somebody who has only the papers that come along."""
    return (
        f'<div class="own"><p>These are notes on {counted(samples, "well-known paper")}, to try '
        f"Footnote with. Add your own: open the library and drop a file there. {FORMATS}</p>"
        f"{_GO}</div>"
    )
