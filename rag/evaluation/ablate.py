"""Settings -> the same settings less one part each, to see what every part is good for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from rag.config import Config, SearchConfig
from rag.types import Parts

_NAMES = {
    "text_weight": "full text",
    "vector_weight": "chunk vectors",
    "sentence_weight": "sentence vectors",
    "word_weight": "words near in meaning",
    "nothing_near_gate": "gate: nothing near",
    "not_in_abstract_gate": "gate: not in abstract",
    "check": "check of sentences",
    "trained_checker": "check: trained checker",
    "quotations": "quotations",
}
# It does not weigh one score against the others, but words of the title within one.
_NO_PART = {"title_weight"}


@dataclass(frozen=True, slots=True)
class Ablation:
    """One way to run with something switched off."""

    off: str  # the part, for a person; empty where all are on
    config: Config
    parts: Parts


def ablations(config: Config, *, search_only: bool) -> list[Ablation]:
    """Everything on, then each part in use switched off by itself; search alone if so wished."""
    found = [Ablation("", config, Parts()), *_of_search(config)]
    if not search_only:
        found += [
            Ablation(_name(part.name), config, replace(Parts(), **{part.name: False}))
            for part in fields(Parts)
        ]
    return found


def _of_search(config: Config) -> Iterator[Ablation]:
    for key in fields(SearchConfig):
        is_weight = key.name.endswith("_weight") and key.name not in _NO_PART
        if is_weight and getattr(config.search, key.name):
            off: dict[str, Any] = {key.name: 0.0}
            search = replace(config.search, **off)
            yield Ablation(_name(key.name), replace(config, search=search), Parts())


def _name(part: str) -> str:
    return _NAMES.get(part, part.removesuffix("_weight").replace("_", " "))
