"""How long it takes until what a platform agreed to is shown everywhere: in plain time, or in working days."""

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.calendar import CLOSE, is_working_day, local_date
from numtrustd.domain.platform import Certification, Platform, PlatformClass
from numtrustd.domain.workflows.removal import when_residual
from numtrustd.domain.workflows.request import AppealData, RemovalData, RequestPolicy
from numtrustd.domain.workflows.request.deadlines import spread_by, when_propagated

CHINA = ZoneInfo("Asia/Shanghai")
DAY = 86_400.0


def local(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp()


def in_words(instant: float) -> str:
    return datetime.fromtimestamp(instant, CHINA).strftime("%Y-%m-%d %H:%M")


def test_five_working_days_over_the_golden_week_are_more_than_two_weeks() -> None:
    """Mid-Autumn from the 25th to the 27th, a make-up Saturday after the week: the 28th, 29th, 30th, 8th and 9th."""
    agreed, five = local("2026-09-24 07:00"), RequestPolicy(propagation_days=5)
    assert in_words(when_propagated(AppealData(), agreed, five)) == "2026-10-09 18:00"
    assert in_words(when_propagated(AppealData(), agreed, RequestPolicy(propagation=7 * DAY))) == "2026-10-01 07:00"


def test_a_make_up_sunday_is_a_working_day() -> None:
    agreed = local("2026-09-18 12:00")
    assert in_words(spread_by(agreed, RequestPolicy(propagation_days=1))) == "2026-09-20 18:00"
    assert in_words(spread_by(agreed, RequestPolicy(propagation_days=1, country="US"))) == "2026-09-22 06:00"


def test_what_is_a_residual_counts_from_the_same_day() -> None:
    agreed = local("2026-09-24 07:00")
    policy = RequestPolicy(propagation_days=5, verify_timeout=4 * DAY)
    data = RemovalData(granted_at=agreed, verify_from=agreed + DAY)
    assert in_words(when_residual(data, agreed + DAY, policy)) == "2026-10-13 18:00"


@given(st.integers(0, 30), st.floats(local("2026-01-01 00:00"), local("2026-11-01 00:00")))
def test_so_many_working_days_lie_between(days: int, agreed: float) -> None:
    end = spread_by(agreed, RequestPolicy(propagation_days=days))
    assert end > agreed
    last = local_date(end)
    assert is_working_day(last)
    assert datetime.fromtimestamp(end, CHINA).time() == CLOSE
    passed = [n for n in range((last - local_date(agreed)).days) if is_working_day(local_date(end - n * DAY))]
    assert len(passed) == days or days == 0


def test_a_third_party_counts_working_days_and_a_carrier_does_not() -> None:
    told = Certification("by its form")
    ways = {
        cls: Platform("p", "P", PlatformClass(cls), certification=told).way("certification")
        for cls in ("certification_provider", "carrier", "search_engine")
    }
    assert {cls: way and (way.propagation_days, way.propagation / DAY) for cls, way in ways.items()} == {
        "certification_provider": (5, 3.0),
        "carrier": (None, 2.0),
        "search_engine": (None, 3.0),
    }
