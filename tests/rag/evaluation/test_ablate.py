"""Each part is switched off by itself, and everything else stays as the settings say."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path

from rag.config import SearchConfig, load_config
from rag.evaluation.ablate import ablations
from rag.types import Parts
from rag.wiring import open_desk


def test_the_first_run_has_everything() -> None:
    """The others are compared with it."""
    config = load_config()
    first, *_ = ablations(config, search_only=False)
    assert (first.off, first.config, first.parts) == ("", config, Parts())


def test_every_weight_and_every_part_is_switched_off_once() -> None:
    """One at a time; a word's weight in the title is no part."""
    config = load_config()
    _, *rest = ablations(config, search_only=False)
    weights = [
        f.name
        for f in fields(SearchConfig)
        if f.name.endswith("_weight") and f.name != "title_weight"
    ]
    off = [
        [w for w in weights if getattr(a.config.search, w) == 0]
        + [p.name for p in fields(Parts) if not getattr(a.parts, p.name)]
        for a in rest
    ]
    assert off == [[w] for w in weights] + [[p.name] for p in fields(Parts)]
    assert all(a.config.search.title_weight == config.search.title_weight for a in rest)
    assert len({a.off for a in rest}) == len(rest)


def test_parts_have_names_for_a_person() -> None:
    """Those of the check say that they are of the check."""
    off = [a.off for a in ablations(load_config(), search_only=False)]
    assert off[-3:] == ["check of sentences", "check: trained checker", "quotations"]
    assert not [name for name in off if "_" in name]


def test_search_alone_has_parts_of_search_alone() -> None:
    """Gates, check and quotations do not touch a ranking."""
    assert all(a.parts == Parts() for a in ablations(load_config(), search_only=True))


def test_a_part_that_is_off_already_is_left_out() -> None:
    """Its row would repeat the first one."""
    config = load_config()
    without = replace(config, search=replace(config.search, text_weight=0.0))
    assert "full text" not in {a.off for a in ablations(without, search_only=True)}


def test_a_desk_is_ablated_for_a_while(tmp_path: Path) -> None:
    """Settings and parts come back at the end, also after a failure."""
    config = load_config()
    other = replace(config, search=replace(config.search, text_weight=0.0))
    with open_desk(tmp_path / "library", config) as desk:
        with suppress(KeyboardInterrupt), desk.ablated(other, Parts(check=False)):
            assert desk.config.search.text_weight == 0.0
            assert not desk.parts.check
            raise KeyboardInterrupt
        assert (desk.config, desk.parts) == (config, Parts())
