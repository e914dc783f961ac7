"""What the page shows of answers, evidence and papers."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest

from rag.browse import Facet, Facets, Page
from rag.conversations import Conversation
from rag.draft import Draft
from rag.ingest import AddReport, FileReport, Progress
from rag.readers import _READERS
from rag.readers.reader import Reader
from rag.types import (
    REFUSAL,
    Answer,
    AnswerSentence,
    BadRecord,
    DraftReady,
    Dropped,
    Evidence,
    EvidenceFound,
    Finished,
    Origin,
    Paper,
    Publication,
    Question,
    QuestionUnderstood,
    Reason,
    Scope,
    SectionStarted,
    SentenceReady,
    Source,
    SourceSentence,
    Span,
    Timings,
    Verdict,
    Withheld,
    Writing,
)
from ui.adding import Outcome
from ui.render import adding, answer, cards, conversations, papers, pieces, scope, welcome
from ui.render.papers import Looking
from ui.render.view import View

ABSTRACT = "Tides were measured. The tide rose 4 metres at noon. Boats & nets were lost."
FOUND = SourceSentence("The tide rose 4 metres at noon.", 1, Span(21, 52), 0.9)
PAPER = Paper("aa00000001", "Tides", ABSTRACT, ("Ada Quill",), 2019, "https://example.org/t")
EVIDENCE = Evidence((Source(1, PAPER, (FOUND,), 1.0),), (PAPER,))
SENTENCE = AnswerSentence(
    "The tide rose 4 metres.", (1,), Verdict.SUPPORTED, Origin.MODEL, FOUND.text
)
ANSWER = Answer(
    "b" * 32,
    Question("How high?", "How high?"),
    (SENTENCE,),
    EVIDENCE,
    "small-model",
    prompt_tokens=1234,
    answer_tokens=56,
    timings=Timings(total_ms=4321),
)

HOSTILE = [
    "<script>window.ran = 1</script>",
    '"><img src=x onerror="window.ran=1">',
    "' onmouseover='window.ran=1",
    "</mark></article><svg onload=window.ran=1>",
    "<iframe src=https://evil.example></iframe>",
    "${window.ran=1} {{constructor}} `${window.ran=1}`",
    "&lt;script&gt;window.ran=1&lt;/script&gt;",
    "<style>@import 'https://evil.example/x.css'</style>",
]


class Tags(HTMLParser):
    """All elements and the text of a piece of HTML, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def papers_linked(self) -> list[str | None]:
        """Addresses outside of this machine, in their order."""
        links = [a["href"] for t, a in self.elements if t == "a"]
        return [link for link in links if not (link or "").startswith("footnote/")]

    def having(self, name: str) -> list[dict[str, str | None]]:
        return [a for _, a in self.elements if name in (a.get("class") or "").split()]


def shown(view: View) -> Tags:
    return Tags(answer.exchange(view))


