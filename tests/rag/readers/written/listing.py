"""Saved pages of paper listings, in both layouts."""

from __future__ import annotations

TITLES = (
    "Slow Rivers: Measuring Drift in Sensor Networks",
    "Does Moss Remember? A Study of Damp Stones",
    "Counting Lanterns with Sparse Regression",
    "A Long Look at Short Walks: Gait, Footwear and Weather in Nine Northern Harbour Towns, with "
    "an Appendix on Umbrellas and a Reply to Earlier Critics of the Method Used for Counting Steps",
    "Bread without Yeast",
)


def abstract(number: int) -> str:
    """Four sentences of our own, different for each number."""
    return (
        f"We study case {number} of a family of quiet machines that keep time for lighthouses. "
        f"Our method observes {number + 3} lamps over several winters and fits a simple model to "
        "the hours of light. It needs no labels, and it runs on a small computer in the tower. "
        f"On the coast of an invented sea it lowers the error by {number + 7}.5 percent."
    )


PAPERS = tuple((title, abstract(i)) for i, title in enumerate(TITLES))


def glued_page() -> str:
    """A page without blank lines, with a button glued to its first title."""
    noise = "Receive new papers by mail each day!\nReceive new papers by mail!\nSubscribe"
    return noise + "\n".join(f"{title}\n{text}" for title, text in PAPERS)


def spaced_page() -> str:
    """A page with blank lines between all its blocks."""
    noise = ["new", "Receive new papers by mail!", "Subscribe", "Papers of the Day", "May 3"]
    return "\n\n".join([*noise, *(block for paper in PAPERS for block in paper)])


EXAMPLES = (
    glued_page().encode(),
    spaced_page().encode(),
    b"\xef\xbb\xbf" + spaced_page().replace(". ", ".\n").replace("\n", "\r\n").encode(),
    glued_page().encode("utf-16"),
)
