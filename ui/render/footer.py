"""What stands under an answer: what it rests on and cost, and what can be done with it; pure."""

from __future__ import annotations

from html import escape

from rag.bibliography import Format
from rag.refusal import basis
from rag.types import Answer, Origin
from ui.render.pieces import counted, download_link
from ui.render.view import View


def footer(view: View) -> str:
    """Nothing until the answer is finished."""
    answer = view.answer
    if answer is None:
        return ""
    notes = f'<span class="notes">{escape(" ".join(_notes(answer)))}</span>'
    facts = f'<span class="facts">{escape(" · ".join(_facts(answer)))}</span>'
    return f"<footer>{notes}{facts}</footer>{_withheld(answer)}{_tools(answer)}"


def _notes(answer: Answer) -> list[str]:
    notes = [basis(answer)]
    if answer.quotes:
        notes.append("“…” quotes a source.")
    if answer.answer_tokens and all(s.origin is Origin.QUOTATION for s in answer.sentences):
        notes.append("No sentence of the model took a quotation's place.")
    if answer.stopped:
        notes.append("Stopped before the end.")
    if answer.model_error:
        notes.append(f"The model could not finish: {answer.model_error}")
    count = answer.dropped.unsupported_sentences
    if count > 0 and not answer.dropped.withheld:
        notes.append(f"{counted(count, 'sentence')} of the model not borne out by the sources.")
    if (count := answer.dropped.invented_citations) > 0:
        notes.append(f"{counted(count, 'invented citation')} removed.")
    return [note for note in notes if note]


def _facts(answer: Answer) -> list[str]:
    facts = [answer.model] if answer.model else []
    if answer.prompt_tokens:
        facts.append(f"{answer.prompt_tokens:,} tokens read, {answer.answer_tokens:,} written")
    seconds = answer.timings.total_ms / 1000
    facts.append(f"{seconds:.1f} s" if seconds >= 0.1 else "under 0.1 s")
    return facts


def _withheld(answer: Answer) -> str:
    """The model's sentences that were not shown, folded away, each with the reason."""
    if not answer.dropped.withheld:
        return ""
    items = "".join(
        f"<li>{escape(w.text)} <em>{escape(w.reason or w.verdict)}</em></li>"
        for w in answer.dropped.withheld
    )
    count = counted(len(answer.dropped.withheld), "sentence")
    return (
        f'<details class="withheld"><summary>{count} of the model not shown: not borne out by the '
        f"sources</summary><ul>{items}</ul></details>"
    )


def _tools(answer: Answer) -> str:
    """To take the answer along, and to ask again."""
    id_, asks = escape(answer.id), "summary" if answer.question.is_summary else "question"
    file = f"footnote/answers/{id_}"
    return (
        '<div class="tools" role="group" aria-label="With this answer">'
        f'<button type="button" class="tool" data-copy="{file}.md">Copy with references</button>'
        f'<a class="tool" href="{file}.md" download>Markdown</a>'
        f"{_cited(file) if answer.cited else ''}"
        f'<button type="button" class="tool" data-do="again" data-id="{id_}">Ask again</button>'
        f'<button type="button" class="tool" data-edit="{escape(answer.question.text)}" '
        f'data-asks="{asks}" data-before="{id_}">Edit and ask</button></div>'
    )


def _cited(file: str) -> str:
    """The cited papers in every format, and the answer with their keys."""
    links = "".join(
        download_link(format, f"{file}.{format.ending}", "tool")
        for format in Format
        if format is not Format.MARKDOWN
    )
    note = " of the answer, with keys for Pandoc"
    keyed = download_link(Format.MARKDOWN, f"{file}.md?keys", "tool", note)
    return (
        '<details class="cite-as"><summary class="tool">Cited papers</summary>'
        f"{links}{keyed}</details>"
    )
