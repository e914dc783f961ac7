"""The imitated public sets, and a maker of examples on each side of the split."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from models.checker.data import folded
from models.citer.data import Maker
from tests.models.public_sets import LEFT_OUT, filled_sets


@pytest.fixture(scope="session")
def public_sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled_sets(tmp_path_factory.mktemp("sets"))


@pytest.fixture(scope="session")
def makers(public_sets: Path) -> dict[bool, Maker]:
    """By whether their documents are kept apart."""
    return {
        held_out: Maker(public_sets, frozenset({folded(LEFT_OUT)}), Random(3), held_out=held_out)
        for held_out in (False, True)
    }
