"""A task that asks people for looks: the way, the numbers with what is still to be told of each, and how it is told.

It is ended by what is told, and by no `task done`. `render_task` beside this shows what all tasks have; what people are
told to do is in `looking`.
"""

from itertools import pairwise

from numtrustd.api import status
from numtrustd.ctl.document import Cell, Column, Document, Tone
from numtrustd.ctl.lang import listed, tr, trn
from numtrustd.ctl.sentences import said
from numtrustd.domain.task import TaskKind

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
    """What to type: one command for each look."""
    if t.state != "open" or not t.reports:
        return
    doc.heading(tr("report each look with this: what is in capitals is yours to fill in"))
    more = tr("the others the same way, with their number and place; `task show {task} --folder DIR` writes out each")
    doc.commands(t.reports, more.format(task=t.task), indent=2)


def _missing(t: status.TaskView) -> dict[str, list[tuple[str, str]]]:
    """(platform, surface) of the looks that are still to be told of each number, as it is typed."""
    missing: dict[str, list[tuple[str, str]]] = {}
    for line in t.reports or ():
        words = line.split()
        options = dict(pairwise(words))
        if "observe" in options and "--surface" in options:
            place = options.get("--platform", t.platform), options["--surface"]
            missing.setdefault(options["observe"], []).append(place)
    return missing
