"""What one case of a number means to its others: a certification to its certificate, two tracks to each other. Pure.

`weigh` opens cases because of what is seen, `decide` moves them; here cases are opened and moved because of each other
and because somebody asked for one. All of it happens within the decision of one message.
"""

from msgspec import structs

from numtrustd.actors import incidents, tracks
from numtrustd.actors.decision import Decision
from numtrustd.actors.messages import Begin, RefusedError, SetIdentity, Told
from numtrustd.actors.weigh import Weigher
from numtrustd.domain import propagation
from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.case import Case
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.identity import joined
from numtrustd.domain.leaving import Scope
from numtrustd.domain.owned import Watch
from numtrustd.domain.prevention import Alarm, complaints_level
from numtrustd.domain.workflows import certificate
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.incident import IncidentData, Progress, Trigger
from numtrustd.domain.workflows.request import CertificationData
from numtrustd.events import CasesJoined, IdentityWanted

MOST_ROUNDS = 8
"""How often what one case wants of another is followed; more would be two that order each other about."""

DAYS_KEPT = 90
"""Days of complaints that a number remembers to have taken for an emergency, the latest."""

BY_ORDER = {"certification": FindingKind.DISPLAY_MISSING, "tag": FindingKind.TAG_WRONG}
"""What a case that somebody asked for is taken to be about."""