def everywhere(hostile: str) -> list[str]:
    """The hostile text in every place that a paper, a model or a reader can fill."""
    paper = Paper(
        "aa00000002", hostile, f"{hostile} Then.", (hostile,), 2000, hostile, hostile, hostile,
        sources=(hostile,), tags=(hostile,), key=hostile, notes=hostile, is_read=True,
        publication=Publication("book", hostile, hostile, hostile, hostile, hostile),
    )  # fmt: skip
    found = SourceSentence(hostile, 0, Span(0, len(hostile)), 0.5)
    evidence = Evidence((Source(1, paper, (found,), 1.0),), (paper,))
    sentences = (
        AnswerSentence(hostile, (1,), Verdict.PARTLY, Origin.MODEL, hostile, hostile),
        AnswerSentence(hostile, (1,), Verdict.SUPPORTED, Origin.QUOTATION, hostile, hostile),
    )
    record = Answer(
        "c" * 32,
        Question(hostile, f"{hostile}?"),
        sentences,
        evidence,
        hostile,
        model_error=hostile,
        dropped=Dropped(1, 1, (Withheld(hostile, Verdict.PARTLY, hostile, hostile),)),
    )
    refused = replace(record, evidence=Evidence((), (paper,), reason=Reason.NOTHING_NEAR))
    themed = replace(
        record,
        question=Question(hostile, hostile, hostile),
        sentences=tuple(replace(s, theme=hostile) for s in sentences),
        evidence=replace(evidence, missing_sides=(hostile,)),
    )
    lacking = replace(
        refused,
        evidence=replace(
            refused.evidence,
            reason=Reason.NOT_IN_ABSTRACT,
            missing_names=(hostile,),
            missing_figures=(hostile,),
        ),
    )
    views = [
        *(View.of(hostile, a) for a in (record, refused, themed, lacking)),
        View("k", hostile, status=hostile, problem=hostile),
    ]
    return [
        *(answer.exchange(v) for v in views),
        cards.evidence_panel(views),
        answer.thread(views, hostile),
        *library_parts(paper, hostile),
        welcome.welcome(1, [hostile]),
        pieces.notice(hostile, [hostile]),
        pieces.progress(hostile, 1, 2),
        conversations.listed([Conversation(hostile, hostile, 0.0)], hostile, datetime(2026, 1, 1)),
        conversations.listed([], None, datetime(2026, 1, 1), hostile),
        cards.like(paper, [paper]),
        scope.scope_bar(
            Scope(2019, 2021, (hostile,), (hostile,), ("a",), (hostile,), True),
            Facets(*[(Facet(hostile, 1),)] * 3),
            1,
            hostile,
        ),
    ]


def library_parts(paper: Paper, hostile: str) -> list[str]:
    """The Library tab, with a paper of hostile texts read, chosen, edited and added."""
    page = Page((paper,), 0, 200)
    inside = Scope(tags=(hostile,), sources=(hostile,), papers=(hostile,), authors=(hostile,))
    looking = Looking(hostile, inside, chosen=frozenset([hostile]), opened=paper.id)
    names = ("title", "abstract", "authors", "year", "doi", "url", "tags", "notes")
    edited = replace(looking, draft=Draft(*[hostile] * 8), faults=dict.fromkeys(names, hostile))
    bad = [BadRecord(n, hostile) for n in range(30)]
    file = FileReport(Path(hostile), hostile, 31, [hostile], [hostile], bad=bad, error=hostile)
    other = FileReport(Path(hostile), hostile, skipped=hostile)
    report = AddReport((file, other, other), True, hostile)
    return [
        papers.finder(looking),
        papers.sample_hint(3, 2),
        papers.bar(looking, 200, 300, pieces.notice(hostile)),
        papers.bar(replace(looking, all_chosen=True), 200, 300),
        papers.listing(page, looking),
        papers.listing(page, edited),
        papers.listing(Page((), 0, 0), looking),
        adding.outcome(Outcome({hostile: hostile}, report), hostile),
        adding.outcome(Outcome({}, problem=hostile)),
        adding.under_way(Progress(1, 2, hostile), hostile),
    ]


ALLOWED_TAGS = set(
    "a article b button code details div em fieldset footer form h2 h3 input label legend li mark "
    "nav option p pre progress q section select small span summary table tbody td textarea th "
    "thead tr ul".split()
)
ALLOWED_ATTRIBUTES = set(
    "aria-current aria-describedby aria-hidden aria-invalid aria-label autocomplete checked class "
    "colspan data-asks data-at data-before data-card data-conversation data-copy data-copy-of "
    "data-count data-do data-drawn data-edit data-field data-hint data-id data-key data-offset "
    "data-origin data-question data-quote data-tab data-value data-verdict data-words disabled "
    "download href id inputmode max maxlength min name open placeholder rel role rows scope "
    "selected tabindex target title type value".split()
)


def faults(html: str) -> list[str]:
    """Elements and attributes that we never write, and addresses that a browser might run."""
    found = []
    for tag, attributes in Tags(html).elements:
        if tag not in ALLOWED_TAGS:
            found.append(tag)
        found += [a for a in attributes if a not in ALLOWED_ATTRIBUTES]
        href = attributes.get("href")
        if href is not None and not href.startswith(("http://", "https://", "footnote/")):
            found.append(href)
    return found


