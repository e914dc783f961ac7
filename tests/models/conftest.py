"""One loaded model for all tests that do not harm it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models.process import LlmProcess
from tests.models.gguf_files import PACKAGED


@pytest.fixture(scope="session")
def packaged_llm() -> Iterator[LlmProcess]:
    process = LlmProcess(PACKAGED, name="SmolLM2-135M-Instruct", context_tokens=2048)
    yield process
    process.close()


@pytest.fixture
def own_llm() -> Iterator[LlmProcess]:
    """A model of the test's own, to be killed."""
    process = LlmProcess(PACKAGED, name="SmolLM2-135M-Instruct", context_tokens=2048)
    yield process
    process.close()
