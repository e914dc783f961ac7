"""TeX remnants in a text are read as what they stand for."""

from __future__ import annotations

import pytest

from rag.readers.tex import clean

TEX = {
    r"from 3.9{\deg} to 9.4{\deg}": "from 3.9° to 9.4°",
    r"at 20$^\circ$C": "at 20°C",
    r"4\% of 2\%-5\%": "4% of 2%-5%",
    "4% of all": "4% of all",
    r"high-{\alpha} and \beta decay": "high-α and β decay",
    r"\b{eta}: 0.2": "β: 0.2",
    r"\emph{social} choice": "social choice",
    r"a \textit{part of \textbf{a} whole}": "a part of a whole",
    r"{\it Northern} sky": "Northern sky",
    r"the $k$-th of $n$ lamps": "the k-th of n lamps",
    r"$p < 0.05$ and $n=10$": "p < 0.05 and n=10",
    r"in $O(n\log n)$ time": "in O(n log n) time",
    r"$\mathcal{O}(n)$ in $\mathbb{R}^d$": "O(n) in R^d",
    r"$\frac{a}{b}$": "a/b",
    r"as \citeauthor{Fern71} showed": "as showed",
    r"a method~\cite{a,b}.": "a method.",
    r"G\'{l}oria \'{e} Ond\v{r}ej Fran\c{c}ois L\`eve": "Gĺoria é Ondřej François Lève",
    r"\textcolor{red}{bold} \href{http://a.b}{text}": "bold text",
    r"Named \ours, it is": "Named ours, it is",
    r"models (\eg trees)": "models (e.g. trees)",
    r"$\unicode{x2013}$": "–",
    r"H\&E and \$5": "H&E and $5",
    "from $5 million to $10 million": "from $5 million to $10 million",
    "$5-$10 a day": "$5-$10 a day",
    "US$100 and US$200, with $x$ fixed": "US$100 and US$200, with x fixed",
    "about ~3% (~ 4)": "about ~3% (~ 4)",
    "Fig.~3 by Reed et al.~(2020)": "Fig. 3 by Reed et al. (2020)",
    "http://a.org/~reed/": "http://a.org/~reed/",
    "{BERT}: on {0,1}": "BERT: on {0,1}",
    "``quoted'' words": "“quoted” words",
    "an e\u0301 and\u00a0 a\n\ttab": "an é and a tab",
    "so\u00adft zero\u200bwidth": "soft zerowidth",
    "unbalanced { and $x": "unbalanced { and $x",
    r"unbalanced \emph{ and": "unbalanced and",
}


class TestTex:
    @pytest.mark.parametrize("text", TEX)
    def test_tex_reads_as_text(self, text) -> None:
        assert clean(text) == TEX[text]

    @pytest.mark.parametrize(
        "piece", ["{", "\\", "$x", "\\frac", "\\cite[", "\\left(", "\\^", "\\begin{a}", "{\\it "]
    )
    def test_nests_and_rows_of_tex_end(self, piece) -> None:
        """Hostile TeX gives some text, never an error."""
        assert isinstance(clean(piece * (19_000 // len(piece))), str)
