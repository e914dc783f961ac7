"""References in four styles: as their handbooks print them, and readable whatever a paper says."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st

from rag.bibliography import Style, reference_in, references
from rag.names import read_name
from rag.types import Paper, Publication
from tests.conftest import ROOT
from tests.properties import try_on

AUTHORS = ("Quill, Ada B.", "Jean-Luc Moss")
JOURNAL = Publication("article-journal", "Journal of Moss", "12", "3", "123-145", month=5)
BOOK = Publication("book", publisher="Moss Press", place="Oslo", edition="2")
CHAPTER = Publication(
    "chapter", "The Moss Book", pages="12-34", publisher="Moss Press", place="Oslo",
    editors=("Finch, Cora", "Dev Osei"),
)  # fmt: skip
TALK = Publication("paper-conference", "Proceedings of Moss 5", pages="1-9", publisher="ACM")


def paper(
    title: str,
    authors: tuple[str, ...] = AUTHORS,
    year: int | None = 2021,
    of: Publication = JOURNAL,
    **more: Any,
) -> Paper:
    return Paper(title, title, "An abstract.", authors, year, publication=of, **more)


@pytest.mark.parametrize(
    ("style", "cited", "line"),
    [
        (Style.APA, paper("Moss & <rain> at $5", doi="10.5555/m.1"),
         "Quill, A. B., & Moss, J.-L. (2021). Moss & <rain> at $5. Journal of Moss, 12(3), "
         "123–145. https://doi.org/10.5555/m.1"),
        (Style.IEEE, paper("Moss & <rain> at $5", doi="10.5555/m.1"),
         "A. B. Quill and J.-L. Moss, “Moss & <rain> at $5,” Journal of Moss, vol. 12, no. 3, "
         "pp. 123–145, May 2021, doi: 10.5555/m.1."),
        (Style.NATURE, paper("Moss & <rain> at $5", doi="10.5555/m.1"),
         "Quill, A. B. & Moss, J.-L. Moss & <rain> at $5. Journal of Moss 12, 123–145 (2021)."),
        (Style.VANCOUVER, paper("Moss & <rain> at $5", doi="10.5555/m.1"),
         "Quill AB, Moss JL. Moss & <rain> at $5. Journal of Moss. 2021 May;12(3):123–45. "
         "doi:10.5555/m.1"),
        (Style.APA, paper("Moss", of=BOOK),
         "Quill, A. B., & Moss, J.-L. (2021). Moss (2nd ed.). Moss Press."),
        (Style.IEEE, paper("Moss", of=BOOK),
         "A. B. Quill and J.-L. Moss, Moss, 2nd ed. Oslo: Moss Press, 2021."),
        (Style.VANCOUVER, paper("Moss", of=BOOK),
         "Quill AB, Moss JL. Moss. 2nd ed. Oslo: Moss Press; 2021."),
        (Style.APA, paper("Moss", of=CHAPTER),
         "Quill, A. B., & Moss, J.-L. (2021). Moss. In C. Finch & D. Osei (Eds.), The Moss Book "
         "(pp. 12–34). Moss Press."),
        (Style.NATURE, paper("Moss", of=CHAPTER),
         "Quill, A. B. & Moss, J.-L. Moss. in The Moss Book (eds Finch, C. & Osei, D.) 12–34 "
         "(Moss Press, Oslo, 2021)."),
        (Style.VANCOUVER, paper("Moss", of=CHAPTER),
         "Quill AB, Moss JL. Moss. In: Finch C, Osei D, editors. The Moss Book. Oslo: Moss Press; "
         "2021. p. 12–34."),
        (Style.IEEE, paper("Moss", of=TALK),
         "A. B. Quill and J.-L. Moss, “Moss,” in Proceedings of Moss 5, ACM, 2021, pp. 1–9."),
        (Style.APA, paper("Moss", of=Publication(), arxiv_id="2101.00001"),
         "Quill, A. B., & Moss, J.-L. (2021). Moss (arXiv:2101.00001). arXiv. "
         "https://arxiv.org/abs/2101.00001"),
        (Style.IEEE, paper("Moss", of=Publication(), arxiv_id="2101.00001"),
         "A. B. Quill and J.-L. Moss, “Moss,” 2021, arXiv: 2101.00001. [Online]. Available: "
         "https://arxiv.org/abs/2101.00001"),
        (Style.APA, paper("Moss", of=Publication("thesis", publisher="University of Oslo")),
         "Quill, A. B., & Moss, J.-L. (2021). Moss [Thesis]. University of Oslo."),
        (Style.NATURE, paper("Moss", year=None, of=Publication(), url="https://example.org/a?b&c"),
         "Quill, A. B. & Moss, J.-L. Moss. https://example.org/a?b&c."),
        # Nobody, only editors, a group, many.
        (Style.APA, paper("Moss", ()), "Moss. (2021). Journal of Moss, 12(3), 123–145."),
        (Style.APA, paper("Moss", (), None, Publication()), "Moss. (n.d.)."),
        (Style.APA, paper("Moss", (), of=replace(BOOK, editors=("Finch, Cora", "Dev Osei"))),
         "Finch, C., & Osei, D. (Eds.). (2021). Moss (2nd ed.). Moss Press."),
        (Style.VANCOUVER, paper("Moss", (), of=replace(BOOK, editors=("Finch, Cora",))),
         "Finch C, editor. Moss. 2nd ed. Oslo: Moss Press; 2021."),
        (Style.APA, paper("Moss", ("{World Moss Office}",), of=Publication("report")),
         "World Moss Office. (2021). Moss."),
        (Style.VANCOUVER, paper("Moss", tuple(f"Finch{n}, Cora" for n in "ABCDEFG")),
         "FinchA C, FinchB C, FinchC C, FinchD C, FinchE C, FinchF C, et al. Moss. "
         "Journal of Moss. 2021 May;12(3):123–45."),
        (Style.IEEE, paper("Moss", tuple(f"Finch{n}, Cora" for n in "ABCDEFG"), None),
         "C. FinchA et al., “Moss,” Journal of Moss, vol. 12, no. 3, pp. 123–145."),
        # Names with words that have no capital, and a title with an end of its own.
        (Style.APA,
         paper("Why moss?", ("Beet, Ludwig van", "Kim, Min-ji", "李, 明", "King, Jr., M. L.")),
         "Beet, L. van, Kim, M.-J., 李, 明, & King, M. L., Jr. (2021). Why moss? Journal of Moss, "
         "12(3), 123–145."),
        (Style.IEEE, paper("Why moss?", ("Anna van der Berg",)),
         "A. van der Berg, “Why moss?” Journal of Moss, vol. 12, no. 3, pp. 123–145, May 2021."),
        (Style.IEEE, paper("Moss, “old” and new"),
         "A. B. Quill and J.-L. Moss, “Moss, “old” and new,” Journal of Moss, vol. 12, no. 3, "
         "pp. 123–145, May 2021."),
    ],
)  # fmt: skip
def test_a_reference(style: Style, cited: Paper, line: str) -> None:
    assert reference_in(style, cited) == line


def test_numbers_follow_the_order_given() -> None:
    papers = [paper("Rain"), paper("Moss", ("Abel, Ann",))]
    for style, start in ((Style.IEEE, "[1] "), (Style.NATURE, "1. "), (Style.VANCOUVER, "1. ")):
        first, second = references(papers, style)
        assert first.startswith(start)
        assert "Rain" in first
        assert second.startswith(start.replace("1", "2"))


def test_apa_is_sorted_and_tells_the_years_of_an_author_apart() -> None:
    papers = [
        paper("Rain", ("Öster, Ann",)),
        paper("Zinc", ("Abel, Ann",)),
        paper("Moss", ("Abel, Ann",)),
        paper("Fern", ("Abel, Ann",), 2019),
        paper("Rust", ("Abel, Ann",), None),
        paper("Clay", ("Abel, Ann", "Moss, Jo")),
        paper("Silt", ("Pond, Ann",)),
    ]
    starts = [line.split(" Journal")[0] for line in references(papers, Style.APA)]
    assert starts == [
        "Abel, A. (n.d.). Rust.",
        "Abel, A. (2019). Fern.",
        "Abel, A. (2021a). Moss.",
        "Abel, A. (2021b). Zinc.",
        "Abel, A., & Moss, J. (2021). Clay.",
        "Öster, A. (2021). Rain.",
        "Pond, A. (2021). Silt.",
    ]


def test_what_a_style_cannot_print_is_printed_in_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its number stays, and the others are printed as ever."""
    from rag.bibliography.processor import Processor

    line = Processor.line

    def fail(self: Processor, item: dict[str, Any], number: int) -> str:
        if item["title"] == "Rain":
            raise AttributeError("'NoneType' object has no attribute 'single'")
        return "2. Another paper." if item["title"] == "Rust" else line(self, item, number)

    monkeypatch.setattr(Processor, "line", fail)
    lines = list(references([paper("Rain"), paper("Rust"), paper("Moss")], Style.NATURE))
    assert lines[0] == "1. Ada B. Quill, Jean-Luc Moss (2021). Rain."
    assert lines[1] == "2. Ada B. Quill, Jean-Luc Moss (2021). Rust."
    assert lines[2].startswith("3. Quill, A. B. & Moss, J.-L. Moss. Journal of Moss 12,")


