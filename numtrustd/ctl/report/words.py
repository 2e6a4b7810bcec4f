"""The words of a report: kinds, marks, times, money, in the reader's language; `sections` makes sentences of
them. What programs know by a name (`appeal`, `so360`) is called as people call it, where there is a word for it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from numtrustd.api.report import BenefitMonth, CaseMonth, Report, ReportPlatform
from numtrustd.ctl.lang import listed, spoken, tr, trn
from numtrustd.ctl.sentences import said
from numtrustd.domain.ledger import yuan

NONE = "–"
"""What stands where nothing is known; never a zero."""


def kind(name: str) -> str:
    """A kind of case."""
    return {
        "appeal": tr("appeal"),
        "correction": tr("correction of a name"),
        "tag": tr("change of a tag"),
        "certification": tr("certification"),
        "removal": tr("removal"),
        "cancellation": tr("cancellation of a number"),
        "incident": tr("emergency"),
    }.get(name, name)


def what(name: str) -> str:
    """What was paid for, or counted."""
    return {
        "appeal": tr("appeal"),
        "tag_change": tr("change of a tag"),
        "expedite": tr("expedite"),
        "certification": tr("certification"),
        "correction": tr("correction of a name"),
        "cancellation": tr("cancellation of a number"),
        "agent": tr("agent"),
        "other": tr("other"),
    }.get(name, name)


def mark(name: str, within: float) -> str:
    """A mark of the clock, with its hours as they are set."""
    said = {
        "submit": tr("handed in everywhere"),
        "follow_up": tr("chased where it is stuck"),
        "resolve": tr("resolved"),
    }.get(name, name)
    return f"{within / 3600:g} h: {said}"


class Names:
    """What the platforms are called."""

    def __init__(self, platforms: Iterable[ReportPlatform]) -> None:
        self._known: Mapping[str, ReportPlatform] = {p.platform: p for p in platforms}

    def of(self, platform: str | None) -> str:
        """A platform's name and id; all of them, where none is named."""
        if not platform:
            return tr("all platforms")
        known = self._known.get(platform)
        name = platform if known is None else known.name if spoken() == "zh" else known.name_en or platform
        return name if name.casefold() == platform else f"{name} ({platform})"

    def row(self, row: CaseMonth | BenefitMonth) -> str:
        """A platform, and what is done there."""
        return f"{self.of(row.platform)}: {kind(row.kind)}"


def took(seconds: float | None) -> str:
    """How long something took, to an hour."""
    if seconds is None:
        return NONE
    if seconds < 3600:
        return trn("{n} minute", "{n} minutes", round(seconds / 60))
    if seconds < 2 * 86_400:
        return trn("{n} hour", "{n} hours", round(seconds / 3600))
    return tr("{n} days").format(n=f"{seconds / 86_400:.1f}")


def share(answered: int, calls: int) -> str:
    """A connect rate."""
    return f"{answered / calls:.1%}" if calls else NONE


def fen(amount: int | None) -> str:
    """An amount, or that there is none."""
    return yuan(amount) if amount else NONE


def day(at: datetime, report: Report) -> str:
    """A date in the report's zone."""
    return f"{at.astimezone(ZoneInfo(report.zone)):%Y-%m-%d}"


def minute(at: datetime, report: Report) -> str:
    """A time of the clock in the report's zone."""
    return f"{at.astimezone(ZoneInfo(report.zone)):%Y-%m-%d %H:%M}"


def sentences(texts: Iterable[str]) -> str:
    """Sentences with values that the daemon sent, one after the other; the sign for nothing if there are none."""
    return listed(map(said, texts), "; ") or NONE


def moment(at: datetime, report: Report) -> str:
    """A time of the clock with the zone of the report that it is in, for a sentence."""
    return f"{minute(at, report)} ({report.zone})"


def months(report: Report) -> list[str]:
    """The months of which there are records, the earliest first: that in which they begin, up to the present one."""
    first, last = (at.astimezone(ZoneInfo(report.zone)) for at in (report.recorded_from, report.now))
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    each = (first.year * 12 + first.month - 1 + n for n in range(max(count, 1)))
    return [f"{n // 12:04}-{n % 12 + 1:02}" for n in each]


def from_daemon(text: str) -> str:
    """A fixed text that the daemon sent (the title of a task, the meaning of a state)."""
    return tr(text) if text else ""
