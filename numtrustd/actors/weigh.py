"""What is seen of one number, weighed: looks into verdicts, verdicts into findings, findings into cases. Pure.

`known.Known` below it holds what is decided during one message; `decide.Decider` on top takes what happens to cases:
orders, answers, timers. `judge` words what is said, `cases` moves a case.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import structs

from numtrustd.actors import tracks
from numtrustd.actors.judge import Judge
from numtrustd.actors.known import Known
from numtrustd.actors.messages import Observed, Reported, Told
from numtrustd.actors.pace import views_asked
from numtrustd.domain import cause, evidence, finding, flaw, propagation, verdict
from numtrustd.domain.case import Case
from numtrustd.domain.finding import Finding, FindingKind
from numtrustd.domain.label import Category
from numtrustd.domain.observation import Observation, Status
from numtrustd.domain.owned import Watch
from numtrustd.domain.record import LookState
from numtrustd.domain.report import AGAIN, again, place, remembered
from numtrustd.domain.trust import kept_back
from numtrustd.domain.verdict import Change, ChangeKind, Verdict
from numtrustd.domain.workflows import request as a
from numtrustd.events import (
    CauseFound,
    FindingClosed,
    FindingOpened,
    ObservationReported,
    PlatformMaintenance,
    VerdictBaseline,
    VerdictChanged,
    VerdictFlapping,
    duration_for_people,
)

ACCEPTED = "the category is right for this number"

ONCE_MORE = (
    f"the same was reported less than {duration_for_people(AGAIN)} apart, and counts once: a look that is made later "
    "counts anew, and so does one with a key of its own"
)
"""What is answered to a report that was only typed once more."""

CLOCK_SLACK = 300.0
"""Seconds by which what was seen may lie ahead of the clock; more means that the clock has been set back since."""


def new_of(message: Observed, before: LookState | None) -> tuple[Sequence[Observation], tuple[str, ...]]:
    """(the observations that were not taken yet, what is taken of their batch then): each part of a batch's answer
    counts once, and after it none that says less."""
    if not message.batch:
        return message.observations, ()
    had = before.taken if before is not None and before.batch == message.batch else ()
    fresh = [o for o in message.observations if f"{o.platform}/{o.surface}" not in had]
    return fresh, (*had, *(f"{o.platform}/{o.surface}" for o in fresh if o.known))


class Weigher(Known):
    """Weighs what is seen of one number during one message."""

    # ---------------------------------------------------------------------------------------------------- looking

    def observe(self, message: Observed) -> None:
        """Fold every reading of one look into the verdicts, and let the cases know."""
        before = self.record.looks.get(message.source)
        fresh, taken = new_of(message, before)
        if message.batch and not fresh:
            return
        seen_any = False
        for observation in fresh:
            if observation.platform not in self.context.platforms:
                continue
            seen_any = seen_any or observation.known
            self._fold(kept_back(observation) if message.quarantined else observation, observation)
        failures = 0 if seen_any or message.paid else (before.failures if before else 0) + 1
        made_at = 0.0 if before is None or not message.missed else before.last_made or 0.0
        look = LookState(message.at, failures, message.batch, taken, message.missed, made_at)
        looks = {**self.record.looks, message.source: look}
        self.record = structs.replace(self.record, looks=looks)

    def report(self, message: Reported) -> None:
        """Take in what somebody saw: stored whatever it says, and folded like any other look. Handed in or typed again,
        it is answered again and counts once."""
        seen, report = message.observation, message.report
        before = _believed(self.record.verdicts.get(seen.platform))
        if report.key in self.record.reported:
            self.made.told = Told("", before, before, "it was reported before, and counts once")
            return
        where = place(seen.platform, seen.view)
        latest = self.record.reports.get(where)
        if again(latest, report):
            self.made.told = Told("", before, before, ONCE_MORE)
            return
        self.made.durable = True
        late = latest is not None and latest.at > report.at
        reports = self.record.reports if late else {**self.record.reports, where: report}
        keys = remembered(self.record.reported, report.key)
        self.record = structs.replace(self.record, reports=reports, reported=keys)
        self.made.say(
            ObservationReported(
                number=self.owned.number,
                platform=seen.platform,
                source=seen.source,
                surface=seen.surface,
                status=seen.status,
                by=report.by,
                category=seen.category,
                words=seen.words,
                marks=seen.marks,
                name=seen.name,
                reason=seen.reason,
                seen_at=report.at,
                device=report.handset or None,
                screenshot=report.screenshot or None,
                path=report.evidence or None,
            ),
            self.now,
            report.by,
        )
        newest = self.record.looks.get(seen.source)
        self.observe(Observed(seen.source, seen.at, (seen,)))
        if newest is not None and seen.at < newest.at <= self.now + CLOCK_SLACK:  # of a look that is told late
            self.record = structs.replace(self.record, looks={**self.record.looks, seen.source: newest})
        after = _believed(self.record.verdicts.get(seen.platform))
        why = "something newer was seen there already: it is kept, and moves nothing" if late else ""
        self.made.told = Told("", before, after, why)

    def _fold(self, observation: Observation, said: Observation) -> None:
        """Take one reading in; `said` is what the source said, believed or not."""
        platform = observation.platform
        before = self.record.verdicts.get(platform) or Verdict(platform)
        old = verdict.through(before, views_asked(self.context, self.owned, self.record, platform))
        if any(view.at > self.now + CLOCK_SLACK for view in old.views.values()):
            old = verdict.not_after(old, self.now)
        if old.belief is not None and said.known:
            self.made.answers += 1
            # A mark that is held open although it is not shown is nobody's word to be contradicted.
            self.made.turned += not old.flapping and old.belief.marked != (said.status is Status.MARKED)
        judge, policy = self._judge(platform), self.context.verdict_of(platform)
        self.made.words += judge.new_words(observation)
        shown_from = self.context.shown_from(platform, observation.surface)
        sources = self.context.readers(self.owned, platform) if policy.quorum > 1 else ()
        new, change = verdict.fold(old, observation, policy, shown_from, sources)
        if new is old:
            return
        if policy.quorum > 1 and old.run is None and new.run is not None:
            self.made.plan = True  # the other sources are asked soon, not at their usual pace
        if self.context.doubtful and (old.run is None) != (new.run is None):
            self.made.plan = True  # those that are asked only in doubt begin to look, or rest again
        self._set_verdict(before, new)
        new = self.record.verdicts[platform]
        if change is not None:
            self._changed(new, change)
        self._display(platform, observation.view if observation.known else "")
        if observation.known:
            self._tell_cases(observation)

    def _tell_cases(self, seen: Observation) -> None:
        """Let the open cases that are about a platform count a look at it."""
        platform = seen.platform
        others = self._tracks_about(platform)
        # What is to be certified has to be seen, also where nobody knows whether the surface shows names.
        certified = any(isinstance(case.data, a.CertificationData) for case in others)
        faults = self._faults(platform, certified=certified) if others else {}
        for case in (*self._cases_about(platform), *others):
            wrong = tracks.shows_wrong(case.data, seen, faults)
            if wrong is not None and tracks.counts(self.context, self.owned, case.platform, case.data, seen):
                self.book.happen(case.id, a.Looked(tracks.view_of(case.platform, seen), wrong, seen.at))

    def _faults(self, platform: str, *, certified: bool) -> Mapping[str, flaw.Faults]:
        """What is wrong with the names, logos and tags that each view of a platform shows."""
        seen = self.record.verdicts[platform]
        certified = certified or tracks.certified(self.record, platform)
        eyes, scope = self.context.eyes(platform), self.record.leaving
        return flaw.present(seen, eyes, self.owned.wanted, self.owned.watch, self.now, scope, certified=certified)

    def _display(self, platform: str, looked: str | None) -> None:
        """Hold names, logos and tags against what is wanted, and let the cases about them know. `looked` as in
        `Judge.display`."""
        before = tracks.said_kinds(self.record, platform)
        self.record = self._judge(platform).display(self.record, looked, hush=self._hushed(platform))
        after = tracks.said_kinds(self.record, platform)
        for case in self._tracks_about(platform):
            about = (case.platform, *case.data.displays)
            if not tracks.wrong(self.record, (), about, case.data) and not before.isdisjoint(tracks.kinds(case.data)):
                self.book.happen(case.id, a.Gone())
        if self.owned.watch is Watch.YES:
            for kind in sorted(after - before):
                self._found(kind, platform)

    def _found(self, kind: FindingKind, platform: str) -> None:
        """Something was found to be wrong with what a platform shows beside its label."""
        if kind is FindingKind.PAUSED:
            for case in self._tracks_about(platform):
                if case.workflow == "certificate":
                    self.book.happen(case.id, a.Returned(kind))
            return
        wrong_name = kind is FindingKind.DISPLAY_WRONG and tracks.certified(self.record, platform)
        if wrong_name and "name" in self.context.incident.open_on:
            self.made.wanted.append(("incident", "", f"name: {platform} shows a wrong name, though certified"))
        workflow = tracks.OPENS.get(kind)
        asked = kind is not FindingKind.DISPLAY_MISSING or self.context.certification.open != "by_order"
        if workflow is not None and asked:
            self._request(workflow, platform, kind)

    def _hushed(self, platform: str) -> bool:
        """Whether what is still shown there is on its way out, and not yet to be called a residual."""
        cases = self._tracks_about(platform) if self.record.leaving is not None else ()
        return any(isinstance(case.data, a.RemovalData) and not case.data.residual for case in cases)

    def _request(self, kind: str, platform: str, found: FindingKind) -> None:
        """A name, a logo or a tag was found to be wrong: ask for the right one where that can be asked."""
        at = propagation.asked_at(self.context.platforms, platform, kind)
        data = tracks.identity_data(kind, found, platform, self.record, self.owned.wanted, self.now)
        case = self._newest_track(at or platform, kind)
        if case is not None and (case.open or (self._watched(case) and _wanted(case) == data.wanted)):
            self.book.happen(case.id, a.Returned(found, "", data.words))
            case = self.book.get(case.id) or case
            if case.open and platform not in (case.platform, *case.data.displays):
                self.book.join(case, platform)
        elif at is not None:
            displays = () if at == platform else (platform,)
            self._open(kind, at, structs.replace(data, displays=displays), f"{found}: {'; '.join(data.facts)}")

    def _judge(self, platform: str) -> Judge:
        judge = self._judges.get(platform)
        if judge is None:
            judge = self._judges[platform] = Judge(self.context, self.owned, platform, self.now, self.made)
        return judge

    def _set_verdict(self, old: Verdict, new: Verdict) -> None:
        platform = new.platform
        new, blind = verdict.sight(new, self.now, self.context.verdict_of(platform))
        if len(new.views) > 1 or new.apart_since:
            new = self._judge(platform).together(new)
        self.record = structs.replace(self.record, verdicts={**self.record.verdicts, platform: new})
        if blind is not None:
            self._say_blind(new, blind=blind)
        if old.maintenance != new.maintenance:
            state = "seen" if new.maintenance else "over"
            # Every number of the platform sees it: each history has it, and the board tells the log once.
            self.made.note(PlatformMaintenance(platform=platform, state=state), self.now)
            self.made.durable = True

    def _say_blind(self, new: Verdict, *, blind: bool) -> None:
        self.made.durable = True
        facts: dict[str, Any] = {"number": self.owned.number, "platform": new.platform, "finding": FindingKind.BLIND}
        if blind:
            since = duration_for_people(self.now - (new.blind_since or self.now))
            reasons = ", ".join(f"{name}: {view.reason}" for name, view in new.views.items())
            self.made.say(FindingOpened(**facts, why=f"nothing could be seen for {since} ({reasons})"), self.now)
        else:
            self.made.say(FindingClosed(**facts, why="it can be seen again"), self.now)

    def _changed(self, new: Verdict, change: Change) -> None:
        self.made.durable = True
        shown = change.new
        facts: dict[str, Any] = {
            "number": self.owned.number,
            "platform": new.platform,
            "to": shown.key,
            "category": shown.category,
            "words": shown.words,
            "marks": shown.marks,
            "sources": change.sources,
            "looks": change.looks,
            "why": self._judge(new.platform).why(change),
        }
        sides = self._judge(new.platform).sides(new)
        if change.kind is ChangeKind.BASELINE:
            self.made.say(VerdictBaseline(**facts, **sides), self.now)
        elif change.kind is ChangeKind.FLAPPING:
            self.made.say(VerdictFlapping(**facts, from_=change.beside.key if change.beside else ""), self.now)
        else:
            self.made.say(VerdictChanged(**facts, **sides, from_=change.old.key if change.old else ""), self.now)
        self._weigh(new, change)

    def _find(self, seen: Verdict) -> Finding | None:
        return finding.find(seen, self.owned.accept, self.context.severity)

    def _accepted(self, category: Category) -> str:
        """Why a label that is displayed is no problem."""
        return ACCEPTED if category in self.owned.accept else f"the settings hold {category} to be neutral"

    def _weigh(self, new: Verdict, change: Change) -> None:
        """Compare what is shown with what is wanted; open, feed or close what follows from it."""
        platform = new.platform
        found = self._find(new)
        before = self.record.findings.get(platform)
        if found is None:
            if before is not None:
                self._set_finding(platform, None)
                displayed = new.belief is not None and new.belief.displayed
                why = "no longer shown" if not displayed else self._accepted(before.category)
                self.made.say(
                    FindingClosed(number=self.owned.number, platform=platform, finding=before.kind, why=why),
                    self.now,
                )
            for case in self._cases_about(platform):
                if not any(v.marked for v in self._verdicts_of(case)):
                    self.book.happen(case.id, a.Gone())
            return
        flaws = self.record.flaws.get(platform, ())
        papers = evidence.about(self.context.documents, self.owned.number)
        known = cause.Known(self.present.calls(), papers, flaws, self.owned.since)
        likely = cause.causes(new, self.record.verdicts, self.context.platforms, self.now, known, self.context.cause)
        if before is None or before.category is not found.category:
            self._set_finding(platform, found)
            self.made.say(
                CauseFound(
                    number=self.owned.number,
                    platform=platform,
                    causes=tuple(c.kind for c in likely),
                    facts=tuple(f for c in likely for f in c.facts),
                ),
                self.now,
            )
            self.made.say(
                FindingOpened(number=self.owned.number, platform=platform, finding=found.kind, why=found.why),
                self.now,
            )
        self._act_on(found, new, likely, returned=change.old is not None and not change.old.marked)

    def _act_on(
        self,
        found: Finding,
        new: Verdict,
        likely: Iterable[cause.Cause],
        *,
        returned: bool,
    ) -> None:
        if self.owned.watch is not Watch.YES:
            return
        known = self.context.platforms[new.platform]
        if found.kind is FindingKind.MISLABEL and known.core and "label" in self.context.incident.open_on:
            self.made.wanted.append(("incident", "", f"label: {new.platform} {found.why}"))
        shown = (new.belief.words if new.belief else None) or found.category
        again = a.Returned(found.kind, found.category, shown)
        at = propagation.taken_at(self.context.platforms, new.platform, found.category)
        about = self._cases_about(new.platform)
        case = about[0] if about else self._newest_case(at or new.platform)
        if case is not None and (case.open or self._watched(case)):
            if not case.open or returned:
                self.book.happen(case.id, again)
            case = self.book.get(case.id) or case
            if case.open and new.platform not in (case.platform, *case.data.displays):
                self.book.join(case, new.platform)
            return
        if at is None:
            return
        n = self.record.counts.get(at, 0) + 1
        self._refer(self.book.open_appeal(at, n, found, new, tuple(likely)))
        self.record = structs.replace(self.record, counts={**self.record.counts, at: n})

    def _set_finding(self, platform: str, found: Finding | None) -> None:
        self.made.durable = True
        findings = {k: v for k, v in self.record.findings.items() if k != platform}
        if found is not None:
            findings[platform] = found
        self.record = structs.replace(self.record, findings=findings)


def _wanted(case: Case) -> str:
    """What a request asked for. Something else that is wanted now is no return of its fault, but a new wish."""
    return case.data.wanted if isinstance(case.data, a.IdentityData) else ""


def _believed(verdict: Verdict | None) -> str:
    return "unknown" if verdict is None or verdict.belief is None else verdict.belief.key
