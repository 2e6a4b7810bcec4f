"""Why a number is in its state, what happens next and when, and who must act: the state read out in plain sentences.

Says nothing that the actors do not go by: verdicts, findings, cases and the sources' own diaries are what is read.
`explain_inspection` beside this module tells of the company's inspection, `explain_looks` knows when the next look is
due, and why not sooner.
"""

from numtrustd.actors import incidents
from numtrustd.actors.control import explain_display, onlookers, pauses, views_leaving
from numtrustd.actors.control.calls import warnings_of
from numtrustd.actors.control.case_facts import goes_after
from numtrustd.actors.control.explain_inspection import inspected
from numtrustd.actors.control.explain_looks import asked_at, counted, next_look, sources_blind, untried
from numtrustd.actors.control.leaning import leaning
from numtrustd.actors.control.views import Sight, latest_view, what_is_shown
from numtrustd.actors.control.views_case import COOLING, lacking, policy_of
from numtrustd.actors.control.views_world import SEEN, appeal_way, maintenance_of
from numtrustd.actors.judge import ago, lasted
from numtrustd.actors.silences import ack_of
from numtrustd.api import when
from numtrustd.api.rows import ExplainLine, Paper
from numtrustd.domain import cause, evidence, propagation
from numtrustd.domain.case import Case, Move
from numtrustd.domain.evidence import OF_ONE_NUMBER
from numtrustd.domain.label import Category
from numtrustd.domain.leaving import standing
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned, Watch
from numtrustd.domain.quorum import stances
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.report import place
from numtrustd.domain.silence import Silence, covering
from numtrustd.domain.verdict import Verdict
from numtrustd.domain.view import Shown
from numtrustd.domain.workflow import Who
from numtrustd.domain.workflows.certificate import CertificateData
from numtrustd.domain.workflows.request import RequestData
from numtrustd.events import duration_for_people, instant_for_people
from numtrustd.store import records

ORDERS = frozenset({"approve", "hold", "advance", "withdraw", "reopen"})
"""The reasons of moves that somebody ordered; of all others he only told."""

WATCHED = {
    Watch.PREFLIGHT: "it is not in use yet: it is looked at, nothing is appealed",
    Watch.FAREWELL: "it was given up: it is looked at, nothing is appealed",
}


def explain(sight: Sight, owned: Owned, platform: str | None = None) -> tuple[ExplainLine, ...]:
    """All lines of a number, or those of one platform. Raises `DamagedRecord` when its record cannot be read."""
    record = sight.record(owned.number)
    owned = standing(owned, record.released)
    lines = [*_about_number(sight, owned, record), *views_leaving.explained(sight, record)]
    if platform is None:
        wide = [ref for name, ref in record.tracks.items() if name == incidents.TRACK]
        lines += [
            _case(sight, case) for ref in wide if (case := records.get_case(sight.house.store, ref.id)) is not None
        ]
    platforms = sight.platforms(owned, record) if platform is None else (platform,)
    if not platforms:
        lines.append(
            ExplainLine(
                fact=f"no platform can be seen for this number ({owned.kind})",
                why="no source in use looks at numbers of this kind",
                next="enable a source that does; `numtrustctl sources` lists those that are off",
                who=Who.PERSON,
            )
        )
    for each in platforms:
        lines += _about_platform(sight, owned, record, each)
    if platform is None and record.released is None:
        lines += inspected(sight)
    return tuple(lines)


def _about_number(sight: Sight, owned: Owned, record: NumberRecord) -> list[ExplainLine]:
    lines = []
    if parked := sight.parked.get(owned.number):
        what = parked.error_message
        lines.append(
            ExplainLine(
                fact="parked: nothing is done for this number",
                why=f"crashed {parked.crashes} times: {parked.error_type}: {what}" if parked.crashes else what,
                next=f"`numtrustctl unpark {owned.number}` sets it going again",
                who=Who.PERSON,
            )
        )
    lines += [
        ExplainLine(
            fact=f"platforms may mark it for how it is used: {warned.habit}",
            why="; ".join(warned.facts),
            next="change how it is used, before it is marked",
            who=Who.PERSON,
        )
        for warned in warnings_of(sight, owned.number)
    ]
    silences, now = sight.house.silences.values(), sight.now()
    if (quiet := covering(silences, now, number=owned.number, group=owned.group)) is not None:
        lines.append(_silenced("this number", quiet))
    if owned.watch in WATCHED and record.released is None:
        lines.append(
            ExplainLine(
                fact=WATCHED[owned.watch],
                why=f"its owner said so: watch = {owned.watch}",
                next="it stays so until its owner says otherwise",
                who=Who.NOBODY,
            )
        )
    return lines


