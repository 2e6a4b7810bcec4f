"""Which looks people are asked for: few tasks, the urgent ones first, nobody twice for the same."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.domain import device_test as plan
from numtrustd.domain.device_test import DAY, URGENT, HandPolicy, Why, Wish
from numtrustd.domain.observation import Status
from numtrustd.domain.verdict import Run, Shown, Verdict, ViewState

NOW = 1_000 * DAY
SCREEN, LOG, API = "p.device/incoming_call", "p.device/call_log", "p.api/default"
HANDS = (SCREEN, LOG)
POLICY = HandPolicy()
HOURS = 3 * 3_600.0
MARKED, CLEAN = Shown(Status.MARKED), Shown(Status.CLEAN)


def verdict(run: bool = False, **views: ViewState) -> Verdict:
    names = {"screen": SCREEN, "log": LOG, "api": API}
    against = Run(MARKED, 1, ("p.device",), NOW - DAY, NOW - DAY) if run else None
    return Verdict("p", belief=CLEAN, run=against, views={names[name]: view for name, view in views.items()})


def why(
    seen: dict[str, float],
    about: Verdict | None = None,
    *,
    verifying: bool = False,
    assisted: bool = False,
    watched: bool = False,
) -> Why | None:
    found = plan.wish("+1", about, seen, HANDS, NOW, POLICY, verifying=verifying, assisted=assisted, watched=watched)
    return None if found is None else found.why


def both(age: float) -> dict[str, float]:
    return {SCREEN: NOW - age, LOG: NOW - age}


def test_nobody_has_looked_yet_everywhere() -> None:
    assert why({}) is Why.FIRST
    assert why({SCREEN: NOW - DAY}) is Why.FIRST
    assert why(both(DAY)) is None


def test_monthly_on_handsets_and_weekly_on_pages() -> None:
    assert why(both(30 * DAY - 1)) is None
    assert why(both(30 * DAY)) is Why.ROUTINE
    assert why({SCREEN: NOW - 30 * DAY, LOG: NOW - DAY}) is Why.ROUTINE, "the oldest surface counts"
    assert why(both(7 * DAY), assisted=True) is Why.ROUTINE


def test_where_a_program_looks_people_are_asked_only_where_it_fails() -> None:
    fine, blind = ViewState(NOW, Status.CLEAN), ViewState(NOW, Status.UNKNOWN, unknown_since=NOW - DAY)
    assert why({}, watched=True) is None
    assert why({}, verdict(api=fine)) is None
    assert why(both(60 * DAY), verdict(api=fine, screen=fine)) is None
    assert why({}, verdict(api=blind)) is Why.BLIND
    assert why(both(3 * DAY), verdict(api=blind)) is None, "seen by a person lately"
    assert why(both(3 * DAY), verdict(api=fine, screen=ViewState(NOW, Status.MARKED))) is Why.DISAGREE
    assert why(both(HOURS), verdict(api=fine, screen=ViewState(NOW, Status.MARKED))) is None
    assert why(both(3 * DAY), verdict(api=fine, screen=blind)) is None, "who cannot see does not disagree"


def test_a_label_on_one_surface_only_is_looked_at_again_until_it_is_believed() -> None:
    fine, label = ViewState(NOW, Status.CLEAN), ViewState(NOW, Status.MARKED)
    assert why(both(8 * DAY), verdict(screen=label, log=fine)) is Why.DISAGREE
    assert why(both(7 * DAY), verdict(screen=label, log=fine)) is None
    assert why(both(8 * DAY), verdict(screen=fine, log=fine)) is None
    believed = structs.replace(verdict(screen=label, log=fine), belief=MARKED)
    assert why(both(8 * DAY), believed) is None


def test_what_disagrees_with_the_belief_is_looked_at_again_soon() -> None:
    assert why(both(1_200.0), verdict(run=True)) is None
    assert why(both(HOURS), verdict(run=True)) is Why.CONFIRM


def test_when_a_look_is_wanted_next_is_known_before() -> None:
    def wanted_at(seen: dict[str, float], about: Verdict | None = None) -> float | None:
        def wanted(at: float) -> Wish | None:
            return plan.wish("+1", about, seen, HANDS, at, POLICY, verifying=False, assisted=False)

        return plan.wanted_at(wanted, seen.values(), NOW, POLICY)

    assert wanted_at({}) == NOW, "nobody has looked yet"
    assert wanted_at(both(DAY)) == NOW + 29 * DAY
    assert wanted_at(both(600.0), verdict(run=True)) == NOW - 600.0 + POLICY.confirm_interval
    assert wanted_at(both(DAY), verdict(run=True)) == NOW
    fine = ViewState(NOW, Status.CLEAN)
    assert wanted_at(both(DAY), verdict(api=fine, screen=fine)) is None, "a program looks"


def test_a_case_that_verifies_wants_a_look_a_day() -> None:
    assert why(both(DAY - 1), verifying=True) is None
    assert why(both(DAY), verifying=True) is Why.VERIFY


def wishes(count: int, why: Why = Why.ROUTINE) -> list[Wish]:
    return [Wish(f"+{n:05}", why, NOW - n) for n in range(count)]


def errands(each: list[Wish], open_tasks: int = 0, policy: HandPolicy = POLICY) -> tuple[plan.Errand, ...]:
    return plan.errands("p.device", each, NOW, policy, open_tasks=open_tasks, confirm_window=DAY)


def test_routine_looks_wait_while_enough_tasks_are_open_and_the_oldest_come_first() -> None:
    made = errands(wishes(100))
    assert [len(errand.wishes) for errand in made] == [20, 20, 20]
    assert made[0].wishes[0].number == "+00099", "seen the longest time ago"
    assert errands(wishes(100), open_tasks=3) == ()
    assert len(errands(wishes(100), open_tasks=2)) == 1


def test_urgent_looks_do_not_wait_and_one_that_confirms_is_due_before_the_first_lapses() -> None:
    made = errands([*wishes(3), *wishes(2, Why.VERIFY), *wishes(1, Why.CONFIRM)], open_tasks=9)
    assert [(errand.wishes[0].why, errand.due - NOW) for errand in made] == [
        (Why.CONFIRM, DAY / 2),
        (Why.VERIFY, 7 * DAY),
    ]
    assert all(errand.urgent for errand in made)


@given(
    st.lists(
        st.tuples(st.integers(0, 500), st.sampled_from(Why), st.floats(0, NOW) | st.none()), unique_by=lambda t: t[0]
    ),
    st.integers(0, 10),
    st.integers(1, 30),
    st.integers(1, 5),
)
def test_nobody_is_asked_twice_urgent_ones_always_and_never_too_many(
    each: list[tuple[int, Why, float | None]], open_tasks: int, size: int, most: int
) -> None:
    policy = structs.replace(POLICY, numbers=size, open_tasks=most)
    asked = [Wish(f"+{n}", why, seen) for n, why, seen in each]
    made = errands(asked, open_tasks, policy)
    numbers = [wish.number for errand in made for wish in errand.wishes]
    assert len(numbers) == len(set(numbers))
    assert {w.number for w in asked if w.why in URGENT} <= set(numbers)
    assert all(1 <= len(errand.wishes) <= size for errand in made)
    assert all(NOW < errand.due <= NOW + policy.deadline for errand in made)
    calm = [errand for errand in made if not errand.urgent]
    assert not calm or len(made) + open_tasks <= most


def test_who_did_not_come_is_not_asked_again_at_once() -> None:
    assert plan.again_at(NOW, POLICY) == NOW + 3.5 * DAY
    assert plan.again_at(NOW, structs.replace(POLICY, deadline=DAY)) == NOW + DAY


@given(st.floats(0, NOW), st.floats(0, NOW))
def test_what_answers_a_task_is_what_nobody_would_have_asked_for(seen: float, opened: float) -> None:
    """Whatever a look is wanted for, one so old as to be wanted does not answer it, and one made since does."""
    fresh = POLICY.fresh
    assert fresh == POLICY.confirm_interval
    assert plan.answered(seen, opened, POLICY) is (opened - seen < fresh)
    for about, more in ((verdict(run=True), {}), (None, {"verifying": True}), (None, {})):
        age = opened - seen
        wanted = plan.wish(
            "+1",
            about,
            {SCREEN: seen, LOG: seen},
            HANDS,
            opened,
            POLICY,
            **{"verifying": False, "assisted": False} | more,
        )
        assert wanted is None or not plan.answered(seen, opened, POLICY), age


def test_the_id_of_a_task_tells_its_source_and_turn() -> None:
    assert (plan.source_of("look/p.device/12"), plan.turn_of("look/p.device/12")) == ("p.device", 12)
    assert plan.turn_of("look/p.device/x") == 0
