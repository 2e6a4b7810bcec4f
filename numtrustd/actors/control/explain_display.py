"""What is explained beside a label's story: views that disagree, a mark that is not displayed, a name that is wrong."""

from numtrustd.actors import tracks
from numtrustd.actors.control import onlookers
from numtrustd.actors.control.views import Sight
from numtrustd.actors.judge import ago, lasted
from numtrustd.api.rows import ExplainLine
from numtrustd.domain import propagation
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.flaw import Flaw
from numtrustd.domain.owned import Owned, Watch
from numtrustd.domain.quorum import disagreement
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.verdict import Verdict
from numtrustd.domain.workflow import Who
from numtrustd.events import duration_for_people
from numtrustd.store import records

ORDERED = {
    FindingKind.DISPLAY_MISSING: "certify",
    FindingKind.TAG_WRONG: "tag",
    FindingKind.TAG_EXPIRED: "tag",
}
"""The commands that ask for what would end a finding."""


def apart(sight: Sight, verdict: Verdict) -> list[ExplainLine]:
    """That the views of a platform disagree, if they do."""
    policy, now = sight.context.verdict_of(verdict.platform), sight.now()
    who = disagreement(verdict, now, policy)
    if not who or not verdict.apart_since:
        return []
    name = f"{FindingKind.INCONSISTENT}: " if verdict.apart_said else ""
    after = duration_for_people(policy.inconsistent_after)
    rule = "a label is believed when enough looks show it, and gone only when every view says so"
    return [
        ExplainLine(
            fact=f"{name}what is seen has disagreed for {lasted(verdict.apart_since, now)}",
            why=f"{who}; {rule}",
            next="a person may look which of them is right" if verdict.apart_said else f"is a finding after {after}",
            who=Who.PERSON if verdict.apart_said else Who.NOBODY,
            platform=verdict.platform,
        )
    ]


def unproblematic(sight: Sight, owned: Owned, verdict: Verdict) -> ExplainLine:
    """Why a mark that is believed is no finding."""
    belief, platform = verdict.belief, sight.context.platforms.get(verdict.platform)
    category = belief.category if belief else None
    if belief is not None and belief.hidden:
        shown_from = platform.shown_from if platform else None
        fact = f"no problem yet: {belief.marks} marks are counted and nothing is displayed"
        why = f"the platform displays a label from {shown_from} marks on" if shown_from else "it was too few to display"
        then = "is a finding, and appealed, when there are enough of them; it is no proof of a clean number"
        return ExplainLine(fact=fact, why=why, next=then, who=Who.DAEMON, platform=verdict.platform)
    accepted = category in owned.accept
    return ExplainLine(
        fact=f"no problem: {category} is {'right for this number' if accepted else 'a neutral label'}",
        why="the numbers file accepts that category" if accepted else "the settings' [vocabulary] severity says so",
        next="a harmful label in its place would be a finding",
        who=Who.NOBODY,
        platform=verdict.platform,
    )


def faults(sight: Sight, owned: Owned, record: NumberRecord, platform: str) -> list[ExplainLine]:
    """What is wrong with name, logo and tag, by view."""
    return [_fault(sight, owned, record, platform, flaw) for flaw in record.flaws.get(platform, ())]


def _fault(sight: Sight, owned: Owned, record: NumberRecord, platform: str, flaw: Flaw) -> ExplainLine:
    policy = sight.context.verdict_of(platform)
    so_far = f"{flaw.looks} look{'s' if flaw.looks > 1 else ''}, the first {ago(flaw.first_at, sight.now())}"
    why = f"held against what is wanted{' of a number given up' if owned.watch is Watch.FAREWELL else ''}; {so_far}"
    if flaw.said:
        then, who = _remedy(sight, owned, record, platform, flaw.kind)
        if flaw.gone:
            then, who = f"{flaw.gone} of {policy.confirm} looks no longer show it", Who.DAEMON
    elif flaw.kind is FindingKind.RESIDUAL and flaw.looks >= policy.confirm:
        then, who = "is a residual once its removal has waited out the platform's caches", Who.DAEMON
    else:
        then, who = f"is a finding after {policy.confirm} looks", Who.DAEMON
    name = f"{flaw.kind}: " if flaw.said else ""
    return ExplainLine(fact=f"{name}{flaw.view} {flaw.why}", why=why, next=then, who=who, platform=platform)


def _remedy(sight: Sight, owned: Owned, record: NumberRecord, platform: str, kind: FindingKind) -> tuple[str, Who]:
    """What ends a finding of a name, a logo or a tag, and whose move that is."""
    workflow = tracks.OPENS.get(kind)
    refs = (ref for name, ref in record.tracks.items() if ref.open and name.endswith(f":{workflow}"))
    if ref := next((ref for ref in refs if platform in (ref.platform, *ref.displays)), None):
        case = records.get_case(sight.house.store, ref.id)
        return f"{workflow} {ref.id} works on it", Who.DAEMON if case is None else onlookers.whose_move(sight, case)
    command = ORDERED.get(kind)
    known = workflow is not None and propagation.asked_at(sight.context.platforms, platform, workflow) is not None
    if known and command is not None:
        return f"`numtrustctl {command} {owned.number} {platform}` asks for it", Who.PERSON
    if kind is FindingKind.DISPLAY_MISSING and not known:
        return f"no way is known to have it shown at {platform}", Who.NOBODY
    return "a person has it corrected at the platform", Who.PERSON
