"""Ready-made timelines. The demo's is written so that everything worth seeing happens within twelve days."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from numtrustd.sim.ground import canonical
from numtrustd.sim.script import Certify, Item, Label, Mood, Review, Story, Weather, Window
from numtrustd.sim.traits import DAY, HOUR

DEMO_ORIGIN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC).timestamp()
"""Monday 09:00 in Beijing; no public holiday within three weeks."""
LONG_AGO = -30 * DAY


def plain_story(numbers: Iterable[str] = ()) -> Story:
    """Nothing is scripted: only the random background, if there is any, and what comes over the side door."""
    return Story("plain", about="random background only")


def demo_story(numbers: Sequence[str]) -> Story:
    """Twelve days of a company's numbers. With few numbers some stories fall on the same one.

    Without an American number the Telnyx story is left out, without a Chinese one all others are.
    """
    known = [n for n in map(canonical, numbers) if n is not None]
    ours = sorted((n for n in known if not n.startswith("+") or n.startswith("+86")), key=_plainest)
    american = [n for n in known if n.startswith("+1")]
    items: list[Item] = [
        # Two days behind a captcha, two and a half of maintenance, and a bad hour here and there.
        Window(Weather.BLOCKED, "sogou", at=4 * DAY, until=6 * DAY),
        Window(Weather.MAINTENANCE, "baidu", at=4.5 * DAY, until=6.5 * DAY),
        Window(Weather.OUTAGE, "contract_aggregator", at=8 * DAY, until=8 * DAY + 3 * HOUR),
        Window(Weather.LIMITED, "so360", at=9 * DAY, until=9 * DAY + HOUR, detail="600"),
    ]
    if ours:
        items += _chinese([ours[i % len(ours)] for i in range(8)])
    if american:
        items += _appeal_over_http(american[0])
    return Story("demo", tuple(items), "labels, appeals, a return, a block and a maintenance in twelve days")


def _plainest(number: str) -> int:
    """Mobile numbers first: every platform knows those."""
    return 0 if number.startswith("+861") else 1 if number.startswith("+86") else 2


def _approve(platform: str, number: str, took: float, cache: float) -> Review:
    return Review(platform, (Mood.APPROVE,), number, took, cache)


def _chinese(ours: Sequence[str]) -> list[Item]:
    inherited, spreading, blocked, burst, resting, refused, named, also_named = ours
    return [
        # Marked before we had it: seen at the first looks, slow count.
        Label(inherited, "tencent", "广告推销", at=LONG_AGO, marks=9, per_day=0.1, spreads=False),
        _approve("tencent", inherited, 2 * DAY, 12 * HOUR),
        # From 360 to its reader Teddy; cleared at both; and at 360 it comes back four days later.
        Label(spreading, "so360", "骚扰电话", at=1 * DAY, marks=4, returns=4 * DAY),
        _approve("so360", spreading, 1 * DAY, 10 * HOUR),
        _approve("teddy", spreading, 1.5 * DAY, 1 * DAY),
        # Approved and gone while the captcha page stands before it: not clean until it can be seen.
        Label(blocked, "sogou", "营销推广", at=2 * DAY, marks=6, spreads=False),
        _approve("sogou", blocked, 2 * DAY, 12 * HOUR),
        # A burst: sixty marks within hours.
        Label(burst, "dianhuabang", "骚扰电话", at=2.5 * DAY, marks=3, per_day=600.0, cap=60),
        _approve("dianhuabang", burst, 1.5 * DAY, 12 * HOUR),
        # Under review when the platform goes into maintenance, which stretches the review.
        Label(resting, "baidu", "广告营销", at=3 * DAY, marks=5),
        _approve("baidu", resting, 2 * DAY, 12 * HOUR),
        # A reviewer who wants to see papers.
        Label(refused, "tencent", "房产中介", at=3.5 * DAY, marks=5, spreads=False),
        Review("tencent", (Mood.EVIDENCE, Mood.STRONGER), refused, 1 * DAY, 12 * HOUR),
        Certify(named, "so360", "示例科技有限公司", at=LONG_AGO),
        Certify(named, "tencent", "示例科技有限公司", at=LONG_AGO),
        Certify(also_named, "baidu", "示例科技有限公司", at=LONG_AGO),
    ]


def _appeal_over_http(number: str) -> list[Item]:
    """Refused at the first attempt, whatever it says; approved when the second one brings more."""
    return [
        Label(number, "telnyx", "Telemarketing", at=1.5 * DAY, marks=12, per_day=2.0),
        Review("telnyx", (Mood.REJECT, Mood.STRONGER), number, 0.8 * DAY, 12 * HOUR),
    ]


STORIES = {"plain": plain_story, "demo": demo_story}
