"""A task that asks people for looks: the way, the numbers with what is still to be told of each, and how it is told.

It is ended by what is told, and by no `task done`. `render_task` beside this shows what all tasks have; what people are
told to do is in `looking`.
"""

import json
import shlex
from collections.abc import Iterator
from itertools import pairwise

from numtrustd.api import status
from numtrustd.ctl.document import Cell, Column, Document, Tone
from numtrustd.ctl.lang import listed, tr, trn
from numtrustd.ctl.sentences import said
from numtrustd.domain.task import TaskKind

LINES = "reports.jsonl"
"""The file of a task's folder in which what was seen is written down."""

KINDS = frozenset({TaskKind.DEVICE_TEST.value, TaskKind.ASSISTED_LOOK.value})


def ends(t: status.TaskView) -> str:
    """What ends such a task."""
    left = len(t.reports or ())
    if not left:
        return tr("by itself: everything is reported")
    return trn(
        "by itself, when the look that is missing is reported",
        "by itself, when the {n} looks that are missing are reported",
        left,
    )


def numbers(doc: Document, t: status.TaskView) -> None:
    """The numbers: what each is looked at for, and what of it is still to be told."""
    missing = _missing(t)
    of_one = len({platform for each in missing.values() for platform, _ in each}) == 1
    doc.heading(tr("numbers"))
    doc.table(
        (tr("NUMBER"), Column(tr("STILL TO BE REPORTED"), prose=True), Column(tr("WHY"), cut=24)),
        [
            (
                fact.name,
                listed(surface if of_one else f"{platform}/{surface}" for platform, surface in missing[fact.name])
                if fact.name in missing
                else Cell(tr("nothing"), Tone.GOOD)
                if t.state == "open"
                else None,
                said(fact.value),
            )
            for fact in t.fields
        ],
    )


def how(doc: Document, t: status.TaskView) -> None:
    """What to type: one command as an example, and how all are told at once."""
    if t.state != "open" or not t.reports:
        return
    doc.heading(tr("report each look with this: what is in capitals is yours to fill in"))
    doc.command(t.reports[0], indent=2)
    if len(t.reports) > 1:
        more = tr(
            "{n} looks are asked for: `task show {task} --folder DIR` writes {file}, a line for each to fill in, and "
            "`{command}` reports them all"
        )
        doc.line(more.format(n=len(t.reports), task=t.task, file=LINES, command=handing_in(t)), indent=2)


def handing_in(t: status.TaskView) -> str:
    """The command that reports all that was filled in."""
    options = next(iter(_looks(t)), {})
    named = "".join(f' {option} "{options[option]}"' for option in ("--device", "--os", "--app") if option in options)
    return f"numtrustctl observe{named} < {LINES}"


def lines(t: status.TaskView) -> str:
    """A JSON line for each look that is asked for, to be filled in. As it stands each is refused; a line that was
    reported and is handed in once more with others counts once.
    """
    made = []
    for options in _looks(t):
        number, surface = options["observe"], options["--surface"]
        place = {"number": number, "platform": options.get("--platform", t.platform), "surface": surface}
        source = {"source": options["--source"]} if "--source" in options else {}
        seen = dict.fromkeys(("status", "words", "name", "screenshot"), "")
        key = f"{t.task} {number} {place['platform']} {surface}"
        made.append(json.dumps({**place, **source, **seen, "key": key}, ensure_ascii=False))
    return "".join(f"{line}\n" for line in made)


def _looks(t: status.TaskView) -> Iterator[dict[str, str]]:
    """The words of each command that tells of a look, by the word before."""
    for line in t.reports or ():
        options = dict(pairwise(shlex.split(line)))
        if "observe" in options and "--surface" in options:
            yield options


def _missing(t: status.TaskView) -> dict[str, list[tuple[str, str]]]:
    """(platform, surface) of the looks that are still to be told of each number, as it is typed."""
    missing: dict[str, list[tuple[str, str]]] = {}
    for options in _looks(t):
        place = options.get("--platform", t.platform), options["--surface"]
        missing.setdefault(options["observe"], []).append(place)
    return missing
