"""The verbs that tell and act. They go to control.sock; each prints what it changed."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from numtrustd.api import control, status, wants
from numtrustd.api.declare import Params
from numtrustd.ctl import aside, backups, complete, packets, render, render_detail, render_task, render_world
from numtrustd.ctl.choices import Choice
from numtrustd.ctl.common import author_option, command
from numtrustd.ctl.document import Document
from numtrustd.ctl.lang import tr
from numtrustd.ctl.moments import Span, instant_option
from numtrustd.ctl.session import Session
from numtrustd.ctl.speak import Group
from numtrustd.domain.leaving import Reason
from numtrustd.varlink.client import ErrorReply

_SLOW = 900.0  # seconds; a backup of a large store or a reload of a hundred thousand numbers takes its time


@click.group()
def act() -> None:
    """Only a bag of commands; `cli` puts them into the program."""


@act.group(cls=Group)
def task() -> None:
    """Show one task, say that it is done or cannot be."""


@command(
    task,
    examples=(
        (
            "task show +8613800138000/sogou/1/3.0 --folder appeal",
            "All of it in the new folder appeal, papers included.",
        ),
    ),
)
@click.argument("task", type=complete.TASK)
@click.option("--folder", metavar="DIR", type=click.Path(), help="Write it all into a new folder, papers included.")
def show(session: Session, task: str, folder: str | None) -> None:
    """Everything that is needed to do it: address, fields, letter, papers, deadline."""

    def drawn(view: status.TaskView) -> Document:
        aside.platforms(session)
        return render_task.task(view)

    if folder is None:
        session.show(status.GetTask(task=task), drawn)
    else:
        aside.platforms(session)
        packets.show(session, session.ask(status.GetTask(task=task)), Path(folder))


@command(
    task,
    examples=(
        ("task done +8613800138000/sogou/1/3.0 --receipt SG-1024", "The appeal was handed in."),
        (
            "task done +8613800138000/sogou/1/5.0 --outcome rejected --reason 材料不全",
            "The platform refused, in its words.",
        ),
        ("task done +8613800138000/sogou/1/3.0 --receipt SG-1042", "Once more: the receipt was mistyped."),
    ),
)
@click.argument("task", type=complete.TASK)
@click.option("--outcome", type=complete.OUTCOME, metavar="WORD", help="What came of it; `task show` lists the words.")
@click.option("--receipt", metavar="NUMBER", help="What the platform gave for it.")
@click.option("--no-receipt", is_flag=True, help="It was handed in, and the platform gave nothing for it.")
@click.option("--reason", metavar="WORDS", help="The platform's words where it refused, rejected or asked.")
@click.option("--note", metavar="WORDS", help="For the record.")
@click.option("--vouch", metavar="WORDS", help="Why a link or a demand in it that looks like phishing is right.")
@author_option
def done(
    session: Session,
    task: str,
    outcome: str | None,
    receipt: str | None,
    no_receipt: bool,
    reason: str | None,
    note: str | None,
    vouch: str | None,
    author: str,
) -> None:
    """It is done, and what came of it."""
    params = control.TaskDone(
        task=task,
        outcome=outcome,
        receipt=receipt,
        no_receipt=no_receipt,
        reason=reason,
        note=note,
        vouch=vouch,
        author=author,
    )
    session.show(params, render.task_change)


@command(
    task,
    examples=(
        ("task fail +8613800138000/sogou/1/3.0 --reason 'the page is gone'", "A person decides what comes next."),
    ),
)
@click.argument("task", type=complete.TASK)
@click.option("--reason", metavar="WORDS", required=True, help="Why not.")
@author_option
def fail(session: Session, task: str, reason: str, author: str) -> None:
    """It cannot be done, and why."""
    session.show(control.TaskFail(task=task, why=reason, author=author), render.task_change)


@command(act, examples=(("look 13800138000 sogou", "Only there; sources keep their pace."),))
@click.argument("number")
@click.argument("platform", required=False, type=complete.PLATFORM)
@click.option("--source", type=complete.SOURCE, metavar="ID", help="Only through this source.")
def look(session: Session, number: str, platform: str | None, source: str | None) -> None:
    """Look at a number now, on one platform or all."""
    session.show(control.Look(number=number, platform=platform, source=source), render_world.looked, timeout=120.0)


@command(
    act,
    examples=(
        ("certify 13800138000 huawei", "Ask for it."),
        ("certify 13800138000 huawei --held --expires 2027-03-31", "It is certified already."),
    ),
)
@click.argument("number")
@click.argument("platform", type=complete.PLATFORM)
@click.option("--held", is_flag=True, help="It is certified there already: only keep it so.")
@click.option("--expires", metavar="DATE", help="Until when what is held is valid: 2027-03-31.")
@author_option
def certify(session: Session, number: str, platform: str, held: bool, expires: str | None, author: str) -> None:
    """Have the wanted name certified at a platform, and keep it certified."""
    params = wants.Certify(number=number, platform=platform, held=held, expires=expires, author=author)
    session.show(params, render.case_begun)


@command(act)
@click.argument("number")
@click.argument("platform", type=complete.PLATFORM)
@author_option
def tag(session: Session, number: str, platform: str, author: str) -> None:
    """Ask a platform for the tag that is wanted now."""
    session.show(wants.ChangeTag(number=number, platform=platform, author=author), render.case_begun)


@command(
    act,
    "set-identity",
    examples=(("set-identity 13800138000 --name 示例物流 --since 2027-06-01", "The company gets a new name in June."),),
)
@click.argument("number")
@click.option("--name", metavar="NAME", help="The name that is to be shown; empty for none.")
@click.option("--logo", metavar="SHA256", help="The digest of the logo's picture.")
@click.option("--tag", metavar="WORDS", help="The tag; empty for none.")
@click.option("--since", metavar="DATE", help="From which day on, if not just now: 2027-06-01.")
@click.option("--until", metavar="DATE", help="The last day on which it is wanted.")
@author_option
def set_identity(session: Session, number: str, author: str, **said: Any) -> None:
    """Want another name, logo or tag of a number, beside what the settings want."""
    session.show(wants.SetIdentity(number=number, author=author, **said), render.identity_change)


CaseAct = Callable[[str, str | None, str], Params[control.CaseChange]]


Drawn = Callable[[control.CaseChange], Document]


def _case_verb(name: str, help: str, make: CaseAct, drawn: Drawn = render.case_change) -> None:
    @command(act, name, help=help)
    @click.argument("case", type=complete.CASE)
    @click.option("--reason", metavar="WORDS", help="Why, for the record.")
    @author_option
    def verb(session: Session, case: str, reason: str | None, author: str) -> None:
        session.show(make(case, reason, author), drawn)


_case_verb(
    "approve",
    "Allow a case's submission.",
    lambda c, r, a: control.Approve(case=c, reason=r, author=a),
    render.approved,
)


@command(act)
@click.argument("case", type=complete.CASE)
@click.option("--reason", metavar="WORDS", help="Why, for those who wonder.")
@instant_option("--until", help="When it goes on by itself.")
@click.option("--for", "seconds", type=Span(), help="For how long: 90m, 2h, 3d.")
@author_option
def hold(
    session: Session, case: str, reason: str | None, until: datetime | None, seconds: float | None, author: str
) -> None:
    """Stop a case where it is, for a time or until you `advance` it."""
    if until is not None and seconds is not None:
        raise click.UsageError(tr("give --until or --for, not both"))
    params = control.Hold(case=case, reason=reason, until=until, seconds=seconds, author=author)
    session.show(params, render.case_change)


_case_verb(
    "advance",
    "End a hold or a wait: take the next step now.",
    lambda c, r, a: control.Advance(case=c, reason=r, author=a),
)


@command(act, examples=(("reject +8613800138000/sogou/1 --reason 材料不全", "The next attempt brings more papers."),))
@click.argument("case", type=complete.CASE)
@click.option("--reason", metavar="WORDS", required=True, help="The platform's words.")
@click.option("--vouch", metavar="WORDS", help="Why a link or a demand in them that looks like phishing is right.")
@author_option
def reject(session: Session, case: str, reason: str, vouch: str | None, author: str) -> None:
    """Tell a case that the platform refused, in its words."""
    session.show(control.Reject(case=case, reason=reason, vouch=vouch, author=author), render.case_change)


_case_verb("withdraw", "Give a case up.", lambda c, r, a: control.Withdraw(case=c, reason=r, author=a))
_case_verb("reopen", "Start a closed case again.", lambda c, r, a: control.Reopen(case=c, reason=r, author=a))


@command(act, examples=(("cancel 13800138000 --reason disused", "The number is to be given up."),))
@click.argument("number")
@click.option("--reason", required=True, type=Choice([reason.value for reason in Reason]), help="Why it has to go.")
@click.option("--note", metavar="WORDS", help="For the record.")
@author_option
def cancel(session: Session, number: str, reason: Any, note: str | None, author: str) -> None:
    """Have all that is shown of a number deleted, at every platform at once."""

    def drawn(change: control.CaseChange) -> Document:
        aside.platforms(session)
        view = session.ask(status.GetNumber(number=change.number))
        return render_detail.cancelled(change, view)

    session.show(control.Cancel(number=number, reason=reason, note=note, author=author), drawn)


@command(act, examples=(("release 13800138000 --force --reason 'contract ends today'", "Give it up all the same."),))
@click.argument("number")
@click.option("--force", is_flag=True, help="Although it is not verified gone everywhere; needs --reason.")
@click.option("--reason", metavar="WORDS", help="Why, for the record.")
@author_option
def release(session: Session, number: str, force: bool, reason: str | None, author: str) -> None:
    """Give a number up; refused until nothing of ours is shown any more."""
    if force and not reason:
        raise click.UsageError(tr("--force is recorded with its reason: give --reason as well"))

    def drawn(answer: control.ReleaseResult) -> Document:
        aside.platforms(session)
        return render_detail.released(answer)

    try:
        session.show(control.Release(number=number, force=force, reason=reason, author=author), drawn)
    except ErrorReply:
        if not session.as_json:
            aside.platforms(session)  # the refusal says at which of them something is still open
        raise


@command(act)
@click.option("--give-up", is_flag=True, help="Also where numbers with open cases are gone: give these cases up.")
def reload(session: Session, give_up: bool) -> None:
    """Read the configuration again; a bad one is refused whole."""
    # Left out otherwise: an older daemon does not know it.
    session.show(control.Reload(give_up=give_up or None), render.reloaded, timeout=_SLOW)


@command(act, examples=(("backup /var/lib/numtrustd-backup/2026-11-23", "Into a directory that is not there yet."),))
@click.argument("path", type=click.Path())
def backup(session: Session, path: str) -> None:
    """Copy a consistent snapshot of the state to a new directory."""
    params = control.Backup(path=os.path.abspath(path))
    session.show(params, render.backed_up, timeout=_SLOW, check=backups.make_sure)


@command(act)
@click.argument("number")
@click.option("--reason", metavar="WORDS", help="Why, for the record.")
@author_option
def park(session: Session, number: str, reason: str | None, author: str) -> None:
    """Stop all work on a number."""
    session.show(control.Park(number=number, reason=reason, author=author), render.number_change)


@command(act)
@click.argument("number")
@author_option
def unpark(session: Session, number: str, author: str) -> None:
    """Set a parked number going again."""
    session.show(control.Unpark(number=number, author=author), render.number_change)


@command(act, examples=(("trust sogou.search --reason 'looked on two handsets'", "It counts again."),))
@click.argument("source", type=complete.SOURCE)
@click.option("--reason", metavar="WORDS", help="Why it may be believed, for the record.")
@author_option
def trust(session: Session, source: str, reason: str | None, author: str) -> None:
    """Believe a quarantined source again."""
    session.show(control.TrustSource(source=source, reason=reason, author=author), render.source_change)


@command(act, "log-level", examples=(("log-level debug", "Until the next start."),))
@click.argument("level", type=Choice(["debug", "info", "warn", "error"]))
def log_level(session: Session, level: control.Level) -> None:
    """The least level of log records, until the next start."""
    session.show(control.SetLogLevel(level=level), render.level_change)


@act.group(cls=Group)
def maintenance() -> None:
    """A platform is under maintenance, or no longer."""


@command(
    maintenance,
    examples=(("maintenance start sogou --kind major --until 2026-05-03T08:00", "As the platform announced."),),
)
@click.argument("platform", type=complete.PLATFORM)
@click.option("--kind", type=Choice(["routine", "major", "policy", "industry", "data_sync"]), help="What kind of it.")
@instant_option("--until", help="When it will end, as announced.")
@author_option
def start(
    session: Session, platform: str, kind: control.MaintenanceKind | None, until: datetime | None, author: str
) -> None:
    """It began."""
    params = control.MaintenanceStart(platform=platform, kind=kind, until=until, author=author)
    session.show(params, render_world.maintenance)


@command(maintenance)
@click.argument("platform", type=complete.PLATFORM)
@author_option
def end(session: Session, platform: str, author: str) -> None:
    """It is over."""
    session.show(control.MaintenanceEnd(platform=platform, author=author), render_world.maintenance)
