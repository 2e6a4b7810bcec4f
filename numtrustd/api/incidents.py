"""Emergencies as the control socket shows them: each with its clock and its marks."""

from typing import Annotated

from msgspec import Meta

from numtrustd.api.declare import Params, Result, When

Text = Annotated[str, Meta(max_length=1024)]
PageSize = Annotated[int, Meta(ge=1, le=1000)]


class MarkRow(Result, frozen=True, kw_only=True):
    """One mark of the clock: when it is due, and how it ended, if it has."""

    mark: str
    due: When
    met: bool | None = None
    at: When | None = None


class IncidentRow(Result, frozen=True, kw_only=True):
    """One emergency: why, since when, where it stands, and the number's open cases that it waits for."""

    incident: str
    number: str
    trigger: str
    why: str
    since: When
    state: str
    meaning: str
    marks: tuple[MarkRow, ...]
    cases: tuple[str, ...]
    then: str | None = None
    due: When | None = None
    task: str | None = None
    outcome: str | None = None
    closed_at: When | None = None


class IncidentPage(Result, frozen=True, kw_only=True):
    """A page of them; next is what to ask after for the following page."""

    now: When
    incidents: tuple[IncidentRow, ...]
    next: str | None = None


class ListIncidents(Params[IncidentPage], frozen=True, kw_only=True):
    """The emergencies of all numbers or of one, a page at a time; with 'more' all pages follow."""

    open_only: bool = True
    number: Text | None = None
    after: Text | None = None
    limit: PageSize = 200
