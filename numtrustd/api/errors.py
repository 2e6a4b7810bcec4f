"""How a call is refused. Each is a declared Varlink error of both interfaces:
`io.numtrust.Status.UnknownNumber` …
"""

from msgspec import Struct


class UnknownNumber(Struct, frozen=True):
    """No such number is watched, or the text is no number; `why` says which."""

    number: str
    why: str


class UnknownPlatform(Struct, frozen=True, omit_defaults=True):
    """No pack defines this platform; `meant` is the one that is spelt most like it, if one is."""

    platform: str
    meant: str | None = None


class UnknownCase(Struct, frozen=True, omit_defaults=True):
    """There is no such case; `meant` is one of the number's that is spelt most like it, if one is."""

    case: str
    meant: str | None = None


class UnknownTask(Struct, frozen=True, omit_defaults=True):
    """There is no such task; `meant` is one that is spelt most like it, if one is."""

    task: str
    meant: str | None = None


class Wrong(Struct, frozen=True):
    """One more argument that will not do."""

    field: str
    why: str


class InvalidArgument(Struct, frozen=True, omit_defaults=True):
    """An argument of the right type that means nothing here; `more` are others that mean nothing, either."""

    field: str
    why: str
    more: tuple[Wrong, ...] | None = None


class Refused(Struct, frozen=True):
    """Understood and not done: the present state does not allow it. `why` says what would."""

    why: str


class SuspectedPhishing(Struct, frozen=True):
    """What was brought in the platform's name holds a link off its official hosts, or asks for what no platform asks
    for. `why` says which; a person who is sure says so with `vouch`.
    """

    platform: str
    why: str


class ConfigRejected(Struct, frozen=True):
    """The new configuration has these problems (`file:line: key: what: remedy`); the running one is
    untouched.
    """

    problems: tuple[str, ...]


class Busy(Struct, frozen=True):
    """The part of the daemon that would answer has too much to do, or nothing can be stored; try again."""

    why: str


class NotReady(Struct, frozen=True):
    """The daemon is starting or stopping."""

    why: str


class Damaged(Struct, frozen=True):
    """What the answer needs is stored, but its checksum does not hold; `record` says of what it is. Nothing is decided
    on it until a backup takes the place of the state.
    """

    record: str


class InternalError(Struct, frozen=True):
    """A bug. The log has the details, under this error type."""

    type: str


READING: tuple[type[Struct], ...] = (
    UnknownNumber,
    UnknownPlatform,
    UnknownCase,
    UnknownTask,
    InvalidArgument,
    Busy,
    NotReady,
    Damaged,
    InternalError,
)
ACTING: tuple[type[Struct], ...] = (*READING, Refused, SuspectedPhishing, ConfigRejected)
