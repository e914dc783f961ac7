"""What the tabs share: how an HTML part is made, what a person does in it, and how events run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

_LOOK = Path(__file__).parent / "look"
_SANS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Helvetica Neue",
    "Arial",
    "sans-serif",
)
_MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")
# Every event: no veil over what it changes, and no name under which a program could call it.
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# Gradio would drop an event that comes before the one before it has ended.
NONE_LOST: dict[str, Any] = {**QUIET, "trigger_mode": "multiple"}


def html(name: str, inside: str = "") -> gr.HTML:
    """A part of the page that the server writes.

    A click on an element with `data-do`, and the sending of a form with it, arrive as one `select`
    event: `event.do` says what is to be done, its other fields are the element's `data-*` and the
    form's fields (base.js).
    """
    return gr.HTML(
        inside,
        elem_id=name,
        apply_default_css=False,
        js_on_load="footnote.forward(element, trigger);",
    )


def done(event: gr.EventData) -> dict[str, Any]:
    """What a person did, as `html` describes it; always with the key `do`."""
    return {"do": "", **event._data}


def tab_of(request: gr.Request) -> str:
    """The browser tab that an event comes from."""
    return str(request.session_hash)


def look() -> dict[str, Any]:
    """The theme, style and script of the page, as Gradio takes them; nothing is from outside."""
    theme = gr.themes.Base(
        primary_hue="teal", neutral_hue="stone", font=list(_SANS), font_mono=list(_MONO)
    )
    return {
        "theme": theme,
        "css": _joined("css"),
        "head": f"<script>{script()}</script>",
    }


def script() -> str:
    """The script of the page, which `look` puts into its head."""
    return _joined("js")


def _joined(kind: str) -> str:
    """The files of a kind, `base` first: the others build on it."""
    files = sorted(_LOOK.glob(f"*.{kind}"), key=lambda file: (file.stem != "base", file.stem))
    return "\n".join(file.read_text(encoding="utf-8") for file in files)
