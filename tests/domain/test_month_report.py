"""What a month came to: cases through their openings, marks, calls, money, and what the actions brought."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain import ledger
from numtrustd.domain.benefit import BenefitPolicy, Rate
from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.case import Case, Move
from numtrustd.domain.ledger import Charge, Standing, What
from numtrustd.domain.month_report import (
    SHOWN,
    CaseSums,
    NumberFacts,
    Round,
    Tally,
    days_wanted,
    present,
    rounds,
)
from numtrustd.domain.period import period
from numtrustd.domain.workflow import Snapshot
from numtrustd.domain.workflows.certificate import CertificateData
from numtrustd.domain.workflows.incident import IncidentData, Mark, MarkName, restart
from numtrustd.domain.workflows.request import AppealData

ZONE = "Asia/Shanghai"
DAY, HOUR = 86_400.0, 3_600.0
NUMBER = "+8613800138000"


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}+08:00").timestamp()


NOW = at("2026-12-24T12:00")
NOVEMBER = period("2026-11", ZONE, NOW)
B, E = NOVEMBER.begins, NOVEMBER.until


def case(*moves: tuple[float, str, str], kind: str = "appeal", platform: str = "so360", n: int = 1, data=None) -> Case:  # type: ignore[no-untyped-def]
    last = moves[-1]
    over = last[2] in ("cleared", "withdrawn", "resolved")
    return Case(
        id=f"{NUMBER}/{platform or kind}/{n}",
        number=NUMBER,
        platform=platform,
        workflow=kind,
        version=1,
        snapshot=Snapshot(last[2], len(moves), last[0]),
        data=AppealData() if data is None else data,
        opened_at=moves[0][0],
        closed_at=last[0] if over else None,
        outcome=last[2] if over else "",
        moves=tuple(Move(when, old, new, "r") for when, old, new in moves),
    )


def tally(*facts: NumberFacts, charges: tuple[Charge, ...] = (), policy: BenefitPolicy | None = None) -> Tally:
    made = Tally(NOVEMBER, policy or BenefitPolicy(), NOW)
    for charge in charges:
        made.charge(charge)
    for each in facts:
        made.add(each)
    return made


CLOSED = case((B - DAY, "", "confirmed"), (B + DAY, "confirmed", "in_review"), (B + 2 * DAY, "in_review", "cleared"))
RETURNED = case(
    (B + DAY, "", "confirmed"),
    (B + 3 * DAY, "confirmed", "cleared"),
    (B + 10 * DAY, "cleared", "confirmed"),
    (E + DAY, "confirmed", "withdrawn"),
    n=2,
)
GIVEN_UP = case((B + DAY, "", "confirmed"), (B + 2 * DAY, "confirmed", "withdrawn"), n=3)
BEFORE = case((B - 9 * DAY, "", "confirmed"), (B - 8 * DAY, "confirmed", "cleared"), n=4)
AFTER = case((E + HOUR, "", "confirmed"), n=5)


def test_a_case_that_was_reopened_has_two_rounds() -> None:
    assert rounds(RETURNED) == (
        Round(B + DAY, B + 3 * DAY, "cleared"),
        Round(B + 10 * DAY, E + DAY, "withdrawn"),
    )
    assert present(rounds(RETURNED), NOVEMBER)[1] == Round(B + 10 * DAY), "it was open when the month ended"
    assert present(rounds(BEFORE), NOVEMBER) == present(rounds(AFTER), NOVEMBER) == ()


def test_a_case_whose_first_moves_are_forgotten_is_told_as_far_as_it_is_known() -> None:
    cut = case((B, "cleared", "confirmed"), (B + DAY, "confirmed", "cleared"))
    assert rounds(cut) == (Round(B, B + DAY, "cleared"),)
    cut = case((B, "confirmed", "in_review"), (B + DAY, "in_review", "cleared"))
    assert rounds(cut) == (Round(B, B + DAY, "cleared"),)


def test_the_cases_of_a_month() -> None:
    made = tally(NumberFacts(NUMBER, (CLOSED, RETURNED, GIVEN_UP, BEFORE, AFTER)))
    assert made.cases == {
        ("appeal", "so360"): CaseSums(opened=2 + 1, given_up=1, open_at_end=1, took=[3 * DAY, 2 * DAY])
    }
    [left] = made.open_cases
    assert (left.id, left.opened, left.state) == (RETURNED.id, B + 10 * DAY, "confirmed")


def test_the_oldest_open_cases_are_told_and_kept_certificates_are_no_work() -> None:
    each = tuple(case((B + n * HOUR, "", "confirmed"), n=n) for n in range(SHOWN + 5))
    kept = case((B - DAY, "", "valid"), kind="certificate", data=CertificateData())
    made = tally(NumberFacts(NUMBER, (*each[::-1], kept)))
    assert [left.opened for left in made.open_cases] == [B + n * HOUR for n in range(SHOWN)]
    assert made.cases["appeal", "so360"].open_at_end == SHOWN + 5
    assert ("certificate", "so360") not in made.cases


def marks(*each: tuple[MarkName, bool, float]) -> tuple[Mark, ...]:
    return tuple(Mark(*mark) for mark in each)


def test_marks_count_in_the_month_in_which_they_were_told() -> None:
    submit, follow, resolve = MarkName
    over = IncidentData(
        since=B - DAY, marks=marks((submit, True, B - DAY), (follow, True, B), (resolve, False, B + DAY))
    )
    goes_on = IncidentData(since=E - HOUR, marks=marks((submit, True, E + HOUR)))
    made = tally(
        NumberFacts(
            NUMBER,
            (
                case(
                    (B - DAY, "", "opening"), (B + DAY, "opening", "resolved"), kind="incident", platform="", data=over
                ),
                case((E - HOUR, "", "opening"), kind="incident", platform="", n=2, data=goes_on),
            ),
        )
    )
    assert [(m.met, m.missed, m.ahead) for m in made.marks.values()] == [(0, 0, 1), (1, 0, 1), (0, 1, 1)]
    assert [(m.incident, m.mark) for m in made.missed] == [(f"{NUMBER}/incident/1", resolve)]
    assert made.brought == {}, "an emergency is no action"


def test_an_incident_that_is_reopened_remembers_the_marks_that_it_missed() -> None:
    submit, follow, _ = MarkName
    first = IncidentData(since=B, marks=marks((submit, False, B + 2 * HOUR), (follow, True, B + DAY)))
    again = restart(first, None, B + 5 * DAY, None)  # type: ignore[arg-type]  # it asks for neither
    moves = (
        (B, "", "opening"),
        (B + 2 * DAY, "opening", "resolved"),
        (B + 5 * DAY, "resolved", "opening"),
    )
    made = tally(NumberFacts(NUMBER, (case(*moves, kind="incident", platform="", data=again),)))
    assert [(m.met, m.missed, m.ahead) for m in made.marks.values()] == [(0, 1, 1), (1, 0, 1), (0, 0, 1)]


def day(text: str, calls: int = 100, answered: int = 50) -> DayCalls:
    return DayCalls(text, calls, answered)


def test_the_calls_of_each_day_are_told_of_as_many_numbers_as_there_are() -> None:
    made = tally(
        NumberFacts(NUMBER, days=(day("2026-10-31"), day("2026-11-01"), day("2026-11-30", 10, 10))),
        NumberFacts("+8613800138001", days=(day("2026-11-30", 30, 0), day("2026-12-01"))),
    )
    assert [(d.calls, d.answered, d.numbers) for d in made.calls if d.numbers] == [(100, 50, 1), (40, 10, 2)]
    assert (made.calls[0].numbers, made.calls[29].numbers, made.numbers) == (1, 2, 2)


def test_what_an_action_brought() -> None:
    action = case((at("2026-11-10T10:00"), "", "confirmed"), (at("2026-11-12T10:00"), "confirmed", "cleared"))
    still = case((at("2026-11-20T10:00"), "", "confirmed"), n=2)
    days = [day(f"2026-11-{n:02d}", 100, 20 if 10 <= n <= 12 else 30 if n >= 20 else 50) for n in range(1, 31)]
    paid = Charge("c", at("2026-10-02"), What.EXPEDITE, NUMBER, "so360", action.id, 20_000)
    paid = ledger.commit(paid, at("2026-10-02"))
    policy = BenefitPolicy(answered_call=2.0, window_days=7)
    made = tally(NumberFacts(NUMBER, (action, still), days), charges=(paid,), policy=policy)
    [(place, sums)] = made.brought.items()
    assert place == ("appeal", "so360")
    assert (sums.cases, sums.ended, sums.paid, sums.compared) == (2, 1, 20_000, 1)
    assert (sums.before, sums.during, sums.after) == (Rate(7, 700, 350), Rate(3, 300, 60), Rate(7, 700, 350))
    assert sums.gained == pytest.approx(30.0)
    assert sums.lost == pytest.approx((20.0, 20.0))
    assert sums.measured
    assert made.worth(30.0) == 6_000
    assert made.spend == {}, "it was paid in another month"
    assert days_wanted((action, still, BEFORE), NOVEMBER, 7) == (NOVEMBER.days[0], NOVEMBER.days[-1])
    assert [str(d) for d in days_wanted((CLOSED, RETURNED), NOVEMBER, 40)] == ["2026-09-21", "2026-12-14"]


def test_without_calls_an_action_is_told_without_what_it_brought() -> None:
    made = tally(NumberFacts(NUMBER, (CLOSED,)))
    sums = made.brought["appeal", "so360"]
    assert (sums.cases, sums.ended, sums.compared, sums.gained, sums.lost) == (1, 1, 0, 0.0, (0.0, 0.0))


CHARGES = st.lists(
    st.builds(
        Charge,
        id=st.uuids().map(str),
        at=st.floats(B - 40 * DAY, NOW),
        what=st.sampled_from(What),
        platform=st.sampled_from(["so360", "sogou"]),
        fen=st.integers(0, 100_000),
        standing=st.sampled_from(Standing),
        settled_at=st.none() | st.floats(B - 40 * DAY, NOW),
    ),
    max_size=12,
)


@given(CHARGES)
def test_the_spend_is_that_of_the_ledger(charges: list[Charge]) -> None:
    made, month = tally(charges=tuple(charges)), ledger.month(charges, "2026-11", ZONE, NOW)
    assert sum(s.committed for s in made.spend.values()) == month.committed
    assert sum(s.planned for s in made.spend.values()) == month.planned
    assert sum(s.void for s in made.spend.values()) == month.void
    assert sum(s.entries for s in made.spend.values()) == month.entries


STATES = st.sampled_from(["confirmed", "in_review", "cleared", "withdrawn"])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    times = sorted(draw(st.lists(st.floats(B - 50 * DAY, NOW), min_size=1, max_size=6, unique=True)))
    states = [draw(STATES) for _ in times]
    states[0] = "confirmed"
    moves = [(times[0], "", "confirmed")]
    for when, state in zip(times[1:], states[1:], strict=True):
        if state != moves[-1][2]:
            moves.append((when, moves[-1][2], state))
    return case(*moves, n=draw(st.integers(1, 10**6)), platform=draw(st.sampled_from(["so360", "sogou"])))


@given(st.lists(cases(), max_size=6), st.randoms())
def test_what_was_open_and_opened_is_what_ended_and_is_open(each, random) -> None:  # type: ignore[no-untyped-def]
    made = tally(*(NumberFacts(NUMBER, (one,)) for one in each))
    shuffled = tally(NumberFacts(NUMBER, tuple(random.sample(each, len(each)))))
    opened = ended = left = 0
    for place, sums in made.cases.items():
        other = shuffled.cases[place]
        assert (sums.opened, sums.given_up, sums.open_at_end) == (other.opened, other.given_up, other.open_at_end)
        assert sorted(sums.took) == sorted(other.took)
        assert all(took >= 0 for took in sums.took)
        opened, left = opened + sums.opened, left + sums.open_at_end
        ended += len(sums.took) + sums.given_up
    # The same told by the states alone.
    over = ("cleared", "withdrawn")

    def state(one: Case, when: float) -> str:
        return next((move.new for move in reversed(one.moves) if move.at < when), "")

    at_start = sum(state(one, B) not in ("", *over) for one in each)
    assert left == sum(state(one, E) not in ("", *over) for one in each)
    assert opened + at_start == ended + left
    assert made.open_cases == shuffled.open_cases
