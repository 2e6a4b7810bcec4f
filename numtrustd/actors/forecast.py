"""What the present month is still going to cost: what open requests will be charged, and what falls due until its end.

`domain.ledger` adds it up; `ledger_desk` shows it to people, and `inspector` says it once a month. What is entered in
the ledger already is not planned here: a request is entered as it is handed in.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

import trio

from numtrustd.actors import spending
from numtrustd.actors.context import Context
from numtrustd.actors.house import House
from numtrustd.actors.policy import certificate_policy
from numtrustd.actors.present import Present
from numtrustd.domain import ledger, propagation
from numtrustd.domain.case import Case
from numtrustd.domain.identity import Wanted, joined
from numtrustd.domain.ledger import Charge, Cost, Forecast, Plan, What
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.workflows.certificate import CertificateData, renewal_at
from numtrustd.domain.workflows.request import RequestData
from numtrustd.store import Table, records

TO_COME = frozenset({"waiting", "gathering", "cooling"})
"""States in which a request is still to be handed in, and so to be charged."""

REVIEWED = frozenset({"in_review", "overdue"})
"""States in which somebody may yet pay for it to be hurried."""

BREATH = 200
"""Numbers that are looked through before others get a turn."""


async def forecast(house: House, number: str | None = None) -> tuple[Forecast, list[Plan]]:
    """(the present month at its end, what makes it so), of one number or of all."""
    found = [plan async for plan in _plans(house, number)]
    charges = house.book.charges.values() if number is None else records.charges(house.store, number)
    costs = (plan.cost for plan in found)
    return ledger.forecast(charges, costs, house.context.ledger, house.clock.now()), found


async def _plans(house: House, only: str | None) -> AsyncIterator[Plan]:
    context, store, now = house.context, house.store, house.clock.now()
    ends = ledger.month_ends(now, context.ledger.zone)
    for n, number in enumerate(context.order if only is None else (only,), 1):
        if n % BREATH == 0:
            await trio.lowlevel.checkpoint()
        owned = context.numbers.get(number)
        cases = house.board.cases(number)
        if owned is None or (not cases and not _changes(owned.wanted, now, ends)):
            continue  # most numbers cost nothing: their records are not read
        if (packed := store.get(Table.NUMBER, records.key(number))) is None:
            continue
        record = records.decode_number(packed)
        found = [case for identity in cases if (case := records.get_case(store, identity)) is not None]
        for plan in plans_of(context, owned, record, found, tuple(records.charges(store, number)), now, ends):
            yield plan


def plans_of(
    context: Context,
    owned: Owned,
    record: NumberRecord,
    cases: Iterable[Case],
    charges: Sequence[Charge],
    now: Instant,
    ends: Instant,
) -> Iterator[Plan]:
    """What one number is still going to cost until `ends`, of its open `cases`, and what it has cost so far. Pure."""
    tags = 0
    at_work = set[str]()
    for case in cases:
        data, kind = case.data, case.workflow
        if isinstance(data, CertificateData):
            policy = certificate_policy(context, record, case.platform, data, now, Present())
            if case.snapshot.state == "valid" and renewal_at(data, policy) < ends:
                cost = spending.price(context, "certification", case.platform, owned.number, charges, now)
                yield from _told(owned, case.platform, cost, "the certificate is renewed", case.id)
        elif isinstance(data, RequestData) and kind in spending.WHAT:
            if case.snapshot.state in TO_COME:
                cost = _price(context, kind, case.platform, owned.number, charges, now, tags)
                tags += kind == "tag"
                at_work |= {case.platform} if kind == "tag" else set()
                yield from _told(owned, case.platform, cost, f"the {kind} is still to be handed in", case.id)
            known = context.platforms.get(case.platform)
            facts = known.way(kind) if known is not None else None
            if case.snapshot.state in REVIEWED and facts is not None and facts.expedite and not data.expedited:
                most = spending.expedite(context, kind, case.platform)
                cost = Cost(most.what, 0, most.most, most.why, most.way)
                yield from _told(owned, case.platform, cost, "its review may have to be hurried", case.id)
    for _ in range(_changes(joined(owned.wanted, record.wanted), now, ends)):
        asked = {propagation.asked_at(context.platforms, platform, "tag") for platform in record.verdicts}
        for platform in sorted(filter(None, asked - at_work)):
            cost = _price(context, "tag", platform, owned.number, charges, now, tags)
            tags += 1
            yield from _told(owned, platform, cost, "the season of its tag changes")


def _changes(wanted: Wanted | None, now: Instant, ends: Instant) -> int:
    """How often until then another tag is wanted than before."""
    tags = wanted.tags if wanted is not None else ()
    instants = {at for tag in tags for at in (tag.since, tag.until) if at is not None}
    return sum(now < at < ends for at in instants)


def _price(
    context: Context, kind: str, platform: str, number: str, charges: Sequence[Charge], now: Instant, before: int
) -> Cost:
    """What one more costs when so many changes of a tag come before it."""
    if kind != "tag":
        return spending.price(context, kind, platform, number, charges, now)
    used = ledger.used(charges, What.TAG_CHANGE, number, now, context.ledger.zone) + before
    agent = bool(context.agents.get(platform))
    return ledger.price(What.TAG_CHANGE, context.ledger, used_this_year=used, agent=agent)


def _told(owned: Owned, platform: str, cost: Cost, why: str, case: str = "") -> Iterator[Plan]:
    if not cost.free:
        yield Plan(cost, owned.number, platform, why, case)
