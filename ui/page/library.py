"""The Library tab: adding files, and the papers that are there."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import gradio as gr

from rag.browse import Order
from rag.draft import Draft, read_tags
from rag.errors import DraftError, RagError
from rag.sample import SAMPLE_TAG
from rag.types import Scope
from rag.wiring import Desk
from ui.adding import Adding
from ui.chosen import Chosen
from ui.page.ask import AskTab
from ui.page.parts import NONE_LOST, QUIET, done, html
from ui.page.scope import changed
from ui.render import adding, papers
from ui.render.papers import MOST_NAMED, PAGE, Looking
from ui.render.pieces import FORMATS, counted, notice
from ui.render.scope import scope_bar
from ui.talk import Chat

_ONCE = "A paper that is already here is not added twice, but gains what is new."
_BUSY = "Other files were being added, so yours were not taken. Drop them again after that."
Updates = dict[Any, Any]


class LibraryTab:
    """Files are added here, and papers found, read, edited, tagged, exported and deleted."""

    def __init__(self, desk: Desk, job: Adding, chosen: Chosen) -> None:
        self._desk = desk
        self._shelf = desk.library.shelf
        self._job = job
        self._chosen = chosen

    def lay_out_counts(self) -> None:
        """How much there is, for the head of the page."""
        self._counts = html("counts")

    def lay_out(self) -> None:
        self._looking = gr.State(Looking())
        self._changed = gr.State(0)  # another number each time that papers came or went
        with gr.Column(elem_id="library"):
            self._files = gr.File(
                label="Add papers", file_count="multiple", elem_id="files", height=140
            )
            html("formats", f'<p class="quiet">{FORMATS} {_ONCE}</p>')
            self._adding = html("adding")
            self._hint = html("sample-hint")
            with gr.Row(elem_id="finding"):
                self._finder = html("match")
                self._scope = html("library-scope")
            self._bar = html("library-bar")
            self._papers = html("papers")
        self.shown = [
            self._counts,
            self._files,
            self._adding,
            self._changed,
            self._hint,
            self._finder,
            self._looking,
            self._scope,
            self._bar,
            self._papers,
        ]
        self._adding_shown = [self._files, self._adding, self._changed]

    def connect(self, blocks: gr.Blocks, ask: AskTab) -> None:
        """`ask` is told when an empty library gets papers, and which papers are to be asked."""
        self._ask = ask
        changes = [*self.shown, *ask.shown]
        # One at a time, so that each begins with what the one before it left.
        one_by_one: dict[str, Any] = {
            **NONE_LOST,
            "concurrency_id": "library",
            "concurrency_limit": 1,
        }
        # What takes long knows nothing of the tab: by its end the tab shows something else.
        for added in (
            blocks.load(self._on_load, None, self._adding_shown, **QUIET),
            self._files.upload(self._on_add, [self._files], self._adding_shown, **NONE_LOST),
            # Outside the queue: a Stop must never wait for what it is to stop.
            self._adding.select(self._on_adding, None, self._adding_shown, queue=False, **QUIET),
        ):
            added.then(self._on_added, [self._looking], self.shown, **one_by_one)
        self._changed.change(self._on_changed, [ask.chat], ask.shown, **one_by_one)
        for part in (self._hint, self._finder, self._scope, self._bar, self._papers):
            part.select(self._on_act, [self._looking], changes, **one_by_one)

    def fresh(self) -> Updates:
        """The library as it is now, or why it cannot be read."""
        looking = Looking()
        try:
            return {
                self._finder: papers.finder(looking),
                **self._held(),
                **self._listed(looking),
            }
        except RagError as error:
            return {self._bar: notice(str(error), is_problem=True)}

    def _held(self) -> Updates:
        held = self._desk.library.counts()
        samples = self._desk.library.count(tag=SAMPLE_TAG)
        return {
            self._counts: papers.counts(held.papers, held.sentences, samples),
            self._hint: papers.sample_hint(held.papers, samples),
        }

    def _held_by_now(self) -> Updates:
        """The same after papers came or went, which the welcome follows."""
        return {**self._held(), self._changed: time.monotonic_ns()}

    def _listed(self, looking: Looking, said: str = "") -> Updates:
        """The list, and all that goes with it."""
        page = self._shelf.browse(looking.match, looking.scope, looking.order, looking.offset, PAGE)
        name, drawn = looking.name or secrets.token_hex(8), looking.drawn + 1
        looking = replace(looking, offset=page.offset, name=name, drawn=drawn)
        self._chosen.keep(looking.name, looking.chosen)
        return {
            self._looking: looking,
            self._scope: scope_bar(looking.scope, self._shelf.facets()),
            self._bar: papers.bar(looking, page.total, self._shelf.browse(limit=1).total, said),
            self._papers: papers.listing(page, looking),
        }

    # -- files

    def _on_load(self) -> Iterator[Updates]:
        yield from self._follow()

    def _on_add(self, files: list[str]) -> Iterator[Updates]:
        is_begun = self._job.begin([Path(file) for file in files or ()])
        yield from self._follow("" if is_begun else _BUSY)

    def _follow(self, note: str = "") -> Iterator[Updates]:
        """How far an adding has come, and what came of it, or of the last one."""
        is_new = False
        for step in self._job.follow():
            is_new = True
            yield {self._files: None, self._adding: adding.under_way(step, note)}
        came = self._job.outcome
        yield {
            self._files: None,
            self._adding: adding.outcome(came, note) if came else "",
            self._changed: time.monotonic_ns() if is_new else gr.skip(),
        }

    def _on_adding(self, event: gr.EventData) -> Updates:
        if done(event)["do"] == "stop":
            self._job.stop()
            return {self._adding: gr.skip()}
        try:
            if count := self._job.undo():
                return {self._adding: adding.undone(count), self._changed: time.monotonic_ns()}
        except RagError as error:
            return {self._adding: notice(str(error), is_problem=True)}
        return {self._adding: gr.skip()}

    def _on_added(self, looking: Looking) -> Updates:
        """The list as it is looked at by now."""
        try:
            updates = {**self._held(), **self._listed(looking)}
        except RagError as error:
            return {self._bar: notice(str(error), is_problem=True)}
        if looking.draft:  # what is written in its form is not saved yet
            del updates[self._papers]
        return updates

    def _on_changed(self, chat: Chat) -> Updates:
        """The welcome, unless something is or was asked."""
        if chat.conversation:
            return {self._ask.chat: gr.skip()}
        try:
            return self._ask.idle(chat)
        except RagError as error:
            return self._ask.failed(error)

    # -- papers

    def _on_act(self, looking: Looking, event: gr.EventData) -> Updates:
        act = done(event)
        try:
            return self._act(act, looking)
        except RagError as error:
            return self._as_it_is(looking, notice(str(error), is_problem=True))

    def _as_it_is(self, looking: Looking, said: str) -> Updates:
        """The tab after something failed, as far as it can be read: part may have been done."""
        try:
            there = self._shelf.ids("", Scope(papers=tuple(looking.chosen or ("",))))
            looking = replace(looking, chosen=looking.chosen.intersection(there))
            return {**self._held_by_now(), **self._listed(looking, said)}
        except RagError:
            return {self._bar: said}

    def _act(self, act: Mapping[str, Any], looking: Looking) -> Updates:
        # What is listed anew is chosen anew: nothing that is out of sight can be deleted.
        anew = replace(
            looking, offset=0, chosen=frozenset(), all_chosen=False, opened="", draft=None
        )
        match act["do"]:
            case "find":
                return self._listed(replace(anew, match=act["words"]))
            case "sort":
                order = Order(act["order"])
                return self._listed(replace(looking, order=order, offset=0, draft=None))
            case "scope" | "drop":
                return self._listed(replace(anew, scope=changed(act, looking.scope)))
            case "clear":
                return self._listed(replace(anew, match="", scope=Scope()))
            case "page":
                there = max(0, int(act["offset"]))
                return self._listed(replace(looking, offset=there, opened="", draft=None))
            case "tick" | "all" | "none":
                return self._choose(act, looking)
            case "edit" | "cancel" | "save":
                return self._edited(act, looking)
            case "tag" | "untag":
                return self._tagged(act, looking)
            case "read" | "unread":
                return self._marked(act, looking)
            case "delete" | "delete-chosen":
                ids = [act["id"]] if act["do"] == "delete" else self._picked(act, looking)
                gone = notice(f"Deleted {counted(self._desk.remove(ids), 'paper')}.")
                after = replace(
                    looking, chosen=looking.chosen.difference(ids), all_chosen=False, draft=None
                )
                return {**self._held_by_now(), **self._listed(after, gone)}
            case "unsample":
                gone = notice(f"Removed the {self._desk.remove_sample():,} sample papers.")
                return {**self._held_by_now(), **self._listed(anew, gone)}
            case "ask-these":
                match, scope = looking.picked_or_listed
                if match.strip():
                    scope = Scope(papers=tuple(self._shelf.ids(match, scope)))
                if len(scope.papers) > MOST_NAMED:
                    raise RagError(
                        f"A question can look at {MOST_NAMED:,} chosen papers, and these are "
                        f"{len(scope.papers):,}. Give them a tag, then filter by it beside the "
                        "question."
                    )
                return self._ask.looking_at(scope)
        return {self._looking: looking}

    def _choose(self, act: Mapping[str, Any], looking: Looking) -> Updates:
        """Choose papers; the list itself is only drawn anew where more than one tick changes."""
        if act["do"] != "tick":
            is_all = act["do"] == "all" and bool(act["checked"])
            return self._listed(replace(looking, chosen=frozenset(), all_chosen=is_all))
        before = looking.chosen
        if looking.all_chosen:
            before = frozenset(self._shelf.ids(looking.match, looking.scope))
        now = before | {act["id"]} if act["checked"] else before - {act["id"]}
        updates = self._listed(replace(looking, chosen=now, all_chosen=False))
        return {part: updates[part] for part in (self._looking, self._bar)}

    def _picked(self, act: Mapping[str, Any], looking: Looking) -> list[str]:
        """The ids of the chosen papers, if they are as many as the page said when it was clicked.

        A second click, or a late one, finds another choice. Raises RagError.
        """
        ids = self._shelf.ids(*looking.picked) if looking.picked else []
        if not ids:
            raise RagError("Nothing was changed: no paper is chosen any more.")
        if str(act.get("count")) != str(len(ids)):
            raise RagError(
                "Nothing was changed: other papers are chosen by now, "
                f"{len(ids):,} of them. Look at them and click again."
            )
        return ids

    def _edited(self, act: Mapping[str, Any], looking: Looking) -> Updates:
        paper_id = act["id"]
        looking = replace(looking, opened=paper_id, draft=None, faults={})
        if act["do"] == "edit" and (paper := self._desk.library.paper(paper_id)):
            looking = replace(looking, draft=Draft.of(paper))
        if act["do"] != "save":
            return self._listed(looking)
        texts = {f.name: str(act.get(f.name, "")) for f in fields(Draft) if f.name != "is_read"}
        draft = Draft(**texts, is_read=bool(act.get("is_read")))
        try:
            self._desk.edit(paper_id, draft)
        except DraftError as error:
            return self._listed(replace(looking, draft=draft, faults=error.faults))
        return {**self._held(), **self._listed(self._in_sight(looking), notice("Saved."))}

    def _tagged(self, act: Mapping[str, Any], looking: Looking) -> Updates:
        ids = self._picked(act, looking)
        is_new = act["do"] == "tag"
        # Taking the sample's own tag off would leave papers that no button removes.
        tags = read_tags(act["tags"])
        if not tags:
            raise RagError("Write at least one tag.")
        self._desk.library.tag(ids, add=tags if is_new else (), remove=() if is_new else tags)
        names = ", ".join(f"“{tag}”" for tag in tags)
        verb = f"Added {names} to" if is_new else f"Took {names} off"
        said = notice(f"{verb} {counted(len(ids), 'paper')}.")
        return self._listed(self._in_sight(looking), said)

    def _marked(self, act: Mapping[str, Any], looking: Looking) -> Updates:
        ids = self._picked(act, looking)
        is_read = act["do"] == "read"
        self._desk.library.mark_read(ids, is_read)
        said = notice(
            f"Marked {counted(len(ids), 'paper')} as {'read' if is_read else 'not read'}."
        )
        return self._listed(self._in_sight(looking), said)

    def _in_sight(self, looking: Looking) -> Looking:
        """The same without what was chosen and has left the list: its filter fits no more."""
        if not looking.chosen:
            return looking
        there = self._shelf.ids(looking.match, looking.scope)
        return replace(looking, chosen=looking.chosen.intersection(there))
