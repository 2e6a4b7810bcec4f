"""What the shell offers for an unfinished word, where only the daemon knows it: cases, tasks, platforms, sources.

It is asked over the socket that only looks, with little time; a daemon that is not there, or is slow, offers nothing.
Numbers are not offered: there may be a hundred thousand of them.
"""

from collections.abc import Callable, Iterator

import click
from click.shell_completion import CompletionItem

from numtrustd.api import silence, status
from numtrustd.ctl.lang import tr, word
from numtrustd.ctl.session import Session
from numtrustd.varlink.client import ClientError

DEADLINE = 0.5
"""Seconds; who presses the key waits for it."""

Offers = Iterator[tuple[str, str]]


class Known(click.ParamType[str]):
    """A text that the daemon knows others of; `offers` lists them with what each is, for an unfinished word."""

    name = "text"

    def __init__(self, offers: Callable[[Session, str], Offers]) -> None:
        self._offers = offers

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """What begins as the word does."""
        session = Session(socket=_socket(ctx))
        try:
            offered = list(self._offers(session, incomplete))
        except ClientError:
            return []
        return [CompletionItem(value, help=help) for value, help in offered if value.startswith(incomplete)]


def _socket(ctx: click.Context | None) -> str | None:
    while ctx is not None:
        if said := ctx.params.get("socket"):
            return str(said)
        ctx = ctx.parent
    return None


def _platforms(session: Session, _: str) -> Offers:
    yield from ((row.platform, row.name) for row in session.ask(status.ListPlatforms(), timeout=DEADLINE).platforms)


def _sources(session: Session, _: str) -> Offers:
    for row in session.ask(status.ListSources(), timeout=DEADLINE).sources:
        yield row.source, word(row.state)


def _cases(session: Session, begun: str) -> Offers:
    number, slash, _ = begun.partition("/")
    params = status.ListCases(open_only=False, number=number if slash else None)
    for row in session.ask(params, timeout=DEADLINE).cases:
        yield row.case, f"{word(row.kind)}, {word(row.state)}"


def _tasks(session: Session, _: str) -> Offers:
    yield from ((row.task, tr(row.title)) for row in session.ask(status.ListTasks(), timeout=DEADLINE).tasks)


def _silences(session: Session, _: str) -> Offers:
    for row in session.ask(silence.ListSilences(), timeout=DEADLINE).silences:
        yield row.silence, row.reason


PLATFORM, SOURCE, CASE, TASK, SILENCE = map(Known, (_platforms, _sources, _cases, _tasks, _silences))
