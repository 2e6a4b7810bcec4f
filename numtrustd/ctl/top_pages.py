"""What `top` opens: one number, case, platform, source or task as a page, with what can be opened from there.

The pages are those of the commands of the same names; `top` beside this module shows them and asks again.
"""

from dataclasses import dataclass

from numtrustd.api import facts, status
from numtrustd.ctl import (
    aside,
    render,
    render_case,
    render_detail,
    render_platform,
    render_task,
    render_timeline,
    render_world,
)
from numtrustd.ctl.document import Document
from numtrustd.ctl.lang import tr
from numtrustd.ctl.session import Kept

Key = tuple[str, str]
"""What is opened: its kind and its id."""

_LINES = 200
"""Of a history; it is read from the top, and the command has more."""


@dataclass(frozen=True)
class Page:
    """A document, and what can be opened from it: (how it is called, key)."""

    document: Document
    links: tuple[tuple[str, Key], ...] = ()


def title(key: Key) -> str:
    """What a page is called."""
    kind, identity = key
    names = {
        "number": tr("number"),
        "case": tr("case"),
        "platform": tr("platform"),
        "source": tr("source"),
        "task": tr("task"),
        "explain": tr("why it is so:"),
        "history": tr("history of"),
    }
    return f"{names[kind]} {identity}"


def fetch(kept: Kept, key: Key) -> Page:
    """Ask for a page. Raises `ClientError`."""
    aside.platforms(kept)
    kind, identity = key
    match kind:
        case "number":
            return _number(kept, identity)
        case "case":
            return _case(kept, identity)
        case "platform":
            return _platform(kept, identity)
        case "source":
            return _source(kept, identity)
        case "task":
            task = kept.ask(status.GetTask(task=identity))
            return Page(render_task.task(task), _links(("case", task.case), ("number", task.number)))
        case "explain":
            explained = kept.ask(status.Explain(number=identity))
            return Page(
                render_detail.explanation(explained, aside.tasks(kept, explained.number)), _links(("number", identity))
            )
        case _:
            history = kept.ask(status.History(number=identity, limit=_LINES))
            return Page(render.history(history), _links(("number", identity)))


def _number(kept: Kept, identity: str) -> Page:
    view = kept.ask(status.GetNumber(number=identity))
    document = render_detail.number(view)
    render_timeline.of_number(document, view, kept.ask(render_timeline.question(view.number)))
    cases = [("case", c.case) for c in view.cases]
    tasks = [("task", t.task) for t in view.tasks]
    platforms = [("platform", r.platform) for r in view.platforms]
    return Page(document, _links(("explain", view.number), ("history", view.number), *cases, *tasks, *platforms))


def _case(kept: Kept, identity: str) -> Page:
    view = kept.ask(status.GetCase(case=identity))
    tasks = () if view.closed_at is not None else aside.tasks(kept, view.number)
    return Page(
        render_case.case(view, tasks),
        _links(("number", view.number), ("platform", view.platform), ("task", view.task or "")),
    )


def _platform(kept: Kept, identity: str) -> Page:
    view = kept.ask(facts.GetPlatform(platform=identity))
    cases = kept.ask(status.ListCases(platform=identity, by_deadline=True, limit=20)).cases
    document = render_platform.platform(view)
    sources = [("source", source) for source in view.row.sources]
    return Page(document, _links(*(("case", c.case) for c in cases), *sources))


def _source(kept: Kept, identity: str) -> Page:
    answer = kept.ask(status.ListSources())
    rows = tuple(r for r in answer.sources if r.source == identity)
    document = render_world.sources(status.SourceList(now=answer.now, sources=rows))
    return Page(document, _links(*(("platform", name) for r in rows for name in r.platforms)))


def _links(*keys: Key) -> tuple[tuple[str, Key], ...]:
    return tuple((title(key), key) for key in dict.fromkeys(keys) if key[1])