def _silenced(what: str, silence: Silence, platform: str | None = None) -> ExplainLine:
    return ExplainLine(
        fact=f"alarms about {what} are silenced ({silence.id})",
        why=f"{silence.by} said so: {silence.reason}",
        next="its log lines are raised again; everything else goes on as ever",
        who=Who.NOBODY,
        platform=platform,
        when=when(silence.until),
    )


def _about_platform(sight: Sight, owned: Owned, record: NumberRecord, platform: str) -> list[ExplainLine]:
    verdict = record.verdicts.get(platform) or Verdict(platform)
    lines = [_belief(sight, owned, record, verdict)]
    blind = verdict.blind_since
    if blind is not None:
        lines.append(_blind(sight, owned, verdict, blind))
    case = _newest_case(sight, record, platform)
    elsewhere = next((ref.id for ref in record.cases.values() if ref.open and platform in ref.displays), None)
    if (case is None or not case.open) and elsewhere is not None:
        case = records.get_case(sight.house.store, elsewhere)
    if verdict.marked:
        lines.append(_finding(sight, owned, record, verdict, case))
    lines += explain_display.apart(sight, verdict)
    lines += explain_display.faults(sight, owned, record, platform)
    if case is not None:
        lines.append(_case(sight, case))
    lines += [_case(sight, other) for other in _tracks(sight, record, platform)]
    if (quiet := covering(sight.house.silences.values(), sight.now(), platform=platform)) is not None:
        lines.append(_silenced(platform, quiet, platform))
    if (maintenance := maintenance_of(sight, platform)) is not None:
        lines.append(
            ExplainLine(
                fact=f"{platform} is under maintenance ({maintenance.kind})",
                why=maintenance.by if maintenance.by == SEEN else f"declared by {maintenance.by}",
                next="nothing is submitted and no review is called overdue until it is over"
                + ("; it takes longer than its kind does: ask the platform" if maintenance.overdue else ""),
                who=Who.PERSON if maintenance.overdue else Who.PLATFORM,
                platform=platform,
                when=maintenance.until or maintenance.expected,
            )
        )
    return lines


# --------------------------------------------------------------------------------------------------------- beliefs


def _belief(sight: Sight, owned: Owned, record: NumberRecord, verdict: Verdict) -> ExplainLine:
    name, now, belief = sight.platform_name(verdict.platform), sight.now(), verdict.belief
    if belief is None:
        fact = f"{name}: not known yet"
    elif belief.marked:
        held = ", held although it goes back and forth" if verdict.flapping else ""
        fact = f"{name}: shown as {what_is_shown(belief)} for {lasted(verdict.since, now)}{held}"
    else:
        fact = f"{name}: {what_is_shown(belief)} for {lasted(verdict.since, now)}"
    then = next_look(sight, owned, record, verdict.platform)
    return ExplainLine(
        fact=fact,
        why="; ".join(_reasons(sight, owned, record, verdict)) or "no look has been made yet",
        next=then.text,
        who=then.who,
        platform=verdict.platform,
        when=None if then.at is None else when(then.at),
    )


def _seen_by(record: NumberRecord, platform: str, view: str) -> str:
    """Who saw it, and on what, where people look."""
    report = record.reports.get(place(platform, view))
    if report is None:
        return ""
    return f", seen by {report.by}" + (f" on {report.handset}" if report.handset else "")


def _reasons(sight: Sight, owned: Owned, record: NumberRecord, verdict: Verdict) -> list[str]:
    now, policy = sight.now(), sight.context.verdict_of(verdict.platform)
    said = []
    for stance in stances(verdict, now, policy):
        view, state = stance.view, stance.state
        otherwise = " and disagrees" if stance.agrees is False else ""
        if state.reason is None and stance.said is not None:
            by = _seen_by(record, verdict.platform, view)
            said.append(f"{view} said {_said(stance.said)} {ago(state.at, now)}{otherwise}{by}")
        else:
            since = state.at if state.unknown_since is None else state.unknown_since
            last = state.last_look
            if not state.missed:
                said.append(f"{view} could not see {ago(state.at, now)} ({state.reason})")
            else:
                looked = "was never looked through" if last is None else f"was last looked through {ago(last, now)}"
                due = f"one more was due {ago(state.at, now)} and was not made, because the source is down"
                said.append(f"{view} {looked}; {due} ({state.reason})")
            said[-1] += f", the first time {ago(since, now)}"
            if stance.said is not None and stance.said_at is not None:
                said[-1] += f"; before that it said {_said(stance.said)} {ago(stance.said_at, now)}{otherwise}"
    if verdict.views and (rest := untried(sight, owned, record, verdict.platform, verdict.views)):
        said.append(rest)
    if verdict.belief is not None and verdict.settled > 1:
        said.append(f"the last {verdict.settled} looks that could see agree")
    if (leans := leaning(sight, verdict)) is not None:
        said.append(leans.text)
    if verdict.flapping:
        window = duration_for_people(policy.flap_window)
        said.append(
            f"it changed {len(verdict.changes)} times within {window}, so the mark stands until a long clean run"
        )
    return said


