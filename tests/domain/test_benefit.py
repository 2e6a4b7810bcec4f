"""What a label costs and what its removal brought, from days of calls."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.benefit import BenefitPolicy, CaseSpan, Rate, around, by_tag, loss, phases, table
from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.identity import Version
from numtrustd.domain.ledger import Charge, What, commit

FIRST = date(2026, 11, 1)
ZONE = "Asia/Shanghai"


def day(n: int, calls: int = 100, answered: int = 50) -> DayCalls:
    return DayCalls((FIRST + timedelta(days=n)).isoformat(), calls, answered)


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}+08:00").timestamp()


DAYS = [
    *(day(n, answered=50) for n in range(10)),
    *(day(n, answered=20) for n in range(10, 15)),
    *(day(n, answered=45) for n in range(15, 30)),
]
OPENED, CLOSED, TODAY = FIRST + timedelta(days=10), FIRST + timedelta(days=14), FIRST + timedelta(days=29)


def test_the_rate_before_during_and_after() -> None:
    seen = phases(DAYS, OPENED, CLOSED, TODAY, 7)
    assert (seen.before, seen.during, seen.after) == (Rate(7, 700, 350), Rate(5, 500, 100), Rate(7, 700, 315))
    assert seen.gain == pytest.approx(0.25)
    going_on = phases(DAYS, OPENED, None, OPENED + timedelta(days=1), 7)
    assert (going_on.during, going_on.after, going_on.gain) == (Rate(2, 200, 40), None, None)
    assert phases([], OPENED, CLOSED, TODAY, 7).before is None
    assert phases([day(10, 0, 0)], OPENED, CLOSED, TODAY, 7).during == Rate(1, 0, 0)


def test_no_day_of_one_pause_is_before_or_after_another() -> None:
    def on(n: int) -> date:
        return FIRST + timedelta(days=n)

    [one, other] = around(DAYS, [(on(10), on(14)), (on(18), None)], on(19), 7)
    assert (one.before, one.during) == (Rate(7, 700, 350), Rate(5, 500, 100))
    assert one.after == Rate(3, 300, 135), "as far as the next begins"
    assert (other.before, other.during, other.after) == (Rate(3, 300, 135), Rate(2, 200, 90), None)
    [alone] = around(DAYS, [(OPENED, CLOSED)], TODAY, 7)
    assert alone == phases(DAYS, OPENED, CLOSED, TODAY, 7)
    assert around(DAYS, [], TODAY, 7) == ()


def test_what_a_label_costs_in_a_day() -> None:
    policy = BenefitPolicy(answered_call=1.5)
    seen = loss(Rate(7, 700, 350), Rate(5, 500, 100), policy)
    assert seen is not None
    assert (seen.least, seen.least_fen, seen.measured) == (pytest.approx(30.0), 4_500, True)
    better = loss(Rate(7, 700, 350), Rate(5, 500, 400), policy)
    assert better is not None
    assert better.most == 0.0
    usual = loss(Rate(7, 700, 350), None, policy)
    assert usual is not None
    assert (usual.least, usual.most, usual.least_fen, usual.most_fen) == (20.0, 30.0, 3_000, 4_500)
    assert usual.measured is False
    assert loss(None, Rate(5, 500, 100), policy) is None
    assert loss(Rate(7, 0, 0), None, policy) is None
    own = loss(Rate(7, 700, 350), Rate(3, 0, 0), BenefitPolicy(label_costs=(0.1, 0.2)))
    assert own is not None
    assert (own.least, own.most, own.most_fen) == (5.0, 10.0, 0)


def test_the_rate_of_each_tag() -> None:
    tags = [
        Version("冰饮", at("2026-11-04T00:00"), at("2026-11-12T00:00")),
        Version("火锅", at("2026-11-10T00:00"), at("2026-11-20T00:00")),
        Version("冰饮", at("2026-11-25T00:00")),
    ]
    told = dict(by_tag([day(n) for n in range(30)], tags, ZONE))
    assert {tag: rate.days for tag, rate in told.items()} == {"": 3 + 5, "冰饮": 6 + 6, "火锅": 10}
    assert by_tag([day(0)], (), ZONE) == (("", Rate(1, 100, 50)),)
    assert by_tag((), tags, ZONE) == ()


@given(
    st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=4),
    st.lists(st.integers(0, 29), unique=True, max_size=20),
)
def test_every_day_is_of_one_tag(spans: list[tuple[int, int]], told: list[int]) -> None:
    begin = at("2026-11-01T00:00")
    tags = [Version(f"t{a}", begin + a * 86_400.0, begin + b * 86_400.0) for a, b in sorted(spans)]
    days = [day(n, calls=n) for n in told]
    found = by_tag(days, tags, ZONE)
    assert sum(rate.days for _, rate in found) == len(days)
    assert sum(rate.calls for _, rate in found) == sum(told)


def test_the_table_of_actions_costs_and_effects() -> None:
    paid = commit(Charge("a", 0.0, What.EXPEDITE, case="case", fen=30_000), 1.0)
    planned = Charge("b", 0.0, What.EXPEDITE, case="case", fen=99)
    case = CaseSpan("case", "appeal", "alpha", OPENED, CLOSED)
    earlier = CaseSpan("earlier", "appeal", "beta", FIRST, FIRST)
    rows = table([case, earlier], DAYS, [paid, planned], TODAY, BenefitPolicy(window_days=7))
    assert [row.case.id for row in rows] == ["earlier", "case"]
    assert (rows[0].paid, rows[0].loss) == (0, None)
    assert (rows[1].paid, rows[1].phases.gain) == (30_000, pytest.approx(0.25))
    assert rows[1].loss is not None
    assert rows[1].loss.measured
