"""What callers of the control sockets name: any spelling of a number, a platform, a case, a task; or the refusal.

Each function answers with the thing itself or raises `CallError` with the error that the interface declares for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numtrustd.actors.control.views import Sight
from numtrustd.actors.messages import RefusedError
from numtrustd.api import errors
from numtrustd.domain.case import Case
from numtrustd.domain.near import near, near_number
from numtrustd.domain.number import Number, parse
from numtrustd.domain.owned import Owned
from numtrustd.domain.task import Task
from numtrustd.store import Table, records
from numtrustd.store.errors import DamagedRecord
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
        meant = _meant(near_number(number, sight.context.numbers))
        why = f"it is not watched: {meant}`numtrustctl numbers` lists those that are"
        raise CallError(errors.UnknownNumber(number=number, why=why))
    return owned


def _meant(known: str | None) -> str:
    return "" if known is None else f"did you mean {known}? "


def recorded(sight: Sight, text: str) -> str:
    """A number that is watched, or was and left records."""
    number = canonical(text)
    if number in sight.context.numbers or sight.house.store.get(Table.NUMBER, records.key(number)) is not None:
        return number
    meant = _meant(near_number(number, sight.context.numbers))
    why = f"it is not watched and never was: {meant}`numtrustctl numbers` lists those that are"
    raise CallError(errors.UnknownNumber(number=number, why=why))


def platform(sight: Sight, text: str) -> str:
    """The id of a platform."""
    if text not in sight.context.platforms:
        raise CallError(errors.UnknownPlatform(platform=text, meant=near(text, sight.context.platforms)))
    return text


def source(sight: Sight, text: str) -> str:
    """The id of a source in use."""
    if text not in sight.sources:
        if text in {**sight.context.sources, **sight.context.idle}:
            why = f"{text} looks at nothing: `numtrustctl sources --all` lists how each stands"
        else:
            why = f"there is no {text}: {_meant(near(text, sight.sources))}`numtrustctl sources` lists all"
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
    number = identity.partition("/")[0]
    if number not in sight.context.numbers:
        number = near_number(number, sight.context.numbers) or ""
    if not number:
        return None
    try:
        return near(identity, [ref.id for ref in sight.record(number).every_case])
    except DamagedRecord:  # that there is no such case is true all the same
        return None


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