def _said(shown: Shown) -> str:
    return f"{shown.status}, {what_is_shown(shown)}," if shown.marked else what_is_shown(shown)


def _blind(sight: Sight, owned: Owned, verdict: Verdict, since: Instant) -> ExplainLine:
    platform, view = verdict.platform, latest_view(verdict)
    reason = view.reason if view is not None else None
    health, again = sources_blind(sight, owned, platform)
    so = "nothing is believed of it yet" if verdict.belief is None else "what was believed before still is"
    return ExplainLine(
        fact=f"nothing could be seen of {platform} for {lasted(since, sight.now())}; {so}",
        why=health or f"its answers say nothing ({reason})",
        next="it is tried again",
        who=Who.DAEMON,
        platform=platform,
        when=None if again is None else when(again),
    )


# -------------------------------------------------------------------------------------------------------- problems


def _finding(sight: Sight, owned: Owned, record: NumberRecord, verdict: Verdict, case: Case | None) -> ExplainLine:
    platform, found = verdict.platform, record.findings.get(verdict.platform)
    if found is None:
        return explain_display.unproblematic(sight, owned, verdict)
    context = sight.context
    flaws = record.flaws.get(platform, ())
    papers = evidence.about(context.documents, owned.number)
    known = cause.Known(records.calls(sight.house.store, owned.number), papers, flaws, owned.since)
    likely = cause.causes(verdict, record.verdicts, context.platforms, sight.now(), known, context.cause)
    unclear = all(c.kind is cause.CauseKind.UNCLEAR for c in likely)
    why = "; ".join(f"{c.kind}: {', '.join(c.facts)}" for c in likely)
    if case is not None and case.open:
        then, who = f"{case.workflow} {case.id} works on it", onlookers.whose_move(sight, case)
    else:
        then, who = _why_no_case(sight, owned, platform, case, found.category), Who.PERSON
    return ExplainLine(
        fact=f"{found.kind}: {found.why}",
        why=why if unclear else f"probably {why}",
        next=then,
        who=who,
        platform=platform,
    )


def _why_no_case(sight: Sight, owned: Owned, platform: str, case: Case | None, category: str) -> str:
    known = sight.context.platforms.get(platform)
    if owned.watch is not Watch.YES:
        return "nothing is appealed for this number, see above"
    if known is not None and (at := propagation.taken_at(sight.context.platforms, platform, Category(category))):
        if at != platform:
            return f"its label is appealed at {at}, whose data it shows, when it is next confirmed"
    elif known is None or appeal_way(sight, known) == "none":
        return "this platform takes no appeals that we know of: a person has to find a way"
    if known.appeal is not None and category not in known.appeal.takes:
        return f"this platform takes no appeals against {category}"
    if case is not None:
        return f"{case.workflow} {case.id} was closed ({case.outcome}): `numtrustctl reopen {case.id}` starts it again"
    return "an appeal is opened when the label is next confirmed"


# ----------------------------------------------------------------------------------------------------------- cases


def _newest_case(sight: Sight, record: NumberRecord, platform: str) -> Case | None:
    ref = record.cases.get(platform)
    return None if ref is None else records.get_case(sight.house.store, ref.id)


def _tracks(sight: Sight, record: NumberRecord, platform: str) -> list[Case]:
    """The newest case of every other kind than an appeal that is about what the platform shows."""
    refs = [ref for ref in record.tracks.values() if platform in (ref.platform, *ref.displays)]
    return [case for ref in refs if (case := records.get_case(sight.house.store, ref.id)) is not None]


def _case(sight: Sight, case: Case) -> ExplainLine:
    return _open_case(sight, case) if case.open else _closed_case(sight, case)


