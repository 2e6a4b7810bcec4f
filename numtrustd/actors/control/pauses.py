"""What the number's own calls say of the times in which its certified name was not shown. Only reads.

`case_facts` and `explain` tell it; `domain.benefit` compares the days, `workflows.pause` keeps the pauses.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from numtrustd.actors.control.views import Sight
from numtrustd.domain import benefit, call_stats
from numtrustd.domain.benefit import Phases, Rate
from numtrustd.domain.case import Case
from numtrustd.domain.workflows.certificate import CertificateData, Pause
from numtrustd.store import records

SHOWN = 3
"""Pauses that are told of, the newest ones."""


def compared(sight: Sight, case: Case, data: CertificateData) -> list[str]:
    """A line for each of the newest pauses, the oldest first: the connect rate before, during and after it."""
    spans, phases = _phases(sight, case, data)
    today, window = _today(sight), sight.context.benefit.window_days
    each = list(zip(spans, phases, strict=True))[-SHOWN:]
    return [_line(span, seen, today, window) for span, seen in each]


def newest(sight: Sight, case: Case, data: CertificateData) -> str:
    """The same of the last pause, while it lasts and as long as the days after it are compared; else empty."""
    spans, phases = _phases(sight, case, data)
    today, window = _today(sight), sight.context.benefit.window_days
    if not spans or ((last := spans[-1][1]) is not None and last + timedelta(days=window) < today):
        return ""
    return _line(spans[-1], phases[-1], today, window)


def cost(sight: Sight, case: Case, data: CertificateData) -> benefit.Loss | None:
    """What a day of the last pause cost, where its calls show it: what a label usually costs says nothing of it."""
    _, phases = _phases(sight, case, data)
    loss = benefit.loss(phases[-1].before, phases[-1].during, sight.context.benefit) if phases else None
    return loss if loss is not None and loss.measured else None


def _today(sight: Sight) -> date:
    return call_stats.day_of(sight.now(), sight.context.cause.zone)


def _phases(
    sight: Sight, case: Case, data: CertificateData
) -> tuple[list[tuple[date, date | None]], tuple[Phases, ...]]:
    zone = sight.context.cause.zone
    spans = _spans(data.pauses, case, zone)
    if not spans:
        return [], ()
    days = records.calls(sight.house.store, case.number)
    return spans, benefit.around(days, spans, _today(sight), sight.context.benefit.window_days)


def _spans(pauses: Sequence[Pause], case: Case, zone: str) -> list[tuple[date, date | None]]:
    """Each pause as (first day, last day). One without an end before another, as older states have, ends where the next
    begins, one in which the case was given up ends with it."""
    spans = []
    for n, pause in enumerate(pauses):
        until = pause.until
        if until is None:
            until = pauses[n + 1].since if n + 1 < len(pauses) else case.closed_at
        spans.append((call_stats.day_of(pause.since, zone), None if until is None else call_stats.day_of(until, zone)))
    return spans


def _line(span: tuple[date, date | None], seen: Phases, today: date, window: int) -> str:
    first, last = span
    told = [_said(seen.before, "before"), _said(seen.during, "during")]
    if last is None:
        when = f"paused since {first}"
    else:
        when = f"paused from {first} to {last}"
        going_on = seen.after is None and last + timedelta(days=window) >= today
        told.append(_said(seen.after, "after") + (" yet" if going_on else ""))
    return f"{when}: {', '.join(told)}"


def _said(rate: Rate | None, name: str) -> str:
    """Where nothing was told, or nobody called, there is no rate: that is no rate of nought."""
    if rate is None:
        return f"no statistics {name}"
    return f"no calls {name}" if rate.share is None else f"{rate.share:.0%} {name}"
