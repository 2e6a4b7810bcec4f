"""What callers of the control sockets name: any spelling of a number, a platform, a case, a task; or the refusal.

Each function answers with the thing itself or raises `CallError` with the error that the interface declares for it.
"""

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numtrustd.actors.messages import RefusedError
from numtrustd.actors.views import Sight
from numtrustd.api import errors
from numtrustd.domain.case import Case
from numtrustd.domain.number import Number, parse
from numtrustd.domain.owned import Owned
from numtrustd.domain.task import Task
from numtrustd.store import Table, records
from numtrustd.store.tables import MAX_KEY
from numtrustd.varlink.interface import Call, CallError


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
        raise CallError(errors.UnknownNumber(number=number, why="it is not watched: `numbers` lists those that are"))
    return owned


def recorded(sight: Sight, text: str) -> str:
    """A number that is watched, or was and left records."""
    number = canonical(text)
    if number in sight.context.numbers or sight.house.store.get(Table.NUMBER, records.key(number)) is not None:
        return number
    raise CallError(
        errors.UnknownNumber(number=number, why="it is not watched and never was: `numbers` lists those that are")
    )


def platform(sight: Sight, text: str) -> str:
    """The id of a platform."""
    if text not in sight.context.platforms:
        near = difflib.get_close_matches(text, list(sight.context.platforms), n=1)
        raise CallError(errors.UnknownPlatform(platform=text, nearest=near[0] if near else None))
    return text


def source(sight: Sight, text: str) -> str:
    """The id of a source in use."""
    if text not in sight.sources:
        known = ", ".join(sight.sources) or "none is"
        raise CallError(errors.InvalidArgument("source", f"{text} is not in use; these are: {known}"))
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
        raise CallError(errors.UnknownCase(case=text))
    return found


def task(sight: Sight, text: str) -> Task:
    """A stored task."""
    identity = _identity(text)
    found = records.get_task(sight.house.store, identity) if _possible(identity) else None
    if found is None:
        raise CallError(errors.UnknownTask(task=text))
    return found


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
