"""What a rule has found; a value."""

from __future__ import annotations

from dataclasses import dataclass

from rag.types import Verdict


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that the source does not bear out, and how bad it is."""

    kind: str
    reason: str  # for a person
    verdict: Verdict
