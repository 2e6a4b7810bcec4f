"""Whether a source may be believed: controls, sudden turns, and what an answer in quarantine is worth."""

from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.observation import Observation, Status, UnknownReason
from numtrustd.domain.trust import (
    Controls,
    Doubt,
    Trust,
    TrustPolicy,
    Turns,
    believed,
    control_read,
    doubted,
    kept_back,
    reading,
    weigh,
)

POLICY = TrustPolicy(right=2, turn_looks=10, turn_share=0.6, turn_window=1_000.0)
EXPECTED = Controls(marked=("+861",), clean=("+862",)).expected


def said(*status: Status) -> list[Observation]:
    return [Observation(f"p{n}", "s", 1.0, each) for n, each in enumerate(status)]


def after(trust: Trust, number: str, status: Status, at: float) -> Trust:
    return control_read(trust, number, EXPECTED, said(status), at, POLICY)


def test_a_control_of_a_source_that_speaks_for_several_platforms() -> None:
    assert reading(said(Status.CLEAN, Status.MARKED), Status.MARKED) is True
    assert reading(said(Status.CLEAN, Status.CERTIFIED), Status.MARKED) is False
    assert reading(said(Status.CLEAN, Status.MARKED), Status.CLEAN) is False
    assert reading(said(Status.CLEAN, Status.UNKNOWN), Status.CLEAN) is True
    assert reading(said(Status.UNKNOWN), Status.CLEAN) is None
    assert reading([], Status.MARKED) is None


def test_one_wrong_reading_is_enough_and_all_must_read_right_again() -> None:
    trust = after(Trust(), "+861", Status.MARKED, 1.0)
    trust = after(trust, "+862", Status.CLEAN, 2.0)
    assert not trust.quarantined
    trust = after(trust, "+861", Status.CLEAN, 3.0)
    assert (trust.since, trust.doubt) == (3.0, Doubt.CONTROL)
    assert trust.why == "the control +861 is known to be marked and read not marked"
    for at, number, status in ((4.0, "+861", Status.MARKED), (5.0, "+862", Status.CLEAN), (6.0, "+861", Status.MARKED)):
        trust = after(trust, number, status, at)
        assert trust.quarantined
    assert not after(trust, "+862", Status.CLEAN, 7.0).quarantined


def test_an_unknown_says_nothing_of_a_control() -> None:
    for trust in (Trust(), doubted(Trust(), Doubt.CONTROL, "why", 1.0)):
        assert after(trust, "+861", Status.UNKNOWN, 2.0) == trust


def test_a_wrong_reading_in_quarantine_starts_the_count_again() -> None:
    trust = doubted(Trust(), Doubt.TURN, "why", 1.0)
    trust = after(trust, "+861", Status.MARKED, 2.0)
    trust = after(trust, "+861", Status.CLEAN, 3.0)
    assert trust.doubt is Doubt.CONTROL
    assert trust.controls["+861"].right == 0
    assert trust.since == 1.0


def turned(turns: Turns, count: int, at: float, *, yes: int) -> None:
    for n in range(count):
        turns.hear(f"n{n}", at, turned=n < yes)


def test_most_answers_that_turn_at_once_are_a_fault_of_the_source() -> None:
    turns = Turns(POLICY.turn_looks)
    turned(turns, 9, 1.0, yes=9)
    assert not weigh(Trust(), turns, 1.0, POLICY).quarantined, "too few to say"
    turned(turns, 10, 2.0, yes=5)
    assert not weigh(Trust(), turns, 2.0, POLICY).quarantined
    turned(turns, 10, 3.0, yes=6)
    trust = weigh(Trust(), turns, 3.0, POLICY)
    assert (trust.since, trust.doubt) == (3.0, Doubt.TURN)
    assert trust.why.startswith("60% of its last answers about 10 numbers")
    turned(turns, 10, 4.0, yes=3)
    assert weigh(trust, turns, 4.0, POLICY).quarantined, "it has hardly turned back"
    turned(turns, 10, 5.0, yes=2)
    assert not weigh(trust, turns, 5.0, POLICY).quarantined


def test_a_slow_drift_is_no_turn() -> None:
    turns = Turns(POLICY.turn_looks)
    trust = Trust()
    for n in range(200):
        turns.hear(f"n{n}", n * 120.0, turned=True)  # eight within the window
        trust = weigh(trust, turns, n * 120.0, POLICY)
    assert not trust.quarantined


def test_a_turn_while_every_control_reads_right_is_real_and_not_doubted_again_for_a_window() -> None:
    trust = doubted(Trust(), Doubt.TURN, "why", 10.0)
    for at in (11.0, 12.0):
        for number, status in (("+861", Status.MARKED), ("+862", Status.CLEAN)):
            trust = after(trust, number, status, at)
    assert not trust.quarantined
    turns = Turns(POLICY.turn_looks)
    turned(turns, 10, 13.0, yes=10)
    assert not weigh(trust, turns, 13.0, POLICY).quarantined
    assert weigh(trust, turns, 12.0 + POLICY.turn_window, POLICY).quarantined
    assert weigh(believed(trust, 0.0), turns, 13.0, POLICY).quarantined


def test_what_is_kept_back_moves_no_verdict_and_is_not_lost() -> None:
    kept = kept_back(Observation("p", "s", 1.0, Status.MARKED, "call", words="诈骗", digest="d", rule="r"))
    assert not kept.known
    assert kept.reason is UnknownReason.QUARANTINED
    assert (kept.view, kept.at, kept.digest, kept.rule, kept.detail) == ("s/call", 1.0, "d", "r", "said marked")
    unknown = Observation("p", "s", 1.0, Status.UNKNOWN, reason=UnknownReason.BLOCKED)
    assert kept_back(unknown) is unknown


@given(
    st.lists(st.tuples(st.integers(0, 30), st.floats(0, 500), st.booleans()), max_size=80),
    st.floats(1, 2_000),
    st.integers(1, 12),
)
def test_the_count_of_turns_is_that_of_the_last_answers(
    heard: list[tuple[int, float, bool]], window: float, most: int
) -> None:
    turns, at, last = Turns(most), 0.0, dict[str, tuple[float, bool]]()
    for n, pause, yes in heard:
        at += pause
        turns.hear(f"n{n}", at, turned=yes)
        last.pop(f"n{n}", None)
        last[f"n{n}"] = (at, yes)
    within = [yes for when, yes in list(last.values())[-most:] if at - when <= window]
    assert turns.share(at, window) == (len(within), sum(within) / len(within) if within else 0.0)
