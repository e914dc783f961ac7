"""The packaged checker as an answer uses it: loaded late, asked once, and never in the way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.compose import Composer
from rag.config import load_config
from rag.support import check_support
from rag.types import Parts, Section, Verdict
from rag.wiring import open_checker
from tests.rag.builders import source

SOURCE = source(1, "Lantern outperforms Beacon by 4.2 points on HarborQA.", title="Lantern")
RETOLD = "Beacon loses against Lantern on HarborQA."


def test_a_checker_that_cannot_be_loaded_leaves_the_rules(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Light edits pass as before, paraphrase does not, and the answer says why."""
    monkeypatch.setattr("models.crossencoder.ADAPTER", tmp_path / "nothing.safetensors")
    checker = open_checker(load_config())
    assert checker is not None
    composer = Composer([Section("", (SOURCE,))], 100, Parts(), checker)
    composer.begin(Section("", (SOURCE,)))
    assert composer.error is None
    composer.consider(f"{RETOLD} [1]")
    assert composer.dropped.unsupported_sentences == 1
    assert composer.error is not None
    assert "nothing.safetensors" in composer.error
    edited = check_support("Lantern outperforms Beacon by 4.2 points.", [SOURCE], checker)
    assert edited is not None
    assert edited.verdict is Verdict.SUPPORTED


def test_a_pair_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence that cites three papers is checked against all and against each."""
    seen: list[tuple[str, str]] = []

    class Counting:
        error = None

        def judge(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
            seen.extend(pairs)
            return np.tile(np.float32([0.2, 0.6, 0.2]), (len(pairs), 1))

    monkeypatch.setattr("rag.wiring.parts._load_checker", Counting)
    checker = open_checker(load_config())
    for _ in range(3):
        check_support(RETOLD, [SOURCE], checker)
    assert len(seen) == 1


def test_the_settings_switch_it_off(tmp_path: Path) -> None:
    """Then the rules decide alone."""
    settings = tmp_path / "config.yaml"
    settings.write_text("models:\n  checker: none\n", encoding="utf-8")
    assert open_checker(load_config(settings)) is None
