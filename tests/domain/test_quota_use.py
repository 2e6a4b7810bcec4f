"""What is told of quotas: only what is used up or nearly, and of one number's own how many numbers it is."""

import pytest

from numtrustd.domain.budget import Budget, Spent
from numtrustd.domain.ledger import Charge, Standing, What
from numtrustd.domain.platform import Platform, PlatformClass, Quota
from numtrustd.domain.quota_use import Use, of_charges, of_looks, told

NOW, DAY = 1_790_000_000.0, 86_400.0


@pytest.mark.parametrize(
    ("used", "most", "said"),
    [
        (3, 5, ()),
        (4, 5, ("p: w: nearly used up, 4 of 5",)),
        (5, 5, ("p: w: used up, 5 of 5",)),
        (7, 5, ("p: w: used up, 7 of 5",)),
        (1, 1, ("p: w: used up, 1 of 1",)),
        (1, 2, ()),
    ],
)
def test_it_is_told_from_four_fifths_on(used: int, most: int, said: tuple[str, ...]) -> None:
    assert told([Use("p", "w", used, most)]) == said


def test_those_of_single_numbers_are_counted_together() -> None:
    uses = [Use("p", "w", 5, 5, f"+{n}") for n in range(12)] + [Use("p", "w", 4, 5, "+x"), Use("p", "w", 1, 5, "+y")]
    assert told(uses) == ("p: w: used up by 12 numbers, nearly used up by 1 number (5 each)",)


def test_what_is_void_elsewhere_or_out_of_its_time_does_not_count() -> None:
    quota = Quota("appeals a day", 2, DAY, What.APPEAL, "all")
    platforms = {"p": Platform("p", "P", PlatformClass.SECURITY_VENDOR, "A", checked="2026-09", quotas=(quota,))}
    charges = [
        Charge("a", NOW - 60, What.APPEAL, "+1", "p"),
        Charge("b", NOW - DAY, What.APPEAL, "+1", "p"),
        Charge("c", NOW - 60, What.APPEAL, "+1", "q"),
        Charge("d", NOW - 60, What.CORRECTION, "+1", "p"),
        Charge("e", NOW - 60, What.APPEAL, "+1", "p", standing=Standing.VOID),
    ]
    assert list(of_charges(platforms, charges, NOW)) == [Use("p", "appeals a day", 1, 2)]


def test_looks_of_a_day_that_has_passed_do_not_count() -> None:
    budget, spent = Budget(per_day=10, per_month=100), Spent("2026-09-20", 9, "2026-09", 90)
    assert told(of_looks(("p", "q"), "s", budget, spent, NOW)) == (
        "p, q: looks of s this month: nearly used up, 90 of 100",
    )
