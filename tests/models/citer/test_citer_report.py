"""The figures of the report are those that one counts by hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from models.citer import report as module
from models.citer.data import REFUSAL, STEPS, Example
from models.citer.report import Said, Written, figures, refusal_f1, report, sentences, write
from rag.types import Paper, Source, SourceSentence, Span

LAMPS = "We light 12 lamps on the quay, which helps small boats."  # 11 words
NETS = "Nets reduce the noise of gulls by half a tone."  # 10 words
WAX = "Wax is burned in May."  # 5 words, beside what was asked


def source(number: int, *texts: str) -> Source:
    said = tuple(SourceSentence(t, n, Span(0, 0)) for n, t in enumerate(texts))
    return Source(number, Paper("", "", " ".join(texts)), said, 0.0)


SOURCES = (source(1, LAMPS), source(2, NETS), source(4, WAX))
RIGHT = "The authors light 12 lamps on the quay. [1] Nets reduce the noise of gulls. [2]"  # 8 + 6
ASKED = Example("What of lamps?", SOURCES, RIGHT, "choose", "k", "d", ("12 lamps", "Half"), (1, 2))
IMPOSSIBLE = Example("What of whales?", SOURCES[2:], REFUSAL, "refuse", "k", "d")


def answer(text: str, example: Example = ASKED) -> Written:
    return Written(example, text, 100, 20, 0.5, 0.25)


def figure(name: str, *texts: str) -> Any:
    return figures([answer(text) for text in texts])[name]


def test_the_sentences_of_an_answer() -> None:
    """Each by itself, against what it cites; the refusal and what is unfinished is none of them."""
    text = f"{LAMPS} [1] Nets double the noise of gulls. [2] {NETS} [1] {WAX} [9] {REFUSAL} Oil is"
    assert sentences(answer(text)) == [
        Said(LAMPS, (1,), True, True),
        Said("Nets double the noise of gulls.", (2,), False, False),
        Said(NETS, (1,), False, True),  # the wrong source
        Said(WAX, (), False, True),  # no source has this number
    ]


def test_figures_of_a_right_answer() -> None:
    """All is as it should be, and nothing is verbatim."""
    assert figures([answer(RIGHT)]) == {
        "answers": 1,
        "refused": 0.0,
        "sentences_supported": 1.0,
        "sentences_cited": 1.0,
        "sentences_verbatim": 0.0,
        "sentences_a_source_sentence": 1.0,
        "length": 0.667,  # 14 of 21 words
        "length_of_right_answers": 0.667,
        "points_kept": 0.5,  # "half" is gone
        "cites_right_sources_only": 1.0,
        "prompt_tokens_per_second": 200.0,
        "tokens_per_second": 80.0,
    }


@pytest.mark.parametrize(("name", "text", "value"), [
    ("sentences_supported", f"{NETS} [2] Nets double the noise of gulls. [2]", 0.5),
    ("sentences_supported", f"{NETS} [1]", 0.0),
    ("sentences_cited", f"{NETS} {NETS} [2] {LAMPS} {LAMPS}", 0.25),
    ("sentences_verbatim", f"{NETS} [2] Nets reduce the noise. [2]", 0.5),
    ("sentences_a_source_sentence", f"{NETS} [2] {NETS} [2] {NETS} [2]", 1.5),
    ("length", f"{NETS} [2]", 0.476),  # 10 of 21 words
    ("points_kept", "The 12 lamps are half as old. [1]", 1.0),
    ("cites_right_sources_only", f"{NETS} [2] {WAX} [4]", 0.0),
    ("cites_right_sources_only", NETS, 0.0),
    ("refused", REFUSAL, 1.0),
    ("sentences_supported", REFUSAL, None),
    ("cites_right_sources_only", REFUSAL, 0.0),
])  # fmt: skip
def test_a_figure_sees_its_fault(name: str, text: str, value: float | None) -> None:
    """What is wrong moves the figure that is for it, beside right answers by its share."""
    assert figure(name, text) == value
    if value is not None and name.startswith(("cites", "refused")):
        mixed = figure(name, text, RIGHT, RIGHT, RIGHT)
        assert mixed == (0.25 if name == "refused" else 0.75)


def test_what_cannot_be_counted() -> None:
    """No evidence to be long or short against, no source to be cited, no time that went by."""
    found = figures([answer(REFUSAL, IMPOSSIBLE), answer(f"{WAX} [4]", IMPOSSIBLE)])
    assert (found["refused"], found["sentences_supported"]) == (0.5, 1.0)
    for name in ("length", "points_kept", "cites_right_sources_only"):
        assert found[name] is None
    assert figures([Written(ASKED, RIGHT, 0, 0, 0.0, 0.0)])["tokens_per_second"] is None
    assert figures([])["refused"] is None


@pytest.mark.parametrize(("refused", "f1"), [
    ({"phrase": 0.0, "refuse": 1.0}, 1.0),
    ({"phrase": 0.5, "refuse": 1.0}, 0.8),  # 10 rightly, 5 wrongly, none missed: 20 / 25
    ({"phrase": 0.0, "join": 0.2, "refuse": 0.6}, 0.667),  # 6, 2 and 4 missed: 12 / 18
    ({"phrase": 0.3, "refuse": 0.0}, 0.0),
    ({"phrase": 0.3}, None),
])  # fmt: skip
def test_f1_of_refusing(refused: dict[str, float], f1: float | None) -> None:
    """What is refused wrongly, and what is not refused though it should be, both cost."""
    assert refusal_f1({s: {"refused": r, "answers": 10} for s, r in refused.items()}) == f1


class Fake:
    """A model that answers as it is told; the clock stands still for it."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.pieces = pieces
        self.asked: list[Any] = []

    def prompt_tokens(self, messages: Any, max_tokens: int) -> list[int]:
        self.asked.append(messages[-1]["content"])
        return [1, 2, 3]

    def stream(
        self, tokens: Any, max_tokens: int, cancelled: Any, citable: Sequence[int]
    ) -> Iterator[tuple[str, int]]:
        self.citable = citable
        yield from ((piece, n) for n, piece in enumerate(self.pieces, start=1))


