"""What a clock that ran ahead has written: waits are moved, what happened happened by now, named dates stay."""

import types
import typing
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, structs

from numtrustd.domain import set_back
from numtrustd.domain.case import Case, CaseData
from numtrustd.domain.ledger import Charge, Standing, What, next_free
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.set_back import HAPPENED, NAMED, SLACK, WAITS
from numtrustd.domain.workflow import Snapshot, start
from numtrustd.domain.workflows.certificate import CertificateData, Pause, PauseCause
from numtrustd.domain.workflows.incident import IncidentData, Mark, MarkName
from numtrustd.domain.workflows.inspection import INSPECTION, InspectionData, InspectionPolicy
from numtrustd.domain.workflows.request import AppealData
from numtrustd.domain.workflows.request.data import CleanRun

T, HOUR, DAY = 1_790_000_000.0, 3_600.0, 86_400.0
NOT_INSTANTS = {"stretched", "lasts"}


def _structs(kind: object) -> Iterator[type[Struct]]:
    """Every struct that a type may hold."""
    for inner in typing.get_args(kind):
        yield from _structs(inner)
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield kind
        for field in msgspec.structs.fields(kind):
            yield from _structs(field.type)


def _floating(kind: object) -> bool:
    return kind is float or (
        typing.get_origin(kind) in (types.UnionType, typing.Union) and float in typing.get_args(kind)
    )


def test_every_instant_of_every_case_is_known_for_what_it_is() -> None:
    found = {
        field.name for kind in _structs(CaseData) for field in msgspec.structs.fields(kind) if _floating(field.type)
    }
    assert found - NOT_INSTANTS <= HAPPENED | WAITS | NAMED
    assert not HAPPENED & WAITS
    assert not (HAPPENED | WAITS) & NAMED


def case_of(data: CaseData, *, set_at: float, deadline: float, entered: float | None = None) -> Case:
    snapshot = Snapshot("in_review", 5, set_at if entered is None else entered, deadline, set_at)
    return Case("+1/alpha/1", "+1", "alpha", "appeal", 1, snapshot, data, opened_at=T)


def review(case: Case) -> float | None:
    """A case that waits for its review."""
    assert isinstance(case.data, AppealData)
    return case.data.review_by


def cool(case: Case) -> float | None:
    """A case that cools down."""
    assert isinstance(case.data, AppealData)
    return case.data.not_before


@given(ahead=st.floats(SLACK + 1, 400 * DAY), left=st.floats(0, 90 * DAY))
def test_a_wait_keeps_what_was_left_of_it(ahead: float, left: float) -> None:
    wrong = T + ahead
    data = AppealData(sent_at=wrong - HOUR, review_by=wrong + left, clean={"v": CleanRun(1, wrong - HOUR, wrong)})
    mended = set_back.case(case_of(data, set_at=wrong, deadline=wrong + left), T, review)
    assert mended is not None
    assert mended.snapshot.deadline == pytest.approx(T + left)
    assert mended.snapshot.set_at == T
    assert isinstance(mended.data, AppealData)
    assert mended.data.review_by == pytest.approx(T + left)
    assert mended.data.sent_at is not None
    assert mended.data.sent_at <= T
    assert mended.data.clean["v"].last_at <= T
    assert set_back.case(mended, T, review) is None


@given(early=st.floats(-400 * DAY, SLACK))
def test_what_no_wrong_clock_set_stays(early: float) -> None:
    data = AppealData(sent_at=T + min(early, 0.0), review_by=T + 500 * DAY)
    assert set_back.case(case_of(data, set_at=T + early, deadline=T + 300 * DAY), T, review) is None


def test_a_record_of_before_it_was_kept_is_known_by_when_its_state_began() -> None:
    found = case_of(AppealData(), set_at=0.0, entered=T + 30 * DAY, deadline=T + 31 * DAY)
    mended = set_back.case(found, T, lambda case: T + DAY)
    assert mended is not None
    assert mended.snapshot.deadline == T + DAY