class TestEscaping:
    @pytest.mark.parametrize("hostile", HOSTILE)
    def test_hostile_text_is_shown_and_never_becomes_markup(self, hostile: str) -> None:
        for html in everywhere(hostile):
            assert faults(html) == []
        assert hostile in Tags(everywhere(hostile)[0]).text

    @pytest.mark.parametrize("hostile", HOSTILE[:5])
    def test_the_detector_sees_an_unescaped_text(self, hostile: str) -> None:
        """The planted fault: a place that forgot to escape."""
        assert faults(f"<p title='{hostile}'>{hostile}</p>") != []

    @pytest.mark.parametrize(
        "url",
        ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x", "http://[", ""],
    )
    def test_an_address_a_browser_would_run_is_not_a_link(self, url: str) -> None:
        assert "href" not in cards.card(replace(PAPER, url=url), "a")

    def test_a_paper_without_address_is_linked_by_its_doi(self) -> None:
        html = cards.card(replace(PAPER, url=None, doi="10.1000/x"), "a")
        assert 'href="https://doi.org/10.1000/x"' in html


class TestSentences:
    def test_a_citation_is_a_button_that_names_its_card_and_sentence(self) -> None:
        (cite,) = shown(View.of("k", ANSWER)).having("cite")
        assert cite["data-card"] == "card-k-1"
        assert cite["data-at"] == "21"
        assert cite["aria-label"] == "Source 1: Tides"

    def test_the_marker_stands_before_the_full_stop(self) -> None:
        assert "The tide rose 4 metres [1]." in shown(View.of("k", ANSWER)).text

    def test_a_quotation_says_so_to_everyone(self) -> None:
        quoted = replace(SENTENCE, text=FOUND.text, origin=Origin.QUOTATION)
        tags = shown(View.of("k", replace(ANSWER, sentences=(quoted,))))
        assert "Quotation from source 1: The tide rose" in tags.text
        assert any(tag == "q" for tag, _ in tags.elements)
        assert "“…” quotes a source." in tags.text

    def test_partly_is_said_in_words_with_its_reason(self) -> None:
        partly = replace(SENTENCE, verdict=Verdict.PARTLY, reason="5 is not in the source")
        tags = shown(View.of("k", replace(ANSWER, sentences=(partly,))))
        assert "partly supported" in tags.text
        assert "5 is not in the source" in tags.text

    def test_a_supported_sentence_carries_no_mark(self) -> None:
        assert not shown(View.of("k", ANSWER)).having("verdict")


class TestParagraphs:
    OTHER = SourceSentence("Boats & nets were lost.", 2, Span(53, 76), 0.5)
    SECOND = replace(PAPER, id="aa00000002", title="Ebbs")
    TWO = Evidence(
        (Source(1, PAPER, (FOUND, OTHER), 1.0), Source(2, SECOND, (FOUND,), 1.0)), (PAPER,)
    )

    def paragraphs(self, *sentences: AnswerSentence) -> list[int]:
        """How many sentences each paragraph has."""
        html = answer.exchange(View("k", "How?", evidence=self.TWO, sentences=sentences))
        return [part.count('class="sentence"') for part in html.split('class="paragraph"')[1:]]

    def test_sentences_of_one_source_form_a_paragraph(self) -> None:
        again = replace(SENTENCE, text="Boats were lost.", quote=self.OTHER.text)
        other = replace(SENTENCE, citations=(2,))
        assert self.paragraphs(SENTENCE, again, other, SENTENCE) == [2, 1, 1]

    def test_a_sentence_that_replaces_a_quotation_leaves_the_paragraphs_as_they_were(self) -> None:
        """Also when it cites another source first: what counts is what it is made from."""
        again = replace(SENTENCE, quote=self.OTHER.text, citations=(1,))
        wider = replace(again, citations=(2, 1), text="Boats and nets were lost.")
        assert self.paragraphs(SENTENCE, again) == self.paragraphs(SENTENCE, wider) == [2]


