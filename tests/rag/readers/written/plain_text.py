"""Texts of one paper or more, with labels and without."""

from __future__ import annotations

ABSTRACT = """\
Lamps on northern coasts are counted by hand. We propose a method that counts them by machine, and
we show on data of nine winters that it is right more often. The results hold in fog, in rain and in
snow. Our model is small enough for the computer of a tower, and needs no labels. It lowers the
error by a third."""
LABELLED = f"""\
Title: Counting lamps
  on northern coasts
Authors: Ada Quill, Bo Reed and Cy Fern
Year: 2021
Journal: Slow Light
DOI: https://doi.org/10.1234/lamp.1
Keywords: lamps; coasts
Abstract: {ABSTRACT}

A second paragraph: it is short.
----
Title: Bread without yeast
Abstract: No yeast is used.
"""
HEADED = f"""\

Counting lamps on northern coasts

Ada Quill, Bo Reed
Harbour School of Lamps

Abstract
{ABSTRACT}

1 Introduction
Lamps are many, and nobody has counted them.
"""
BARE = f"Counting lamps on northern coasts\n\n{ABSTRACT}\n"
EXAMPLES = (
    LABELLED.encode(),
    LABELLED.upper().replace("\n", "\r\n").encode("utf-16"),
    HEADED.encode(),
    BARE.encode("utf-8-sig"),
)