def test_a_cool_down_that_began_before_ends_when_it_was_to() -> None:
    data = AppealData(not_before=T + DAY)
    found = case_of(data, set_at=T + 2 * HOUR, entered=T - HOUR, deadline=T + DAY)
    mended = set_back.case(found, T, cool)
    assert mended is not None
    assert mended.snapshot.deadline == T + DAY
    assert isinstance(mended.data, AppealData)
    assert mended.data.not_before == T + DAY


def test_a_wait_that_was_over_when_it_was_set_is_over_by_as_much() -> None:
    """People's errands count from it, and would all be given the time anew."""
    wrong = T + 20 * HOUR
    data = AppealData(not_before=T + 5 * HOUR)
    found = case_of(data, set_at=wrong, entered=T + 5 * HOUR, deadline=wrong + 6 * HOUR)
    mended = set_back.case(found, T, lambda case: T + DAY)
    assert mended is not None
    assert isinstance(mended.data, AppealData)
    assert mended.data.not_before == T - 15 * HOUR


def test_an_emergency_that_began_in_the_future_began_now() -> None:
    data = IncidentData(since=T + 30 * DAY, marks=(Mark(MarkName.SUBMIT, True, T + 30 * DAY),))
    mended = set_back.case(case_of(data, set_at=T + 30 * DAY, deadline=T + 31 * DAY), T, lambda case: T + DAY)
    assert mended is not None
    assert isinstance(mended.data, IncidentData)
    assert mended.data.since == T
    assert mended.data.marks[0].at == T
    assert mended.snapshot.deadline == T + DAY


def test_a_date_that_the_provider_named_stays() -> None:
    wrong = T + 30 * DAY
    pause = Pause(wrong - HOUR, PauseCause.TECHNICAL, until=wrong)
    data = CertificateData(granted_at=wrong, expires=T + 400 * DAY, pauses=(pause,))
    mended = set_back.case(case_of(data, set_at=wrong, deadline=wrong + DAY), T, lambda case: T + DAY)
    assert mended is not None
    assert isinstance(mended.data, CertificateData)
    assert mended.data.expires == T + 400 * DAY
    assert mended.data.granted_at == T
    assert mended.data.pauses[0].until == T


def test_the_announced_end_of_a_maintenance_stays() -> None:
    declared = Maintenance(T + 30 * DAY, "eve", until=T + 60 * DAY)
    assert set_back.maintenance(declared, T) == structs.replace(declared, since=T)


def test_a_quota_of_one_a_day_gives_a_slot_within_a_day_of_when_it_was_noticed() -> None:
    wrong = T + 30 * DAY
    charge = Charge("c", wrong, What.APPEAL, standing=Standing.COMMITTED, settled_at=wrong)
    mended = set_back.charge(charge, T)
    assert mended is not None
    assert next_free([mended], What.APPEAL, 1, DAY, T + HOUR) == T + DAY
    assert set_back.charge(mended, T + HOUR) is None
    assert next_free([mended], What.APPEAL, 1, DAY, T + DAY) == T + DAY


def test_a_charge_that_nobody_has_put_right_yet_puts_nothing_off_by_more_than_its_quota() -> None:
    charge = Charge("c", T + 30 * DAY, What.APPEAL, standing=Standing.COMMITTED, settled_at=T + 30 * DAY)
    assert next_free([charge], What.APPEAL, 1, DAY, T) == T + DAY


@pytest.mark.parametrize("looking", [False, True])
def test_an_inspection_is_worked_out_anew(*, looking: bool) -> None:
    policy, wrong = InspectionPolicy(), T + 90 * DAY
    data = InspectionData(after=wrong, began_at=wrong if looking else None)
    snapshot = start(INSPECTION, data, wrong, policy)
    if looking:
        snapshot = structs.replace(snapshot, state="looking", deadline=wrong + policy.lasts)
    mended = set_back.inspection(snapshot, data, T, policy)
    assert mended is not None
    assert mended[0].deadline is not None
    assert T < mended[0].deadline <= T + 32 * DAY
    assert set_back.inspection(*mended, T, policy) is None