def test_the_styles_are_the_official_ones_with_their_licence() -> None:
    told = (Style.APA.csl.parent / "README.md").read_text(encoding="utf-8")
    for style in Style:
        text = style.csl.read_text(encoding="utf-8")
        assert "http://creativecommons.org/licenses/by-sa/3.0/" in text
        updated = re.search(r"<updated>([\d-]{10})", text)
        assert updated is not None
        assert re.search(rf"`{style.csl.name}`.*{updated[1]}", told)


KINDS = (
    "article article-journal paper-conference book chapter thesis report webpage dataset document "
    "software patent entry-encyclopedia motion_picture legislation post-weblog speech nonsense"
).split()
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
odd = st.sampled_from(
    ["<i>a</i> &amp; b", '<span class="nocase">x</span>', "$5 < $6 & more", "Why?", "“Q”", "a.",
     "...", "arXiv:1", "Jr.", "de la", "-", "1-2, 4 & 6", "e12-e9", "{x}", "\\alpha", "İ ß ŉ", "𝒳",
     "100 %"]
)  # fmt: skip
texts = words | odd
titles = texts.map(lambda t: " ".join(f"T{t}".split()))
plain_names = st.builds("{}, {}".format, st.sampled_from(["Quill", "van Dyk", "李", "Ó"]), texts)
names = (texts | plain_names | odd.map(lambda t: f"{{{t}}}")).filter(
    lambda t: any(c.isalnum() for c in t)
)
maybe = st.just("") | texts
publications = st.builds(
    Publication, st.just("") | st.sampled_from(KINDS), maybe, maybe, maybe, maybe, maybe, maybe,
    maybe, st.none() | st.integers(1, 12), maybe, maybe, st.lists(names, max_size=3).map(tuple),
)  # fmt: skip
papers = st.builds(
    Paper,
    st.uuids().map(str),
    titles,
    st.just("A."),
    st.lists(names, max_size=9).map(tuple),
    st.none() | st.integers(1000, 2999),
    st.none() | texts.map(lambda t: f"https://example.org/{t}"),
    st.none() | texts.map(lambda t: f"10.1/{t}"),
    st.none() | st.just("2101.00001"),
    publication=publications,
    pmid=st.none() | st.just("123"),
)


