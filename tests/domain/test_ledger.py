"""The ledger: exact sums, the months that charges count in, quotas, prices, and what may be spent."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.domain import ledger
from numtrustd.domain.ledger import Charge, Cost, LedgerPolicy, May, Standing, Way, What

NUMBER, OTHER = "+8613800138000", "+8613800138001"
ZONE = "Asia/Shanghai"
DAY = 86_400.0


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}+08:00").timestamp()


NOON = at("2026-11-22T12:00")


def charge(identity: str, fen: int = 0, when: float = NOON, **more: object) -> Charge:
    values: dict[str, object] = {"what": What.EXPEDITE, "number": NUMBER, "platform": "alpha", "fen": fen}
    return Charge(identity, when, **values | more)  # type: ignore[arg-type]  # typed by the names


def paid(identity: str, fen: int = 0, when: float = NOON, **more: object) -> Charge:
    return ledger.commit(charge(identity, fen, when, **more), when)


@pytest.mark.parametrize(
    ("yuan", "fen"), [(0, 0), (0.1, 10), (0.29, 29), (1.005, 101), (300, 30_000), (19.99, 1999), (0.004, 0)]
)
def test_yuan_become_whole_fen(yuan: float, fen: int) -> None:
    assert ledger.fen(yuan) == fen


def test_fen_in_words() -> None:
    assert [ledger.yuan(n) for n in (0, 5, 1230, 50_000, -5)] == ["¥0", "¥0.05", "¥12.30", "¥500", "-¥0.05"]


charges = st.builds(
    Charge,
    id=st.text("abc", min_size=1, max_size=4),
    at=st.floats(at("2026-09-01T00:00"), at("2027-02-01T00:00")),
    what=st.sampled_from(What),
    number=st.sampled_from((NUMBER, OTHER)),
    fen=st.integers(0, 10**6),
    standing=st.sampled_from(Standing),
)


@given(st.lists(charges, max_size=30), st.floats(at("2026-10-01T00:00"), at("2027-01-01T00:00")))
def test_the_sums_of_all_months_are_the_sum_of_all_entries(found: list[Charge], now: float) -> None:
    months = sorted({f"{y}-{m:02d}" for y in (2026, 2027) for m in range(1, 13)})
    told = [ledger.month(found, which, ZONE, now) for which in months]
    for name, standing in (("committed", "committed"), ("planned", "planned"), ("void", "void")):
        assert sum(getattr(m, name) for m in told) == sum(c.fen for c in found if c.standing == standing)
    assert sum(m.entries for m in told) == len(found)
    for month in told:
        listed = ledger.within(found, month.month, ZONE, now)
        assert sum(c.fen for c in listed) == month.committed + month.planned + month.void


def test_a_month_is_the_companys_own() -> None:
    last, first = paid("a", 100, at("2026-10-31T23:59")), paid("b", 10, at("2026-11-01T00:00"))
    assert ledger.month([last, first], "2026-10", ZONE, NOON).committed == 100
    assert ledger.month([last, first], "2026-11", ZONE, NOON).committed == 10
    assert ledger.month([last, first], "2026-10", "UTC", NOON).committed == 110


def test_what_is_planned_weighs_on_the_month_in_which_it_will_be_paid() -> None:
    old = charge("a", 100, at("2026-09-30T12:00"))
    assert ledger.month([old], "2026-09", ZONE, NOON).planned == 0
    assert ledger.month([old], "2026-11", ZONE, NOON).planned == 100
    settled = ledger.commit(old, at("2026-10-02T12:00"), 90)
    assert (settled.standing, settled.fen) == (Standing.COMMITTED, 90)
    assert ledger.month([settled], "2026-10", ZONE, NOON).committed == 90


def test_what_is_settled_stays_settled() -> None:
    gone = ledger.give_up(charge("a", 100), NOON)
    assert gone.standing is Standing.VOID
    assert ledger.commit(gone, NOON + 1) == gone
    assert ledger.give_up(paid("b", 5), NOON + 1) == paid("b", 5)
    with pytest.raises(ValueError, match="not below nothing"):
        ledger.commit(charge("c"), NOON, -1)


def test_three_free_tag_changes_a_year_then_each_costs() -> None:
    policy, found = LedgerPolicy(), []
    for n in range(3):
        count = ledger.used(found, What.TAG_CHANGE, NUMBER, NOON, ZONE)
        cost = ledger.price(What.TAG_CHANGE, policy, used_this_year=count)
        assert (cost.free, cost.why) == (True, f"free change {n + 1} of 3 this year")
        found.append(paid(f"t{n}", 0, NOON, what=What.TAG_CHANGE))
    found += [paid("other", what=What.TAG_CHANGE, number=OTHER), paid("kind", what=What.APPEAL)]
    found.append(ledger.give_up(charge("v", what=What.TAG_CHANGE), NOON))
    assert ledger.used(found, What.TAG_CHANGE, NUMBER, NOON, ZONE) == 3
    cost = ledger.price(What.TAG_CHANGE, policy, used_this_year=3)
    assert (cost.least, cost.most) == (5_000, 10_000)
    assert "3 free changes of this year are used" in cost.why
    assert ledger.used(found, What.TAG_CHANGE, NUMBER, at("2027-01-01T00:00"), ZONE) == 0
    assert ledger.used(found, What.TAG_CHANGE, NUMBER, at("2025-12-31T23:00"), ZONE) == 3  # the clock was set back


def test_appeals_of_a_month_and_a_platform() -> None:
    found = [paid(str(n), what=What.APPEAL, platform=p) for n, p in enumerate(("alpha", "alpha", "beta"))]
    found.append(paid("x", when=at("2026-10-30T12:00"), what=What.APPEAL))
    assert ledger.used(found, What.APPEAL, NUMBER, NOON, ZONE, year=False) == 3
    assert ledger.used(found, What.APPEAL, NUMBER, NOON, ZONE, platform="beta", year=False) == 1
    assert ledger.used(found, What.APPEAL, NUMBER, NOON, ZONE) == 4


@given(st.lists(st.floats(0, 30 * DAY), max_size=12), st.integers(1, 4))
def test_a_quota_is_never_exceeded_and_never_waits_too_long(ago: list[float], most: int) -> None:
    found = [paid(str(n), when=NOON - gone, what=What.APPEAL) for n, gone in enumerate(ago)]
    free = ledger.next_free(found, What.APPEAL, most, 7 * DAY, NOON)
    assert free >= NOON

    def recent(then: float) -> int:
        return sum(c.counted_at > then - 7 * DAY for c in found)

    assert recent(free) < most
    if free > NOON:
        assert recent(free - 1.0) >= most or free - 1.0 < NOON


def test_a_quota_of_nothing_is_none() -> None:
    with pytest.raises(ValueError, match="at least one within some time"):
        ledger.next_free([], What.APPEAL, 0, DAY, NOON)


PRICES = [
    ({}, What.EXPEDITE, False, (20_000, 50_000)),
    ({"expedite": (10.0, 20.0)}, What.EXPEDITE, False, (1_000, 2_000)),
    ({}, What.EXPEDITE, True, (28_000, 70_000)),
    ({"agent_surcharge": 0.5}, What.EXPEDITE, True, (30_000, 75_000)),
    ({"free_tag_changes": 0}, What.TAG_CHANGE, False, (5_000, 10_000)),
    ({"free_tag_changes": 0, "tag_change": (1.0, 2.0)}, What.TAG_CHANGE, False, (100, 200)),
    ({"certification": (600.0, 900.0)}, What.CERTIFICATION, False, (60_000, 90_000)),
    ({}, What.CORRECTION, True, (0, 0)),
]


@pytest.mark.parametrize(("rules", "what", "agent", "fen"), PRICES)
def test_prices_are_the_settings(rules: dict[str, object], what: What, agent: bool, fen: tuple[int, int]) -> None:
    cost = ledger.price(what, structs.replace(LedgerPolicy(), **rules), agent=agent)
    assert (cost.least, cost.most) == fen
    assert cost.way is (Way.AGENT if agent else Way.OFFICIAL)


def test_hurrying_a_certification_costs_300_and_through_an_agent_more() -> None:
    assert ledger.certification_expedite(LedgerPolicy()).most == 30_000
    assert ledger.certification_expedite(LedgerPolicy(), agent=True).most == 42_000
    dear = LedgerPolicy(certification_expedite=(310.0, 320.0))
    assert ledger.certification_expedite(dear).most == 32_000


def test_without_a_budget_whatever_costs_waits_and_what_is_free_goes() -> None:
    said = ledger.may_spend([], LedgerPolicy(), Cost(What.EXPEDITE, 1, 1), NOON)
    assert said.may is May.OVER_BUDGET
    assert said.why == "¥0.01 on top of ¥0 spent is more than the ¥0 of this month"
    assert ledger.may_spend([], LedgerPolicy(), Cost(What.APPEAL), NOON).may is May.OK


def test_the_most_that_it_may_cost_is_held_against_what_is_left() -> None:
    policy = LedgerPolicy(monthly_budget=1_000.0)
    cost = ledger.price(What.EXPEDITE, policy)
    assert ledger.may_spend([], policy, cost, NOON).may is May.OK
    spent = [paid("a", 40_000), charge("b", 10_000)]
    assert ledger.may_spend(spent, policy, cost, NOON).may is May.OK
    spent.append(paid("c", 1))
    said = ledger.may_spend(spent, policy, cost, NOON)
    assert (said.may, said.spent, said.reserved, said.budget) == (May.OVER_BUDGET, 40_001, 10_000, 100_000)
    assert "¥500 on top of ¥400.01 spent and ¥100 spoken for is more than the ¥1000" in said.why
    assert ledger.may_spend(spent, policy, cost, at("2026-12-01T00:00")).may is May.OK
    assert ledger.may_spend([paid("a", 60_000, NOON + 40 * DAY)], policy, cost, NOON).may is May.OVER_BUDGET


def test_what_is_dear_waits_for_a_person_within_the_budget_too() -> None:
    policy = LedgerPolicy(monthly_budget=5_000.0, approve_over=499.99)
    assert ledger.may_spend([], policy, ledger.price(What.EXPEDITE, policy), NOON).may is May.NEEDS_APPROVAL
    policy = structs.replace(policy, approve_over=500.0)
    assert ledger.may_spend([], policy, ledger.price(What.EXPEDITE, policy), NOON).may is May.OK


@given(st.lists(charges, max_size=20), st.integers(0, 10**6), st.integers(0, 10**4))
def test_whatever_may_go_out_unasked_stays_within_the_budget(found: list[Charge], most: int, budget: int) -> None:
    policy = LedgerPolicy(monthly_budget=float(budget), approve_over=1e9)
    said = ledger.may_spend(found, policy, Cost(What.OTHER, 0, most), NOON)
    if said.may is May.OK and most:
        assert said.spent + said.reserved + most <= ledger.fen(budget)
        assert ledger.month(found, "2026-11", ZONE, NOON).committed <= said.spent


def test_a_forecast_adds_what_is_intended() -> None:
    policy = LedgerPolicy(monthly_budget=600.0)
    plans = [ledger.price(What.EXPEDITE, policy), ledger.price(What.CORRECTION, policy)]
    told = ledger.forecast([paid("a", 10_000), charge("b", 5_000)], plans, policy, NOON)
    assert (told.month, told.committed, told.planned) == ("2026-11", 10_000, 5_000)
    assert (told.least, told.most, told.budget, told.over) == (35_000, 65_000, 60_000, 5_000)


def test_months_as_people_write_them() -> None:
    assert ledger.is_month("2026-11")
    assert not any(map(ledger.is_month, ("2026-13", "2026-1", "november", "2026-11-01", "")))
