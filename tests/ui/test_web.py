"""The page as it is started: the sample library, the real models, a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scripted import (
    Visit,
)

from rag.wiring import open_desk
from ui.web import open_page

Visiting = Callable[..., Visit]

IN_VIEW = """element => {
  const box = element.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= window.innerHeight && box.height > 0;
}"""


class TestEndToEnd:
    @pytest.fixture
    def real(self, tmp_path: Path, browser: object) -> Iterator[Visit]:
        """The sample library, searched and answered with the packaged models."""
        with open_desk(tmp_path / "library") as desk:
            desk.bring_sample()
            with open_page(desk, port=0) as address:
                visit = Visit(browser, address)
                yield visit
                visit.context.close()

    def test_the_sample_library_answers_with_citations(self, real: Visit) -> None:
        example = real.page.inner_text("#live .example >> nth=0")
        real.page.click("#live .example >> nth=0")
        real.page.wait_for_selector("#evidence .card", timeout=120_000)
        real.wait_for_answer()
        assert real.page.inner_text("#live .asked") == example
        sentences = real.page.locator("#live .sentence")
        assert sentences.count() >= 1
        for sentence in sentences.all():
            assert sentence.locator(".cite").count() >= 1
        real.page.click("#live .cite >> nth=0")
        mark = real.page.locator("#evidence mark.target")
        mark.wait_for(state="visible")
        real.page.wait_for_function(IN_VIEW, arg=mark.element_handle())
        assert real.foreign == []
        assert real.errors == []
