"""Every figure of the domain: the rule it belongs to, the key that holds it, its default, and what it decides.

`docs/figures.md` is made of this table. `test_figures` loads a settings file for each row, as it is shipped and with
the key changed, and asks the row's question both times: a default that is not the domain's, and a key that changes
nothing, both fail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from msgspec import structs

from numtrustd.actors import incidents
from numtrustd.actors.context import Context
from numtrustd.actors.policy import policy_for
from numtrustd.actors.present import Present
from numtrustd.domain import benefit, evidence, ledger, maintenance, prevention, season
from numtrustd.domain.calendar import local_date
from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.evidence import Document, PaperState
from numtrustd.domain.ledger import What
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.number import NumberKind
from numtrustd.domain.observation import Observation, Status
from numtrustd.domain.owned import Owned
from numtrustd.domain.prevention import Alarm
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.verdict import Verdict, fold
from numtrustd.domain.wording_rules import violations
from numtrustd.domain.workflows import certificate, inspection
from numtrustd.domain.workflows.certificate import CertificateData, CertificatePolicy, Pause, PauseCause
from numtrustd.domain.workflows.incident import IncidentData, MarkName
from numtrustd.domain.workflows.request import AppealData, CertificationData, RemovalData, RequestPolicy, updates
from numtrustd.domain.workflows.request.deadlines import spread_by

MONDAY = 1_788_742_800.0
"""2026-09-07 09:00 in China; the next holiday is on the 25th."""
HOUR, DAY = 3_600.0, 86_400.0
OWNED = Owned(number="+8613800138000", kind=NumberKind.MOBILE)


SECTIONS = {
    "1": "what a label costs",
    "3.3": "what is believed",
    "5": "what is found",
    "6.2": "emergencies",
    "6.3": "certifications",
    "6.4": "tags",
    "6.5": "cancellations",
    "7": "time",
    "8": "money",
}
"""The sections of the domain that have figures, and what each is about."""


@dataclass(frozen=True)
class Figure:
    """One figure. `section` is that of the domain, `default` what the settings file shows, `change` other settings, and
    `asks` the question whose answer is `before` by default and `after` with them."""

    section: str
    says: str
    key: str
    default: str
    change: str
    asks: Callable[[Context], object]
    before: object
    after: object


HEAD = """[platform]
id = "{name}"
name = "{name}"
class = "{cls}"
official_hosts = ["{name}.example.invalid"]
"""
ROUTE = """[platform.certification]
route = "by its form"
"""
HURRIED = """[certification]
expedite = true
[certification.manual]
address = "https://hurried.example.invalid/"
"""
PACKS = {
    "carrier": HEAD.format(name="carrier", cls="carrier") + ROUTE,
    "provider": HEAD.format(name="provider", cls="certification_provider") + ROUTE,
    "apple": (Path(__file__).parents[1] / "config/platforms/apple.toml").read_text(encoding="utf-8"),
    "hurried": HEAD.format(name="hurried", cls="certification_provider") + HURRIED,
}
"""Platforms of whose times nobody says anything, one that is shipped, and one that can be paid to hurry."""


# --------------------------------------------------------------------------------------------------------- questions


def _looks(context: Context, start: Status, then: Status) -> int:
    """How many looks an hour apart it takes until another state is believed."""
    verdict, n = Verdict("p"), 0
    for at in range(100):
        status = start if at < 5 else then
        seen = Observation(platform="p", source="p.s", at=at * HOUR, status=status)
        verdict, change = fold(verdict, seen, context.verdict)
        n += at >= 5
        if change is not None and at >= 5:
            return n
    raise AssertionError("never believed")


def confirm(context: Context) -> int:
    return _looks(context, Status.CLEAN, Status.MARKED)


def clear(context: Context) -> int:
    return _looks(context, Status.MARKED, Status.CLEAN)


def notice(context: Context) -> int:
    """Days before its last day from which on a paper is spoken of."""
    today = date(2026, 9, 7)
    papers = ((n, Document("licence", "/p", expires=today + timedelta(days=n))) for n in range(200))
    return max(n for n, p in papers if evidence.state(p, today, context.papers.notice) is PaperState.EXPIRING)


def complaints(level: Alarm) -> Callable[[Context], int]:
    def asks(context: Context) -> int:
        days = (DayCalls("2026-09-07", complaints=n) for n in range(50))
        return min(d.complaints for d in days if prevention.complaints_level(d, context.prevention) >= level)

    return asks


def pause(cause: PauseCause) -> Callable[[Context], str]:
    """Until when a certificate that is paused on that Monday at 9 waits before it is chased."""

    def asks(context: Context) -> str:
        data = CertificateData(pauses=(Pause(MONDAY, cause),), said_cause=cause)
        policy = policy_for(
            context, OWNED, NumberRecord(OWNED.number, 0.0), "p", "certificate", data, MONDAY, Present()
        )
        assert isinstance(policy, CertificatePolicy)
        return local_date(certificate.usual_end(data, MONDAY, policy)).isoformat()

    return asks


def mark(name: MarkName) -> Callable[[Context], float]:
    """Hours from the beginning of an emergency to a mark of its clock."""

    def asks(context: Context) -> float:
        rules = incidents.policy(context, NumberRecord(OWNED.number, 0.0))
        return incidents.due(IncidentData(since=MONDAY), name, rules) / HOUR - MONDAY / HOUR

    return asks


def reviewed(platform: str) -> Callable[[Context], int]:
    """Working days that a certification is reviewed there."""

    def asks(context: Context) -> int:
        way = context.platforms[platform].way("certification")
        assert way is not None
        return way.review_days

    return asks


def spread(platform: str) -> Callable[[Context], float]:
    """Days from there on until the certified name is everywhere."""

    def asks(context: Context) -> float:
        way = context.platforms[platform].way("certification")
        assert way is not None
        return way.propagation / DAY

    return asks


def spread_on(platform: str) -> Callable[[Context], str]:
    """The day on which a name is everywhere that a platform certified on that Monday."""

    def asks(context: Context) -> str:
        data, record = CertificationData(), NumberRecord(OWNED.number, 0.0)
        policy = policy_for(context, OWNED, record, platform, "certification", data, MONDAY, Present())
        assert isinstance(policy, RequestPolicy)
        return local_date(spread_by(MONDAY, policy)).isoformat()

    return asks


def expedited(context: Context) -> float:
    """Hours until an answer that was paid for is expected."""
    present = Present()
    policy = policy_for(context, OWNED, NumberRecord(OWNED.number, 0.0), "p", "appeal", AppealData(), MONDAY, present)
    assert isinstance(policy, RequestPolicy)
    data = updates.note_expedited(AppealData(), None, MONDAY, policy)
    assert data.review_by is not None
    return (data.review_by - MONDAY) / HOUR


def tag_prices(context: Context) -> list[int]:
    """The most that the first, second … change of a tag in a year costs, in yuan."""
    return [ledger.price(What.TAG_CHANGE, context.ledger, used_this_year=n).most // 100 for n in range(5)]


def tag_least(context: Context) -> int:
    return ledger.price(What.TAG_CHANGE, context.ledger, used_this_year=99).least // 100


def expedite(context: Context) -> tuple[int, int]:
    cost = ledger.price(What.EXPEDITE, context.ledger)
    return cost.least // 100, cost.most // 100


def hurried(context: Context) -> int:
    """The least monthly budget, in hundreds of yuan, that has a certification hurried."""
    data, record, present = CertificationData(), NumberRecord(OWNED.number, 0.0), Present()
    for hundreds in range(20):
        rich = structs.replace(context, ledger=structs.replace(context.ledger, monthly_budget=100.0 * hundreds))
        policy = policy_for(rich, OWNED, record, "hurried", "certification", data, MONDAY, present)
        assert isinstance(policy, RequestPolicy)
        if policy.expedite:
            return hundreds
    raise AssertionError("never paid")


def through_agent(context: Context) -> int:
    """What an expedite of at most 500 yuan costs through an agent."""
    return ledger.price(What.EXPEDITE, context.ledger, agent=True).most // 100


def lost(context: Context) -> tuple[float, float]:
    """Answered calls a day that a label costs, of a hundred."""
    said = benefit.loss(benefit.Rate(1, 100, 100), None, context.benefit)
    assert said is not None
    return said.least, said.most


def forbidden(context: Context) -> list[str]:
    tags = ("国家级专线", "第一品牌", "最好快运", "顶级冰饮", "神奇专线")
    return [tag for tag in tags if violations(tag, context.wording)]


def locked(context: Context) -> str:
    """How long, as people are told, a forbidden word costs the rights to edit."""
    [found] = violations("顶级冰饮", context.wording)
    return found.why.partition("the rights to edit for ")[2]


def lasts(kind: str) -> Callable[[Context], str]:
    """Until when a maintenance of a kind that began on that Monday at 9 may last."""

    def asks(context: Context) -> str:
        end = maintenance.expected_end(Maintenance(MONDAY, "kim", kind), context.maintenance)
        assert end is not None
        return f"{local_date(end).isoformat()} +{(end - MONDAY) / HOUR:g} h"

    return asks


def stretch(context: Context) -> int:
    """Working days that a review of four takes in a major maintenance."""
    return maintenance.stretched(context.maintenance, "major", 4)


def taken_in(kind: str) -> Callable[[Context], tuple[bool, bool]]:
    """Whether it takes in what can wait, and emergencies."""

    def asks(context: Context) -> tuple[bool, bool]:
        rules = context.maintenance
        calm, urgent = (maintenance.accepts(rules, kind, emergency=emergency) for emergency in (False, True))
        return calm, urgent

    return asks


def avoided(month: int) -> Callable[[Context], list[int]]:
    """The days of a month of 2026 on which nothing is handed in that can wait."""

    def asks(context: Context) -> list[int]:
        days = [d for n in range(31) if (d := date(2026, month, 1) + timedelta(days=n)).month == month]
        return [d.day for d in days if season.avoided(d, context.season)]

    return asks


def planned(context: Context) -> int:
    """The day of the month on which a certificate is renewed."""
    record, data = NumberRecord(OWNED.number, 0.0), CertificateData(granted_at=MONDAY)
    policy = policy_for(context, OWNED, record, "p", "certificate", data, MONDAY, Present())
    assert isinstance(policy, CertificatePolicy)
    return local_date(certificate.renewal_at(data, policy)).day


def certificate_days(context: Context) -> tuple[int, int]:
    """Days for which a certificate is valid, and before which end it is renewed."""
    data = CertificateData(granted_at=MONDAY)
    record = NumberRecord(OWNED.number, 0.0)
    policy = policy_for(context, OWNED, record, "p", "certificate", data, MONDAY, Present())
    assert isinstance(policy, CertificatePolicy)
    return round((certificate.expiry(data, policy) - MONDAY) / DAY), round(policy.renew_before / DAY)


def inspected(context: Context) -> str:
    """The day of the inspection after one that began on that Monday."""
    return local_date(inspection.next_day(MONDAY, context.inspection)).isoformat()


def inspected_by(context: Context) -> str:
    """The day by which people have made the looks of an inspection that began on that Monday."""
    row = inspection.ROWS[inspection.S.LOOKING]
    assert row.deadline is not None
    data = inspection.InspectionData(began_at=MONDAY)
    return local_date(row.deadline(data, MONDAY, context.inspection)).isoformat()


def removal(context: Context, platform: str) -> RequestPolicy:
    """How a removal goes there that was asked for because the number is not used any more."""
    data, record = RemovalData(reason="disused"), NumberRecord(OWNED.number, 0.0)
    policy = policy_for(context, OWNED, record, platform, "removal", data, MONDAY, Present())
    assert isinstance(policy, RequestPolicy)
    return policy


def caches(platform: str) -> Callable[[Context], float]:
    """Days for which the caches of a platform are waited for before anybody looks."""
    return lambda context: removal(context, platform).propagation / DAY


def residual(context: Context) -> float:
    """Days after which what is still shown is a residual."""
    policy = removal(context, "p")
    return (policy.propagation + policy.verify_timeout) / DAY


def same_day(context: Context) -> str:
    """By the end of which day the errands are due when somebody left on that Monday."""
    return local_date(context.leaving.same_day(MONDAY) - 1).isoformat()


# ------------------------------------------------------------------------------------------------------------- table

FIGURES = (
    Figure("3.3", "two marked looks confirm", "verdict.confirm", "2", "[verdict]\nconfirm = 4", confirm, 2, 4),
    Figure("3.3", "three clean looks clear", "verdict.clear", "3", "[verdict]\nclear = 5", clear, 3, 5),
    Figure("5", "30 days' notice of a paper", "papers.notice", '"30d"', '[papers]\nnotice = "10d"', notice, 30, 10),
    Figure(
        "5", "three complaints a day open an emergency", "prevention.complaints_emergency", "3",
        "[prevention]\ncomplaints_emergency = 2", complaints(Alarm.EMERGENCY), 3, 2,
    ),
    Figure(
        "5", "five complaints a day alarm", "prevention.complaints_alarm", "5",
        "[prevention]\ncomplaints_alarm = 9", complaints(Alarm.ALARM), 5, 9,
    ),
    Figure(
        "5", "complaints lock a certification for 48 h", "certification.complaints", '"2d"',
        '[certification]\ncomplaints = "4d"', pause(PauseCause.COMPLAINTS), "2026-09-09", "2026-09-11",
    ),
    Figure(
        "6.2", "handed in within 2 h", "incident.submit_within", '"2h"',
        '[incident]\nsubmit_within = "1h"', mark(MarkName.SUBMIT), 2.0, 1.0,
    ),
    Figure(
        "6.2", "chased at 24 h", "incident.follow_up_within", '"24h"',
        '[incident]\nfollow_up_within = "12h"', mark(MarkName.FOLLOW_UP), 24.0, 12.0,
    ),
    Figure(
        "6.2", "resolved or escalated at 48 h", "incident.resolve_within", '"48h"',
        '[incident]\nresolve_within = "72h"', mark(MarkName.RESOLVE), 48.0, 72.0,
    ),
    Figure(
        "6.3", "a carrier reviews 5 to 7 working days", "platform.ID.certification.review_days", "7",
        "[platform.carrier.certification]\nreview_days = 5", reviewed("carrier"), 7, 5,
    ),
    Figure(
        "6.3", "a carrier's own network follows in 24 to 48 h", "platform.ID.certification.propagation", '"2d"',
        '[platform.carrier.certification]\npropagation = "1d"', spread("carrier"), 2.0, 1.0,
    ),
    Figure(
        "6.3", "a third party reviews within 24 h: a working day", "platform.ID.certification.review_days", "1",
        "[platform.provider.certification]\nreview_days = 3", reviewed("provider"), 1, 3,
    ),
    Figure(
        "6.3", "a third party reaches all platforms in 3 to 5 working days",
        "platform.ID.certification.propagation_days", "5",
        "[platform.provider.certification]\npropagation_days = 3", spread_on("provider"), "2026-09-14", "2026-09-10",
    ),
    Figure(
        "6.3", "an expedited answer comes within 12 h", "appeal.expedite_within", '"12h"',
        '[appeal]\nexpedite_within = "6h"', expedited, 12.0, 6.0,
    ),
    Figure(
        "6.3", "an expedited certification costs ¥300", "ledger.certification_expedite", "[300, 300]",
        "[ledger]\ncertification_expedite = [300, 400]", hurried, 3, 4,
    ),
    Figure(
        "6.3", "everything that is certified is inspected each month (two-weekly for those who want it)",
        "inspection.every", '"monthly"',
        '[inspection]\nevery = "two_weekly"', inspected, "2026-09-20", "2026-09-21",
    ),
    Figure(
        "6.3", "the inspection is on the 20th", "inspection.day", "20",
        "[inspection]\nday = 12", inspected, "2026-09-20", "2026-09-12",
    ),
    Figure(
        "6.3", "people have a week for what it wants looked at", "inspection.lasts", '"7d"',
        '[inspection]\nlasts = "3d"', inspected_by, "2026-09-14", "2026-09-10",
    ),
    Figure(
        "6.5", "caches are waited out for 3 days before anybody looks", "cancellation.cache_wait", '"3d"',
        '[cancellation]\ncache_wait = "5d"', caches("p"), 3.0, 5.0,
    ),
    Figure(
        "6.5", "and for 7 before what is shown is a residual", "cancellation.residual_after", '"7d"',
        '[cancellation]\nresidual_after = "9d"', residual, 7.0, 9.0,
    ),
    Figure(
        "6.5", "Apple takes nothing in: what it shows expires in 7 to 15 days", "platform.ID.removal.expires",
        '["7d", "15d"]', '[platform.apple.removal]\nexpires = ["7d", "20d"]', caches("apple"), 15.0, 20.0,
    ),
    Figure(
        "6.5", "a colleague left: unbound and frozen on the same day", "cancellation.urgent_days", "0",
        "[cancellation]\nurgent_days = 1", same_day, "2026-09-07", "2026-09-08",
    ),
    Figure(
        "6.4", "the words 国家级, 第一品牌, 最…, 顶级 are forbidden in a tag", "wording.forbidden",
        '["国家级", "第一品牌", "最…", "顶级"]', '[wording]\nforbidden = ["神奇"]', forbidden,
        ["国家级专线", "第一品牌", "最好快运", "顶级冰饮"], ["神奇专线"],
    ),
    Figure(
        "6.4", "one that is sent costs a month's editing rights", "wording.locked_for", '"30d"',
        '[wording]\nlocked_for = "60d"', locked, "30 days", "60 days",
    ),
    Figure(
        "6.4", "three changes of a tag a year are free", "ledger.free_tag_changes", "3",
        "[ledger]\nfree_tag_changes = 1", tag_prices, [0, 0, 0, 100, 100], [0, 100, 100, 100, 100],
    ),
    Figure(
        "6.4", "a further change costs ¥50 to ¥100", "ledger.tag_change", "[50, 100]",
        "[ledger]\ntag_change = [60, 80]", lambda c: (tag_least(c), tag_prices(c)[-1]), (50, 100), (60, 80),
    ),
    Figure(
        "7", "routine maintenance takes 2 to 4 h", "maintenance.routine.lasts", '["2h", "4h"]',
        '[maintenance.routine]\nlasts = ["1h", "6h"]', lasts("routine"), "2026-09-07 +4 h", "2026-09-07 +6 h",
    ),
    Figure(
        "7", "major maintenance takes 3 to 5 days", "maintenance.major.lasts", '["3d", "5d"]',
        '[maintenance.major]\nlasts = ["3d", "7d"]', lasts("major"), "2026-09-12 +120 h", "2026-09-14 +168 h",
    ),
    Figure(
        "7", "in it reviews take 50 % longer", "maintenance.major.stretch", "1.5",
        "[maintenance.major]\nstretch = 2.0", stretch, 6, 8,
    ),
    Figure(
        "7", "maintenance for policy takes 5 to 8 working days", "maintenance.policy.working_days", "[5, 8]",
        "[maintenance.policy]\nworking_days = [1, 3]", lasts("policy"), "2026-09-17 +249 h", "2026-09-10 +81 h",
    ),
    Figure(
        "7", "maintenance of the whole trade takes 10 to 15 days", "maintenance.industry.lasts", '["10d", "15d"]',
        '[maintenance.industry]\nlasts = ["10d", "20d"]', lasts("industry"), "2026-09-22 +360 h", "2026-09-27 +480 h",
    ),
    Figure(
        "7", "in it only emergencies are taken in", "maintenance.industry.accepts", '"emergencies"',
        '[maintenance.industry]\naccepts = "nothing"', taken_in("industry"), (False, True), (False, False),
    ),
    Figure(
        "7", "bringing data together takes 3 days", "maintenance.data_sync.lasts", '["3d", "3d"]',
        '[maintenance.data_sync]\nlasts = ["1d", "2d"]', lasts("data_sync"), "2026-09-10 +72 h", "2026-09-09 +48 h",
    ),
    Figure(
        "7", "keep off the 1st of the month", "calendar.avoid_first_days", "1",
        "[calendar]\navoid_first_days = 3", avoided(5), [1], [1, 2, 3],
    ),
    Figure(
        "7", "keep off quarter ends", "calendar.avoid_quarter_end_days", "3",
        "[calendar]\navoid_quarter_end_days = 1", avoided(6), [1, 28, 29, 30], [1, 30],
    ),
    Figure("7", "the 20th is good", "calendar.good_day", "20", "[calendar]\ngood_day = 15", planned, 20, 15),
    Figure(
        "8", "an expedite costs ¥200 to ¥500", "ledger.expedite", "[200, 500]",
        "[ledger]\nexpedite = [100, 150]", expedite, (200, 500), (100, 150),
    ),
    Figure(
        "8", "agents add 30 to 50 % (the middle of it)", "ledger.agent_surcharge", "0.4",
        "[ledger]\nagent_surcharge = 0.5", through_agent, 700, 750,
    ),
    Figure(
        "1", "a label costs 40 to 60 % of answered calls", "benefit.label_costs", "[0.4, 0.6]",
        "[benefit]\nlabel_costs = [0.1, 0.2]", lost, (40.0, 60.0), (10.0, 20.0),
    ),
    Figure(
        "6.3", "a pause for technical reasons takes as long as major maintenance", "certification.technical", '"5d"',
        '[certification]\ntechnical = "2d"', pause(PauseCause.TECHNICAL), "2026-09-12", "2026-09-09",
    ),
    Figure(
        "6.3", "one for policy takes as long as such maintenance", "certification.policy_days", "8",
        "[certification]\npolicy_days = 4", pause(PauseCause.POLICY), "2026-09-17", "2026-09-11",
    ),
    Figure(
        "1", "an expired licence takes a certification down for a week", "certification.papers", '"7d"',
        '[certification]\npapers = "3d"', pause(PauseCause.PAPERS), "2026-09-14", "2026-09-10",
    ),
    Figure(
        "6.3", "a certificate is renewed 30 days before its end", "certification.renew_before", '"30d"',
        '[certification]\nrenew_before = "60d"', certificate_days, (365, 30), (365, 60),
    ),
)  # fmt: skip


DOMAIN: tuple[tuple[str, str, str], ...] = (
    ("1", "a wrong label costs 40–60 % of answered calls", "benefit.label_costs"),
    ("1", "an expired licence takes a certification down for a week", "certification.papers"),
    ("3.3", "confirm marked looks, 2", "verdict.confirm"),
    ("3.3", "clear clean looks, 3", "verdict.clear"),
    ("5", "30 days' notice of a paper", "papers.notice"),
    ("5", "≥ 3 complaints a day open an emergency", "prevention.complaints_emergency"),
    ("5", "≥ 5 a day alarm", "prevention.complaints_alarm"),
    ("5", "platforms lock the certification for 48 h", "certification.complaints"),
    ("6.2", "2 h submitted", "incident.submit_within"),
    ("6.2", "24 h progress chased", "incident.follow_up_within"),
    ("6.2", "48 h resolved or escalated", "incident.resolve_within"),
    ("6.3", "carrier: review 5–7 working days", "platform.ID.certification.review_days"),
    ("6.3", "own network 24–48 h", "platform.ID.certification.propagation"),
    ("6.3", "third party: review ≤ 24 h", "platform.ID.certification.review_days"),
    ("6.3", "all platforms 3–5 working days", "platform.ID.certification.propagation_days"),
    ("6.3", "expedited 12 h", "appeal.expedite_within"),
    ("6.3", "for ¥300", "ledger.certification_expedite"),
    ("6.3", "monthly inspection, two-weekly for those who want it", "inspection.every"),
    ("6.4", "国家级, 第一品牌, 最…, 顶级", "wording.forbidden"),
    ("6.4", "a violation costs a month's editing rights", "wording.locked_for"),
    ("6.4", "three free changes a year", "ledger.free_tag_changes"),
    ("6.4", "then ¥50–100 each", "ledger.tag_change"),
    ("6.5", "Apple: 7–15 days to expire", "platform.ID.removal.expires"),
    ("6.5", "caches: 3 days", "cancellation.cache_wait"),
    ("6.5", "to 7 days, then a residual", "cancellation.residual_after"),
    ("6.5", "staff_left: same day", "cancellation.urgent_days"),
    ("7", "routine: 2–4 h", "maintenance.routine.lasts"),
    ("7", "major: 3–5 days", "maintenance.major.lasts"),
    ("7", "reviews take 50 % longer", "maintenance.major.stretch"),
    ("7", "policy: 5–8 working days", "maintenance.policy.working_days"),
    ("7", "industry: 10–15 days", "maintenance.industry.lasts"),
    ("7", "only emergency appeals accepted", "maintenance.industry.accepts"),
    ("7", "data sync: 3 days", "maintenance.data_sync.lasts"),
    ("7", "away from the 1st", "calendar.avoid_first_days"),
    ("7", "away from quarter ends", "calendar.avoid_quarter_end_days"),
    ("7", "the 20th is good", "calendar.good_day"),
    ("8", "expedites ¥200–500", "ledger.expedite"),
    ("8", "agents add 30–50 %", "ledger.agent_surcharge"),
)
"""Every figure that the domain's own text names: its section, its words, and the key that holds it. That routine
maintenance is weekly and in the small hours is none: nothing waits for it, what is declared or seen counts."""

OURS = frozenset(
    {
        "inspection.day",
        "inspection.lasts",
        "certification.technical",
        "certification.policy_days",
        "certification.renew_before",
    }
)
"""The keys of figures that the domain does not name and that follow from those it does."""


def markdown() -> str:
    """The table as a document."""
    lines = [
        "# The figures of the domain, and the keys that hold them",
        "",
        "Generated from `tests/figures.py` (`make docs`); do not edit. Each is a default of the settings: a test loads",
        "a file without the key and one with another value, and sees the daemon's decision change. `ID` is a platform.",
        "A pack may say its own of a platform; the settings win.",
        "",
        "| of | figure | key | default |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {SECTIONS[f.section]} | {f.says} | `{f.key}` | `{f.default}` |"
        for f in sorted(FIGURES, key=lambda figure: list(SECTIONS).index(figure.section))
    ]
    return "\n".join(lines) + "\n"
