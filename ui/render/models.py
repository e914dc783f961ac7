"""What a model costs and what choosing it means, in words and as HTML; pure, all is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from models.cores import memory_bytes
from models.overview import BESIDE_GB
from rag.no_model import NO_MODEL

if TYPE_CHECKING:
    from models.overview import KnownModel
    from models.speed import Speed, Wait
    from rag.wiring import Choice
    from ui.jobs import Job, Told


def size_words(size_bytes: int | None) -> str:
    """“145 MB”, or “1.1 GB”."""
    if not size_bytes:
        return ""
    if size_bytes < 999.5e6:
        return f"{size_bytes / 1e6:,.0f} MB"
    return f"{size_bytes / 1e9:,.1f} GB"


def memory_words(model: KnownModel) -> str:
    """“1.5 GB of memory”, and whether this machine has too little for it."""
    if model.memory_gb is None:
        return ""
    needs = f"{model.memory_gb:g} GB"
    if model.memory_fits:
        return needs
    has = f"{memory_bytes() / 1e9:.3g} GB"
    return f"{needs}, and {BESIDE_GB:g} GB beside it: more than the {has} of this machine"


def speed_words(speed: Speed | None) -> str:
    """What was measured and when, or that it is an estimate, or that neither is known."""
    if speed is None:
        return "not measured"
    about = "" if speed.measured else "about "
    figures = (
        f"reads {about}{_rate(speed.reads)} and writes {about}{_rate(speed.writes)} tokens a second"
    )
    if speed.measured:
        return f"{figures}, measured {speed.measured.day} {speed.measured:%b}"
    return f"{figures} (an estimate)"


def wait_words(wait: Wait | None, speed: Speed | None) -> tuple[str, str]:
    """How long until the model's first sentence; how long for all of it, and for a summary."""
    if wait is None or speed is None:
        return "", ""
    about = "about " if speed.measured else "perhaps "
    return (
        f"first sentence after {about}{_seconds(wait.first_sentence)}",
        f"whole answer {_seconds(wait.whole_answer)}, a summary {_seconds(wait.summary)}",
    )


def _rate(tokens: float) -> str:
    return f"{tokens:.1f}" if tokens < 9.95 else f"{tokens:,.0f}"


def _seconds(seconds: float) -> str:
    if seconds < 9.5:
        return f"{max(seconds, 0.1):.1f} s" if seconds < 0.95 else f"{seconds:.0f} s"
    return f"{seconds:.0f} s" if seconds < 99.5 else f"{seconds / 60:.0f} min"


def listed(
    choices: Sequence[Choice], in_use: str, job: Job | None = None, told: Sequence[Told] = ()
) -> str:
    """All chat models by whether they are here, each with its costs and what can be done with it.

    `told` are sentences that stand with the model they are about, or first when it is gone.
    """
    sentences = {t.setting: said(t) for t in told}
    chat = [c for c in choices if c.model.kind == "llm"]
    rows = [c for c in chat if c.model.path or c.model.origin in ("built", "pulled")]
    settings = {NO_MODEL, *(c.model.setting for c in rows)}
    gone = "".join(said(t) for t in told if t.setting not in settings)
    here = [_none(in_use == NO_MODEL, sentences.get(NO_MODEL, ""))]
    here += [_row(c, job, sentences) for c in rows if c.model.path or c.model.origin == "built"]
    away = [
        _row(c, job, sentences) for c in rows if not c.model.path and c.model.origin == "pulled"
    ]
    return (
        f'{gone}<section><h2>On this machine</h2><ul class="models">{"".join(here)}</ul></section>'
        f'<section><h2>To be pulled</h2><p class="quiet">Pulling one needs a connection, once; '
        f'nothing else here does.{_estimated(chat)}</p><ul class="models">{"".join(away)}</ul>'
        "</section>" + "".join(_searching(c) for c in choices if c.model.kind == "embedder")
    )


def _estimated(choices: Sequence[Choice]) -> str:
    """What the estimates rest on."""
    speeds = [c.model.speed for c in choices if not c.model.path]
    names = sorted({s.estimated_from for s in speeds if s and not s.measured})
    if names:
        return (
            f" Their times are estimates, from what was measured of {escape(' and '.join(names))}."
        )
    return " Measure a model above, and their times can be estimated from it."


def _searching(choice: Choice) -> str:
    return (
        f'<p class="quiet">{escape(choice.model.name)} ({escape(choice.model.license or "")}) '
        "reads your papers for search, whichever model writes.</p>"
    )


def _none(in_use: bool, sentence: str) -> str:
    return (
        f'<li class="model" data-id="{NO_MODEL}"{_current(in_use)}><div class="about">'
        f"<h3>Quotations alone{_in_use(in_use)}</h3>"
        '<p class="quiet">No model: the quotations that stand first are the whole answer.</p></div>'
        '<div><p class="wait"><strong>No wait</strong></p>'
        f'<div class="does">{"" if in_use else _button("use", NO_MODEL, "Use", "Quotations alone")}'
        f"</div></div>{sentence}</li>"
    )