class TestSummary:
    SENTENCES = (
        replace(SENTENCE, theme="Springs"),
        replace(SENTENCE, text="Boats were lost.", theme="Losses"),
    )

    def test_themes_are_headings_and_the_cited_papers_are_listed_at_the_end(self) -> None:
        uncited = Source(2, replace(PAPER, id="aa00000003", title="Ebbs"), (FOUND,), 0.5)
        evidence = replace(EVIDENCE, sources=(*EVIDENCE.sources, uncited))
        html = answer.exchange(
            View.of("k", replace(ANSWER, sentences=self.SENTENCES, evidence=evidence))
        )
        assert html.index("<h3>Springs</h3>") < html.index("<h3>Losses</h3>")
        references = Tags(html[html.index("References") :])
        assert "Tides" in references.text
        assert "Ada Quill · 2019 · example.org" in references.text
        assert "Ebbs" not in references.text
        assert references.papers_linked == [PAPER.link]

    def test_references_wait_for_the_end(self) -> None:
        growing = View("k", "Summarise", evidence=EVIDENCE, sentences=self.SENTENCES)
        assert "References" not in answer.exchange(growing)

    def test_an_ordinary_answer_has_neither(self) -> None:
        html = answer.exchange(View.of("k", ANSWER))
        assert "<h3>" not in html
        assert "References" not in html