class Kin(Weigher):
    """Lets the cases of one number act on each other before a decision is finished."""

    def finish(self) -> Decision:
        """Everything decided, what it means to the number's other cases included."""
        told: dict[str, int] = {}
        answer = self.made.told  # who gave an order hears of his own case, not of those that it moved
        for _ in range(MOST_ROUNDS):
            wanted, self.made.wanted = self.made.wanted, []
            for kind, platform, why in wanted:
                self._want(kind, platform, why)
            if self.made.chase:
                self.made.chase = False
                self._chase()
            moved = [c for c in self.made.cases.values() if told.get(c.id) != c.snapshot.seq]
            for case in moved:
                told[case.id] = case.snapshot.seq
                self._refer(case)
                if case.closed_at == self.now:
                    self._ended(case)
            if any(case.workflow in incidents.WATCHED for case in moved):
                self._progress()
            if not moved and not self.made.wanted and not self.made.chase:
                self.made.told = answer
                return super().finish()
        raise RuntimeError(f"the cases of {self.owned.number} set each other going for ever: {sorted(told)}")

    def _want(self, kind: str, platform: str, why: str) -> None:
        """Another case, or what was seen, wants a case to be opened; it may be under way already."""
        running = self._newest_track(platform, kind)
        if running is not None and running.open:
            return
        if kind == "incident":
            if self.owned.watch is Watch.YES:
                trigger, _, fact = why.partition(": ")
                data = IncidentData(finding=trigger, facts=(fact,), trigger=Trigger(trigger), since=self.now)
                self._open(kind, platform, data, why)
                for ref in list(incidents.watched(self.context, self.record)):
                    if ref.state == "waiting":  # for what does not hold in an emergency
                        self.book.happen(ref.id, a.Advance("an emergency"))
                    elif ref.state in ("at_person", "gathering"):  # due by its clock from now on
                        self.book.happen(ref.id, a.EvidenceChanged())
        elif self.record.leaving is None:
            self._renew(kind, platform, why)

    # -------------------------------------------------------------------------------------------------- emergencies

    def _progress(self) -> None:
        """Cases have moved: the emergency that they belong to may have come further."""
        if (identity := incidents.running(self.record)) is not None:
            self.book.happen(identity, Progress())

    def _chase(self) -> None:
        """Every request that is still reviewed is chased now."""
        for ref in list(incidents.watched(self.context, self.record)):
            if ref.state == "in_review":
                self.book.happen(ref.id, a.Advance("24 h of the emergency are over"))

    def complained(self, day: DayCalls) -> None:
        """People complained; so many in one day are an emergency, once for each day, or a part of the one that runs."""
        if "complaints" not in self.context.incident.open_on or self.owned.watch is not Watch.YES:
            return
        if complaints_level(day, self.context.prevention) < Alarm.EMERGENCY or day.day in self.record.complained:
            return
        taken = tuple(sorted({*self.record.complained, day.day}))[-DAYS_KEPT:]
        self.record = structs.replace(self.record, complained=taken)
        self.made.durable = True
        newest = self._newest_track("", "incident")
        told = () if newest is None or not isinstance(newest.data, IncidentData) else newest.data.facts
        # Records of before `complained` was kept say it in the emergency's facts only.
        if not any(fact.endswith(f" on {day.day}") for fact in told):
            self.made.wanted.append(("incident", "", f"complaints: {day.complaints} complaints on {day.day}"))

    # ------------------------------------------------------------------------------------------------ certificates

    def _renew(self, kind: str, platform: str, why: str) -> None:
        """A certificate is to be renewed."""
        found = FindingKind.DISPLAY_MISSING
        data = tracks.identity_data(kind, found, platform, self.record, self.owned.wanted, self.now)
        assert isinstance(data, CertificationData)
        self._open(kind, platform, structs.replace(data, facts=(), renewal=True, ordered=True), why)

    def _ended(self, case: Case) -> None:
        if case.workflow == "certification":
            self._certified(case)
        elif case.workflow in ("appeal", "correction"):
            self._joined(case)
        if case.workflow == "appeal":
            self._free(case)

    def _free(self, ended: Case) -> None:
        """An appeal has ended: those that let it go first need not wait until they ask again."""
        for ref in list(self.record.cases.values()):
            if ref.state == "waiting" and ref.platform != ended.platform:
                self.book.happen(ref.id, a.EvidenceChanged())

    def _certified(self, case: Case) -> None:
        kept = self._newest_track(case.platform, "certificate")
        if case.outcome != "cleared":
            if kept is not None and kept.open:
                why = case.moves[-1].reason if case.moves else case.outcome
                self.book.happen(kept.id, certificate.RenewalEnded(why))
        elif kept is not None and kept.open:
            self.book.happen(kept.id, certificate.Renewed())
        else:
            data = certificate.CertificateData(
                finding=case.data.finding,
                words=case.data.words,
                granted_at=self.now,
                displays=case.data.displays,
            )
            self._open("certificate", case.platform, data, f"{case.id} has ended well")

    def _joined(self, case: Case) -> None:
        """The double track: a label and a wrong name at the same platform, each on its own way, end together."""
        other = (
            self._newest_track(case.platform, "correction")
            if case.workflow == "appeal"
            else self._newest_case(case.platform)
        )
        if other is None or other.open or (other.closed_at or 0.0) < case.opened_at or other.opened_at > self.now:
            return
        if case.closed_at == other.closed_at and case.id > other.id:
            return  # both have just ended: said once
        event = CasesJoined(number=case.number, platform=case.platform, joined=tuple(sorted((case.id, other.id))))
        self.made.say(event, self.now)

    # ------------------------------------------------------------------------------------------------------ orders

    def begin(self, message: Begin) -> None:
        """Somebody asks for a certification or a tag. Raises `RefusedError` where that cannot be."""
        kind, platform = message.kind, message.platform
        if self.owned.watch is not Watch.YES:
            raise RefusedError(
                f"{self.owned.number} is on {self.owned.watch}: nothing is asked for it; add it to the numbers first"
            )
        leaving = self.record.leaving
        if leaving is Scope.ALL or (leaving is not None and not message.held):
            remedy = "wait until its cancellation is over, or withdraw that one"
            raise RefusedError(f"what {self.owned.number} shows is being cancelled: {remedy}")
        if message.held:
            self._hold(message)
            return
        if self.owned.wanted is None:
            remedy = "say so in [[identity]] or with `numtrustctl set-identity`"
            raise RefusedError(f"nothing is wanted to be shown of {self.owned.number}: {remedy}")
        at = propagation.asked_at(self.context.platforms, platform, kind)
        if at is None:
            raise RefusedError(f"nobody knows how {platform} is asked for a {kind}: give its pack a [{kind}] table")
        running = self._newest_track(at, kind)
        if running is not None and running.open:
            raise RefusedError(f"{running.id} is under way already: `numtrustctl case {running.id}` shows it")
        data = tracks.identity_data(kind, BY_ORDER[kind], platform, self.record, self.owned.wanted, self.now)
        displays = () if at == platform else (platform,)
        data = structs.replace(data, facts=(), ordered=True, displays=displays)
        case = self._open(kind, at, data, f"asked for by {message.by}")
        self.made.told = Told(case.id, "", case.snapshot.state)

    def _hold(self, message: Begin) -> None:
        """It is certified already: keep it."""
        kept = self._newest_track(message.platform, "certificate")
        if kept is not None and kept.open:
            self.book.happen(kept.id, certificate.Renewed(message.expires), message.by)
        else:
            data = certificate.CertificateData(granted_at=self.now, expires=message.expires)
            kept = self._open("certificate", message.platform, data, f"held already, as {message.by} says")
        case = self.book.get(kept.id) or kept
        self.made.told = Told(case.id, kept.snapshot.state, case.snapshot.state)

    def set_identity(self, message: SetIdentity) -> None:
        """Somebody wants something else to be shown of the number."""
        told = joined(self.record.wanted, message.wanted)
        self.record = structs.replace(self.record, wanted=told)
        self.made.durable = True
        names = {"name": message.wanted.names, "logo": message.wanted.logos, "tag": message.wanted.tags}
        said = {f"wanted_{what}": each[-1].text for what, each in names.items() if each}
        self.made.say(IdentityWanted(number=self.owned.number, by=message.by, **said), self.now, message.by)
        self.configured = structs.replace(self.configured, wanted=joined(self.configured.wanted, message.wanted))
        self.owned = structs.replace(self.owned, wanted=self.configured.wanted)
        for platform in self.record.verdicts:
            if platform in self.context.platforms:
                self._judges.pop(platform, None)
                self._display(platform, None)
        self.made.told = Told("", "", "")
