"""What a request costs and counts for: its price, its charge in the ledger as it goes out, the quotas it falls under.

`domain.ledger` answers the questions; here they are asked for one case. Pure.
"""

from collections.abc import Sequence

from numtrustd.actors.context import Context
from numtrustd.domain import ledger
from numtrustd.domain.case import Case
from numtrustd.domain.ledger import Charge, Cost, What
from numtrustd.domain.observation import Instant
from numtrustd.domain.platform import Platform
from numtrustd.domain.slot import Limit
from numtrustd.domain.workflows.request import CertificationData, RequestData
from numtrustd.events import LedgerCharged

WHAT: dict[str, What] = {
    "appeal": What.APPEAL,
    "correction": What.CORRECTION,
    "tag": What.TAG_CHANGE,
    "certification": What.CERTIFICATION,
    "removal": What.CANCELLATION,
}
"""Which kind of charge each request is."""

GOING_OUT = frozenset({"submitting", "uncertain", "looking_up", "asking", "at_person"})
"""States in which a request is handed in, or may have been: its charge is planned."""


def what_of(kind: str) -> What:
    """The kind of charge of a request."""
    return WHAT.get(kind, What.OTHER)


def limits(platform: Platform | None, kind: str, number: str) -> tuple[Limit, ...]:
    """The quotas of a platform that such a request falls under."""
    if platform is None:
        return ()
    return tuple(
        Limit(quota.most, quota.per, number if quota.each == "number" else "")
        for quota in platform.quotas
        if quota.per is not None and quota.counts == what_of(kind)
    )


def price(context: Context, kind: str, platform: str, number: str, charges: Sequence[Charge], now: Instant) -> Cost:
    """What one more request of this kind costs."""
    what, policy = what_of(kind), context.ledger
    before = ledger.used(charges, what, number, now, policy.zone) if what is What.TAG_CHANGE else 0
    return ledger.price(what, policy, used_this_year=before, agent=bool(context.agents.get(platform)))


def counted(context: Context, kind: str, platform: str) -> bool:
    """Whether such a request is entered although it costs nothing: a quota, or the free ones of a year, count it."""
    return what_of(kind) is What.TAG_CHANGE or bool(limits(context.platforms.get(platform), kind, "any"))


def charge_of(context: Context, before: Case, after: Case, charges: Sequence[Charge], now: Instant) -> Charge | None:
    """The entry that a step of a request makes, new or settled; `None` for none."""
    data, kind = after.data, after.workflow
    if not isinstance(data, RequestData) or kind not in WHAT:
        return None
    was, now_in = before.snapshot.state, after.snapshot.state
    identity = f"{after.id}/{before.data.attempt}"
    entered = next((c for c in charges if c.id == identity), None)
    planned = entered is not None and entered.standing is ledger.Standing.PLANNED
    if now_in in GOING_OUT and was not in GOING_OUT:
        if any(c.id == f"{after.id}/{data.attempt}" and c.standing is ledger.Standing.COMMITTED for c in charges):
            return None  # it went out before: that a restored case makes sure of it does not undo that
        cost = price(context, kind, after.platform, after.number, charges, now)
        if cost.free and not counted(context, kind, after.platform):
            return None
        return Charge(
            id=f"{after.id}/{data.attempt}",
            at=now,
            what=cost.what,
            number=after.number,
            platform=after.platform,
            case=after.id,
            fen=cost.most,
            way=cost.way,
            note="renewal" if isinstance(data, CertificationData) and data.renewal else "",
        )
    if entered is None or not planned or now_in in GOING_OUT:
        return None
    arrived = data.receipt is not None or now_in in ("in_review", "propagating")
    return ledger.commit(entered, now) if arrived else ledger.give_up(entered, now)


def expedite(context: Context, kind: str, platform: str) -> Cost:
    """What it costs to have a review of this kind hurried there."""
    agent = bool(context.agents.get(platform))
    if kind == "certification":
        return ledger.certification_expedite(context.ledger, agent=agent)
    return ledger.price(What.EXPEDITE, context.ledger, agent=agent)


def hurried(context: Context, case: Case, now: Instant) -> Charge | None:
    """The entry of an expedite that somebody says he has paid: the most that it costs by the settings, since he did not
    say how much it was. `None` where it is free."""
    cost = expedite(context, case.workflow, case.platform)
    if cost.free:
        return None
    return Charge(
        id=f"{case.id}/{case.data.attempt}/expedite",
        at=now,
        what=cost.what,
        number=case.number,
        platform=case.platform,
        case=case.id,
        fen=cost.most,
        way=cost.way,
        standing=ledger.Standing.COMMITTED,
        settled_at=now,
    )


def charged(charge: Charge, spent: ledger.Fen | None = None) -> LedgerCharged:
    """The event of an entry. `spent` is what its month comes to, this one included."""
    return LedgerCharged(
        kind=charge.what,
        platform=charge.platform,
        amount=charge.fen / 100 if charge.fen else None,
        currency="CNY" if charge.fen else None,
        quota=None if charge.fen else charge.what,
        spent=None if spent is None else spent / 100,
        case=charge.case or None,
        number=charge.number or None,
    )