def test_a_model_writes() -> None:
    """It is asked with the prompt, may cite the sources, and is timed up to its first token."""
    model = Fake([" Nets", "", " sing."])
    found = write(model, ASKED)  # type: ignore[arg-type]
    assert (found.example, found.text, found.prompt_tokens, found.tokens) == (
        ASKED, " Nets sing.", 3, 3,
    )  # fmt: skip
    assert model.asked == [ASKED.messages[-1].content]
    assert model.citable == [1, 2, 4]
    assert found.reading_seconds >= 0
    assert found.writing_seconds >= 0
    silent = write(Fake([]), ASKED)  # type: ignore[arg-type]
    assert (silent.text, silent.tokens) == ("", 0)


def test_models_are_compared_on_the_same(
    public_sets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that refuses all and one that says nothing, for each step."""
    fakes = {"no": Fake([REFUSAL]), "mute": Fake([])}
    monkeypatch.setattr(module.LlamaModel, "load", lambda path, **settings: fakes[path.name])
    models = {name: Path(name) for name in fakes}
    found = report(models, public_sets, frozenset(), STEPS, 3)
    assert fakes["no"].asked == fakes["mute"].asked
    assert len(fakes["no"].asked) == 3 * len(STEPS)
    for step in STEPS:
        assert found["no"][step]["refused"] == 1.0
        assert found["mute"][step]["refused"] == 0.0
    assert (found["no"]["refusal_f1"], found["mute"]["refusal_f1"]) == (0.4, 0.0)


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every quantisation is merged and reported on, the packaged model where asked for."""
    merged: list[str] = []
    seen: list[Any] = []
    monkeypatch.setattr(module, "merge", lambda *p, quantisation, **n: merged.append(quantisation))
    monkeypatch.setattr(module, "report", lambda *given: seen.extend(given) or {"figures": 1})
    titles = tmp_path / "titles"
    titles.write_text("On Moss!\n", encoding="utf-8")
    arguments = ["report", "--data", "sets", "--base", "--quantisations", "Q8_0,F16"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--leave-out", str(titles), "--count", "7"])
    module.main()
    assert json.loads(capsys.readouterr().out) == {"figures": 1}
    assert list(seen[0]) == ["packaged", "Q8_0", "F16"]
    assert seen[1:] == [Path("sets"), frozenset({"onmoss"}), [*STEPS], 7]
    assert merged == ["Q8_0", "F16"]
    monkeypatch.setattr(sys, "argv", ["report", "--data", "sets", "--steps", "phrase,dance"])
    with pytest.raises(SystemExit):
        module.main()
    assert "no such steps: dance" in capsys.readouterr().err
