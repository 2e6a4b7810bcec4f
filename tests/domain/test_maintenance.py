"""Kinds of maintenance: each figure is a default that can be changed."""

from datetime import datetime

import pytest
from msgspec import structs

from numtrustd.domain.maintenance import (
    Maintenance,
    MaintenanceKind,
    MaintenanceRules,
    accepts,
    expected_end,
    overdue,
    stretched,
)

RULES = MaintenanceRules()
HOUR, DAY = 3_600.0, 86_400.0


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}+08:00").timestamp()


MONDAY = at("2026-11-23T02:00")


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        ("routine", MONDAY + 4 * HOUR),
        ("major", MONDAY + 5 * DAY),
        ("policy", at("2026-12-03T18:00")),  # the eighth working day
        ("industry", MONDAY + 15 * DAY),
        ("data_sync", MONDAY + 3 * DAY),
        ("unknown", None),
        ("of", None),
    ],
)
def test_each_kind_is_overdue_after_its_longest(kind: str, end: float | None) -> None:
    declared = Maintenance(MONDAY, "li", kind)
    assert expected_end(declared, RULES) == end
    if end is None:
        assert not overdue(declared, MONDAY + 1000 * DAY, RULES)
    else:
        assert not overdue(declared, end - 1.0, RULES)
        assert overdue(declared, end, RULES)


def test_an_end_that_was_announced_goes_before_what_is_usual() -> None:
    declared = Maintenance(MONDAY, "li", "routine", until=MONDAY + 2 * DAY)
    assert expected_end(declared, RULES) == MONDAY + 2 * DAY
    assert not overdue(declared, MONDAY + DAY, RULES)
    assert not overdue(declared, MONDAY + 3 * DAY, RULES)  # it is over


@pytest.mark.parametrize(
    ("kind", "always", "in_an_emergency"),
    [
        ("routine", False, False),
        ("major", True, True),
        ("policy", True, True),
        ("industry", False, True),
        ("data_sync", True, True),
        ("unknown", False, False),
    ],
)
def test_what_is_taken_in_meanwhile(kind: str, always: bool, in_an_emergency: bool) -> None:
    assert accepts(RULES, kind, emergency=False) is always
    assert accepts(RULES, kind, emergency=True) is in_an_emergency


def test_a_major_one_makes_reviews_half_as_long_again() -> None:
    assert [stretched(RULES, "major", days) for days in (0, 1, 5, 6)] == [0, 2, 8, 9]
    assert stretched(RULES, "routine", 5) == 5


@pytest.mark.parametrize("kind", MaintenanceRules.__struct_fields__)
def test_every_figure_of_every_kind_can_be_changed(kind: str) -> None:
    own = structs.replace(RULES, **{kind: MaintenanceKind((HOUR, 7 * HOUR), None, 2.0, "emergencies")})
    assert expected_end(Maintenance(MONDAY, "li", kind), own) == MONDAY + 7 * HOUR
    assert stretched(own, kind, 3) == 6
    assert accepts(own, kind, emergency=True)
    assert not accepts(own, kind, emergency=False)
    days = structs.replace(RULES, **{kind: MaintenanceKind(working_days=(1, 2))})
    assert expected_end(Maintenance(MONDAY, "li", kind), days) == at("2026-11-25T18:00")
