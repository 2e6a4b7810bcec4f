"""How long a platform takes to show what it agreed to, as a person reads it."""

from msgspec import structs

from numtrustd.api import facts
from numtrustd.ctl.render_platform import _shown_after

APPEAL = facts.AppealFact(
    channel="manual", review_days=5, country="CN", cooldown=86_400.0, propagation=172_800.0, takes=(), attempts=()
)


def test_plain_time_and_working_days_are_told_apart() -> None:
    assert _shown_after(APPEAL) == "2 d"
    assert _shown_after(structs.replace(APPEAL, propagation_days=1)) == "1 working day"
    assert _shown_after(structs.replace(APPEAL, propagation_days=5)) == "5 working days"