class TestExchange:
    def test_the_searched_question_is_shown_only_when_it_differs(self) -> None:
        assert "Searched for" not in shown(View.of("k", ANSWER)).text
        follow_up = replace(ANSWER, question=Question("And at night?", "Tides and at night?"))
        tags = shown(View.of("k", follow_up))
        assert "Searched for: Tides and at night?" in tags.text
        (edit,) = tags.having("edit")
        assert (edit["data-edit"], edit["data-asks"]) == ("Tides and at night?", "alone")

    def test_a_summary_says_what_it_is_of(self) -> None:
        """Also where its topic was typed as it is, and where it is a refusal without headings."""
        asked = Question("its use", "its use", is_summary=True)
        tags = shown(View.of("k", replace(ANSWER, question=asked)))
        assert "Summary of the papers on: its use" in tags.text
        (edit,) = tags.having("edit")
        assert (edit["data-edit"], edit["data-asks"]) == ("its use", "summary")

    def test_a_note_on_the_question_is_shown(self) -> None:
        noted = replace(ANSWER, question=Question("How high?", "How high?", "Taken as asked."))
        assert "Taken as asked." in shown(View.of("k", noted)).text

    def test_a_comparison_with_one_side_says_so_above_the_answer(self) -> None:
        evidence = replace(EVIDENCE, missing_sides=("ebbs",))
        text = shown(View.of("k", replace(ANSWER, evidence=evidence))).text
        assert text.index("nothing near “ebbs”") < text.index(SENTENCE.text[:-1])

    def test_a_refusal_offers_the_nearest_papers(self) -> None:
        refused = replace(
            ANSWER, sentences=(), evidence=Evidence((), (PAPER,), reason=Reason.NOT_IN_ABSTRACT)
        )
        view = View.of("k", refused)
        tags = shown(view)
        assert REFUSAL in tags.text
        (button,) = tags.having("open-card")
        assert f'id="{button["data-card"]}"' in cards.evidence_panel([view])

    def test_a_refusal_says_what_is_lacking_and_how_to_widen(self) -> None:
        evidence = Evidence(
            (),
            (PAPER,),
            reason=Reason.NOT_IN_ABSTRACT,
            missing_names=("Zorbex",),
            missing_figures=("a percentage",),
            papers_searched=668,
        )
        tags = shown(View.of("k", replace(ANSWER, sentences=(), evidence=evidence)))
        lacks = "its abstract does not give a percentage, or mention “Zorbex”"
        assert f"{lacks}; the paper itself may" in tags.text
        assert "Searched 668 papers for “How high?”." in tags.text
        assert "rather than for a percentage" in tags.text
        assert tags.papers_linked == [PAPER.link]

    def test_every_answer_says_what_it_rests_on(self) -> None:
        assert "From abstracts, not from whole papers." in shown(View.of("k", ANSWER)).text
        source = replace(EVIDENCE.sources[0], paper=replace(PAPER, is_note=True))
        noted = replace(ANSWER, evidence=replace(EVIDENCE, sources=(source,)))
        assert "From notes, not from whole papers." in shown(View.of("k", noted)).text

    def test_the_footer_tells_model_tokens_and_seconds(self) -> None:
        text = shown(View.of("k", ANSWER)).text
        assert "small-model · 1,234 tokens read, 56 written · 4.3 s" in text

    def test_what_was_left_out_is_told(self) -> None:
        dropped = replace(ANSWER, dropped=Dropped(1, 2), stopped=True)
        text = shown(View.of("k", dropped)).text
        assert "Stopped before the end." in text
        assert "2 sentences of the model not borne out" in text
        assert "1 invented citation removed" in text

    def test_what_was_withheld_is_told_with_its_reason(self) -> None:
        """Folded away, and as text: the model may write anything."""
        told = Withheld("9.9 points <b>", Verdict.UNSUPPORTED, "9.9 is not in the source", "")
        view = View.of("k", replace(ANSWER, dropped=Dropped(0, 1, (told,))))
        text = shown(view).text
        assert "1 sentence of the model not shown" in text
        assert "9.9 points <b> 9.9 is not in the source" in " ".join(text.split())
        assert '<details class="withheld"><summary>' in answer.exchange(view)

    def test_events_build_up_to_the_finished_answer(self) -> None:
        quoted = replace(SENTENCE, text=FOUND.text, origin=Origin.QUOTATION)
        view = View("k", "How high?")
        statuses, texts = [], []
        for event in (
            QuestionUnderstood(ANSWER.question),
            EvidenceFound(EVIDENCE),
            DraftReady((quoted,)),
            Writing(0),
            Writing(8),
            SentenceReady(SENTENCE, 0, replaces=True),
        ):
            view = view.after(event)
            statuses.append(view.status)
            texts.append([s.text for s in view.sentences])
        assert statuses == [
            "Searching your papers…",
            "Reading 1 source…",
            "Quoted from 1 source; the model is reading…",
            "Quoted from 1 source; the model is reading…",
            "Writing: what is borne out takes the place of its quotation…",
            "Writing: what is borne out takes the place of its quotation…",
        ]
        assert texts == [[], [], *[[FOUND.text]] * 3, [SENTENCE.text]]
        finished = view.after(Finished(ANSWER))
        assert finished == replace(View.of("k", ANSWER), is_new=True)

    def test_the_parts_of_a_summary_are_counted_while_they_are_written(self) -> None:
        view = View("k", "Summarise tides").after(SectionStarted("Springs", 2, 4))
        said = "Writing part 2 of 4: Springs…"
        assert view.status == said
        assert view.after(Writing(0)).status == view.after(Writing(8)).status == said

    def test_the_growing_answer_is_not_read_out_at_each_change(self) -> None:
        """Only the status line speaks, and it is one element from the first step to the last."""
        growing = View("k", "How high?", status="Searching…")
        for view in (growing, replace(growing, sentences=(SENTENCE,)), View.of("k", ANSWER)):
            tags = shown(view)
            assert not any("aria-live" in a for _, a in tags.elements)
            (_,) = [a for _, a in tags.elements if a.get("role") == "status"]
        parts = [t for t, a in shown(growing).elements if t in ("h2", "p", "div", "footer")]
        assert parts == ["h2", "div", "div", "p", "p", "div"]

    def test_only_what_came_while_the_reader_looked_lights_up(self) -> None:
        assert not shown(View.of("k", ANSWER)).having("new")
        assert shown(View("k", "How high?").after(Finished(ANSWER))).having("new")

    def test_a_very_long_question_does_not_flood_the_page(self) -> None:
        assert len(answer.exchange(View("k", "why " * 100_000))) < 2000


