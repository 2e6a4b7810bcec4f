"""What callers of the control sockets name: any spelling of a number, a platform, a case, a task; or the refusal.

Each function answers with the thing itself or raises `CallError` with the error that the interface declares for it.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numtrustd.actors.control.views import Sight
from numtrustd.actors.messages import RefusedError
from numtrustd.api import errors
from numtrustd.domain import device_test
from numtrustd.domain.case import Case
from numtrustd.domain.near import did_you_mean, near, near_number
from numtrustd.domain.number import Number, parse
from numtrustd.domain.owned import Owned
from numtrustd.domain.platform import called, meant
from numtrustd.domain.task import Task, TaskKind
from numtrustd.store import Table, records
from numtrustd.store.errors import DamagedRecord
from numtrustd.store.tables import MAX_KEY
from numtrustd.varlink.interface import Call, CallError

_COMPARED = 200
"""Ids that one which is not there is compared with, at the most."""


def canonical(text: str) -> str:
    """The canonical form of a number, watched or not."""
    number = parse(text)
    if isinstance(number, Number):
        return number.canonical
    raise CallError(errors.UnknownNumber(number=text, why=f"{number.what}: {number.remedy}"))


def watched(sight: Sight, text: str) -> Owned:
    """A number that is watched."""
    number = canonical(text)
    owned = sight.context.numbers.get(number)
    if owned is None:
        asked = did_you_mean(near_number(number, sight.context.numbers))
        why = f"it is not watched: {asked}`numtrustctl numbers` lists those that are"
        raise CallError(errors.UnknownNumber(number=number, why=why))
    return owned


def recorded(sight: Sight, text: str) -> str:
    """A number that is watched, or was and left records."""
    number = canonical(text)
    if number in sight.context.numbers or sight.house.store.get(Table.NUMBER, records.key(number)) is not None:
        return number
    asked = did_you_mean(near_number(number, sight.context.numbers))
    why = f"it is not watched and never was: {asked}`numtrustctl numbers` lists those that are"
    raise CallError(errors.UnknownNumber(number=number, why=why))


def platform(sight: Sight, text: str) -> str:
    """The id of a platform; any of its names will do."""
    known = sight.context.platforms
    identity = called(text, known)
    if identity is None:
        raise CallError(errors.UnknownPlatform(platform=text, meant=meant(text, known)))
    return identity


def platform_or_none(sight: Sight, text: str | None) -> str | None:
    """The same of one that may be left out."""
    return None if text is None else platform(sight, text)


def source(sight: Sight, text: str) -> str:
    """The id of a source in use."""
    if text not in sight.sources:
        if text in {**sight.context.sources, **sight.context.idle}:
            why = f"{text} looks at nothing: `numtrustctl sources --all` lists how each stands"
        else:
            why = f"there is no {text}: {did_you_mean(near(text, sight.sources))}`numtrustctl sources` lists all"
        raise CallError(errors.InvalidArgument("source", why))
    return text


def _identity(text: str) -> str:
    """An id as it is stored: people may have spelt the number at its head in their own way."""
    head, slash, rest = text.partition("/")
    number = parse(head)
    return f"{number.canonical}{slash}{rest}" if isinstance(number, Number) else text


def _possible(identity: str) -> bool:
    return 0 < len(identity.encode()) <= MAX_KEY


def case(sight: Sight, text: str) -> Case:
    """A stored case."""
    identity = _identity(text)
    found = records.get_case(sight.house.store, identity) if _possible(identity) else None
    if found is None:
        raise CallError(errors.UnknownCase(case=text, meant=_case_meant(sight, identity)))
    return found


def _case_meant(sight: Sight, identity: str) -> str | None:
    """The case of the same number, or of the one that was meant, whose id is most like it."""
    number = _number_meant(sight, identity)
    if number is None:
        return None
    try:
        return near(identity, [ref.id for ref in sight.record(number).every_case])
    except DamagedRecord:  # that there is no such case is true all the same
        return None


def _number_meant(sight: Sight, identity: str) -> str | None:
    """The number at the head of an id, or the one that was meant."""
    number = identity.partition("/")[0]
    return number if number in sight.context.numbers else near_number(number, sight.context.numbers)


def task(sight: Sight, text: str) -> Task:
    """A stored task."""
    identity = _identity(text)
    found = records.get_task(sight.house.store, identity) if _possible(identity) else None
    if found is None:
        raise CallError(errors.UnknownTask(task=text, meant=_task_meant(sight, identity)))
    return found


def task_kind(text: str) -> TaskKind:
    """A kind of tasks."""
    if text not in set(TaskKind):
        asked = did_you_mean(near(text, TaskKind))
        why = f"no task is of the kind {text!r}: {asked}there are {', '.join(TaskKind)}"
        raise CallError(errors.InvalidArgument("kind", why))
    return TaskKind(text)


def _task_meant(sight: Sight, identity: str) -> str | None:
    """The task of the same number, or of the one that was meant, whose id is most like it, those of the same case
    first; one that asks for looks, where no number is named.
    """
    number = _number_meant(sight, identity)
    if number is None and isinstance(parse(identity.partition("/")[0]), Number):
        return None
    prefix = device_test.PREFIX if number is None else f"{number}/"
    try:
        known = deque((task.id for task in records.all_tasks(sight.house.store, prefix)), _COMPARED)
    except DamagedRecord:  # that there is no such task is true all the same
        return None
    of_case = [name for name in known if name.startswith(f"{identity.rpartition('/')[0]}/")]
    return near(identity, of_case) or near(identity, known)


def by(params: Any, call: Call) -> str:
    """Who says so: what the caller tells, else all that the kernel does."""
    return params.author or f"uid {call.peer.uid}"


@contextmanager
def refusing() -> Iterator[None]:
    """What an actor refuses is refused to its caller."""
    try:
        yield
    except RefusedError as error:
        raise CallError(errors.Refused(str(error))) from None