def faults(line: str, cited: Paper) -> Iterator[str]:
    """What a reader would miss, or see and should not."""
    said = "".join(c for c in line.casefold() if c.isalnum())
    wanted = [cited.title, *(read_name(name).family for name in cited.authors[:1])]
    for text in wanted:
        if "".join(c for c in text.casefold() if c.isalnum()) not in said:
            yield f"{text!r} is missing"
    if line != " ".join(line.split()):
        yield "space too much"
    own = " ".join(map(str, (cited, cited.publication)))
    for markup in re.findall(r"</?(?:i|b|l|u|sup|sub|span)\b|&\w+;|&#\w+;", line):
        if markup not in own:
            yield f"{markup!r} is markup"


def check(cited: Paper) -> None:
    for style in Style:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert not list(faults(reference_in(style, cited), cited)), style


def test_any_paper_has_a_readable_line_in_each_style(capsys: pytest.CaptureFixture[str]) -> None:
    """With its title and first author, without markup; and nothing else is said anywhere."""
    capsys.readouterr()
    try_on(150, check, cited=papers)
    printed = capsys.readouterr()
    assert re.fullmatch(r"seed \d+\n", printed.out), printed.out
    assert printed.err == ""


@pytest.mark.long
def test_any_of_many_papers_has_a_readable_line() -> None:
    try_on(20_000, check, cited=papers)


@pytest.mark.parametrize(
    "line",
    ["Quill, A. Rain. 2021.", "Moss, J. Moss. 2021.", "Quill, A. <i>Moss</i>. 2021.",
     "Quill, A. Moss &amp; more. 2021.", "Quill, A. Moss.  2021."],
)  # fmt: skip
def test_a_planted_fault_is_found(line: str) -> None:
    cited = paper("Moss", ("Quill, Ada",))
    assert not list(faults("Quill, A. Moss. 2021.", cited))
    assert list(faults(line, cited))


def test_a_thousand_references_take_seconds() -> None:
    """Of a library that is as mixed; however many there are, one takes no longer than another."""
    many = [replace(paper(f"Moss {n}"), id=str(n)) for n in range(200)]
    for style in Style:
        began = time.process_time()
        assert len(list(references(many, style))) == 200
        assert time.process_time() - began < 6, style


def test_citeproc_is_imported_when_used_only() -> None:
    code = "import sys, rag.bibliography; print({'citeproc', 'lxml'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