class TestCards:
    def test_found_and_cited_sentences_are_marked_in_the_whole_abstract(self) -> None:
        html = cards.card(
            PAPER, "a", source=EVIDENCE.sources[0], quotes=["Boats & nets were lost."]
        )
        tags = Tags(html)
        assert [(m["class"], m["data-at"]) for t, m in tags.elements if t == "mark"] == [
            ("found", "21"), ("cited", "53"),
        ]  # fmt: skip
        assert "Tides were measured. The tide rose" in tags.text

    def test_a_quotation_that_is_not_in_the_abstract_marks_nothing(self) -> None:
        assert "<mark" not in cards.card(PAPER, "a", quotes=["The tide rose 5 metres."])

    def test_spans_of_another_abstract_mark_nothing(self) -> None:
        """A stored answer may be older than the paper it shows."""
        moved = replace(PAPER, abstract="Changed since. " + ABSTRACT)
        assert "<mark" not in cards.card(moved, "a", source=EVIDENCE.sources[0])

    def test_a_note_is_not_called_an_abstract(self) -> None:
        text = Tags(cards.card(replace(PAPER, is_note=True), "a")).text
        assert "A note about the paper, not its abstract" in text

    def test_the_panel_holds_the_cards_of_every_exchange(self) -> None:
        panel = cards.evidence_panel([View.of("one", ANSWER), View.of("two", ANSWER)])
        assert 'id="card-one-1"' in panel
        assert 'id="card-two-1"' in panel


class TestLibrary:
    def test_an_empty_library_says_how_to_add_papers(self) -> None:
        assert "footnote add" in welcome.welcome(0, [])

    def test_example_questions_are_buttons(self) -> None:
        (button,) = Tags(welcome.welcome(3, ["How high?"])).having("example")
        assert button["data-question"] == "How high?"

    def test_a_library_without_abstracts_says_what_to_add(self) -> None:
        """Instead of questions that it could not answer."""
        text = Tags(welcome.welcome(3, [], 0, 0)).text
        assert "3 papers, and no abstract" in text
        assert "gain theirs" in text

    @pytest.mark.parametrize("reader", _READERS, ids=lambda reader: reader.name)
    def test_every_format_is_named(self, reader: Reader) -> None:
        assert any(
            re.search(rf"\b{word}s?\b", pieces.FORMATS)
            for word in re.findall(r"[\w-]{3,}", reader.name)
        )

    def test_an_opened_paper_tells_where_it_appeared_and_what_is_kept_of_it(self) -> None:
        paper = replace(
            PAPER,
            url="https://www.example.org/t",
            doi="10.1000/x",
            arxiv_id="2001.00001",
            publication=Publication("article-journal", "Tide Letters", "12", "3", "45-67"),
            key="quill2019tides",
            notes="Mine:\n  two lines.",
            is_read=True,
            sources=("a.bib", "b.ris"),
        )
        html = papers.listing(Page((paper,), 0, 1), Looking(opened=paper.id))
        tags = Tags(html)
        assert "Ada Quill · 2019 · example.org · doi.org · arxiv.org" in tags.text
        assert "Tide Letters 12 (3), pages 45-67" in tags.text
        assert "Cited as quill2019tides · From a.bib, b.ris" in tags.text
        assert "Your notesMine:\n  two lines." in tags.text
        assert '<span class="mark">Read</span>' in html
        unread = papers.listing(Page((PAPER,), 0, 1), Looking(opened=PAPER.id))
        assert "Your notes" not in unread
        assert 'class="mark"' not in unread

    def test_each_site_is_linked_once(self) -> None:
        """Two links of one name would lead to two places."""
        paper = replace(PAPER, url="http://arxiv.org/pdf/2001.00001", arxiv_id="2001.00001")
        assert Tags(pieces.byline(paper)).papers_linked == ["http://arxiv.org/pdf/2001.00001"]

    def test_a_paper_without_an_abstract_says_so(self) -> None:
        """In the list, opened, and as a card, with no empty paragraph."""
        bare = replace(PAPER, abstract="")
        (closed, opened) = (
            papers.listing(Page((bare,), 0, 1), Looking(opened=opened)) for opened in ("", bare.id)
        )
        assert "2019 · No abstract: for citing and title search" in Tags(closed).text
        for html in (opened, cards.card(bare, "a")):
            assert "No abstract: for citing and title search" in Tags(html).text
            assert 'class="abstract"' not in html
        assert "No abstract" not in papers.listing(Page((PAPER,), 0, 1), Looking())

    def test_an_export_link_keeps_the_filter_of_what_was_not_read(self) -> None:
        """False is a value of it, not its absence."""
        (link, *_) = [
            str(a["href"])
            for tag, a in Tags(papers.bar(Looking(scope=Scope(is_read=False)), 2, 3)).elements
            if tag == "a"
        ]
        assert '"is_read": false' in unquote_plus(link)

    def test_counts_have_their_noun(self) -> None:
        assert Tags(papers.counts(1, 2000)).text == "1 paper, 2,000 sentences"


