"""The Ask tab: questions and their answers, with the evidence beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.sample import SAMPLE_TAG
from rag.types import EVERYTHING, Scope
from rag.wiring import Desk
from ui.page.conversations import Sidebar
from ui.page.parts import NONE_LOST, QUIET, done, html, tab_of
from ui.page.scope import ScopeBar
from ui.render import answer, cards, pieces, welcome
from ui.render.view import View
from ui.talk import Asked, Asks, Chat, Talks

_ABSTRACTS_ONLY = (
    "Answers rest on titles and abstracts only, never on whole papers. "
    "Click a number to see the sentence behind it."
)
# What the page knows of the text in the box: a new question, a topic, or one that "Edit" put there.
_HOW_IT_IS_ASKED = "(question, _, ...rest) => [question, footnote.asks(), ...rest]"
_DRAWER = (
    '<button type="button" class="button" aria-expanded="false" aria-controls="sidebar">'
    "Conversations</button>"
)
_MODE = (
    '<fieldset class="modes"><legend class="aside">What to do</legend>'
    '<label><input type="radio" name="mode" value="question" checked> Ask</label>'
    '<label><input type="radio" name="mode" value="summary"> Summarise</label></fieldset>'
)
Updates = dict[Any, Any]


class AskTab:
    """A conversation, the sidebar with the others, and the evidence of what is asked."""

    def __init__(self, desk: Desk, talks: Talks) -> None:
        self._desk = desk
        self._talks = talks
        self._sidebar = Sidebar(desk)
        self._scope = ScopeBar(desk)

    def lay_out(self) -> None:
        self.chat = gr.State(Chat())
        self._how = gr.Textbox(visible=False)
        with gr.Row(elem_id="ask-layout"):
            self._sidebar.lay_out()
            with gr.Column(elem_id="conversation"):
                html("drawer", _DRAWER)
                self._thread = html("thread")
                self._live = html("live")
                with gr.Row(elem_id="composer"):
                    with gr.Row(elem_id="how"):
                        html("mode", _MODE)
                        self._scope.lay_out()
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
                    self._send = gr.Button("Ask", variant="primary", elem_id="ask", min_width=88)
                    self._stop = gr.Button("Stop", elem_id="stop", min_width=88)
                html("promise", f'<p class="quiet">{_ABSTRACTS_ONLY}</p>')
            with gr.Column(elem_id="evidence-column"):
                self._evidence = html("evidence")
        self.shown = [
            self._question,
            self._thread,
            self._live,
            self._evidence,
            self.chat,
            self._sidebar.list,
            self._scope.scope,
            self._scope.bar,
        ]

    def connect(self, tab: gr.Tab) -> None:
        """`tab` is the one that this is in: what papers can be filtered by changes on others."""
        # After what is done in the library, which may say what the next question looks at.
        in_turn: dict[str, Any] = {"concurrency_id": "library", "concurrency_limit": 1}
        tab.select(self._scope.drawn, [self._scope.scope], [self._scope.bar], **in_turn, **QUIET)
        for send in (self._send.click, self._summarise.click, self._question.submit):
            send(
                self._on_send,
                [self._question, self._how, self.chat, self._scope.scope],
                self.shown,
                js=_HOW_IT_IS_ASKED,
                **NONE_LOST,
            )
        # Outside the queue: a Stop must never wait for what it is to stop.
        self._stop.click(self._on_stop, None, None, queue=False, **QUIET)
        parts = (self._live, self._thread, self._evidence, self._scope.bar, *self._sidebar.parts)
        for part in parts:
            part.select(self._on_act, [self.chat, self._scope.scope], self.shown, **NONE_LOST)

    # -- conversations

    def opened(self, conversation: str) -> Updates:
        """The page with an earlier conversation; with a new one where that is gone."""
        chat = Chat()
        if conversation:
            with suppress(RagError):
                opened = self._talks.open(conversation)
                chat = opened if opened.answers else chat
        return self._settled(chat)

    def idle(self, chat: Chat) -> Updates:
        """What changes when the library does: the welcome, where nothing has been asked yet."""
        return {} if chat.answers else {self._live: self._welcome()}

    def failed(self, error: RagError) -> Updates:
        """The page when the library does not let it show what was asked for."""
        return {self._live: pieces.notice(str(error), is_problem=True)}

    def looking_at(self, scope: Scope) -> Updates:
        """The page with the next question to be asked of these papers."""
        return self._scope.showing(scope)

    def _settled(self, chat: Chat) -> Updates:
        """The page when nothing is being answered."""
        *earlier, last = chat.views or (None,)
        return {
            self._question: "",
            self._thread: answer.thread([v for v in earlier if v], chat.conversation),
            self._live: self._welcome() if last is None else answer.exchange(last),
            self._evidence: cards.evidence_panel(chat.views),
            self.chat: chat,
            **self._sidebar.listed(chat.conversation),
            **self._scope.showing(
                last.answer.question.scope if last and last.answer else EVERYTHING
            ),
        }

    def _under(self, view: View, chat: Chat) -> str:
        """The welcome again, below what kept the first question from being answered."""
        return self._welcome() if view.problem and not chat.answers else ""

    def _welcome(self) -> str:
        library = self._desk.library
        samples = len(library.tagged(SAMPLE_TAG))
        held, examples = library.counts(), self._desk.example_questions()
        return welcome.welcome(held.papers, examples, samples, held.sentences)

    # -- what a person does

    def _on_stop(self, request: gr.Request) -> None:
        self._talks.stop(tab_of(request))

    def _on_send(
        self, question: str, how: str, chat: Chat, scope: Scope, request: gr.Request
    ) -> Iterator[Updates]:
        said = json.loads(how)
        asked = Asked(question, Asks(said["asks"]), scope, said["before"])
        yield from self._ask(asked, chat, request)

    def _on_act(
        self, chat: Chat, scope: Scope, event: gr.EventData, request: gr.Request
    ) -> Iterator[Updates]:
        try:
            yield from self._act(done(event), chat, scope, request)
        except RagError as error:
            yield self.failed(error)

    def _act(
        self, act: dict[str, Any], chat: Chat, scope: Scope, request: gr.Request
    ) -> Iterator[Updates]:
        match act["do"]:
            case "ask":
                yield from self._ask(Asked(act["question"], scope=scope), chat, request)
            case "again":
                yield from self._again(act["id"], chat, request)
            case "widen":
                yield self._scope.showing(EVERYTHING)
                yield from self._ask(Asked(act["question"], Asks.ALONE), chat, request)
            case "summarise":
                asked = Asked(act["question"], Asks.SUMMARY, scope)
                yield from self._ask(asked, chat, request)
            case "similar":
                yield self._similar(act["id"], chat)
            case "evidence":
                yield self._beside(chat)
            case "only" | "drop" | "scope":
                yield self._scope.act(act, scope)
            case "new":
                self._talks.leave(tab_of(request))
                yield self._settled(Chat())
            case "open":
                self._talks.leave(tab_of(request))
                yield self.opened(act["id"])
            case "delete":
                self._talks.forget(act["id"])
                is_open = act["id"] == chat.conversation
                yield self._settled(Chat()) if is_open else self._sidebar.listed(chat.conversation)
            case _:
                yield self._sidebar.act(act, chat.conversation)

    def _again(self, answer_id: str, chat: Chat, request: gr.Request) -> Iterator[Updates]:
        """The question of an answer once more, of the same papers, after the same turns."""
        for earlier in chat.answers:
            if earlier.id == answer_id:
                question = earlier.question
                asks = Asks.SUMMARY if question.is_summary else Asks.QUESTION
                asked = Asked(question.text, asks, question.scope, answer_id)
                yield from self._ask(asked, chat, request)

    def _similar(self, paper_id: str, chat: Chat) -> Updates:
        paper = self._desk.library.paper(paper_id)
        if paper is None:
            more = pieces.notice("This paper is no longer in the library.", is_problem=True)
        else:
            more = cards.like(paper, self._desk.similar(paper_id))
        return self._beside(chat, more)

    def _beside(self, chat: Chat, more: str = "") -> Updates:
        """The evidence of the conversation, then `more`.

        The newest answer is shown anew with it: as a kept one it goes by another key than while it
        was written, and its numbers are to lead to these cards.
        """
        newest = {self._live: answer.exchange(chat.views[-1])} if chat.answers else {}
        return {**newest, self._evidence: cards.evidence_panel(chat.views, more)}

    def _ask(self, asked: Asked, chat: Chat, request: gr.Request) -> Iterator[Updates]:
        earlier = [cards.group(view) for view in chat.views]  # the same at every step
        shown: Updates = {self._question: None}
        for view, grown in self._talks.ask(tab_of(request), asked, chat):
            now = {
                self._question: "",
                self._live: answer.exchange(view) + self._under(view, chat),
                self._evidence: cards.panel([*earlier, cards.group(view)]),
                self.chat: grown,
            }
            changed = {part: new for part, new in now.items() if shown.get(part) != new}
            if self._live not in shown:
                changed[self._thread] = answer.thread(chat.views, grown.conversation)
            # Gradio takes an empty dict for a value, and gives up.
            if changed:
                yield changed
            shown = now
            if view.answer is not None or view.problem:
                kept = {self._question: asked.text} if view.problem else {}
                yield {**kept, self.chat: grown, **self._sidebar.listed(grown.conversation)}
        # Gradio shows the last values once more at the end; by then the tab may show others.
        yield {self.chat: gr.skip()}
