"""CSL items -> lines of references, by citeproc-py: the only file that knows it; slow to import.

It implements CSL 1.0.1 in part. What it does not do is mended here, in classes that take the place
of its own for the elements of their names, and in a style after it has been read.
"""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from citeproc import VARIABLES, Citation, CitationItem, CitationStylesBibliography
from citeproc import CitationStylesStyle as Style
from citeproc.formatter import plain
from citeproc.model import CitationStylesElement as Element
from citeproc.model import Name as NameElement
from citeproc.model import Names as NamesElement
from citeproc.model import Text as TextElement
from citeproc.source import VariableError
from citeproc.source.json import CiteProcJSON
from citeproc.string import MixedString, NoCase, String

_CSL = "{http://purl.org/net/xbiblio/csl}"
# It warns of any other field.
_FIELDS = {"id", "type", *(name.replace("_", "-") for name in VARIABLES)} - {"abstract", "keyword"}
_NEEDLESS = re.compile(r"(?<=\. )Retrieved (?=https?://)")  # no date of it follows


class Names(NamesElement, Element):
    """Does not print again the editors who already stand in the place of authors."""

    def process(
        self, item: Any, names_context: Any = None, context: Any = None, **more: Any
    ) -> Any:
        layout = (self if context is None else context).get_layout()
        printed = " ".join(layout.repressed.get(self.tag, ())).split()
        if not set(printed).isdisjoint(self.get("variable").split()):
            raise VariableError
        return super().process(item, names_context, context, **more)


class Name(NameElement, Element):
    """Leaves no stray marks where a word of a name has no capital."""

    def initialize(self, given: str, mark: str, context: Any) -> str:
        hyphen = "-" if self.get_option("initialize-with-hyphen", context) else ""
        initials = ""
        for word in given.replace(".", " ").split():
            if initials and word.islower() and word.isalpha():
                initials = f"{initials.rstrip()} {word} "  # "Ludwig van" is "L. van"
                continue
            parts = [part for part in word.split("-") if part]
            letters = [f"{p[0].upper()}{mark}" if _is_cased(p[0]) else f"{p} " for p in parts]
            initials += f"{hyphen.join(letter.rstrip() for letter in letters)}{mark[1:]}"
        return initials.strip()


class Text(TextElement, Element):
    """Finds a macro, and whether it prints a variable, without a search through the style."""

    def get_macro(self, name: str) -> Any:
        return self.get_root().macros[name]

    def calls_variable(self) -> bool:
        name, known = self.get("macro"), self.get_root().calls
        if not name:
            return bool(super().calls_variable())
        if name not in known:
            known[name] = super().calls_variable()
        return bool(known[name])


def _is_cased(letter: str) -> bool:
    return letter.lower() != letter.upper()


class Processor:
    """Prints references in one style; not to be shared by threads.

    It may raise anything on an item that it was not made for.
    """

    def __init__(self, style: Path) -> None:
        self._style = Style(str(style), validate=False)
        root = self._style.root
        root.macros = {macro.get("name"): macro for macro in root.iter(f"{_CSL}macro")}
        root.calls = {}
        _mend(root)

    def line(self, item: Mapping[str, Any], number: int) -> str:
        """The item as the reference of this number, which stands before it in a numbered style."""
        known = {name: value for name, value in item.items() if name in _FIELDS}
        source = _Source([{**known, "id": str(number)}])
        cited = _Numbered(str(number))
        cited.number_in_list = number
        bibliography = CitationStylesBibliography(self._style, source, plain)
        bibliography.register(Citation([cited]))
        (printed,) = bibliography.bibliography()
        line = " ".join(re.sub(rf"^(\[{number}\]|{number}\.)", r"\1 ", str(printed)).split())
        title = " ".join((item.get("title") or item["author"][0]["literal"]).split())
        return _NEEDLESS.sub("", _after_title(line, title))


def _after_title(line: str, title: str) -> str:
    """The line with no full stop or comma after `?`, and else within quotation marks.

    That is American typography, of which CSL has `punctuation-in-quote` and citeproc-py nothing.
    """
    if title.endswith(("?", "!")):
        end = re.compile(rf"({re.escape(title)}”?)[.,](?=\s|$)", re.IGNORECASE)
        return end.sub(r"\1", line)
    for mark in ",.":
        line = line.replace(f"{title}”{mark}", f"{title}{mark}”")
    return line


class _Source(CiteProcJSON):
    """Items whose texts are plain: no tag in them means anything."""

    def parse_string(self, string: object) -> Any:
        text = str(string)
        return MixedString([(NoCase if text.startswith("arXiv:") else String)(text)])


class _Numbered(CitationItem):
    """An item that knows its number, whatever else is in its list."""

    number_in_list: int

    @property
    def number(self) -> int:
        return self.number_in_list


def _mend(root: Any) -> None:
    """Say in a style what citeproc-py does, as it understands it."""
    for label in root.iter(f"{_CSL}label"):
        if label.get("text-case") == "title":  # it knows it of English titles alone
            label.set("text-case", "capitalize-first")
    for names in root.iter(f"{_CSL}names"):
        is_substitute = names.getparent().tag == f"{_CSL}substitute"
        if names.name is None and not is_substitute:  # it would add one each time that it prints
            names.insert(0, root.makeelement(f"{_CSL}name"))
    dates = root.iterfind(f"{_CSL}locale/{_CSL}date[@form='text']")
    if any(date.get("delimiter") for date in dates):  # it asks the place of use for it
        for date in root.iter(f"{_CSL}date"):
            date.set("delimiter", " ")
    for text in list(root.iter(f"{_CSL}text")):
        if text.get("value") == "publication":  # it prints the word also where no number follows
            text.getparent().remove(text)
