"""The Models tab: what each model costs and what choosing it means; pulled, measured, chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from models.catalog import Catalog
from models.errors import ModelError
from rag.errors import RagError
from rag.no_model import NO_MODEL
from rag.wiring import Desk, model_choices
from ui.jobs import Job, ModelJobs, Told
from ui.page.parts import NONE_LOST, QUIET, done, html
from ui.render import models

_INTRO = (
    '<p class="quiet">The quotations of an answer stand at once. A model then puts them into fewer '
    "words; the times below are what that takes on this machine, for a usual question.</p>"
)
_BY_PATH = (
    '<form data-do="use-file"><label for="model-path">Or use any .gguf file on this machine</label>'
    '<div><input id="model-path" name="file" placeholder="/path/to/model.gguf" autocomplete="off" '
    'spellcheck="false" required><button type="submit" class="button">Use</button></div></form>'
)
_BY_PATH_ID = "a file"
_BUILDING = "Building it first, once, which takes some seconds; then loading it…"
_BUSY = "Another model is being pulled or measured. Stop that, or wait for it."
Updates = dict[Any, Any]


class ModelsTab:
    """The models, one a row, with what can be done with each."""

    def __init__(self, desk: Desk, jobs: ModelJobs) -> None:
        self._desk = desk
        self._jobs = jobs

    def lay_out(self) -> None:
        with gr.Column(elem_id="models"):
            html("models-intro", _INTRO)
            self._list = html("models-list")
            self._path = html("models-path", _BY_PATH)
            self._path_told = html("models-path-told")
            self._progress = html("models-progress")
        self.shown = [self._list, self._path_told, self._progress]

    def connect(self, blocks: gr.Blocks) -> None:
        blocks.load(self._on_load, None, self.shown, **QUIET)
        self._list.select(self._on_act, None, self.shown, **NONE_LOST)
        self._path.select(self._on_act, None, self.shown, **NONE_LOST)

    def _on_load(self) -> Iterator[Updates]:
        yield from self._follow()
        yield self._nothing()

    def _on_act(self, event: gr.EventData) -> Iterator[Updates]:
        yield from self._act(done(event))
        yield self._nothing()

    def _nothing(self) -> Updates:
        """Gradio shows the last values once more at the end; by then the tab may show others."""
        return {self._progress: gr.skip()}

    def _act(self, act: dict[str, Any]) -> Iterator[Updates]:
        match act["do"]:
            case "use":
                yield from self._use(act["id"], act["id"])
            case "use-file":
                yield from self._use(act["file"], _BY_PATH_ID)
            case "remove":
                yield self._now(self._remove(act["id"]))
            case "stop":
                self._jobs.stop(act["id"])
            case "pull" | "measure" as kind:
                begun = self._jobs.begin(kind, act["id"])
                busy = None if begun else Told(act["id"], _BUSY, is_problem=True)
                yield from self._follow(busy, begun)

    def _follow(self, told: Told | None = None, begun: bool = False) -> Iterator[Updates]:
        """The tab as it is, how far a job has come until it ends, and what came of it.

        One that was `begun` here may be over before the first look.
        """
        yield self._now(told)
        for job in self._jobs.follow():
            begun = True
            yield {self._progress: models.progress(job)}
        if begun:
            yield self._now(self._jobs.told)

    def _use(self, name: str, said_at: str) -> Iterator[Updates]:
        builds = Catalog.open().is_to_build(name)
        yield self._now(Told(said_at, _BUILDING if builds else "Loading it…"))
        try:
            chosen = self._desk.use_model(name)
        except (ModelError, RagError) as error:
            yield self._now(Told(said_at, str(error), is_problem=True))
            return
        told = "From the next question on, answers are quotations alone."
        if chosen != NO_MODEL:
            told = f"From the next question on, {chosen} writes the answers."
        yield self._now(Told(said_at, told))

    def _remove(self, setting: str) -> Told:
        try:
            self._desk.remove_model(setting)
        except (ModelError, RagError) as error:
            return Told(setting, str(error), is_problem=True)
        return Told(setting, "Removed from this machine.")

    def _now(self, told: Told | None = None) -> Updates:
        config = self._desk.config
        job: Job | None = self._jobs.job
        at_path = told is not None and told.setting == _BY_PATH_ID
        in_list = [told] if told and not at_path else []
        return {
            self._list: models.listed(model_choices(config), config.models.llm, job, in_list),
            self._path_told: models.said(told) if told and at_path else "",
            self._progress: models.progress(job),
        }
