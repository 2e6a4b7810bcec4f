"""The first picture of a number that several views show: one clean look does not hide another's mark."""

from numtrustd.domain.label import Category
from numtrustd.domain.observation import Observation, Status, UnknownReason
from numtrustd.domain.verdict import ChangeKind, Verdict, VerdictPolicy, fold

HOUR = 3_600.0
POLICY = VerdictPolicy()


def seen(at: float, surface: str, status: Status, reason: UnknownReason | None = None) -> Observation:
    category = Category.MARKETING if status is Status.MARKED else None
    return Observation("phone.device", "phone", at, status, surface, category=category, reason=reason)


def test_a_mark_on_one_surface_is_no_clean_baseline_because_another_is_clean() -> None:
    verdict, change = fold(Verdict("phone"), seen(0.0, "incoming", Status.MARKED), POLICY)
    assert change is None
    verdict, change = fold(verdict, seen(60.0, "log", Status.CLEAN), POLICY)
    assert (verdict.belief, change) == (None, None), "nothing is known yet"
    verdict, change = fold(verdict, seen(HOUR, "incoming", Status.MARKED), POLICY)
    assert change is not None
    assert change.kind is ChangeKind.BASELINE
    assert verdict.marked


def test_it_is_clean_as_soon_as_the_marked_one_says_so_or_its_word_is_old() -> None:
    verdict, _ = fold(Verdict("phone"), seen(0.0, "incoming", Status.MARKED), POLICY)
    cleared, change = fold(verdict, seen(HOUR, "incoming", Status.CLEAN), POLICY)
    assert change is not None
    assert not cleared.marked
    late = POLICY.confirm_window + HOUR
    aged, change = fold(verdict, seen(late, "log", Status.CLEAN), POLICY)
    assert change is not None
    assert not aged.marked


def test_a_view_that_is_not_believed_keeps_nobody_waiting() -> None:
    verdict, _ = fold(Verdict("phone"), seen(0.0, "incoming", Status.MARKED), POLICY)
    verdict, _ = fold(verdict, seen(60.0, "incoming", Status.UNKNOWN, UnknownReason.QUARANTINED), POLICY)
    _, change = fold(verdict, seen(HOUR, "log", Status.CLEAN), POLICY)
    assert change is not None
