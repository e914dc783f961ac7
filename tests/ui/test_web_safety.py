"""The page in a real browser: hostile text, readability, narrow screens, and how it is served."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from scripted import (
    Script,
    ScriptedDesk,
    Visit,
    write_records,
)

from rag.types import AnswerSentence, Evidence, Origin, Verdict
from ui.web import PageError, open_page

Visiting = Callable[..., Visit]

IN_VIEW = """element => {
  const box = element.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= window.innerHeight && box.height > 0;
}"""
CONTRAST = """selector => {
  const element = document.querySelector(selector);
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  let behind = element;
  while (behind && (rgb(getComputedStyle(behind).backgroundColor)[3] ?? 1) === 0) {
    behind = behind.parentElement;
  }
  const light = colour => {
    const [r, g, b] = colour.slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = behind ? rgb(getComputedStyle(behind).backgroundColor) : [255, 255, 255];
  const [a, b] = [light(rgb(getComputedStyle(element).color)), light(paper)].sort((x, y) => y - x);
  return { ratio: (a + 0.05) / (b + 0.05), paper: light(paper) };
}"""


FAR = "evil.invalid"
# Each runs or fetches something where it is not escaped, or looks as if it might; N is its number.
HOSTILE = tuple(
    line.replace("N", str(number)).replace("FAR", f"http://{FAR}/{number}")
    for number, line in enumerate(
        r"""
<script>window.ran = 'N'</script>
<script src="FAR.js"></script>
<SCRIPT >window.ran = 'N'</SCRIPT >
<scr<script>ipt>window.ran = 'N'</scr</script>ipt>
<svg><script>window.ran = 'N'</script></svg>
<svg><script href="FAR.js"></script></svg>
<script type="module">import 'FAR.js'</script>
</p></div></article><script>window.ran = 'N'</script>
</title></style></textarea><script>window.ran = 'N'</script>
--><script>window.ran = 'N'</script><!--
]]><script>window.ran = 'N'</script>
<img src=x onerror="window.ran = 'N'">
<img src=x onerror=window.ran='N'>
<IMG SRC=x OnErRoR="window.ran = 'N'">
<img/src=x/onerror=window.ran='N'>
"><img src=x onerror="window.ran = 'N'">
'><img src=x onerror="window.ran = 'N'">
<img src="FAR.png">
<img srcset="FAR.png 1x">
<picture><source srcset="FAR.png"><img></picture>
<svg onload="window.ran = 'N'"></svg>
<svg><image href="FAR.png"></image></svg>
<svg><use href="FAR.svg#x"></use></svg>
<svg><animate onbegin="window.ran = 'N'" attributeName="x" dur="1s"></animate></svg>
<math><mtext><img src=x onerror="window.ran = 'N'"></mtext></math>
<details open ontoggle="window.ran = 'N'"><summary>x</summary></details>
<input autofocus onfocus="window.ran = 'N'">
<video src=x onerror="window.ran = 'N'"></video>
<video poster="FAR.png"></video>
<audio src="FAR.mp3" autoplay></audio>
<object data="FAR.html"></object>
<embed src="FAR.html">
<iframe src="FAR.html"></iframe>
<iframe srcdoc="<script>parent.ran = 'N'</script>"></iframe>
<iframe src="javascript:parent.ran = 'N'"></iframe>
<link rel="stylesheet" href="FAR.css">
<link rel="preload" as="image" href="FAR.png">
<style>@import 'FAR.css';</style>
<style>body { background: url('FAR.png') }</style>
<p style="background: url(FAR.png)">x</p>
<p style="display:block" onmouseover="window.ran = 'N'" onanimationstart="window.ran = 'N'">x</p>
<form action="FAR"><button autofocus onfocus="window.ran = 'N'">x</button></form>
<meta http-equiv="refresh" content="0; url=FAR">
<body onload="window.ran = 'N'">
<a href="javascript:window.ran='N'">x</a>
<a href="FAR" ping="FAR">x</a>
${window.ran = 'N'}
`${window.ran = 'N'}`
{{#with this as |x|}}{{x.constructor.constructor "window.ran = 'N'"}}{{/with}}
![x](FAR.png) [x](javascript:window.ran='N') <FAR> &lt;img src=x onerror=window.ran='N'&gt;
""".strip().splitlines()
    )
)
PUTTABLE = [text for text in HOSTILE if "refresh" not in text]  # that one leads to another page
PUT_IN = """([place, html]) => {
  const put = document.createElement('div');
  put.append(document.createRange().createContextualFragment(html));
  document.querySelector(place).append(put);
}"""
PUT = """html => {
  const place = document.querySelector('#live');
  place.replaceChildren(document.createRange().createContextualFragment(html));
}"""
# Elements that we never write: any in our own parts, and anywhere those of the hostile texts.
FOREIGN = f"""() => [...document.querySelectorAll(
  ".gradio-container :is(img, script, svg, iframe, style, link, meta, object, embed, video, audio)"
)].map(element => [element.closest(".html-container"), element.outerHTML])
  .filter(([ours, html]) => ours || /{FAR}|[.]ran\\b/.test(html)).map(([_, html]) => html)"""


def _went_out(tab: Visit) -> list[str]:
    """Fills with the foreign addresses that the browser itself did not refuse to ask."""
    gone: list[str] = []
    refused = ("csp", "origin", "net::ERR_ABORTED")
    tab.page.on(
        "requestfailed",
        lambda r: gone.append(r.url) if FAR in r.url and r.failure not in refused else None,
    )
    tab.page.on("response", lambda r: gone.append(r.url) if FAR in r.url else None)
    return gone


class TestSafety:
    def test_hostile_text_neither_runs_nor_fetches(
        self, desk: ScriptedDesk, visit: Visiting, tmp_path: Path
    ) -> None:
        """In all that is told of papers, file names, filters, questions and answers."""
        assert len(HOSTILE) == 50
        desk.remove([paper.id for paper in desk.library.papers()])
        rows = [
            {
                "title": f"Instruments {text}",
                "abstract": f"{text} keep well. A second sentence follows {text}.",
                "authors": [text],
                "tags": [text],
                "notes": f"{text}\n{text}",
                "key": text,
                "publication": {"venue": text, "volume": text, "pages": text},
                "url": f"javascript:window.ran='{number}'",
            }
            for number, text in enumerate(HOSTILE)
        ]
        desk.add([write_records(tmp_path / "hostile.jsonl", rows)])

        def says(evidence: Evidence) -> tuple[AnswerSentence, ...]:
            quote = evidence.sources[0].sentences[0].text
            said = AnswerSentence("", (1,), Verdict.PARTLY, Origin.MODEL, quote)
            told = [replace(said, text=text, reason=text) for text in HOSTILE]
            return *told, replace(said, text=quote, origin=Origin.QUOTATION)

        desk.script = Script(says)
        tab = visit()
        tab.ask(f"What of {' '.join(HOSTILE)}?")
        tab.wait_for_answer()
        tab.page.click("#live .cite >> nth=0")
        tab.page.wait_for_selector("#evidence .card:focus")
        tab.page.get_by_role("tab", name="Library").click()
        tab.page.wait_for_selector("#papers .papers")
        for summary in tab.page.locator("#papers summary").all():
            summary.click()
        tab.page.click("#library-scope summary")
        tab.page.fill("#library-scope [name=authors]", HOSTILE[11])
        tab.page.click("#library-scope button[type=submit]")
        tab.page.wait_for_selector("#library-scope .chip:has-text('<img src=x')")
        tab.page.click("#papers summary >> nth=0")
        assert HOSTILE[11] in tab.page.inner_text("#papers .notes >> nth=0")
        named = [
            {"name": f"{text}.bin".replace("/", ""), "mimeType": "", "buffer": bytes(range(99))}
            for text in HOSTILE
        ]
        tab.page.set_input_files("#files input[type=file]", named)
        tab.page.wait_for_selector("#adding .problem")
        tab.page.reload()
        tab.page.wait_for_selector("#live .sentence")
        tab.page.wait_for_timeout(300)
        assert tab.page.evaluate("window.ran") is None
        assert tab.page.evaluate(FOREIGN) == []
        assert tab.foreign == []
        assert tab.violations == []
        assert tab.errors == []
        assert "<img src=" in tab.page.inner_text("#live .asked")

    def test_the_detectors_see_a_page_that_runs_and_fetches(self, visit: Visiting) -> None:
        """The planted fault: the same texts put on the page as they are, and no policy."""
        tab = visit(bypass_csp=True)
        for count, place in enumerate(("#counts .html-container", "#conversation"), start=1):
            tab.page.evaluate(PUT_IN, [place, "<img src=x onerror='window.ran = 1'>"])
            assert len(tab.page.evaluate(FOREIGN)) == count, place
        gone = _went_out(tab)
        seen = 0
        for text in PUTTABLE:
            tab.foreign.clear()
            tab.page.evaluate("window.ran = null")
            tab.page.evaluate(PUT, text)
            tab.page.wait_for_timeout(100)
            seen += bool(tab.foreign) or tab.page.evaluate("window.ran") is not None
        assert seen >= len(PUTTABLE) / 2  # the others want a click, or another place
        assert gone != []

    def test_the_policy_alone_lets_none_of_it_run_or_fetch(self, visit: Visiting) -> None:
        """Were escaping to fail everywhere, the policy would still hold."""
        tab = visit()
        gone = _went_out(tab)
        for text in PUTTABLE:
            tab.page.evaluate(PUT, text)
            tab.page.wait_for_timeout(50)
        assert tab.page.evaluate("window.ran ?? null") is None
        assert gone == []
        assert len(tab.violations) >= 20

    def test_nothing_on_the_page_comes_from_outside(self, visit: Visiting) -> None:
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.get_by_role("tab", name="Library").click()
        tab.page.wait_for_selector("#papers .papers")
        assert tab.foreign == []
        assert tab.violations == []


class TestLook:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_it_is_readable_in_the_colours_of_the_system(
        self, visit: Visiting, scheme: str
    ) -> None:
        tab = visit(color_scheme=scheme)
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.click("#live .cite >> nth=0")
        tab.page.wait_for_selector("#evidence mark.target")
        # Sentences fade in, and new ones light up for a moment.
        tab.page.wait_for_function(
            "document.querySelector('#live').getAnimations({ subtree: true }).length === 0"
        )
        for selector in (
            ".asked", "#live .sentence", "#live .cite:not([aria-current])", ".cite[aria-current]",
            "#live footer .facts", "#live footer .notes", "#live .verdict summary", "#evidence h3",
            "#evidence .byline", "#mode label", ".borne-out", "#live .tool", "#evidence .tool",
            "#evidence mark.target", "#promise .quiet", "#question textarea", "#new", "#counts",
            "button[role=tab]",
        ):  # fmt: skip
            seen = tab.page.evaluate(CONTRAST, selector)
            assert seen["ratio"] >= 4.5, f"{selector} in {scheme}: {seen['ratio']:.2f}"
            if selector == ".asked":
                assert (seen["paper"] < 0.2) == (scheme == "dark")

    def test_the_reader_may_choose_the_other_colours(self, visit: Visiting) -> None:
        tab = visit(color_scheme="light")
        tab.page.click("#theme button")
        tab.page.reload()
        tab.page.wait_for_selector("#live .welcome")
        tab.page.wait_for_selector("body.dark")

    def test_it_can_be_used_on_a_narrow_screen(self, visit: Visiting) -> None:
        """400 pixels wide: nothing to scroll sideways, buttons large enough to touch."""
        tab = visit(viewport={"width": 400, "height": 800})
        tab.ask("How far do glass barometers drift, whatever" + "verylongword" * 20)
        tab.wait_for_answer()
        for _ in ("ask", "library"):
            width = tab.page.evaluate("document.documentElement.scrollWidth")
            assert width <= 400
            tab.page.get_by_role("tab", name="Library").click()
        tab.page.get_by_role("tab", name="Ask").click()
        for selector in (
            "#ask", "#mode .modes", "#drawer button", "#question textarea", "#theme button"
        ):  # fmt: skip
            box = tab.page.locator(selector).bounding_box()
            assert box is not None
            assert box["height"] >= 40
        tab.page.click("#scope .menu > summary")
        menu = tab.page.locator("#scope .menu > div").bounding_box()
        assert menu is not None
        assert 0 <= menu["x"] <= menu["x"] + menu["width"] <= 400
        assert menu["y"] >= 0
        tab.page.keyboard.press("Escape")
        for box in (c.bounding_box() for c in tab.page.locator("#live .cite").all()):
            assert box is not None
            assert min(box["width"], box["height"]) >= 24
        tab.page.click("#live .cite >> nth=0")
        mark = tab.page.locator("#evidence mark.target")
        tab.page.wait_for_function(IN_VIEW, arg=mark.element_handle())
        tab.page.click("#evidence .card:focus .back")
        tab.page.wait_for_selector("#live .cite:focus")


class TestServing:
    def test_a_port_in_use_is_said_with_what_to_do(self, desk: ScriptedDesk) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with (
                pytest.raises(PageError, match=rf"port {port} .*--port"),
                open_page(desk, port=port),
            ):
                pass

    def test_it_listens_on_this_machine_only(self, address: str) -> None:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        port = int(address.rstrip("/").rsplit(":", 1)[1])
        with socket.socket() as outside, pytest.raises(OSError, match="refused"):
            outside.connect(("127.0.0.2", port))

    def test_it_is_closed_after_use(self, desk: ScriptedDesk) -> None:
        with open_page(desk, port=0) as address:
            port = int(address.rstrip("/").rsplit(":", 1)[1])
        with open_page(desk, port=port) as again:
            assert again == address

    def test_serving_prints_nothing_and_ends_on_a_signal(self, tmp_path: Path) -> None:
        """Only what `on_ready` prints is on standard output; SIGTERM ends it with status 0."""
        program = (
            "import sys; from pathlib import Path; from rag.wiring import open_desk\n"
            "from ui.web import serve\n"
            "with open_desk(Path(sys.argv[1])) as desk:\n"
            "    serve(desk, port=0, on_ready=lambda url: print('ready', url, flush=True))\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "library")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        process.terminate()
        out, err = process.communicate(timeout=60)
        assert first.startswith("ready http://127.0.0.1:"), err
        assert out == ""
        assert process.returncode == 0, err
        assert "Traceback" not in err
