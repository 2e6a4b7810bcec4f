"""The ledger for people: a month of it as it is shown, and what they paid themselves taken in.

`domain.ledger` answers every question; what the daemon itself spends is entered by the steps of the numbers.
"""

import trio

from numtrustd.actors.control import arguments
from numtrustd.actors.control.views import Sight, shown_at
from numtrustd.actors.decision import entry_of
from numtrustd.actors.forecast import forecast
from numtrustd.actors.spending import charged
from numtrustd.api import errors, when
from numtrustd.api import ledger as api
from numtrustd.domain import ledger
from numtrustd.domain.ledger import Charge, Way
from numtrustd.store import Batch, records
from numtrustd.varlink.interface import CallError

BREATH = 1_000
"""Charges that are looked through before others get a turn."""

BESIDE = 0xFFFD
"""Where a line of history stands among those that the number's own actor writes in the same millisecond; how many
charges there are tells its lines apart.
"""


async def ledger_view(sight: Sight, params: api.GetLedger) -> api.LedgerView:
    """One month of the ledger. Raises `CallError` for a month that is none."""
    now, policy = sight.now(), sight.context.ledger
    present = ledger.month_of(now, policy.zone)
    which = params.month or present
    if not ledger.is_month(which):
        raise CallError(errors.InvalidArgument("month", f"{which!r} is no month: write 2026-11"))
    number = None if params.number is None else arguments.recorded(sight, params.number)
    found: list[Charge] = []
    store = sight.house.store
    each = records.all_charges(store) if number is None else iter(records.charges(store, number))
    for n, charge in enumerate(each):
        if n % BREATH == BREATH - 1:
            await trio.lowlevel.checkpoint()
        found += ledger.within((charge,), which, policy.zone, now)
    sums, budget = ledger.month(found, which, policy.zone, now), ledger.fen(policy.monthly_budget)
    over = sums.committed + sums.planned - budget
    outlook = await _outlook(sight, number, params.limit) if which == present else None
    found.sort(key=lambda c: (c.counted_at, c.id), reverse=True)
    return api.LedgerView(
        now=when(now),
        month=which,
        present=which == present,
        committed=sums.committed,
        planned=sums.planned,
        void=sums.void,
        entries=sums.entries,
        budget=budget,
        charges=tuple(map(_row, found[: params.limit])),
        over=over if which == present and number is None and over > 0 else None,
        forecast=outlook,
    )


async def _outlook(sight: Sight, number: str | None, limit: int) -> api.Outlook:
    told, plans = await forecast(sight.house, number)
    plans.sort(key=lambda plan: (-plan.cost.most, plan.number, plan.platform))
    return api.Outlook(
        least=told.least,
        most=told.most,
        plan_count=len(plans),
        plans=tuple(
            api.PlanRow(
                number=plan.number,
                platform=plan.platform,
                what=plan.cost.what,
                least=plan.cost.least,
                most=plan.cost.most,
                why=f"{plan.why}: {plan.cost.why}",
                case=plan.case or None,
            )
            for plan in plans[:limit]
        ),
        over=told.over if number is None and told.over > 0 else None,
    )


def _row(charge: Charge) -> api.ChargeRow:
    return api.ChargeRow(
        charge=charge.id,
        at=when(charge.at),
        what=charge.what,
        fen=charge.fen,
        way=charge.way,
        standing=charge.standing,
        number=charge.number or None,
        platform=charge.platform or None,
        case=charge.case or None,
        settled_at=shown_at(charge.settled_at),
        by=charge.by or None,
        note=charge.note or None,
    )


async def record_charge(sight: Sight, params: api.RecordCharge, by: str) -> api.ChargeTaken:
    """Enter what somebody paid. Raises `CallError`; a key that is known with another amount is refused."""
    async with sight.house.book.turn:
        return await _record(sight, params, by)


async def _record(sight: Sight, params: api.RecordCharge, by: str) -> api.ChargeTaken:
    number, platform = arguments.recorded(sight, params.number), arguments.platform(sight, params.platform)
    now, policy, house = sight.now(), sight.context.ledger, sight.house
    known = {charge.id: charge for charge in records.charges(house.store, number)}
    stem = f"{number}/{platform}/by-hand/{params.key or f'{now:.6f}'}"
    # Without a key every entry is one of its own, also at the same instant.
    names = (stem,) if params.key else (stem, *(f"{stem}-{n}" for n in range(2, len(known) + 3)))
    identity = next((name for name in names if name not in known), stem)
    planned = Charge(
        identity, now, params.what, number, platform, fen=params.fen, way=Way(params.way), by=by, note=params.note or ""
    )
    charge = ledger.commit(planned, now)
    before = known.get(identity)
    if before is not None and (before.what, before.fen, before.way) != (charge.what, charge.fen, charge.way):
        what = f"{before.what} of {ledger.yuan(before.fen)}"
        raise CallError(errors.InvalidArgument("key", f"{params.key} was entered already, as {what}: give another key"))
    if before is None:
        house.book.note((charge,))
    month = ledger.month_of(now, policy.zone)
    spent = ledger.month(house.book.charges.values(), month, policy.zone, now).committed
    if before is None:
        batch, event = Batch(), charged(charge, spent)
        records.put_charge(batch, charge)
        records.put_entry(batch, number, entry_of(event, now, by), len(known), BESIDE)
        await house.store.commit(batch, now=now)
        house.log.emit(event)
    budget = ledger.fen(policy.monthly_budget)
    return api.ChargeTaken(
        now=when(now),
        charge=identity,
        number=number,
        what=charge.what,
        fen=charge.fen,
        month=month,
        spent=spent,
        budget=budget,
    )
