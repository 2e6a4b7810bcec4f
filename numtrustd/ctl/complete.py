"""What the shell offers for an unfinished word: kinds of things, and where only the daemon knows it, cases, tasks,
platforms, sources, groups, the surfaces of a platform, the outcomes of a task.

The daemon is asked over the socket that only looks, with little time; a daemon that is not there, or is slow, offers
nothing. Numbers are not offered: there may be a hundred thousand of them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem
from msgspec import Struct

from numtrustd.api import facts, silence, status
from numtrustd.ctl.lang import tr, word
from numtrustd.ctl.session import Session
from numtrustd.domain.evidence import KINDS
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.observation import BY_EYE
from numtrustd.domain.task import TITLES
from numtrustd.varlink.client import ClientError

DEADLINE = 0.5
"""Seconds; who presses the key waits for it."""

Offers = Iterator[tuple[str, str]]


class Asked(Struct, frozen=True):
    """What there is to go by: the unfinished word, and what was said before it, by the names of the parameters."""

    session: Session
    begun: str
    said: Mapping[str, Any]


class Known(click.ParamType[str]):
    """A text that others like it are known of; `offers` lists them with what each is, for an unfinished word."""

    name = "text"

    def __init__(self, offers: Callable[[Asked], Offers]) -> None:
        self._offers = offers

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """What begins as the word does."""
        asked = Asked(Session(socket=_socket(ctx)), incomplete, ctx.params)
        try:
            offered = list(self._offers(asked))
        except ClientError:
            return []
        return [CompletionItem(value, help=help) for value, help in offered if value.startswith(incomplete)]


def _socket(ctx: click.Context | None) -> str | None:
    while ctx is not None:
        if said := ctx.params.get("socket"):
            return str(said)
        ctx = ctx.parent
    return None


def _platforms(asked: Asked) -> Offers:
    yield from (
        (row.platform, row.name) for row in asked.session.ask(status.ListPlatforms(), timeout=DEADLINE).platforms
    )


def _sources(asked: Asked) -> Offers:
    for row in asked.session.ask(status.ListSources(), timeout=DEADLINE).sources:
        yield row.source, word(row.state)


def _cases(asked: Asked) -> Offers:
    number, slash, _ = asked.begun.partition("/")
    params = status.ListCases(open_only=False, number=number if slash else None)
    for row in asked.session.ask(params, timeout=DEADLINE).cases:
        yield row.case, f"{word(row.kind)}, {word(row.state)}"


def _tasks(asked: Asked) -> Offers:
    yield from ((row.task, tr(row.title)) for row in asked.session.ask(status.ListTasks(), timeout=DEADLINE).tasks)


def _silences(asked: Asked) -> Offers:
    for row in asked.session.ask(silence.ListSilences(), timeout=DEADLINE).silences:
        yield row.silence, row.reason


def _groups(asked: Asked) -> Offers:
    yield from ((group, "") for group in asked.session.ask(status.GetStatus(), timeout=DEADLINE).groups or ())


def _platforms_and_groups(asked: Asked) -> Offers:
    yield from _platforms(asked)
    yield from ((group, word("group")) for group, _ in _groups(asked))


def _findings(asked: Asked) -> Offers:
    yield "any", tr("whatever is wrong")
    yield from ((kind.value, word(kind.value)) for kind in FindingKind)


def _papers(asked: Asked) -> Offers:
    yield from KINDS.items()


def _kinds_of_cases(asked: Asked) -> Offers:
    from numtrustd.domain.workflows import REGISTRY  # which takes its time, and nothing else here needs it

    yield from ((kind, word(kind)) for kind in REGISTRY)


def _kinds_of_tasks(asked: Asked) -> Offers:
    yield from ((kind.value, tr(title)) for kind, title in TITLES.items())


def _outcomes(asked: Asked) -> Offers:
    """Those of the task, if it was named before."""
    task = asked.session.ask(status.GetTask(task=str(asked.said.get("task"))), timeout=DEADLINE)
    yield from ((outcome, word(outcome)) for outcome in task.answers)


def _surfaces(asked: Asked) -> Offers:
    """Those on which a person can look at the platform, if it was named before."""
    view = asked.session.ask(facts.GetPlatform(platform=str(asked.said.get("platform"))), timeout=DEADLINE)
    yield from ((surface, word(surface)) for surface in (view.device_test.surfaces if view.device_test else ()))


def _unseen(asked: Asked) -> Offers:
    yield from ((reason.value, word(reason.value)) for reason in BY_EYE)


PLATFORM, SOURCE, CASE, TASK, SILENCE = map(Known, (_platforms, _sources, _cases, _tasks, _silences))
GROUP, TARGET, FINDING, PAPER, CASE_KIND = map(
    Known, (_groups, _platforms_and_groups, _findings, _papers, _kinds_of_cases)
)
OUTCOME, TASK_KIND, SURFACE, UNSEEN = map(Known, (_outcomes, _kinds_of_tasks, _surfaces, _unseen))
