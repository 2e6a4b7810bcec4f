"""Silences and acks, as they are asked for on the control socket and shown on the status socket."""

from typing import Annotated, Literal

from msgspec import Meta

from numtrustd.api.declare import Params, Result, When

Text = Annotated[str, Meta(max_length=1024)]
Reason = Annotated[str, Meta(min_length=1, max_length=4096)]
MOST_TARGETS = 100


class SilenceTarget(Result, frozen=True, kw_only=True):
    """A number, a platform or a group by its name."""

    scope: Literal["number", "platform", "group"]
    name: Text


class SilenceRow(Result, frozen=True, kw_only=True):
    """One silence: of any of its targets, `since` when and `until` when, `by` whom and why."""

    silence: str
    targets: tuple[SilenceTarget, ...]
    since: When
    until: When
    by: str
    reason: str


class SilenceList(Result, frozen=True, kw_only=True):
    """The silences that hold, the first to end first."""

    now: When
    silences: tuple[SilenceRow, ...]


class ListSilences(Params[SilenceList], frozen=True, kw_only=True):
    """What people do not want to be alarmed about at present."""


class SilenceChange(Result, frozen=True, kw_only=True):
    """A silence that holds now, or that has ended."""

    now: When
    row: SilenceRow
    holds: bool


class SilenceAdd(Params[SilenceChange], frozen=True, kw_only=True):
    """Do not raise an alarm about these targets until then: log lines about them that would be warnings or worse are
    info, with the silence's id. Nothing else changes, and what befalls the daemon itself is said as loudly as ever.

    A target is a number in any spelling, the id of a platform or the name of a group; scope says which, where a name is
    of several.
    """

    targets: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=MOST_TARGETS)]
    seconds: Annotated[float, Meta(gt=0, le=366 * 86_400)]
    reason: Reason
    scope: Literal["number", "platform", "group"] | None = None
    author: Text | None = None


class SilenceRemove(Params[SilenceChange], frozen=True, kw_only=True):
    """End a silence before its time."""

    silence: Text
    author: Text | None = None


class AckTaken(Result, frozen=True, kw_only=True):
    """Whose eyes a case was seen with, and the state in which it was; it counts until the case moves."""

    now: When
    case: str
    state: str
    since: When
    by: str


class Ack(Params[AckTaken], frozen=True, kw_only=True):
    """A person has seen a case in its present state. When the case moves, it no longer counts."""

    case: Text
    reason: Text | None = None
    author: Text | None = None
