"""The Gradio page, a tab a module; the only package that imports gradio."""

from __future__ import annotations

from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.wiring import Desk
from ui.adding import Adding
from ui.chosen import Chosen
from ui.jobs import ModelJobs
from ui.page.ask import AskTab
from ui.page.library import LibraryTab
from ui.page.models import ModelsTab
from ui.page.parts import QUIET, html, look, script, tab_of
from ui.talk import Talks

__all__ = ["Page", "look", "script"]

_CACHE_SECONDS = 3600
_HEAD = '<h1 class="brand">Footnote</h1>'
_THEME = '<button type="button" class="theme" aria-label="Light or dark">Light / dark</button>'
_LAST_CONVERSATION = "() => [sessionStorage.getItem('footnote.conversation') || '']"


class Page:
    """The head, the tabs, and what one tab changes on another."""

    def __init__(
        self, desk: Desk, talks: Talks, adding: Adding, chosen: Chosen, jobs: ModelJobs
    ) -> None:
        self._talks = talks
        self._ask = AskTab(desk, talks)
        self._library = LibraryTab(desk, adding, chosen)
        self._models = ModelsTab(desk, jobs)
        with gr.Blocks(
            title="Footnote",
            analytics_enabled=False,
            fill_width=True,
            delete_cache=(_CACHE_SECONDS, _CACHE_SECONDS),
        ) as self.blocks:
            self._lay_out()
            self._connect()
        self.blocks.queue(api_open=False, default_concurrency_limit=None)

    def _lay_out(self) -> None:
        self._last = gr.Textbox(visible=False)
        with gr.Row(elem_id="head"):
            html("brand", _HEAD)
            self._library.lay_out_counts()
            html("theme", _THEME)
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Ask", id="ask") as self._ask_tab:
                self._ask.lay_out()
            with gr.Tab("Library", id="library", elem_id="library-tab"):
                self._library.lay_out()
            with gr.Tab("Models", id="models", elem_id="models-tab"):
                self._models.lay_out()

    def _connect(self) -> None:
        self.blocks.load(
            self._on_load,
            [self._last],
            [*self._library.shown, *self._ask.shown],
            js=_LAST_CONVERSATION,
            **QUIET,
        )
        self.blocks.unload(self._on_unload)
        self._ask.connect(self._ask_tab)
        self._library.connect(self.blocks, self._ask)
        self._models.connect(self.blocks)

    def _on_load(self, last: str) -> dict[Any, Any]:
        try:
            return {**self._library.fresh(), **self._ask.opened(last)}
        except RagError as error:
            return self._ask.failed(error)

    def _on_unload(self, request: gr.Request) -> None:
        self._talks.leave(tab_of(request))
