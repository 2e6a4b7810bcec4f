"""What an owner asks for over the control socket: certifications, tags, another name. Each is a message to a number.

`control` hands the calls over; `kin` decides them.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from numtrustd.actors.control import arguments
from numtrustd.actors.control.views import Sight, shown_at
from numtrustd.actors.mailbox import Reply
from numtrustd.actors.messages import Begin, NumberMessage, SetIdentity, Told
from numtrustd.api import errors, wants, when
from numtrustd.domain import calendar
from numtrustd.domain.identity import Version, Wanted, current, joined
from numtrustd.domain.observation import Instant
from numtrustd.store import records
from numtrustd.varlink.interface import CallError

_DIGEST = re.compile(r"[0-9a-fA-F]{8,64}")

Ask = Callable[[str, Callable[[Reply[Told]], NumberMessage]], Awaitable[Told]]
"""Posts a message to a number's actor and waits until its step is stored."""


class WishDesk:
    """One per daemon."""

    def __init__(self, sight: Sight, ask: Ask) -> None:
        self._sight = sight
        self._ask = ask

    async def certify(self, params: wants.Certify, by: str) -> tuple[Struct, str]:
        """Begin a certification, or keep one that is held."""
        if params.expires is not None and not params.held:
            remedy = "give held as well; of a new certification its platform says when it expires"
            raise CallError(errors.InvalidArgument("expires", remedy))
        expires = None if params.expires is None else _end_of(_day("expires", params.expires))
        if expires is not None and expires <= self._sight.now():
            raise CallError(errors.InvalidArgument("expires", f"{params.expires} is over: certify it anew"))
        return await self._begin("certification", params, by, held=params.held, expires=expires)

    async def change_tag(self, params: wants.ChangeTag, by: str) -> tuple[Struct, str]:
        """Begin the change of a tag."""
        return await self._begin("tag", params, by)

    async def _begin(self, kind: str, params: Any, by: str, **more: Any) -> tuple[Struct, str]:
        sight = self._sight
        number = arguments.watched(sight, params.number).number
        platform = arguments.platform(sight, params.platform)
        told = await self._ask(number, lambda reply: Begin(kind, platform, by, reply, **more))
        case = records.get_case(sight.house.store, told.case)
        assert case is not None, told.case  # what was just stored
        begun = wants.CaseBegun(
            now=when(sight.now()),
            case=case.id,
            kind=case.workflow,
            number=number,
            platform=case.platform,
            state=case.snapshot.state,
            meaning=case.meaning,
            then=case.then or None,
            due=shown_at(case.snapshot.deadline),
        )
        return begun, f"{case.workflow} {case.id}"

    async def set_identity(self, params: wants.SetIdentity, by: str) -> tuple[Struct, str]:
        """Want something else to be shown of a number."""
        sight = self._sight
        number = arguments.watched(sight, params.number).number
        given = {what: text for what in ("name", "logo", "tag") if (text := getattr(params, what)) is not None}
        if not given:
            raise CallError(errors.InvalidArgument("name", "nothing is said: give a name, a logo or a tag"))
        if (logo := given.get("logo")) and not _DIGEST.fullmatch(logo):
            raise CallError(errors.InvalidArgument("logo", "give 8 to 64 hex digits of the picture's SHA-256"))
        now = sight.now()
        since = now if params.since is None else _start_of(_day("since", params.since))
        until = None if params.until is None else _end_of(_day("until", params.until))
        if until is not None and until <= since:
            raise CallError(errors.InvalidArgument("until", "it ends before it begins: name a later day"))
        versions = {what: (Version(text.strip(), since, until),) for what, text in given.items()}
        new = Wanted(versions.get("name", ()), versions.get("logo", ()), versions.get("tag", ()))
        await self._ask(number, lambda reply: SetIdentity(new, by, reply))
        record = sight.record(number)
        wanted = joined(sight.context.numbers[number].wanted, record.wanted) or Wanted()
        shown = [current(each, now) for each in (wanted.names, wanted.logos, wanted.tags)]
        texts = [None if version is None else version.text for version in shown]
        change = wants.IdentityChange(
            now=when(now),
            number=number,
            name=texts[0],
            logo=texts[1],
            tag=texts[2],
            cases=sum(1 for ref in record.every_case if ref.open),
        )
        return change, "wanted: " + ", ".join(f"{what} {text or 'none'}" for what, text in given.items())


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CallError(errors.InvalidArgument(name, f"{text!r} is no day: write it as 2027-03-31")) from None


def _start_of(day: date) -> Instant:
    return calendar.end_of_day(day - timedelta(days=1))


def _end_of(day: date) -> Instant:
    return calendar.end_of_day(day)
