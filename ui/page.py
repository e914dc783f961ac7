"""The Gradio page: what is where, and which event runs what. The only import of gradio."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.ingest import AddReport, Progress
from rag.library import Conversation
from rag.sample import SAMPLE_TAG
from rag.wiring import Desk
from ui import render
from ui.render import View
from ui.talk import Asks, Chat, Talks

_HERE = Path(__file__).parent
_LISTED = 50  # papers in the library's list at once
_CACHE_SECONDS = 3600
_TITLE_CHARACTERS = 70
_SANS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Helvetica Neue",
    "Arial",
    "sans-serif",
)
_MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")
_ABSTRACTS_ONLY = (
    "Answers rest on titles and abstracts only, never on whole papers. "
    "Click a number to see the sentence behind it."
)
_FORMATS = (
    "Saved pages of paper listings, and JSON Lines files with a title and an abstract a line, "
    "plain or gzip. A paper that is already here is not added twice."
)
# Runs inside the conversation's element: a question offered there is asked when it is clicked.
_ASK_EXAMPLE = """
element.addEventListener("click", event => {
  const button = event.target.closest("[data-question]");
  if (button) trigger("select", { question: button.dataset.question });
});
"""
# What the text in the box is: a new question, or one that "Edit" has put there.
_WHAT_IS_ASKED = "(question, _, chat) => [question, footnoteAsks(), chat]"
_LAST_CONVERSATION = "() => [sessionStorage.getItem('footnote.conversation') || '']"


def look() -> dict[str, Any]:
    """The theme, style and script of the page, as `launch` takes them; nothing is from outside."""
    theme = gr.themes.Base(
        primary_hue="teal", neutral_hue="stone", font=list(_SANS), font_mono=list(_MONO)
    )
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    return {
        "theme": theme,
        "css": (_HERE / "page.css").read_text(encoding="utf-8"),
        "head": f"<script>{script}</script>",
    }


class Page:
    """The parts of the page and what happens on them."""

    def __init__(self, desk: Desk, talks: Talks) -> None:
        self._desk = desk
        self._talks = talks
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
        self._chat = gr.State(Chat())
        self._last = gr.Textbox(visible=False)
        self._asks = gr.Textbox(visible=False)
        with gr.Row(elem_id="head"):
            gr.HTML('<h1 class="brand">Footnote</h1>', apply_default_css=False, js_on_load=None)
            self._counts = _html("counts")
            gr.HTML(
                '<button type="button" class="theme" aria-label="Light or dark">Light / dark'
                "</button>",
                apply_default_css=False,
                js_on_load=None,
                elem_id="theme",
            )
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Ask", id="ask"):
                self._lay_out_ask()
            with gr.Tab("Library", id="library", elem_id="library-tab"):
                self._lay_out_library()

    def _lay_out_ask(self) -> None:
        with gr.Row(elem_id="ask-layout"):
            with gr.Column(elem_id="conversation"):
                with gr.Row(elem_id="conversations"):
                    self._conversations = gr.Dropdown(
                        label="Earlier conversations",
                        choices=[],
                        value=None,
                        elem_id="earlier",
                        scale=3,
                        min_width=160,
                    )
                    self._new = gr.Button("New conversation", elem_id="new", scale=0, min_width=170)
                self._thread = _html("thread")
                self._live = _html("live", js_on_load=_ASK_EXAMPLE)
                with gr.Row(elem_id="composer"):
                    self._question = gr.Textbox(
                        label="Question",
                        show_label=False,
                        placeholder="Ask your papers",
                        lines=1,
                        max_lines=6,
                        elem_id="question",
                        scale=5,
                        min_width=160,
                        autofocus=True,
                    )
                    self._summarise = gr.Button("Summarise", elem_id="summarise", min_width=88)
                    self._ask = gr.Button("Ask", variant="primary", elem_id="ask", min_width=88)
                    self._stop = gr.Button("Stop", elem_id="stop", min_width=88)
                gr.HTML(
                    f'<p class="quiet">{_ABSTRACTS_ONLY}</p>',
                    apply_default_css=False,
                    js_on_load=None,
                    elem_id="promise",
                )
            with gr.Column(elem_id="evidence-column"):
                self._evidence = _html("evidence")

    def _lay_out_library(self) -> None:
        with gr.Column(elem_id="library"):
            self._files = gr.File(
                label="Add papers",
                file_count="multiple",
                elem_id="files",
                height=140,
            )
            gr.HTML(
                f'<p class="quiet">{_FORMATS}</p>',
                apply_default_css=False,
                js_on_load=None,
                elem_id="formats",
            )
            self._adding = _html("adding")
            with gr.Row(elem_id="library-actions"):
                self._cancel = gr.Button("Stop adding", elem_id="stop-adding")
                self._unsample = gr.Button("Remove the sample papers", elem_id="remove-sample")
            self._match = gr.Textbox(
                label="Find a paper by title or author", elem_id="match", max_lines=1
            )
            self._papers = _html("papers")

    def _connect(self) -> None:
        exchange = [self._question, self._thread, self._live, self._evidence]
        talk = [*exchange, self._chat, self._conversations]
        library = [self._counts, self._files, self._adding, self._papers]
        options: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        self.blocks.load(
            self._on_load, [self._last], [*library, *talk], js=_LAST_CONVERSATION, **options
        )
        self.blocks.unload(self._on_unload)
        # Gradio would drop a question that comes between the end of an answer and the end of its
        # event; that a tab asks one at a time is seen to by the talks.
        asking: dict[str, Any] = {**options, "trigger_mode": "multiple"}
        for ask in (self._ask.click, self._question.submit):
            ask(
                self._on_ask,
                [self._question, self._asks, self._chat],
                talk,
                js=_WHAT_IS_ASKED,
                **asking,
            )
        self._summarise.click(self._on_summarise, [self._question, self._chat], talk, **asking)
        self._live.select(self._on_example, [self._chat], talk, **asking)
        # Outside the queue: a Stop must never wait for what it is to stop.
        self._stop.click(self._on_stop, None, None, queue=False, **options)
        self._cancel.click(self._on_cancel, None, None, queue=False, **options)
        self._new.click(self._on_new, None, talk, **options)
        self._conversations.input(self._on_open, [self._conversations], talk, **options)
        self._files.upload(
            self._on_add, [self._files, self._chat], [*library, self._live], **options
        )
        self._unsample.click(
            self._on_remove_sample, [self._chat], [*library, self._live], **options
        )
        self._match.change(self._on_match, [self._match], [self._papers], **options)

    # -- conversations

    def _on_load(self, last: str) -> tuple[Any, ...]:
        chat = Chat()
        if last:
            # A conversation that is gone, or a library that changed: begin a new one.
            with suppress(RagError):
                opened = self._talks.open(last)
                chat = opened if opened.answers else chat
        return (*self._library(), *self._settled(chat))

    def _on_unload(self, request: gr.Request) -> None:
        self._talks.leave(_tab(request))
        self._talks.stop(_tab(request), "add")

    def _on_new(self, request: gr.Request) -> tuple[Any, ...]:
        self._talks.leave(_tab(request))
        return self._settled(Chat())

    def _on_open(self, conversation: str, request: gr.Request) -> tuple[Any, ...]:
        self._talks.leave(_tab(request))
        return self._settled(self._talks.open(conversation))

    def _settled(self, chat: Chat) -> tuple[Any, ...]:
        """The page when nothing is being answered."""
        *earlier, last = chat.views or (None,)
        live = self._welcome() if last is None else render.exchange(last)
        return (
            "",
            render.thread([v for v in earlier if v], chat.conversation),
            live,
            render.evidence_panel(chat.views),
            chat,
            self._choices(chat),
        )

    def _choices(self, chat: Chat) -> dict[str, Any]:
        choices = [(_label(c), c.id) for c in self._desk.library.conversations()]
        known = chat.conversation if any(c == chat.conversation for _, c in choices) else None
        return gr.update(choices=choices, value=known)  # type: ignore[no-any-return]

    # -- asking

    def _on_example(
        self, chat: Chat, event: gr.EventData, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        yield from self._on_ask(str(event.question), Asks.QUESTION, chat, request)

    def _on_summarise(
        self, topic: str, chat: Chat, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        yield from self._on_ask(topic, Asks.SUMMARY, chat, request)

    def _on_ask(
        self, question: str, asks: str, chat: Chat, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        before = chat.views
        shown: tuple[Any, ...] = ()
        for view, grown in self._talks.ask(_tab(request), question, chat, Asks(asks)):
            now = self._asking(before, view, grown)
            changed = [
                new if i >= len(shown) or new != shown[i] else gr.skip()
                for i, new in enumerate(now)
            ]
            yield (*changed, grown, gr.skip())
            shown = now
            if view.answer is not None or view.problem:
                yield self._answered(question, before, view, grown)
        # Gradio shows the last values once more at the end; by then the tab may show others.
        yield (gr.skip(),) * 6

    def _answered(
        self, question: str, before: tuple[View, ...], view: View, chat: Chat
    ) -> tuple[Any, ...]:
        return (
            question if view.problem else gr.skip(),
            render.thread(before, chat.conversation),
            gr.skip(),
            gr.skip(),
            chat,
            self._choices(chat),
        )

    def _asking(self, before: tuple[View, ...], view: View, chat: Chat) -> tuple[Any, ...]:
        return (
            "",
            render.thread(before, chat.conversation),
            render.exchange(view),
            render.evidence_panel((*before, view)),
        )

    def _on_stop(self, request: gr.Request) -> None:
        self._talks.stop(_tab(request))

    # -- the library

    def _on_add(
        self, files: list[str], chat: Chat, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        same = gr.skip()
        paths = [Path(file) for file in files or ()]
        message = ""
        try:
            for update in self._talks.add(_tab(request), paths):
                if isinstance(update, Progress):
                    stage = update.stage[:1].upper() + update.stage[1:] + ":"
                    bar = render.progress(stage, update.done, update.total)
                    yield same, same, bar, same, same
                else:
                    message = self._outcome(update, paths)
        finally:
            for path in paths:
                path.unlink(missing_ok=True)
        counts, no_files, _, listed = self._library()
        yield counts, no_files, message, listed, self._idle(chat)

    def _outcome(self, outcome: AddReport | str, paths: Sequence[Path]) -> str:
        if isinstance(outcome, str):
            return render.notice(_by_name(outcome, paths), is_problem=True)
        lines = [_by_name(f.error, paths) for f in outcome.files if f.error]
        lines += [
            f"{f.path.name}, line {bad.line}: {bad.reason}" for f in outcome.files for bad in f.bad
        ][:10]
        if outcome.index_error:
            lines.append(outcome.index_error)
        if outcome.stopped:
            lines.append("Stopped before the end; what was added stays.")
        if outcome.added and self._desk.library.tagged(SAMPLE_TAG):
            lines.append("The sample papers are still here; the button below removes them.")
        return render.notice(outcome.sentence(), lines, is_problem=outcome.failed)

    def _on_cancel(self, request: gr.Request) -> None:
        self._talks.stop(_tab(request), "add")

    def _on_remove_sample(self, chat: Chat) -> tuple[Any, ...]:
        try:
            removed = self._desk.remove_sample()
            message = render.notice(f"Removed the {removed:,} sample papers.")
        except RagError as error:
            message = render.notice(str(error), is_problem=True)
        counts, no_files, _, listed = self._library()
        return counts, no_files, message, listed, self._idle(chat)

    def _on_match(self, match: str) -> str:
        return self._listed(match)

    def _library(self) -> tuple[Any, ...]:
        held = self._desk.library.counts()
        samples = len(self._desk.library.tagged(SAMPLE_TAG))
        counts = render.counts(held.papers, held.sentences, samples)
        return counts, None, "", self._listed("")

    def _listed(self, match: str) -> str:
        papers = self._desk.library.papers(limit=_LISTED, match=match)
        total = self._desk.library.count(match)
        return render.paper_list(papers, total)

    def _welcome(self) -> str:
        papers = self._desk.library.counts().papers
        is_first = not self._desk.library.conversations()
        return render.welcome(papers, self._desk.example_questions(), is_first=is_first)

    def _idle(self, chat: Chat) -> Any:
        """The welcome anew where the conversation is still empty; otherwise no change."""
        return gr.skip() if chat.answers else self._welcome()


def _html(name: str, js_on_load: str | None = None) -> gr.HTML:
    return gr.HTML("", elem_id=name, apply_default_css=False, js_on_load=js_on_load)


def _tab(request: gr.Request) -> str:
    return str(request.session_hash)


def _by_name(message: str, paths: Sequence[Path]) -> str:
    """A message with files named as they were dropped: where they lie meanwhile helps nobody."""
    for path in paths:
        message = message.replace(str(path), path.name)
    return message


def _label(conversation: Conversation) -> str:
    """A conversation in the list: `21 Nov · How far do they drift?`."""
    began = datetime.fromtimestamp(conversation.started)
    year = "" if began.year == datetime.now().year else f" {began.year}"
    return f"{began.day} {began:%b}{year} · {_shortened(conversation.title)}"


def _shortened(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= _TITLE_CHARACTERS else f"{line[:_TITLE_CHARACTERS].rstrip()}…"
