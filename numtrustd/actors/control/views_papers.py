"""The rows of the register of papers: how each is, and which open cases have to bring it."""

import trio

from numtrustd.actors.control.views import Sight
from numtrustd.actors.policy import NO_FACTS
from numtrustd.api import evidence as api
from numtrustd.api import when
from numtrustd.domain import evidence
from numtrustd.domain.calendar import local_date
from numtrustd.domain.evidence import KINDS, Document, PaperState
from numtrustd.domain.platform import AppealFacts
from numtrustd.domain.workflows.request import RequestData, RequestPolicy, required
from numtrustd.store import records

MOST_CASES = 5_000
"""Open cases that are looked through for what they need."""

BREATH = 100
SHOWN = 10
"""Cases that are named for one paper."""


def facts_of(sight: Sight, platform: str, kind: str) -> AppealFacts:
    """How a platform takes requests of this kind."""
    known = sight.context.platforms.get(platform)
    return (known.way(kind) if known is not None else None) or NO_FACTS


def _country(sight: Sight, platform: str) -> str:
    return facts_of(sight, platform, "appeal").country


async def evidence_list(sight: Sight) -> api.EvidenceList:
    """The register, and what open cases need."""
    cases = sight.house.board.cases()
    needs = await _needs(sight, cases[:MOST_CASES])
    now, documents = sight.now(), sight.context.documents
    lacking = [
        api.Lacking(
            kind=kind,
            title=KINDS.get(kind, kind),
            platform=platform,
            why=why,
            needed=len(wanted),
            needed_by=tuple(wanted[:SHOWN]),
        )
        for (kind, platform), wanted in needs.items()
        if (
            why := evidence.why_missing(
                documents, kind, local_date(now, facts_of(sight, platform, "appeal").country), platform
            )
        )
    ]
    return api.EvidenceList(
        now=when(now),
        papers=tuple(_row(sight, document, needs) for document in documents),
        lacking=tuple(lacking),
        incomplete=len(cases) > MOST_CASES,
    )


async def _needs(sight: Sight, cases: list[str]) -> dict[tuple[str, str], list[str]]:
    """The open cases by kind of paper and platform."""
    needs: dict[tuple[str, str], list[str]] = {}
    for n, identity in enumerate(cases):
        if n % BREATH == BREATH - 1:
            await trio.lowlevel.checkpoint()
        case = records.get_case(sight.house.store, identity)
        if case is None or not case.open:
            continue
        attempts = tuple(attempt.evidence for attempt in facts_of(sight, case.platform, case.workflow).attempts)
        if not isinstance(case.data, RequestData):
            continue
        for kind in required(case.data, RequestPolicy(evidence=attempts)):
            needs.setdefault((kind, case.platform), []).append(identity)
    return needs


def _row(sight: Sight, document: Document, needs: dict[tuple[str, str], list[str]]) -> api.EvidenceRow:
    today, notice = local_date(sight.now()), sight.context.papers.notice
    state = evidence.state(document, today, notice)
    wanted = [
        case
        for (kind, platform), cases in needs.items()
        if kind == document.kind and document.serves(platform)
        for case in cases
    ]
    return api.EvidenceRow(
        kind=document.kind,
        title=KINDS.get(document.kind, document.kind),
        path=document.path,
        state=state,
        needed=len(wanted),
        needed_by=tuple(wanted[:SHOWN]),
        why=evidence.why(document, today, notice) or None,
        finding=evidence.FINDINGS.get(state),
        expires=None if document.expires is None else document.expires.isoformat(),
        digest=(document.digest or None) if state is not PaperState.MISSING else None,
        agent=document.agent or None,
        by=None if sight.house.papers is None else sight.house.papers.by_hand(document.kind, document.path),
        platforms=document.platforms,
        cases=document.cases,
    )
