"""The pauses of a certificate: one record each, from the day on which its name vanished to that on which it is back."""

from typing import Any

import msgspec
import pytest

from numtrustd.domain.workflow import Event, Snapshot, TimedOut, start, step
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.certificate import (
    CERTIFICATE,
    CertificateData,
    CertificatePolicy,
    Pause,
    PauseCause,
    PauseTold,
    Renewed,
    S,
)
from numtrustd.domain.workflows.upkeep import DAY

T0 = 1_772_413_200.0  # 2026-03-02 01:00 UTC, a Monday
HIDDEN = CertificatePolicy(shown=False)
SHOWN = CertificatePolicy()


class Keeper:
    """Steps one certificate."""

    def __init__(self) -> None:
        self.now, self.data = T0, CertificateData(granted_at=T0)
        self.snapshot: Snapshot = start(CERTIFICATE, self.data, T0, SHOWN)
        self.asked: list[str] = []

    @property
    def state(self) -> str:
        return self.snapshot.state

    def __call__(self, event: Event, policy: CertificatePolicy = SHOWN, after: float = DAY, **more: Any) -> "Keeper":
        self.now += after
        used = msgspec.structs.replace(policy, **more)
        if isinstance(event, TimedOut):
            event = TimedOut(self.snapshot.seq)
        made = step(CERTIFICATE, self.snapshot, self.data, event, self.now, used)
        if made is not None:
            self.snapshot, self.data = made.snapshot, made.data
            self.asked += [e.kind for e in made.effects if isinstance(e, a.OpenTask)]
        return self

    @property
    def pauses(self) -> list[tuple[float, float | None]]:
        """(day on which it began, day on which it ended) of each."""
        return [((p.since - T0) / DAY, None if p.until is None else (p.until - T0) / DAY) for p in self.data.pauses]


def paused() -> Keeper:
    case = Keeper()(a.Returned(), HIDDEN)
    assert (case.state, case.pauses) == (S.PAUSED, [(1, None)])
    return case


@pytest.mark.parametrize("end", [a.Advance("on"), TimedOut(0)], ids=["released", "hold over"])
def test_a_hold_within_a_pause_is_no_second_pause(end: Event) -> None:
    case = paused()(a.Hold("x", until=T0 + 5 * DAY))(end, HIDDEN, after=4 * DAY)
    assert (case.state, case.pauses) == (S.PAUSED, [(1, None)])
    case(a.Gone())
    assert (case.state, case.pauses) == (S.VALID, [(1, 7)])


def test_what_a_person_found_out_outlives_the_hold() -> None:
    case = paused()(PauseTold("policy"), HIDDEN)(a.Hold("x"))(a.Advance("on"), HIDDEN)
    assert (case.state, case.data.said_cause, case.data.pauses[-1].cause) == (S.PAUSED, "policy", PauseCause.POLICY)
    assert case.asked == ["find_cause"], "nobody is asked a second time"
    case = paused()(a.Hold("x"))(a.Advance("on"), HIDDEN)
    assert case.asked == ["find_cause", "find_cause"], "that task went with the hold"


def test_a_pause_that_ends_while_it_is_held_ends_then() -> None:
    case = paused()(a.Hold("x"))(a.Gone())(a.Advance("on"), SHOWN, after=9 * DAY)
    assert (case.state, case.pauses) == (S.VALID, [(1, 3)])
    case = paused()(a.Hold("x"))(a.Gone())(a.Returned(), HIDDEN)(a.Advance("on"), HIDDEN)
    assert (case.state, case.pauses) == (S.PAUSED, [(1, 3), (4, None)]), "from when it was lost, not from the release"
    assert case.asked == ["find_cause", "find_cause"]


def test_a_name_that_is_lost_during_a_hold_was_lost_then() -> None:
    case = Keeper()(a.Hold("x"))(a.Returned(), HIDDEN)
    assert (case.state, case.pauses) == (S.HELD, [(2, None)])
    case(a.Returned(), HIDDEN)
    assert case.pauses == [(2, None)]
    case(a.Advance("on"), HIDDEN, after=5 * DAY)
    assert (case.state, case.pauses, case.asked) == (S.PAUSED, [(2, None)], ["find_cause"])
    case = Keeper()(a.Hold("x"))(a.Returned(), HIDDEN)(a.Gone())(a.Advance("on"))
    assert (case.state, case.pauses) == (S.VALID, [(2, 3)])


def test_what_is_not_shown_while_its_renewal_is_held_is_no_pause() -> None:
    case = Keeper()(a.Advance("renew"))(a.Hold("x"))(a.Returned(), HIDDEN)
    assert (case.state, case.pauses) == (S.HELD, [])
    assert case(a.Advance("on"), HIDDEN).state == S.RENEWING


@pytest.mark.parametrize("state", [S.PAUSED, S.CHASING, S.HELD, S.ESCALATED])
def test_a_renewal_ends_no_pause_whose_name_is_not_shown(state: S) -> None:
    case = paused()
    ways: dict[S, list[Event]] = {S.CHASING: [a.Advance("x")], S.HELD: [a.Hold("x")], S.ESCALATED: [a.Advance("x")] * 2}
    for event in ways.get(state, []):
        case(event, HIDDEN)
    assert case.state == state
    case(Renewed(T0 + 400 * DAY), HIDDEN)
    assert case.state == (S.PAUSED if state is S.ESCALATED else state)
    assert (case.data.expires, case.pauses) == (T0 + 400 * DAY, [(1, None)])
    case(a.Advance("on"), HIDDEN) if state is S.HELD else None
    case(a.Gone())
    assert (case.state, len(case.pauses)) == (S.VALID, 1)
    assert case.pauses[0][1] == (case.now - T0) / DAY


def test_a_renewal_that_brings_the_name_back_ends_the_pause() -> None:
    case = paused()(a.Advance("x"), HIDDEN)(a.Advance("x"), HIDDEN)(a.Advance("renew"), HIDDEN)
    assert case.state == S.RENEWING
    case(Renewed())
    assert (case.state, case.pauses) == (S.VALID, [(1, 5)])


def test_pauses_that_were_stored_twice_are_read_as_they_are() -> None:
    """A hold within a pause used to begin another."""
    case = paused()
    case.data = msgspec.structs.replace(case.data, pauses=(Pause(T0, PauseCause.POLICY), *case.data.pauses))
    case(a.Gone())
    assert case.pauses == [(0, None), (1, 2)]
