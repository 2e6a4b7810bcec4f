"""Call statistics and complaints, as they are told over the control socket and shown on the status socket."""

from typing import Annotated

from msgspec import Meta

from numtrustd.api.declare import Params, Result, When

Text = Annotated[str, Meta(max_length=1024)]
Count = Annotated[int, Meta(ge=0)]
MOST_ROWS = 500
"""Rows of one call; a longer file goes in several."""


class CallDay(Result, frozen=True, kw_only=True):
    """One day of one number. `short` are answered calls that ended within seconds, `off_hours` calls outside the hours
    in which people expect them. `purpose` is what the number was used for, several with ; between them.
    """

    number: Text
    day: Text
    calls: Count
    answered: Count
    short: Count | None = None
    complaints: Count | None = None
    off_hours: Count | None = None
    purpose: Annotated[str, Meta(max_length=200)] | None = None


class CallsTaken(Result, frozen=True, kw_only=True):
    """How many days of how many numbers were stored; a day that was told before is replaced."""

    now: When
    days: int
    numbers: int


class ReportCalls(Params[CallsTaken], frozen=True, kw_only=True):
    """What the company knows of its own calls, a row for each number and day. All rows are taken, or none."""

    rows: Annotated[tuple[CallDay, ...], Meta(min_length=1, max_length=MOST_ROWS)]
    author: Text | None = None


class ComplaintTaken(Result, frozen=True, kw_only=True):
    """The complaints of that number on that day, this one included."""

    now: When
    number: str
    day: str
    complaints: int


class Complain(Params[ComplaintTaken], frozen=True, kw_only=True):
    """Somebody who was called complained about a number. day is today where it is left out."""

    number: Text
    day: Text | None = None
    text: Annotated[str, Meta(max_length=4096)] | None = None
    author: Text | None = None


class TagRate(Result, frozen=True, kw_only=True):
    """The days on which one tag was wanted, together; the tag is left out where none was."""

    days: int
    calls: int
    answered: int
    tag: str | None = None


class CallsView(Result, frozen=True, kw_only=True):
    """What was told of a number's calls, the newest day first, and all of it by the tag that was wanted."""

    now: When
    number: str
    days: tuple[CallDay, ...]
    tags: tuple[TagRate, ...] | None = None


class GetCalls(Params[CallsView], frozen=True, kw_only=True):
    """What was told of a number's calls, the newest day first."""

    number: Text
    limit: Annotated[int, Meta(ge=1, le=400)] = 60
