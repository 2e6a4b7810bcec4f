"""The verbs that look. They go to status.sock and change nothing."""

import os
import shlex
import sys
from datetime import datetime, timedelta
from functools import partial

import click

from numtrustd.api import facts, status
from numtrustd.api import incidents as api_incidents
from numtrustd.columns import fitted
from numtrustd.ctl import (
    aside,
    complete,
    render,
    render_case,
    render_detail,
    render_platform,
    render_timeline,
    render_world,
)
from numtrustd.ctl.common import command
from numtrustd.ctl.document import Document
from numtrustd.ctl.lang import tr
from numtrustd.ctl.moments import Span, past_option, resolved
from numtrustd.ctl.refusal import words
from numtrustd.ctl.session import Session
from numtrustd.domain.near import near
from numtrustd.varlink.client import ErrorReply

_LINES = 50
_MOMENT = timedelta(milliseconds=2)
"""Times are kept by the millisecond: before the one after it is what happened until then."""


@click.group()
def see() -> None:
    """Only a bag of commands; `cli` puts them into the program."""


@command(see, examples=(("status --json", "For a script: what the daemon watches, as JSON."),))
def status_(session: Session) -> None:
    """What the daemon watches and found, and whether it keeps up."""
    session.show(status.GetStatus(), render.overview)


@command(
    see,
    examples=(
        ("numbers --finding any", "Those with something wrong."),
        ("numbers --finding mislabel --group sales", "Those of one group with a label that is wrong."),
    ),
)
@click.option("--finding", type=complete.FINDING, metavar="KIND", help='Only with a finding of this kind, or "any".')
@click.option("--group", type=complete.GROUP, metavar="NAME", help="Only of this group.")
def numbers(session: Session, finding: str | None, group: str | None) -> None:
    """The numbers, and where each is labelled."""
    session.show_pages(status.ListNumbers(finding=finding, group=group), "numbers", render.numbers)


@command(see, examples=(("number 021-51288801", "How it is shown on every platform."),))
@click.argument("number")
def number(session: Session, number: str) -> None:
    """One number: verdicts, open cases, tasks. Any spelling does."""

    def drawn(view: status.NumberView) -> Document:
        aside.platforms(session)
        doc = render_detail.number(view)
        render_timeline.of_number(doc, view, session.ask(render_timeline.question(view.number)))
        return doc

    session.show(status.GetNumber(number=number), drawn)


@command(see)
@click.option("--all", "everything", is_flag=True, help="Those that nobody looks at, too.")
def platforms(session: Session, everything: bool) -> None:
    """The platforms, and how the numbers stand on each. With --json all of them."""
    session.show(status.ListPlatforms(), partial(render_world.platforms, everything=everything))


@command(see, examples=(("platform huawei", "Which papers and addresses an appeal needs there."),))
@click.argument("platform", type=complete.PLATFORM)
def platform(session: Session, platform: str) -> None:
    """One platform: what is known of it, how to appeal there, how to look on a handset."""
    session.show(facts.GetPlatform(platform=platform), render_platform.platform)


@command(see)
@click.option("--all", "everything", is_flag=True, help="Those that are off, too, with what each needs.")
def sources(session: Session, everything: bool) -> None:
    """The sources, and how well each can see. With --json all of them."""
    session.show(status.ListSources(), partial(render_world.sources, everything=everything))


@command(see, examples=(("cases --open --platform sogou", "What is under way at one platform."),))
@click.option("--open", "open_only", is_flag=True, help="Only those that are not closed.")
@click.option("--number", help="Only of this number.")
@click.option("--platform", type=complete.PLATFORM, metavar="ID", help="Only on this platform.")
def cases(session: Session, open_only: bool, number: str | None, platform: str | None) -> None:
    """The cases."""
    params = status.ListCases(open_only=open_only, number=number, platform=platform)

    def drawn(pages: list[status.CasePage]) -> Document:
        return render.cases(pages, session.every(status.ListTasks(), lambda page: page.tasks))

    session.show_pages(params, "cases", drawn)


@command(see)
@click.option("--all", "every", is_flag=True, help="Those that are over, too.")
@click.option("--number", help="Only of this number.")
def incidents(session: Session, every: bool, number: str | None) -> None:
    """The emergencies: the clock of each, its marks met and missed."""
    params = api_incidents.ListIncidents(open_only=not every, number=number)
    session.show_pages(params, "incidents", render_world.incidents)


@command(see, examples=(("case +8613800138000/sogou/1", "Cases are named as `cases` lists them."),))
@click.argument("case", type=complete.CASE)
def case(session: Session, case: str) -> None:
    """One case: where it stands, what was done, what comes next."""

    def drawn(view: status.CaseView) -> Document:
        aside.platforms(session)
        return render_case.case(view, () if view.closed_at is not None else aside.tasks(session, view.number))

    session.show(status.GetCase(case=case), drawn)


@command(
    see,
    examples=(
        ("explain 13800138000", "On all platforms."),
        ("explain 13800138000 sogou", "On one."),
    ),
)
@click.argument("number")
@click.argument("platform", required=False, type=complete.PLATFORM)
def explain(session: Session, number: str, platform: str | None) -> None:
    """Why a number is in its state, what happens next and when."""

    def drawn(answer: status.Explanation) -> Document:
        aside.platforms(session)
        return render_detail.explanation(answer, aside.tasks(session, answer.number))

    session.show(status.Explain(number=number, platform=platform), drawn)


