"""TeX remnants in titles and abstracts -> text; the only import of pylatexenc."""

from __future__ import annotations

import logging
import re
import unicodedata
from functools import cache
from typing import Any

_MAX_CHARACTERS = 20_000  # a longer text is no abstract and is not worth a TeX parser's time
_PAREN = r"\{([^{}]{0,500})\}"
_OPTIONS = r"\*?(?:\[[^\[\]{}]{0,200}\]){0,2}"

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_TEX = re.compile(r"[\\${}]")
_TIE = re.compile(r"(?<=[\w.,)\]}])~(?=[A-Za-z\\$(\[])|(?:(?<=[A-Za-z]{3})|(?<=\.))~(?=\d)")
_PROTECTED_WORD = re.compile(r"\{([\w.-]+)\}")

# What pylatexenc drops, spells in mathematical alphabets that no search finds, or does not know.
_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\{\\deg\}|\\degree\b|\\degr\b|\^\{?\\circ\}?", "°"),
        (r"\\b\{eta\}", "β"),
        (r"[~ ]?\\(?:cite|footcite|textcite|parencite)[a-z]*" + _OPTIONS + _PAREN, ""),
        (r"[~ ]?\\(?:label|vspace|hspace|color|ding)" + _OPTIONS + _PAREN, ""),
        (r"\\(?:ref|eqref|autoref|[cC]ref|url|path)" + _OPTIONS + _PAREN, r"\1"),
        (r"\\footnote" + _PAREN, r" (\1)"),
        (r"\\(?:href|textcolor|colorbox)" + _OPTIONS + _PAREN + r"(?=\{)", ""),
        (r"\\hyphen(?![a-zA-Z])\s*", "-"),
        (r"\\ion\{([^{}]{0,20})\}\{([^{}]{0,20})\}", r"\1 \2"),
        (r"\\ie(?![a-zA-Z])\.?", "i.e."),
        (r"\\eg(?![a-zA-Z])\.?", "e.g."),
        (r"\\etal(?![a-zA-Z])\.?", "et al."),
        (
            r"\\(?:emph|enquote\*?|mkbib[a-z]+|uline|underline|textsuperscript|textsubscript|ensuremath|mbox|ce|boldsymbol"
            r"|bm|pmb|operatorname\*?|text(?:tt|sc|bf|it|rm|sf|sl|up|md|normal)?"
            r"|math(?:rm|bf|it|sf|tt|cal|bb|scr|frak|bin|rel|ord|op))(?![a-zA-Z])\s*",
            "",
        ),
        (
            r"\\(?:it|bf|rm|sf|tt|sc|em|cal|tiny|small|footnotesize|large|Large|displaystyle"
            r"|textstyle|itshape|bfseries)(?![a-zA-Z])\s*",
            "",
        ),
        (r"\\(?:left|right|[bB]igg?[lrm]?)(?![a-zA-Z])\.?", ""),
        (r"(?<=\w)\\(?=(?:log|ln|exp|sin|cos|tan|min|max)(?![a-zA-Z]))", r" \\"),
        (r"\\[,;:> ]", " "),
        (r"\\!", ""),
        (r"\\\|", "‖"),
    )
)
_QUOTED = re.compile(r"``([^`']{1,300})''")
_UNICODE = re.compile(r"\\unicode\{x([0-9A-Fa-f]{1,5})\}")
_MATH = re.compile(r"(?<!\\)\$(?=\S)([^$]{1,1000})(?<=[^\s\\])\$")
_AMOUNT = re.compile(r"[\d.,]+\s*(?:[kKMB]\b|[-–/,]+\s*$|\)|[^\\^_={}<>]*[a-z]{2})")
_MAX_WORK = 5_000, 10  # characters that its parser may go over: so many, and so many for each
_NESTING = re.compile(r"\\[a-zA-Z]+\s?\[|\\.|[{}\]]", re.DOTALL)
_COMMAND = re.compile(r"\\[a-zA-Z]+\s?|\\(.)|[{}]")

# Signs that are literal in our texts but not in TeX travel through the parser in disguise.
_LITERALS = "$%&#~"
_DISGUISE = {ord(sign): chr(0xE100 + i) for i, sign in enumerate(_LITERALS)}
_UNVEIL = {0xE100 + i: sign for i, sign in enumerate(_LITERALS)}
_ESCAPED = re.compile(r"\\([$%&#])")


def clean(text: str) -> str:
    """One line of NFC text: TeX read as text, invisible characters removed, spaces folded."""
    text = _INVISIBLE.sub("", text)
    text = _QUOTED.sub(r"“\1”", _TIE.sub(" ", text))
    if _TEX.search(text):
        text = _from_tex(text)
    return plain(text)


def plain(text: str) -> str:
    """One line of NFC text that holds no TeX: only invisible characters go, and spaces fold."""
    return " ".join(unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).split())


def _from_tex(text: str) -> str:
    has_commands = "\\" in text
    if has_commands:
        text = _UNICODE.sub(lambda m: chr(int(m[1], 16)), text)
        for pattern, replacement in _REWRITES:
            text = pattern.sub(replacement, text)
        text = _INVISIBLE.sub("", text)
    text = _ESCAPED.sub(lambda m: m[1].translate(_DISGUISE), text)
    text, formulas = _MATH.subn(_formula, text.replace("$$", "$"))
    text = text.translate(_DISGUISE)
    text = _parse(text) if has_commands or formulas else _PROTECTED_WORD.sub(r"\1", text)
    return text.translate(_UNVEIL)


def _formula(match: re.Match[str]) -> str:
    """`$x$` as a TeX group; what lies between two amounts of money stays as it is."""
    return match[0] if _AMOUNT.match(match[1]) else "{" + match[1] + "}"


def _parse(text: str) -> str:
    """The text without TeX: read by pylatexenc where commands are left, else only unbraced."""
    if (
        "\\" in text
        and len(text) <= _MAX_CHARACTERS
        and _work(text) <= _MAX_WORK[0] + _MAX_WORK[1] * len(text)
    ):
        try:
            return str(_converter().latex_to_text(text))
        except Exception:  # its errors are of many kinds, and a half-read formula is still readable
            pass
    return _COMMAND.sub(lambda m: m[1] or "", text)


def _work(text: str) -> int:
    """Characters that pylatexenc goes over: it reads an argument anew for each that it is in."""
    work, depth, brackets, at = 0, 0, 0, 0
    for match in _NESTING.finditer(text):
        work += (match.start() - at + 1) * int(3 ** min(depth + brackets, 12))
        at = match.end()
        if match[0].startswith("\\"):
            brackets += match[0].endswith("[") and len(match[0]) > 2
        elif match[0] == "]":
            brackets = max(0, brackets - 1)
        else:
            depth = max(0, depth + (1 if match[0] == "{" else -1))
    return work + (len(text) - at) * int(3 ** min(depth + brackets, 12))


@cache
def _converter() -> Any:
    """A LatexNodes2Text that spells an unknown command by its name: `\\ours` is `ours`."""
    from pylatexenc.latex2text import (
        LatexNodes2Text,
        MacroTextSpec,
        get_default_latex_context_db,
    )

    logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)  # it warns of each odd formula
    context = get_default_latex_context_db()
    context.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=lambda node: node.macroname))
    spaces = {
        "between-macro-and-chars": False,
        "between-latex-constructs": True,
        "after-comment": False,
        "in-equations": None,
    }
    return LatexNodes2Text(latex_context=context, math_mode="text", strict_latex_spaces=spaces)