def _on_whose_word(move: Move) -> str:
    """Why a case moved. Its owner's orders are somebody's own; what the platform did is only told by somebody."""
    what, colon, rest = move.reason.partition(": ")
    if not move.by or what == "restored":  # which the daemon does by itself
        return move.reason
    return f"{what} by {move.by}{colon}{rest}" if what in ORDERS else f"{what}, as {move.by} reported{colon}{rest}"


def _does(then: str) -> str:
    """What a state's table says of the next step, as a clause: it is the daemon's, where nobody else is named."""
    return then if then.startswith("a person ") else f"the daemon {then}"


def _open_case(sight: Sight, case: Case) -> ExplainLine:
    deadline = case.due
    move = case.moves[-1] if case.moves else None
    why = "" if move is None else f"{_on_whose_word(move)}, {ago(move.at, sight.now())}"
    if case.snapshot.state == "waiting" and isinstance(case.data, RequestData) and not case.data.hurried:
        why += _kept_back(sight, case)
    if case.snapshot.state == "gathering":
        why += "".join(f"; missing: {_missing(paper)}" for paper in lacking(sight, case))
    lacks = lacking(sight, case) if case.snapshot.state == COOLING else ()
    why += "".join(f"; missing for the next attempt: {_missing(paper)}" for paper in lacks)
    if case.snapshot.state == onlookers.COUNTING and isinstance(case.data, RequestData):
        why += counted(sight, case, case.data)
    if isinstance(case.data, CertificateData) and (rates := pauses.newest(sight, case, case.data)):
        why += f"; connect rate, {rates}"
    if (ack := ack_of(sight.house, case)) is not None:
        why += f"; {ack.by} has seen it so {ago(ack.at, sight.now())}" + (f": {ack.note}" if ack.note else "")
    if (hold := case.held) is not None and hold.until is not None:
        why += f"; until {instant_for_people(hold.until)}"
    tasks = sight.house.board.tasks_of(case.id)
    then = case.then
    if tasks and (task := records.get_task(sight.house.store, tasks[0])) is not None:
        fallback = f"; without an answer {_does(then)}" if then else ""
        then = f"{task.title}: type `numtrustctl task show {task.id}`{fallback}"
    elif seen_at := onlookers.places(sight, case):
        then = f"{asked_at(sight, case, seen_at)}; without their reports {_does(then)}"
    elif lacks:
        bound = f" --number {case.number}" if lacks[0].kind in OF_ONE_NUMBER else ""
        add = f"`numtrustctl evidence add {lacks[0].kind} FILE{bound}`"
        then = f"put what is missing on file by then, with {add}; {_does(then)}"
    elif case.who is Who.PERSON:
        then = f"`numtrustctl advance {case.id}` or `withdraw` ends the wait; until then {_does(then)}"
    else:
        then = _does(then)
    return ExplainLine(
        fact=f"{case.workflow} {case.id} is {case.snapshot.state}: {case.meaning} (attempt {case.data.attempt})",
        why=why,
        next=then,
        who=Who.PERSON if lacks else onlookers.whose_move(sight, case),
        platform=case.platform,
        case=case.id,
        task=tasks[0] if tasks else None,
        when=None if deadline is None else when(deadline),
    )


def _missing(paper: Paper) -> str:
    return f"{paper.title} ({paper.kind}): {paper.why}"


def _kept_back(sight: Sight, case: Case) -> str:
    """Why a request that has all it needs is not handed in yet."""
    policy = policy_of(sight, case)
    all_the_same = f"`numtrustctl advance {case.id}` sends this one all the same"
    if policy.slot > sight.now():
        return f"; {policy.slot_why}: {all_the_same}"
    first = goes_after(policy)
    return f"; {first}, goes first: {all_the_same}" if first else ""


def _closed_case(sight: Sight, case: Case) -> ExplainLine:
    closed = case.closed_at or 0.0
    context = sight.context
    period = context.leaving.watch_period if case.workflow == "removal" else context.appeal.watch_period
    until = closed + period
    watched = case.outcome == "cleared" and until > sight.now()
    move = case.moves[-1] if case.moves else None
    return ExplainLine(
        fact=f"{case.workflow} {case.id} was closed {ago(closed, sight.now())}: {case.meaning}",
        why="" if move is None else _on_whose_word(move),
        next="what was wrong opens it again if it comes back until then" if watched else "",
        who=Who.NOBODY,
        platform=case.platform,
        case=case.id,
        when=when(until) if watched else None,
    )