def _row(choice: Choice, job: Job | None, sentences: dict[str, str]) -> str:
    model = choice.model
    at_work = job if job is not None and job.setting == model.setting else None
    note = model.note or (str(model.path) if model.origin == "file" else "")
    facts = (
        ("Size", size_words(model.size_bytes)),
        ("Memory", memory_words(model)),
        ("Licence", model.license or "not known: see where the file is from"),
        ("Speed here", speed_words(model.speed)),
    )
    lines = "".join(
        f"<div{_warns(term == 'Memory' and not model.memory_fits)}><dt>{term}</dt>"
        f"<dd>{escape(fact)}</dd></div>"
        for term, fact in facts
        if fact
    )
    first, rest = wait_words(choice.wait, model.speed)
    wait = f"<strong>{first}</strong> {rest}" if first else "wait not known yet"
    return (
        f'<li class="model" data-id="{escape(model.setting)}"{_current(choice.in_use)}>'
        f'<div class="about"><h3>{escape(model.name)}{_in_use(choice.in_use)}</h3>'
        f'<p class="quiet">{escape(note)}</p><dl>{lines}</dl></div><div><p class="wait">{wait}</p>'
        f'<div class="does">{_at_work(at_work) if at_work else _actions(choice, job)}</div></div>'
        f"{sentences.get(model.setting, '')}</li>"
    )


def _current(in_use: bool) -> str:
    return ' aria-current="true"' if in_use else ""


def _in_use(in_use: bool) -> str:
    return ' <span class="mark">in use</span>' if in_use else ""


def _warns(warns: bool) -> str:
    return ' class="warns"' if warns else ""


def _actions(choice: Choice, job: Job | None) -> str:
    """What can be done: one pull or measurement at a time."""
    model, setting = choice.model, choice.model.setting
    busy = job is not None
    buttons = []
    if not choice.in_use and (model.path or model.origin == "built"):
        buttons.append(_button("use", setting, "Use", model.name))
    if model.path:
        word = "Measure again" if model.speed and model.speed.measured else "Measure"
        buttons.append(_button("measure", setting, word, model.name, busy))
    elif model.origin == "pulled":
        left = (model.size_bytes or 0) - model.arrived_bytes
        word = f"Go on, {size_words(left)} left" if model.arrived_bytes else "Pull"
        size = "" if model.arrived_bytes else f" {size_words(model.size_bytes)}"
        buttons.append(_button("pull", setting, f"{word}{size}", model.name, busy))
    is_removable = model.path is not None and model.origin in ("built", "pulled")
    if (is_removable or model.arrived_bytes) and not choice.in_use:
        what = "Remove" if is_removable else "Discard"
        buttons.append(
            f'<details class="sure"><summary class="button" aria-label="{what} '
            f'{escape(model.name)}…">{what}…</summary>'
            + _button("remove", setting, f"{what} for good", model.name, busy, "danger")
            + "</details>"
        )
    return "".join(buttons)


def _button(
    verb: str, setting: str, word: str, name: str, disabled: bool = False, look: str = ""
) -> str:
    return (
        f'<button type="button" class="button {look}" data-do="{verb}" data-id="{escape(setting)}"'
        f'{" disabled" if disabled else ""}>{escape(word)}<span class="aside"> '
        f"{escape(name)}</span></button>"
    )


def _at_work(job: Job) -> str:
    """A bar that `progress` moves, and Stop."""
    doing = "Pulling" if job.kind == "pull" else "Measuring"
    return (
        f'<div class="work"><label>{doing}<progress max="1"></progress></label>'
        f'<p class="quiet far">…</p></div>'
        f'<button type="button" class="button" data-do="stop" data-id="{escape(job.setting)}">Stop'
        "</button>"
    )


def progress(job: Job | None) -> str:
    """How far a job has come; the script of the page writes it into the row of its model."""
    if job is None:
        return ""
    far = _far(job)
    return (
        f'<p hidden data-for="{escape(job.setting)}" data-done="{job.done}" '
        f'data-total="{job.total or 0}">{escape(far)}</p>'
    )


def _far(job: Job) -> str:
    if job.waits:
        return "waits until the answer is written"
    if job.kind == "measure":
        return f"{job.done} of {job.total} rounds" if job.total else "loading it"
    if not job.total:
        return "asking for it"
    parts = [f"{size_words(job.done) or '0 MB'} of {size_words(job.total)}"]
    if job.rate:
        parts.append(f"{job.rate / 1e6:.1f} MB/s")
    if job.seconds_left is not None:
        parts.append(f"{_left(job.seconds_left)} left")
    return ", ".join(parts)


def _left(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def said(told: Told) -> str:
    """A sentence on what came of something."""
    role, look = ("alert", "problem") if told.is_problem else ("status", "notice")
    return f'<p class="{look}" role="{role}">{escape(told.sentence)}</p>'
