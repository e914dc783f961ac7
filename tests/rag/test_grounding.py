"""Every citation points to what was retrieved, and every quotation stands in its source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example
from hypothesis import strategies as st

from models.embedder import SentenceEmbedder
from rag.assistant import Assistant, Reply
from rag.chunks import split_sentences
from rag.compose import Composer
from rag.config import load_config
from rag.library import Library
from rag.search import Searcher
from rag.stream import SentenceStream
from rag.types import (
    AnswerSentence,
    DraftReady,
    Dropped,
    Evidence,
    EvidenceFound,
    Finished,
    Origin,
    Paper,
    Parts,
    Record,
    Section,
    SentenceReady,
    Verdict,
    with_sentence,
)
from rag.wordmatch import WordMatcher
from tests.fakes import ScriptedLlm
from tests.properties import try_on
from tests.rag.builders import evidence, source
from tests.rag.corpus import RECORDS, make_ingest
from tests.rag.shown import altered_quotations, misplaced_citations

LONG = [pytest.mark.long, pytest.mark.timeout(7200)]

SOURCES = (
    source(
        1,
        "Lantern outperforms Beacon by 4.2 points on HarborQA.",
        "Training takes 12 hours on 8 GPUs.",
        worths=(0.9, 0.2),
    ),
    source(
        2,
        "Moss on north walls keeps stones damp for weeks, as Reed [3] and Fern [12] saw.",
        "The gain [4, 5] does not hold for dry stones.",
        worths=(0.5, 0.6),
    ),
    source(4, "Gulls sleep on one leg in strong wind.", "Moss keeps stones damp.", worths=(0.1, 0)),
    source(12, "Ropes of 12 strands last for 4 years at sea.", "Salt shortens this to 3 years."),
)
WHOLE = (Section("", SOURCES),)
THEMES = (Section("reading", SOURCES[:2]), Section("shore", SOURCES[2:]))

# Markers as models write them: real and invented numbers, other digits, ranges, one in another.
NUMBERS = "1 2 4 12 3 0 99 -1 01 1.5 ٤ １２ ² Ⅳ x 1-4 2–99 12–1".split()
PLAIN = [
    start + number + end
    for number in [*NUMBERS, "9" * 30, "1 and 4", "2; 9", "1,4,12", "1][2", ""]
    for start, end in (
        "[]",
        ("[[", "]]"),
        ("[Source ", "]"),
        ("([", " ])"),
        "［］",
        "【】",
        ("[", ""),
    )
]
MARKERS = PLAIN + [
    start + inner + number + end
    for inner in ("[2]", "[99]", "[[4]]", "([1])", "[x]", "[ [1]4]", "[1")
    for number in ("", "1", " 4", ", 12", "-2", " and ٤")
    for start, end in ("[]", ("[ ", " ]"), ("[Source ", "]"), ("[[", "]"), ("[1", "]]"))
]
SAID = [t.text[:-1] for s in SOURCES for t in s.sentences]
SAID += [" ".join(text.split()[:n]) for text in SAID for n in (3, 5, 7)]
BETWEEN = ["", "", "", "- ", "2. ", "“", "e.g. ", "\x00", "Not ", "[12] "]
ENDS = [". ", ". ", ".", " ", "\n", "! ", ", ", ".\n[4] ", " by 9.9. "]


def joined(before: str, words: str, at: int, marker: str, end: str) -> str:
    """A sentence with a marker after so many of its words."""
    return before + " ".join([*words.split()[:at], marker, *words.split()[at:]]) + end


WRITTEN = st.lists(
    st.one_of(
        st.builds(
            joined,
            st.sampled_from(BETWEEN),
            st.sampled_from(SAID),
            st.integers(0, 16),
            st.sampled_from(MARKERS),
            st.sampled_from(ENDS),
        ),
        st.text(max_size=5),
    ),
    max_size=4,
).map("".join)


def composed(
    texts: Sequence[str],
    parts: Parts,
    cuts: Sequence[int] | None = (),
    stream: type[SentenceStream] = SentenceStream,
) -> tuple[list[AnswerSentence], Dropped]:
    """The answer to which a model writes these texts, one a section, as the assistant builds it.

    `cuts` are where each text is cut into pieces; None cuts between all characters.
    """
    sections = WHOLE if len(texts) == 1 else THEMES
    composer = Composer(sections, 200, parts)
    for section, text in zip(sections, texts, strict=True):
        composer.begin(section)
        reader = stream()
        places = range(len(text)) if cuts is None else sorted(min(c, len(text)) for c in cuts)
        for a, b in pairwise([0, *places, len(text)]):
            for finished in reader.feed(text[a:b]):
                composer.consider(finished)
        if last := reader.finish():
            composer.consider(last)
    return composer.sentences, composer.dropped


def misplaced(shown: Sequence[AnswerSentence]) -> list[str]:
    return list(misplaced_citations(shown, {s.theme: s.sources for s in (*WHOLE, *THEMES)}))


@pytest.mark.parametrize("examples", [10_000, pytest.param(1_000_000, marks=LONG)])
def test_every_citation_points_to_what_was_retrieved(examples: int) -> None:
    """Whatever a model writes, however its text is cut, in answers and in summaries."""
    in_its_words = 0

    @example(["Gulls sleep. Gulls sleep. Moss keeps stones damp [4]. It"], [14], Parts())
    def check(texts: list[str], cuts: list[int], parts: Parts) -> None:
        nonlocal in_its_words
        whole = composed(texts, parts)
        assert misplaced(whole[0]) == []
        assert composed(texts, parts, cuts or None) == whole
        in_its_words += any(s.origin is Origin.MODEL for s in whole[0])

    try_on(
        examples,
        check,
        texts=st.lists(WRITTEN, min_size=1, max_size=2),
        cuts=st.lists(st.integers(0, 300), max_size=6),
        parts=st.builds(Parts, check=st.booleans(), quotations=st.booleans()),
    )
    assert in_its_words > examples / 10, "what the model wrote was hardly ever shown"


CITED = AnswerSentence("Gulls sleep.", (4,), Verdict.SUPPORTED, Origin.MODEL, SAID[4] + ".")


@pytest.mark.parametrize(
    "fault",
    [
        replace(CITED, citations=()),
        replace(CITED, citations=(4, 7)),
        replace(CITED, citations=(1,)),
        replace(CITED, quote="Gulls sleep."),
        replace(CITED, theme="reading"),
        replace(CITED, origin=Origin.QUOTATION),
        *(replace(CITED, text=f"Gulls {m} sleep.") for m in ("[ 1]", "[Source 1]", "[Refs ٤]")),
    ],
)
def test_a_misplaced_citation_is_noticed(fault: AnswerSentence) -> None:
    """What is looked for in each answer is found when it is there, and only then."""
    assert misplaced([CITED]) == misplaced([replace(CITED, theme="shore")]) == []
    assert misplaced([CITED, fault])


def test_a_stream_that_depends_on_the_pieces_is_noticed() -> None:
    """One that takes each piece for a sentence gives another answer when the text is cut."""

    class Careless(SentenceStream):
        def feed(self, piece: str) -> list[str]:
            return [piece] if piece.strip() else []

    text = f"{SAID[4]} [4]. {SAID[5]} [4]."
    assert composed([text], Parts(), [20]) == composed([text], Parts())
    assert composed([text], Parts(), [20], Careless) != composed([text], Parts(), (), Careless)


AWKWARD = [
    Record(
        "Teasel: Records with Odd Spaces",
        "Teasel reads  two spaces.\nIt reads\ttabs, and\r\nnew lines within a sentence. "
        "A non\u00a0breaking and a thin\u2009space stay as they are.",
    ),
    Record(
        "Burdock: What Others Wrote",
        "Reed et al. [3] read 40 notes, i.e. all of them [1, 2]. “Burdock is [Source 2] quick,” "
        "wrote J. Fern (cf. Fig. 2). Is it?! We doubt it... It takes 3.5 hours",
    ),
    Record(
        "Yarrow: Names as They Are Spelt",
        "Yarrow links Jose\u0301 and José, ﬁsh and fish. It reads Ἀθῆναι, 東京 and القاهرة in one "
        "sentence. Soft\u00adhyphens and 🐟 stay.",
    ),
    Record(
        "Comfrey: Signs and Markup",
        "Comfrey finds x < 3 & y > 2 in <b>bold</b> &amp; plain text. Its *error* falls from 7.5% "
        "to $\\epsilon$ = 0.1. See http://comfrey.example/a_b[1].",
    ),
    Record(
        "Sedge: One Sentence without an End",
        f"Sedge {'lists reeds, rushes and ferns, ' * 12}and never stops",
    ),
]
TITLES = [r.title for r in (*RECORDS, *AWKWARD)]


@pytest.fixture(scope="module")
def searched(
    embedder: SentenceEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Searcher, list[Paper]]]:
    """Search in the written papers and the awkward ones, and these papers."""
    with Library.open(tmp_path_factory.mktemp("grounding")) as library:
        ingest = make_ingest(library, embedder)
        assert ingest.add_records([*RECORDS, *AWKWARD], "written") == len(TITLES)
        config = load_config().search
        searcher = Searcher(library, ingest.index, embedder, WordMatcher(embedder), config)
        yield searcher, library.papers(limit=-1)
        ingest.index.close()


def sentences_of(abstract: str) -> list[str]:
    return [abstract[span.start : span.end] for span in split_sentences(abstract)]


def begin(assistant: Assistant, kind: str, title: str, other: str) -> Reply:
    """A question of this kind about one paper, or two."""
    name, rest = title.partition(": ")[0], title.partition(": ")[2]
    if kind == "summary":
        return assistant.summarize(rest or name, 4)
    questions = {
        "question": f"What is known about {rest or name}?",
        "comparison": f"Compare {name} and {other.partition(': ')[0]}.",
        "far": "Who won the football cup in 1974?",
        "not given": f"What does {name} cost in euros?",
    }
    return assistant.ask(questions[kind])


def rewritten(text: str, how: str, number: int) -> str:
    """A source sentence as a model may give it back."""
    return {
        "whole": f"{text} [{number}] ",
        "half": f"{text.partition(',')[0]} [{number}]. ",
        "less": f"{' '.join(text.split()[:6])} [{number}]. ",
        "more": f"{text.rstrip('.')} and much more [{number}]. ",
        "spaced": f"{' '.join(text.split())} ",
    }[how]


@pytest.mark.parametrize("examples", [100, pytest.param(10_000, marks=LONG)])
def test_every_quotation_stands_in_its_source(
    examples: int, searched: tuple[Searcher, list[Paper]]
) -> None:
    """Word for word, in answers, comparisons, summaries and refusals, at once and in the end."""
    searcher, papers = searched
    abstracts = {p.id: p.abstract for p in papers}
    settings = load_config()
    seen = Counter[str]()

    def check(
        kind: str, title: str, other: str, edits: list[tuple[str, str, int]], parts: Parts
    ) -> None:
        texts = [s for p in papers if p.title in (title, other) for s in sentences_of(p.abstract)]
        said = [rewritten(texts[n % len(texts)], how, int(at)) for at, how, n in edits]
        llm = ScriptedLlm(["".join(said)] * 9, tokens_per_second=None)
        assistant = Assistant(searcher, llm, settings, parts=parts)
        shown: tuple[AnswerSentence, ...] = ()
        evidence = Evidence((), ())
        for event in begin(assistant, kind, title, other):
            match event:
                case EvidenceFound(evidence):
                    pass
                case DraftReady(shown):
                    pass
                case SentenceReady(replaces=replaces):
                    shown = with_sentence(shown, event)
                    seen["replaced"] += replaces
                case Finished(answer):
                    seen["refused" if answer.abstained else kind] += 1
                    assert not (answer.abstained and answer.sentences)
                    assert answer.sentences == shown
            assert list(altered_quotations(evidence, shown, abstracts)) == []

    try_on(
        examples,
        check,
        kind=st.sampled_from(["question", "question", "comparison", "summary", "far", "not given"]),
        title=st.sampled_from(TITLES),
        other=st.sampled_from(TITLES),
        edits=st.lists(
            st.tuples(
                st.sampled_from("1239"),
                st.sampled_from(["whole", "half", "less", "more", "spaced"]),
                st.integers(0, 20),
            ),
            max_size=6,
        ),
        parts=st.builds(
            Parts, check=st.booleans(), quotations=st.sampled_from([True, True, False])
        ),
    )
    print(dict(seen))
    assert min(seen[k] for k in ("question", "comparison", "summary", "refused", "replaced"))


TEXT = "Teasel reads  two “odd” spaces, e.g. x < 3. It stops."
SPOKEN = AnswerSentence(TEXT[:-10], (1,), Verdict.SUPPORTED, Origin.QUOTATION, TEXT[:-10])


@pytest.mark.parametrize(
    "altered",
    [
        TEXT[:-10].replace("  ", " "),
        TEXT[:-10].replace("“odd”", '"odd"'),
        TEXT[:-10].replace("<", "&lt;"),
        TEXT[:-11] + "…",
        TEXT[:-10].lower(),
        "",
    ],
)
def test_an_altered_quotation_is_noticed(altered: str) -> None:
    """A space, a mark or a letter that differs from the abstract is one too many."""
    found = evidence(source(1, TEXT[:-10], "It stops."), source(2, "Another says more."))
    abstracts = {s.paper.id: s.paper.abstract for s in found.sources}
    assert list(altered_quotations(found, [SPOKEN], abstracts)) == []
    for fault in (
        replace(SPOKEN, text=altered),
        replace(SPOKEN, quote=altered),
        replace(SPOKEN, citations=(2,)),
    ):
        assert list(altered_quotations(found, [fault], abstracts))
    moved = evidence(source(1, altered, "It stops."), source(2, "Another says more."))
    assert list(altered_quotations(moved, [], abstracts))
