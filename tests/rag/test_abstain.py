"""What a question names or wants in figures is looked for in the abstracts, however it is said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.abstain import FIGURES, asked_figures, mentions, missing_figures, missing_names, names
from rag.types import Paper
from tests.rag.builders import paper


def near(*sentences: str, title: str = "On Walls") -> Paper:
    return paper(title, *sentences)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("What is MossNet?", ("MossNet",)),
        ("what does mossNet do", ("mossNet",)),
        ("Does MOSS keep stones damp?", ("MOSS",)),
        ("How good are RNNs at this?", ("RNNs",)),
        ("How does MOSS-Tiny compare with FernBERT?", ("MOSS-Tiny", "FernBERT")),
        ("Does it beat Moss 2 or GL-3?", ("Moss 2", "GL-3")),
        ("What came of it in March 2 years ago?", ()),
        ("What does FernBERT-large-v2 reach on StoneQA?", ("FernBERT", "StoneQA")),
        ("Is Fern2 better than Fern3?", ("Fern2", "Fern3")),
        ("Is 3DMoss real?", ("3DMoss",)),
        ("MossNet, and again MossNet?", ("MossNet",)),
        # kinds of thing, not things
        ("Which LLMs run on GPUs?", ()),
        ("What F1 does RAG reach for QA?", ()),
        # ordinary words, whatever their place
        ("Moss keeps stones damp?", ()),
        ("How does moss keep stones damp?", ()),
        ("I wonder: what is a wall?", ()),
        ("", ()),
    ],
)
def test_what_is_named(question: str, named: tuple[str, ...]) -> None:
    """A capital inside, capitals with a digit, or an acronym make a name."""
    assert names(question) == named


@pytest.mark.parametrize(
    ("name", "text", "held"),
    [
        ("MossNet", "We present MossNet.", True),
        ("MossNet", "We present MOSSNET.", True),
        ("MossNet", "We present Moss-Net.", False),  # where a name is cut is not guessed
        ("MossNet", "We present MossNets.", True),
        ("MossNet", "We present MossNetwork.", False),
        ("MossNet", "We present OldMossNet.", False),
        ("RNNs", "One RNN is enough.", True),
        ("Fern2", "We run Fern-2 here.", True),
        ("Fern2", "We run Fern 2 here.", True),
        ("Fern-2", "We run FERN2 here.", True),
        ("Fern2", "We run Fern 23 here.", False),
        ("Fern2", "We run Fern here.", False),
        ("GL-3.5", "We run GL3.5 here.", True),
        ("GL-3.5", "We run GL 3x5 here.", False),
        ("C++", "Programs in C++ here.", True),
    ],
)
def test_a_name_is_found_however_it_is_spelt(name: str, text: str, held: bool) -> None:
    """With or without hyphen, space and plural, but never as a part of another name."""
    assert mentions(text, name) is held


def test_a_title_may_hold_the_name() -> None:
    assert missing_names("What is MossNet?", [near("It is damp.", title="MossNet: Damp")]) == ()


class TestMissingNames:
    MOSS = near("MossNet keeps stones damp.", title="Moss")
    FERN = near("FernBERT grows in the shade.", title="Fern")
    BOTH = near("MossNet is damper than FernBERT.", title="Both")

    @pytest.mark.parametrize(
        ("question", "missing"),
        [
            ("What does MossNet do?", ()),
            ("What does GullNet do?", ("GullNet",)),
            ("What does MossNet do on FernBERT?", ("FernBERT",)),
            ("What does MossNet do with GullNet?", ("GullNet",)),
            # a comparison finds its names in several papers
            ("Compare MossNet with FernBERT.", ()),
            ("MossNet vs FernBERT", ()),
            ("How does MossNet differ from FernBERT?", ()),
            ("Is MossNet or FernBERT damper?", ()),
            ("Is MossNet damper than the shade of FernBERT?", ()),
            ("Compare MossNet with GullNet.", ("GullNet",)),
            # a word is a name by its capital only inside of a sentence
            ("Gulls sleep?", ()),
            ("What is the Gull of this?", ("Gull",)),
            ("Is this true of Stones?", ()),
            ("What is this? Gulls sleep.", ()),
            ("What did they find in “Peru”?", ("Peru",)),
        ],
    )
    def test_a_name_that_no_near_paper_holds(self, question: str, missing: tuple[str, ...]) -> None:
        """Of two names the paper must hold both; the one that lacks least is looked at."""
        assert missing_names(question, [self.MOSS, self.FERN]) == missing

    def test_one_paper_that_holds_all_is_enough(self) -> None:
        question = "What does MossNet do on FernBERT?"
        assert missing_names(question, [self.MOSS, self.FERN, self.BOTH]) == ()

    def test_without_papers_nothing_is_missing(self) -> None:
        """That there is no paper at all is another reason."""
        assert missing_names("What is MossNet?", []) == ()

    def test_a_name_is_missing_once(self) -> None:
        assert missing_names("Is GullNet like GullNet?", [self.MOSS]) == ("GullNet",)


@pytest.mark.parametrize(
    ("question", "figure"),
    [
        ("What percentage of walls is damp?", "a percentage"),
        ("Which share of stones has moss?", "a percentage"),
        ("How large a fraction is damp?", "a percentage"),
        ("What proportion of the walls was damp?", "a percentage"),
        ("What is the error rate of MossNet?", "a percentage"),
        ("What accuracy does it reach?", "a score"),
        ("Which system gets the highest F1?", "a score"),
        ("What is the best BLEU on this set?", "a score"),
        ("How much does labelling a wall cost in euros?", "a price"),
        ("What does one run cost?", "a price"),
        ("What would such a wall cost?", "a price"),
        ("How expensive is the method?", "a price"),
        ("How long does training take?", "a time"),
        ("How many hours does it run?", "a time"),
        ("How many GPU hours were spent?", "a time"),
        ("What is the latency of a query?", "a time"),
        ("How much faster is MossNet?", "a speedup"),
        ("What speedup does caching give?", "a speedup"),
        ("How many times faster is it?", "a speedup"),
        ("How many parameters does MossNet have?", "a number of parameters"),
        ("How large is the model?", "a number of parameters"),
        ("How many walls were seen?", "a number"),
        ("What is the exact number of stones?", "a number"),
        ("What is the size of the corpus?", "a number"),
        # no figure is asked for
        ("How does moss keep stones damp?", None),
        ("Why does accuracy fall?", None),
        ("Does it cost more than a wall?", None),
        ("What makes it faster?", None),
        ("Which walls are damp?", None),
        ("Is the error larger in winter?", None),
        ("How is the share of memory decided?", None),
    ],
)
def test_the_kind_of_figure_that_is_asked_for(question: str, figure: str | None) -> None:
    """At most one kind: of two that fit, the more telling."""
    assert [f.name for f in asked_figures(question)] == ([figure] if figure else [])


PERCENT = "What percentage of walls is damp?"
SCORE = "What accuracy does it reach?"
PRICE = "How expensive is the method?"
TIME = "How long does training take?"
SPEEDUP = "How much faster is it?"
PARAMETERS = "How many parameters does it have?"
NUMBER = "How many walls were seen?"


@pytest.mark.parametrize(
    ("question", "text", "given"),
    [
        (PERCENT, "Of the walls 40% are damp.", True),
        (PERCENT, "Of the walls 40 percent are damp.", True),
        (PERCENT, r"Of the walls 40\% are damp.", True),
        (PERCENT, "Half of the walls are damp.", True),
        (PERCENT, "Damp are 4 of 10 walls.", True),
        (PERCENT, "We saw 40 walls.", False),
        (PERCENT, "Most walls are damp.", False),
        (SCORE, "It is right in 91.5% of cases.", True),
        (SCORE, "It gains 6 points.", True),
        (SCORE, "It reaches 0.87 on walls.", True),
        (SCORE, "It is right more often.", False),
        (SCORE, "It is tried on 30 languages.", False),
        (PRICE, "A label costs $3.", True),
        (PRICE, "A label costs 3 euros.", True),
        (PRICE, "It costs 40% less.", True),
        (PRICE, "It is cheap.", False),
        (TIME, "Training takes 12 hours.", True),
        (TIME, "It needs 30ms a wall.", True),
        (TIME, "Training is 3x shorter.", True),
        (TIME, "Training is short.", False),
        (SPEEDUP, "It is 3.4 times faster.", True),
        (SPEEDUP, "It is 3× faster.", True),
        (SPEEDUP, "It is twice as fast.", True),
        (SPEEDUP, "It halves the time.", True),
        (SPEEDUP, "It is much faster.", False),
        (SPEEDUP, "It reads 30 walls.", False),
        (PARAMETERS, "MossNet is a 7B model.", True),
        (PARAMETERS, "MossNet has 1.3 billion weights.", True),
        (PARAMETERS, "MossNet has 40 layers.", False),
        (NUMBER, "We saw 1,950 walls.", True),
        (NUMBER, "We saw seven walls.", True),
        (NUMBER, "Of all walls, 40% were seen.", False),
        (NUMBER, "MossNet2 sees walls.", False),
        (NUMBER, "Many walls were seen.", False),
    ],
)
def test_a_figure_is_given_or_not(question: str, text: str, given: bool) -> None:
    """A figure of another kind does not answer."""
    missing = missing_figures(question, [near(text)])
    assert bool(missing) is not given
    assert set(missing) <= {f.name for f in FIGURES}


def test_a_figure_in_the_title_is_not_given_by_the_abstract() -> None:
    assert missing_figures(PERCENT, [near("Walls are damp.", title="40% of Walls Are Damp")])


def test_one_abstract_that_gives_it_is_enough() -> None:
    walls = [near("Walls are damp."), near("40% are damp.")]
    assert missing_figures(PERCENT, walls) == ()
    assert missing_figures(PERCENT, walls[:1]) == ("a percentage",)


def test_who_asks_for_no_figure_misses_none() -> None:
    """What the tests above would catch: a gate that is always shut."""
    assert missing_figures("Why are walls damp?", [near("Nobody knows.")]) == ()
    assert missing_names("Why are walls damp?", [near("Nobody knows.")]) == ()


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_is_looked_for(question: str, abstract: str) -> None:
    """Neither marks nor odd letters of a name are read as a pattern; a name holds itself."""
    found = near(abstract)
    missing_names(question, [found])
    missing_figures(question, [found])
    for name in names(question):
        if name.isascii():
            assert mentions(f"Here is {name} again.", name)


class TestCapitals:
    HELD = near("It compresses the cache of keys and values by 40%.", title="On the KV Cache")

    @pytest.mark.parametrize(
        "question",
        [
            "WHAT METHODS COMPRESS THE KV CACHE?",
            "What Methods Compress The Cache Of Keys?",
            "Which papers of Monday or March say Which method compresses it?",
        ],
    )
    def test_capitals_that_name_nothing(self, question: str) -> None:
        """Shouted and titled questions, weekdays and function words ask for no name."""
        assert missing_names(question, [self.HELD]) == ()

    def test_a_capital_that_names_something(self) -> None:
        """What the tests above would catch if nothing were ever missing."""
        assert missing_names("Which methods compress Kazakh caches?", [self.HELD]) == ("Kazakh",)


def test_pasted_texts_cost_no_time() -> None:
    """Long words, many names and long runs of figures end; the slow patterns took ten seconds."""
    many = " ".join(f"Net{n}X" for n in range(1600))
    assert len(names(many)) == 32
    assert names("aA" * 5000) == ()
    long = near("cost " + "1 " * 10_000)
    missing_figures("What does it cost in dollars, and which accuracy does it get?", [long])


@pytest.mark.parametrize(
    ("question", "text", "missing"),
    [
        ("On how many tokens was MossNet trained?", "MossNet has 3 billion parameters.", True),
        ("On how many tokens was MossNet trained?", "It has read 40B damp tokens.", False),
        ("How many gigabytes does MossNet need?", "MossNet reads 3,000 walls.", True),
        ("How much memory does MossNet need?", "MossNet fits into 8 GB.", False),
        ("How much GPU memory does it save?", "It needs 3x less memory.", False),
    ],
)
def test_a_count_of_tokens_and_a_size_of_memory(question: str, text: str, missing: bool) -> None:
    """A number of something else does not give them."""
    assert bool(missing_figures(question, [near(text)])) is missing


def test_a_language_is_looked_for_in_what_is_said_of_the_named_system() -> None:
    """That another near paper is on it does not make this one speak it."""
    net = near("MossNet reads Finnish walls.", title="MossNet")
    other = near("Walls in Arabic are read by people.")
    assert missing_names("How well does MossNet read Arabic walls?", [net, other]) == ("Arabic",)
    assert missing_names("How well are the Arabic walls read?", [net, other]) == ()


def test_a_learning_rate_is_no_percentage_and_papers_are_no_figure() -> None:
    """How many papers a library holds on something is not for an abstract to say."""
    assert [f.name for f in asked_figures("What learning rate was used?")] == []
    assert asked_figures("How many papers are about moss?") == ()
    assert [f.name for f in asked_figures("How many walls are damp?")] == ["a number"]


def test_verbatim_may_be_what_a_paper_is_about() -> None:
    """Then the question wants no exact wording of it."""
    question = "By how much did moss reduce verbatim extraction?"
    about = near("Moss reduced verbatim extraction of walls by 41%.")
    assert "an exact wording" not in missing_figures(question, [about])
    assert "an exact wording" in missing_figures(question, [near("Moss reduced walls by 41%.")])
