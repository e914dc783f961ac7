"""The page as an application that a server of our own can run."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import gradio as gr
from gradio.state_holder import SessionState
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from ui.guard import LARGEST_UPLOAD, App
from ui.page import Page
from ui.page.parts import look


def application(page: Page, routes: Sequence[Route] = ()) -> App:
    """The page at `/`, after routes of our own; whatever Gradio offers beside it stays off."""
    # Gradio would keep what parts have shown under ever new numbers, for links to a state of the
    # page, which ours has not: an open tab would hold more with every answer.
    SessionState._update_value_in_config = lambda *_: None
    # By this an open page tells that Footnote was started anew.
    run = uuid.uuid4().hex
    told = Route("/footnote/run", lambda request: PlainTextResponse(run))
    app = Starlette(routes=[told, *routes])
    gr.mount_gradio_app(
        app,
        page.blocks,
        path="/",
        root_path="",
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        show_error=False,
        max_file_size=LARGEST_UPLOAD,
        **look(),
    )
    # What closes the page ends the streams of this application, and it holds another one.
    mounted = app.routes[-1]
    assert isinstance(mounted, Mount)
    page.blocks.app = mounted.app
    return app
