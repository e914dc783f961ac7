"""A text -> the TeX that prints it letter for letter, and back; pure."""

from __future__ import annotations

import re

# BibTeX counts braces whether they are escaped or not, so that those of a text are spelled out.
_SPELLED = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{special: f"\\{special}" for special in "$&#_%"},
}
_ESCAPES = str.maketrans(_SPELLED)
_LIGATURE = re.compile(r"([-`',<>])(?=\1)|[!?](?=`)")  # "--" would be printed as a dash
_ENTRY = re.compile(r"@(?=\w*[ \t]*\()")  # would start an entry
_MEANINGS = {**{tex: sign for sign, tex in _SPELLED.items()}, "{@}": "@", "{}": ""}
_ESCAPED = re.compile(r"\\text[a-z]+\{\}|\\[$&#_%]|\{@?\}")


def escaped(text: str) -> str:
    """The text as TeX that prints it as it is; its spaces and ends of lines stay."""
    joined = _LIGATURE.sub(r"\g<0>{}", text.translate(_ESCAPES))
    return _ENTRY.sub("{@}", joined)


def unescaped(tex: str) -> str | None:
    """The text that `escaped` makes this of; None for TeX that says anything else."""
    text = _ESCAPED.sub(lambda m: _MEANINGS.get(m[0], m[0]), tex)
    return text if escaped(text) == tex else None
