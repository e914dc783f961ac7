"""Names of authors, as BibTeX writes them, and as a person reads them; pure.

A name is kept as its source tells it: `Family, Given`, `Family, Suffix, Given`, a group in braces
(`{World Health Organization}`), or as one text, `Given Family`, where a source does not say more.
(BibTeX's three forms: O. Patashnik, BibTeXing, 1988, section 4.)
"""

from __future__ import annotations

from dataclasses import dataclass

# Lower-case words that belong to the family name which they stand before.
_PARTICLES = frozenset(
    "af al ap av bin da das de del della den der des di do dos du el la le ten ter van von zu zum "
    "zur y".split()
)
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})


@dataclass(frozen=True, slots=True)
class Name:
    """A name in its parts; a group has a family name alone."""

    family: str
    given: str = ""
    suffix: str = ""  # "Jr."
    is_group: bool = False


def read_name(text: str) -> Name:
    """A name as BibTeX writes it, in its parts; a text without a comma ends with the family."""
    text = " ".join(text.split())
    if text.startswith("{") and text.endswith("}"):
        return Name(text[1:-1].strip(), is_group=True)
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 2:
        return Name(parts[0], " ".join(filter(None, parts[2:])), parts[1])
    if len(parts) == 2:
        return Name(parts[0], parts[1])
    words = text.split()
    suffix = words.pop() if len(words) > 2 and words[-1].lower().rstrip(".") in _SUFFIXES else ""
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES and words[start - 1].islower():
        start -= 1
    return Name(" ".join(words[max(0, start) :]), " ".join(words[: max(0, start)]), suffix)


def write_name(name: Name) -> str:
    """The name as it is kept, so that `read_name` gives it back."""
    if name.is_group:
        return f"{{{name.family}}}"
    if name.suffix:
        return f"{name.family}, {name.suffix}, {name.given}"
    return f"{name.family}, {name.given}" if name.given else name.family


def shown(text: str) -> str:
    """A name as a person reads it: `Quill, Ada` is Ada Quill."""
    if "," not in text and "{" not in text:
        return text
    name = read_name(text)
    return " ".join(filter(None, (name.given, name.family, name.suffix)))
