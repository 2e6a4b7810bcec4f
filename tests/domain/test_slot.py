"""When something may be handed in: nothing forbids it then, and something forbade it before."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.calendar import local_date
from numtrustd.domain.ledger import Charge, What, commit
from numtrustd.domain.maintenance import Maintenance, MaintenanceRules, accepts
from numtrustd.domain.season import SeasonPolicy, avoided
from numtrustd.domain.slot import Limit, Place, Slot, slot
from numtrustd.domain.window import Window, closing

HOUR, DAY = 3_600.0, 86_400.0
ALPHA = Place("alpha")


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}+08:00").timestamp()


NOON = at("2026-11-23T12:00")
NIGHT = Window("the night", hours="20:00-08:00", reason="nobody is there")


def paid(when: float, number: str = "1", platform: str = "alpha") -> Charge:
    return commit(Charge(f"{when}{number}", when, What.APPEAL, number, platform), when)


def test_whose_window_it_is_is_told() -> None:
    freeze = Window("the freeze", reason="a release", author="wang", until=at("2026-12-31T23:00"))
    assert slot(ALPHA, NOON, windows=[freeze]).why[0] == "nothing is submitted during the freeze (a release, by wang)"
    nobody = Window("the freeze", author="wang", until=at("2026-12-31T23:00"))
    assert slot(ALPHA, NOON, windows=[nobody]).why[0] == "nothing is submitted during the freeze (by wang)"


def test_at_once_when_nothing_forbids_it() -> None:
    assert slot(ALPHA, NOON) == Slot(NOON)


def test_all_that_forbids_it_is_waited_for_and_told() -> None:
    new_year = at("2026-12-31T21:00")
    found = slot(ALPHA, new_year, windows=[NIGHT], limits=[Limit(1, 2 * DAY)], charges=[paid(new_year - HOUR)])
    assert found.at == at("2027-01-02T20:00") + 12 * HOUR
    assert found.why == (
        "nothing is submitted during the night (nobody is there)",
        "it can wait, and today is the first of the month",
        "the platform's quota is used up",
    )


def test_an_emergency_does_not_wait_for_a_better_day_but_for_the_window() -> None:
    first = at("2026-12-01T12:00")
    assert slot(ALPHA, first).at == at("2026-12-02T00:00")
    for place in (Place("alpha", urgent=True), Place("alpha", emergency=True)):
        assert slot(place, first).at == first
        assert slot(place, at("2026-12-01T21:00"), windows=[NIGHT]).at == at("2026-12-02T08:00")


def test_a_maintenance_is_waited_out_unless_it_takes_emergencies() -> None:
    declared = Maintenance(NOON - DAY, "li", "industry")
    waits = ("alpha is under maintenance (industry)",)
    assert slot(ALPHA, NOON, maintenance=declared) == Slot(NOON + 14 * DAY, waits)
    assert slot(Place("alpha", emergency=True), NOON, maintenance=declared).at == NOON
    assert slot(ALPHA, NOON, maintenance=Maintenance(NOON, "li", "major")).at == NOON
    assert slot(ALPHA, NOON, maintenance=Maintenance(NOON - DAY, "li")).at is None
    assert slot(ALPHA, NOON, maintenance=Maintenance(NOON - DAY, "li", "routine")).at is None, "it is overdue"
    ending = Maintenance(NOON - DAY, "li", until=NOON + HOUR)
    assert slot(ALPHA, NOON, maintenance=ending) == Slot(NOON + HOUR, ("alpha is under maintenance (unknown)",))


def test_windows_that_never_open_leave_no_slot() -> None:
    found = slot(ALPHA, NOON, windows=[Window("for ever", days="mon-sun")])
    assert found == Slot(None, ("nothing is submitted during for ever",))


def test_a_quota_is_of_a_platform_and_of_a_number_or_of_all() -> None:
    charges = [paid(NOON - HOUR, "1"), paid(NOON - 2 * HOUR, "2"), paid(NOON - HOUR, "1", "beta")]
    assert slot(ALPHA, NOON, limits=[Limit(1, DAY, "3")], charges=charges).at == NOON
    assert slot(ALPHA, NOON, limits=[Limit(3, DAY)], charges=charges).at == NOON
    assert slot(ALPHA, NOON, limits=[Limit(2, DAY)], charges=charges).at == NOON - 2 * HOUR + DAY
    assert slot(ALPHA, NOON, limits=[Limit(2, DAY), Limit(1, DAY, "1")], charges=charges).at == NOON - HOUR + DAY


@given(
    st.integers(0, 400 * 24),
    st.lists(st.sampled_from([NIGHT, Window("weekend", days="sat,sun"), Window("b", platforms=("beta",))]), max_size=2),
    st.booleans(),
    st.integers(1, 3),
    st.lists(st.floats(0, 5 * DAY), max_size=5),
    st.sampled_from([None, "routine", "major", "policy", "industry", "data_sync", "unknown"]),
)
def test_at_its_slot_nothing_forbids_it(
    hours: int, windows: list[Window], emergency: bool, most: int, ago: list[float], kind: str | None
) -> None:
    now = NOON + hours * HOUR
    place, charges = Place("alpha", emergency=emergency), [paid(now - gone) for gone in ago]
    declared = None if kind is None else Maintenance(now - HOUR, "li", kind)
    found = slot(place, now, windows=windows, limits=[Limit(most, 2 * DAY)], charges=charges, maintenance=declared)
    if found.at is None:
        assert kind == "unknown"
        return
    assert found.at >= now
    assert (found.at == now) is (found.why == ())
    assert not closing(windows, "alpha", found.at)
    assert emergency or not avoided(local_date(found.at), SeasonPolicy())
    assert sum(c.counted_at > found.at - 2 * DAY for c in charges) < most
    if declared is not None and found.at == now:
        assert accepts(MaintenanceRules(), declared.kind, emergency=emergency)