def file(name: str, **told: Any) -> FileReport:
    """What came of a file that was dropped, or of one in an archive."""
    return FileReport(Path(f"/tmp/{name.split(':')[0]}"), name, **told)


def outcome(*files: FileReport) -> Tags:
    return Tags(adding.outcome(Outcome({}, AddReport(files))))


class TestOutcome:
    def test_a_row_has_the_numbers_of_its_heads(self) -> None:
        tags = outcome(
            file("a.zip: b/tin.bib", read=9, ids=["x", "y"], updated=["z"], duplicates=3,
                 without_abstract=4, bad=[BadRecord(7, "no title")])
        )  # fmt: skip
        heads = "FileReadAddedUpdatedAlready hereWithout abstractNot usable"
        assert f"{heads}a.zip: b/tin.bib921341" in tags.text
        assert "Line 7: no title" in tags.text

    def test_files_without_papers_are_one_line_an_archive(self) -> None:
        """They are no fault, and have no row."""
        names = [f"n{number}.png" for number in range(7)]
        skipped = [file(f"a.zip: {name}", skipped="is not text") for name in names]
        tags = outcome(file("a.zip: tin.bib", read=1, ids=["x"]), *skipped,
                       file("b.zip: c.txt", skipped="is prose"))  # fmt: skip
        assert "7 files in a.zip hold no papers: n0.png, n1.png, n2" in tags.text
        assert "n4.png and 2 more" in tags.text
        assert "1 file in b.zip holds no papers: c.txt" in tags.text
        assert "is not text" not in tags.text
        assert len([t for t, _ in tags.elements if t == "tr"]) == 2

    def test_very_many_files_are_summed_up(self) -> None:
        """With a row for each that is faulty."""
        good = [file(f"{n}.bib", read=2, ids=[f"{n}"], duplicates=1) for n in range(100)]
        tags = outcome(*good, file("bad.bib", error="It is broken."))
        assert len([t for t, _ in tags.elements if t == "tr"]) == 1 + 30 + 1 + 1
        assert "It is broken." in tags.text
        assert "71 more files1427107100" in tags.text

    def test_undo_says_what_stays(self) -> None:
        tags = outcome(file("a.bib", read=2, ids=["x"], updated=["y"]))
        assert "Undo: take the added paper out again (updates stay)" in tags.text
        assert "updates stay" not in outcome(file("a.bib", read=2, ids=["x", "y"])).text
        assert "Undo" not in outcome(file("a.bib", read=2, updated=["x"])).text

    def test_what_an_upload_is_called_meanwhile_is_told_nowhere(self) -> None:
        """In the page and in the report, whatever the name."""
        name = 'ü "x" tin.bib'
        path = Path("/tmp/1f") / name
        report = AddReport((FileReport(path, name, error=f"{path} is broken."),))
        came = Outcome({str(path): name}, report)
        assert "/tmp" not in adding.outcome(came)
        assert "/tmp" not in came.to_json()
        (told,) = json.loads(came.to_json())["files"]
        assert (told["path"], told["error"]) == (name, f"{name} is broken.")
        assert "/tmp" in Outcome({}, report).to_json(), "the planted fault"
