"""How an interface is written down: one class of parameters per method, which names its result and is its
documentation.

`varlink.interface.bind` reads these fields; this package stands below that one and does not know it.
"""

import inspect
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar, get_args

from msgspec import Meta, Struct

from numtrustd.domain.observation import Instant

When = Annotated[datetime, Meta(tz=True)]
"""An instant on the wire: RFC 3339, in replies always UTC, in parameters with any offset."""

R = TypeVar("R", bound=Struct)


def when(instant: Instant) -> datetime:
    """Seconds since the epoch as they are shown: to the microsecond, finer than anything that is compared."""
    return datetime.fromtimestamp(instant, UTC)


def instant(at: datetime) -> Instant:
    """The other way."""
    return at.timestamp()


class Params(Struct, Generic[R], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the method that has the class's name and answers with an `R`.

    An unknown parameter is refused: it may be a misspelt safeguard.
    """


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of an answer. Fields without a value are left out; unknown ones are accepted, so that an older
    client can ask a newer daemon.
    """


@dataclass(frozen=True)
class MethodSpec:
    """One method. `stream` is `no`, `pages` (without `more` the first page is the answer) or `endless`."""

    params: type[Struct]
    result: type[Struct]
    stream: str = "no"

    @property
    def name(self) -> str:
        return self.params.__name__

    @property
    def doc(self) -> str:
        return inspect.cleandoc(self.params.__doc__ or "")


def method(params: type[Params[R]], stream: str = "no") -> MethodSpec:
    """The method of a parameters class."""
    for base in getattr(params, "__orig_bases__", ()):
        for result in get_args(base):
            return MethodSpec(params, result, stream)
    raise TypeError(f"{params.__name__} does not say what it answers with")


@dataclass(frozen=True)
class InterfaceSpec:
    """One interface."""

    name: str
    doc: str
    methods: tuple[MethodSpec, ...]
    errors: tuple[type[Struct], ...]
