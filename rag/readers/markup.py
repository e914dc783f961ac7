"""Text with HTML, JATS or MathML mark-up -> plain text, as titles and abstracts have it; pure."""

from __future__ import annotations

import html
import re

_ATTRIBUTES = (
    r"""(?:\s{1,20}[\w:.-]{1,50}\s?=\s?(?:"[^"<>]{0,500}"|'[^'<>]{0,500}'))*+\s{0,20}/?>"""
)
_NAMES = (
    "a|abbr|abstract|alternatives|article-title|b|bdi|big|body|bold|br|center|cite|code|disp-formula"
    "|disp-quote|div|em|ext-link|font|h[1-6]|i|inf|inline-formula|italic|label|li|list|list-item"
    "|m?math|monospace|named-content|ol|p|roman|sans-serif|sc|scp|scr|sec|section|small|span|strike"
    "|strong|styled-content|su[bp]|t[dhrt]|table|tbody|thead|title|u|ul|underline|uri|xref"
    "|m(?:row|i|n|o|text|su[bp]|subsup|frac|over|under|sqrt|root|style|space|fenced|table|tr|td)"
)
_TAG = re.compile(rf"<(/?)(?:(?:jats|mml|ns\d):([a-z-]{{1,40}})|({_NAMES})){_ATTRIBUTES}", re.I)
_BLOCKS = re.compile(
    r"abstract|br|center|disp-formula|disp-quote|div|h[1-6]|label|li|list|list-item|ol|p|sec|section"
    r"|t[dhr]|table|title|ul", re.I
)  # fmt: skip
# What repeats a formula for another program, or is no text.
_UNREAD = re.compile(
    r"<((?:jats:|mml:)?(?:tex-math|annotation)|script|style)\b[^<>]{0,500}>[^<]{0,20000}</\1\s{0,20}>"
    r"|<!--[^<]{0,20000}?-->",
    re.I,
)
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.I)
_HEADING = re.compile(
    r"(<(?:jats:)?title>[^<>]{1,200}[^<>.:!?\s])(?=\s{0,20}</(?:jats:)?title>)", re.I
)
_OWN_HEADING = re.compile(r"^\s*(?:abstract|summary)\s*[:.]?\s+(?=\S)", re.I)


def text_of_markup(text: str) -> str:
    """The text as it is read: tags and comments gone, entities told by their characters.

    What only looks like mark-up, such as `p < 0.05` or `a <b and c> d`, stays. Headings within an
    abstract end with a colon, and one that says no more than "Abstract" is left out.
    """
    if "<" in text:
        text = _without_tags(text)
    if "&" in text:
        plain = _ENTITY.sub(_character, _ENTITY.sub(_character, text))  # some are escaped twice
        text = _without_tags(plain) if "<" in plain else plain
    return text


def _without_tags(text: str) -> str:
    is_titled = re.match(
        r"\s*(?:<(?:jats:)?(?:abstract|sec)\b[^<>]{0,200}>\s*)?<(?:jats:)?title", text
    )
    text = _CDATA.sub("", _UNREAD.sub(" ", text))
    text = _TAG.sub(
        lambda m: " " if _BLOCKS.fullmatch(m[2] or m[3]) else "", _HEADING.sub(r"\1:", text)
    )
    return _OWN_HEADING.sub("", text) if is_titled else text


def _character(match: re.Match[str]) -> str:
    return html.unescape(match[0])
