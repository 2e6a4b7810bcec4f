"""The rows of the register of papers: how each is, and which open cases have to bring it."""

import trio
from msgspec import Struct

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
from numtrustd.store.errors import DamagedRecord

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
    return api.EvidenceList(
        now=when(now),
        papers=tuple(_row(sight, document, needs) for document in documents),
        lacking=_lacking(sight, needs),
        incomplete=len(cases) > MOST_CASES,
    )


class Need(Struct, frozen=True):
    """What cases have to bring: a paper of this kind, for such a case there. `number` is empty where no paper of the
    kind is bound to that number: then it does not matter which it is.
    """

    kind: str
    platform: str
    workflow: str
    number: str


Needs = dict[Need, list[str]]
"""The open cases by what they have to bring."""


async def lacking(sight: Sight) -> tuple[api.Lacking, ...]:
    """What open cases have to bring and of which none counts there."""
    return _lacking(sight, await _needs(sight, sight.house.board.cases()[:MOST_CASES]))


def _lacking(sight: Sight, needs: Needs) -> tuple[api.Lacking, ...]:
    """One row for each kind of paper, platform and reason."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for need, wanted in needs.items():
        country, agent = _country(sight, need.platform), sight.context.agents.get(need.platform, "")
        why = evidence.why_missing(
            sight.context.documents,
            need.kind,
            local_date(sight.now(), country),
            need.platform,
            need.workflow,
            agent,
            need.number,
        )
        if why:
            found.setdefault((need.kind, need.platform, why), []).extend(wanted)
    return tuple(
        api.Lacking(
            kind=kind,
            title=KINDS.get(kind, kind),
            platform=platform,
            why=why,
            needed=len(wanted),
            needed_by=tuple(wanted[:SHOWN]),
        )
        for (kind, platform, why), wanted in found.items()
    )


async def _needs(sight: Sight, cases: list[str]) -> Needs:
    needs: Needs = {}
    bound = {(document.kind, number) for document in sight.context.documents for number in document.numbers}
    for n, identity in enumerate(cases):
        if n % BREATH == BREATH - 1:
            await trio.lowlevel.checkpoint()
        try:
            case = records.get_case(sight.house.store, identity)
        except DamagedRecord:  # which its number tells of; the other cases need their papers all the same
            continue
        if case is None or not case.open:
            continue
        attempts = tuple(attempt.evidence for attempt in facts_of(sight, case.platform, case.workflow).attempts)
        if not isinstance(case.data, RequestData):
            continue
        for kind in required(case.data, RequestPolicy(evidence=attempts)):
            number = case.number if (kind, case.number) in bound else ""
            needs.setdefault(Need(kind, case.platform, case.workflow, number), []).append(identity)
    return needs


def _row(sight: Sight, document: Document, needs: Needs) -> api.EvidenceRow:
    today, notice = local_date(sight.now()), sight.context.papers.notice
    state = evidence.state(document, today, notice)
    wanted = [
        case
        for need, cases in needs.items()
        if need.kind == document.kind and document.serves(need.platform, need.workflow, need.number)
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
        numbers=document.numbers or None,
    )