@command(
    see,
    examples=(
        ("history 13800138000 --since 3d", "What happened in the last three days."),
        ("history 13800138000 --before 2026-05-01 --limit 20", "The last twenty things of April."),
    ),
)
@click.argument("number")
@click.option("--limit", type=click.IntRange(1, 1000), default=_LINES, show_default=True, help="The most at a time.")
@past_option("--before", help="Only what happened before this time, or longer ago than this: 2h, 3d.")
@past_option("--since", help="Only what happened from this time on, or no longer ago than this: 2h, 3d.")
@click.option("--platform", type=complete.PLATFORM, metavar="ID", help="Only on this platform.")
@click.option("--after", metavar="PLACE", help="Go on where another page ended, which says its place.")
def history(
    session: Session,
    number: str,
    limit: int,
    before: datetime | timedelta | None,
    since: datetime | timedelta | None,
    platform: str | None,
    after: str | None,
) -> None:
    """What happened to a number, the newest first."""
    until, start = resolved(session, before), resolved(session, since)
    params = status.History(number=number, limit=limit, before=until, platform=platform, after=after, since=start)
    # The place says how far back the page after is, so `--before` need not be said again.
    options = f" --limit {limit}" if limit != _LINES else ""
    options += f" --platform {shlex.quote(platform)}" if platform else ""
    options += f" --since {start.isoformat(timespec='seconds')}" if start else ""

    def drawn(page: status.HistoryPage) -> Document:
        doc = render.history(page, options)
        if page.events:
            asked = render_timeline.question(page.number, page.events[0].at + _MOMENT, platform)
            present = before is None and after is None
            render_timeline.of_page(doc, page, session.ask(asked), present=present)
        return doc

    session.show(params, drawn)


@command(
    see,
    examples=(
        ("tasks --platform sogou --kind submit_appeal", "What is to be handed in at one platform."),
        ("tasks --number 13800138000", "What there is to do for one number."),
    ),
)
@click.option("--all", "everything", is_flag=True, help="Those that are done, too.")
@click.option("--number", help="Only of this number.")
@click.option("--platform", type=complete.PLATFORM, metavar="ID", help="Only on this platform.")
@click.option("--kind", type=complete.TASK_KIND, metavar="KIND", help="Only of this kind, as --json names it.")
def tasks(session: Session, everything: bool, number: str | None, platform: str | None, kind: str | None) -> None:
    """What people have to do, the most urgent first."""
    params = status.ListTasks(open_only=not everything, number=number, platform=platform, kind=kind)
    session.show_pages(params, "tasks", render.tasks)


@command(
    see,
    examples=(
        ("watch case. verdict.changed", "Cases, and what changes on phones."),
        ("watch --number 13800138000", "All of one number."),
    ),
)
@click.argument("actions", nargs=-1)
@click.option("--number", help="Only of this number.")
def watch(session: Session, actions: tuple[str, ...], number: str | None) -> None:
    """The log as it is written, until Ctrl-C. ACTIONS are prefixes such as "case." or "verdict.changed"."""
    # Loaded only for this and `history`: all other commands would wait for it in vain.
    from numtrustd.events import CATALOGUE

    for action in actions:
        if not any(name.startswith(action) for name in CATALOGUE):
            click.echo(fitted(_no_such_event(action, near(action, CATALOGUE)), sys.stderr), err=True)
    if number is not None and (doubt := _not_watched(session, number)):
        click.echo(fitted(doubt, sys.stderr), err=True)
    session.follow(status.Watch(actions=actions, number=number), render.record)


def _not_watched(session: Session, number: str) -> str | None:
    """What is said of a number that is not watched: it may be from the next reload on."""
    try:
        session.ask(status.GetNumber(number=number))
    except ErrorReply as error:
        if str(error.parameters.get("why", "")).startswith(("it is not watched", "it is no longer watched")):
            [said] = words(error.name, error.parameters)
            return tr("{said}; it is waited for all the same").format(said=said)
    return None


def _no_such_event(action: str, meant: str | None) -> str:
    """What is said of a prefix that no event has: a newer daemon may have one that this client does not know."""
    if meant is None:
        text = tr("no event begins with {action!r}, docs/events.md has them all; it is waited for all the same")
    else:
        text = tr("no event begins with {action!r}: did you mean {meant}? it is waited for all the same")
    return text.format(action=action, meant=meant)


@command(
    see,
    examples=(
        ("top", "What is labelled, what is due next, and whether the sources can see."),
        ("top --every 10s", "The same, asked less often."),
    ),
)
@click.option("--every", type=Span(), default="2s", show_default=True, help="How often the daemon is asked.")
def top(session: Session, every: float) -> None:
    """A live screen: what is labelled, the cases by deadline, the sources; keys open numbers, cases, platforms."""
    if session.as_json:
        raise click.UsageError(
            tr("top is a screen for people: programs ask for status --json, cases --json or watch --json")
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM", "dumb") in ("dumb", "unknown"):
        raise click.UsageError(tr("top needs a terminal; without one, ask for status, cases and sources"))
    # Loaded only for this: nothing else needs a third of a second for it.
    from numtrustd.ctl import top as screen

    screen.run(session, max(every, 0.2))
