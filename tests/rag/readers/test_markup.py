"""Mark-up in titles and abstracts reads as text, and what only looks like it stays."""

from __future__ import annotations

import time

import pytest

from rag.readers.markup import text_of_markup

TEXTS = {
    "plain": "plain",
    "<i>E. coli</i> in H<sub>2</sub>O": "E. coli in H2O",
    "a<br/>b<p class='x'>c</p>": "a b c",
    "R&amp;D &lt; &#233;&#xe9; &amp;amp; AT&T &unknown;": "R&D < éé & AT&T &unknown;",
    "&lt;i&gt;escaped&lt;/i&gt;": "escaped",
    "p < 0.05 and q > 3": "p < 0.05 and q > 3",
    "if a <b and c> d": "if a <b and c> d",
    "a List<T> of <key>": "a List<T> of <key>",
    "<jats:p>One.</jats:p><jats:p>Two.</jats:p>": "One. Two.",
    "<jats:title>Abstract</jats:title><jats:p>Bread rises.</jats:p>": "Bread rises.",
    "<jats:sec><jats:title>Aims</jats:title><jats:p>We.</jats:p></jats:sec>": "Aims: We.",
    "<sec><title>Why?</title><p>We.</p></sec>": "Why? We.",
    "Summary of what is known": "Summary of what is known",
    '<span style="font-variant: small-caps;">dna</span>': "dna",
    '<mml:math xmlns:mml="http://x.org/M"><mml:mi>x</mml:mi></mml:math> 1': "x 1",
    "<jats:tex-math>$$x$$</jats:tex-math><mml:math><mml:mi>x</mml:mi></mml:math>": "x",
    "a<!-- b -->c<script>d()</script>": "a c",
    "<![CDATA[a & b]]>": "a & b",
    "<b": "<b",
}


@pytest.mark.parametrize("text", TEXTS)
def test_markup(text: str) -> None:
    assert " ".join(text_of_markup(text).split()) == TEXTS[text]


@pytest.mark.parametrize(
    "piece",
    ["<", "<a ", '<a x="', "<!--", "<script>", "&", "&lt;", "&amp;", "<title>a", "<a x='1' "],
)
def test_no_time_grows_with_the_square(piece: str) -> None:
    started = time.process_time()
    text_of_markup(piece * (300_000 // len(piece)))
    assert time.process_time() - started < 3
