"""What configuration says to the actors: one frozen value, replaced as a whole on reload.

`daemon` builds it from the settings; nothing here changes while it is in use. Of run-time state it holds one thing
only, how the papers on file are, for which `papers` replaces it, too.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from msgspec import Struct

from numtrustd.channels.spec import Channel, ManualChannel
from numtrustd.domain.benefit import BenefitPolicy
from numtrustd.domain.cadence import CadencePolicy
from numtrustd.domain.cause import CausePolicy
from numtrustd.domain.device_test import HandPolicy
from numtrustd.domain.display import What
from numtrustd.domain.evidence import Document, PaperPolicy
from numtrustd.domain.flaw import Eye
from numtrustd.domain.label import Category, Severity, by_platform
from numtrustd.domain.leaving import LeavingPolicy
from numtrustd.domain.ledger import LedgerPolicy
from numtrustd.domain.maintenance import MaintenanceRules
from numtrustd.domain.number import NumberKind
from numtrustd.domain.owned import Owned
from numtrustd.domain.platform import Platform
from numtrustd.domain.prevention import PreventionPolicy
from numtrustd.domain.season import SeasonPolicy
from numtrustd.domain.trust import TrustPolicy
from numtrustd.domain.verdict import VerdictPolicy
from numtrustd.domain.window import Window
from numtrustd.domain.wording import Owner
from numtrustd.domain.wording_rules import WordingRules
from numtrustd.domain.workflows.inspection import InspectionPolicy
from numtrustd.probes.spec import SayCertified, Source
from numtrustd.wire.letter import Letter

CREDIT_APPEAL = "按企业信用信息申诉提交：说明不再使用该号码的认证信息，请求删除"
"""How people ask a platform that takes only appeals to delete what it shows of a company."""


class AppealRules(Struct, frozen=True):
    """The operator's policy of all appeals; times in seconds."""

    max_attempts: int = 3
    person_deadline: float = 172_800.0
    evidence_deadline: float = 432_000.0
    watch_period: float = 2_592_000.0
    verify_timeout: float = 864_000.0
    poll_interval: float = 21_600.0
    remind_interval: float = 86_400.0
    feeder_wait: float = 604_800.0
    core_wait: float = 172_800.0
    expedite_within: float = 43_200.0
    purpose: str = ""


class CertificationRules(Struct, frozen=True):
    """`[certification]`: how names are certified and kept so. Times in seconds, `policy_days` in working days.

    `open` says whether a name that is missing is asked for: only by order, after an approval, or by itself. A
    certificate is valid for `valid_for` where nobody said otherwise and is renewed `renew_before` its end. `technical`,
    `policy_days`, `papers` and `complaints` are how long a pause of each cause usually takes.
    """

    open: Literal["by_order", "ask", "automatic"] = "by_order"
    valid_for: float = 31_536_000.0
    renew_before: float = 2_592_000.0
    technical: float = 432_000.0
    policy_days: int = 8
    papers: float = 604_800.0
    complaints: float = 172_800.0


class IncidentRules(Struct, frozen=True):
    """`[incident]`: what makes an emergency, and its marks in seconds from then. What people have to hand in is due so
    long before the first mark that there is time to remind them."""

    open_on: tuple[str, ...] = ("label", "complaints", "name")
    submit_within: float = 7_200.0
    follow_up_within: float = 86_400.0
    resolve_within: float = 172_800.0
    due_before: float = 1_800.0


class Group(Struct, frozen=True):
    """What the numbers of one group share; `None` is "as everywhere else"."""

    name: str
    cadence: float | None = None
    hours: str = ""
    ask_approval: bool | None = None
    owner: str = ""


class Context(Struct, frozen=True, dict=True):
    """Everything that decisions need beside the state. `store` is the database's identity, part of every reference.

    `channels` are those of appeals by platform, `manuals` those of other requests by platform and kind.
    `idle` are the sources that are switched off: nothing decides by them, but people ask for them. `vias` are the
    names of the ways out of those sources that do not go out directly. `verdicts` are the policies of the platforms
    that have one of their own. `vocabulary` are the operator's words by platform, "" standing for all of them. `agents`
    are those through whom appeals go, by platform.
    """

    store: str
    numbers: Mapping[str, Owned]
    platforms: Mapping[str, Platform]
    sources: Mapping[str, Source]
    channels: Mapping[str, Channel]
    manuals: Mapping[tuple[str, str], ManualChannel] = {}
    variables: Mapping[str, Mapping[str, str]] = {}
    verdict: VerdictPolicy = VerdictPolicy()
    cadence: CadencePolicy = CadencePolicy()
    trust: TrustPolicy = TrustPolicy()
    hands: HandPolicy = HandPolicy()
    appeal: AppealRules = AppealRules()
    certification: CertificationRules = CertificationRules()
    incident: IncidentRules = IncidentRules()
    inspection: InspectionPolicy = InspectionPolicy()
    cause: CausePolicy = CausePolicy()
    leaving: LeavingPolicy = LeavingPolicy()
    attempts: Mapping[str, int] = {}
    cadences: Mapping[str, float] = {}
    ask_approval: frozenset[str] = frozenset()
    ask_by_default: bool = False
    groups: Mapping[str, Group] = {}
    documents: tuple[Document, ...] = ()
    papers: PaperPolicy = PaperPolicy()
    ledger: LedgerPolicy = LedgerPolicy()
    windows: tuple[Window, ...] = ()
    season: SeasonPolicy = SeasonPolicy()
    maintenance: MaintenanceRules = MaintenanceRules()
    wording: WordingRules = WordingRules()
    prevention: PreventionPolicy = PreventionPolicy()
    benefit: BenefitPolicy = BenefitPolicy()
    letters: Mapping[str, Letter] = {}
    agents: Mapping[str, str] = {}
    owner: Owner = Owner()
    idle: Mapping[str, Source] = {}
    vias: Mapping[str, str] = {}
    severity: Mapping[Category, Severity] = {}
    verdicts: Mapping[str, VerdictPolicy] = {}
    vocabulary: Mapping[str, Mapping[str, Category]] = {}

    @cached_property
    def _by_kind(self) -> dict[NumberKind, tuple[Source, ...]]:
        return {kind: tuple(s for s in self.sources.values() if kind in s.kinds) for kind in NumberKind}

    @cached_property
    def _views(self) -> dict[tuple[NumberKind, str], tuple[str, ...]]:
        return {
            (kind, platform): tuple(
                f"{source.id}/{reading.surface}"
                for source in self._by_kind[kind]
                for reading in source.readings
                if reading.platform == platform
            )
            for kind in NumberKind
            for platform in self.platforms
        }

    @cached_property
    def _witnesses(self) -> frozenset[str]:
        """The sources that can say that there is a label, and never that there is none."""
        return frozenset(source.id for source in self.sources.values() if not source.clears)

    @cached_property
    def doubtful(self) -> bool:
        """Whether some source in use is asked only in doubt."""
        return any(source.when == "doubt" for source in self.sources.values())

    @cached_property
    def _lone(self) -> frozenset[tuple[NumberKind, str]]:
        """(kind of number, source): of one of the source's platforms no source that is always asked sees anything."""
        steady = {
            kind: {r.platform for s in each if s.when == "always" and s.kind != "report" for r in s.readings}
            for kind, each in self._by_kind.items()
        }
        return frozenset(
            (kind, source.id)
            for kind, each in self._by_kind.items()
            for source in each
            if any(reading.platform not in steady[kind] for reading in source.readings)
        )

    @cached_property
    def words(self) -> dict[str, dict[str, Category]]:
        """Each platform's own label words: its pack's, over them the operator's for all, over these his for it."""
        return by_platform({p.id: p.words for p in self.platforms.values()}, self.vocabulary)

    @cached_property
    def _eyes(self) -> dict[str, dict[str, Eye]]:
        """Per platform and view: the platform's display rules, and what the source can tell: what its rules read, or
        all of it where a person or a program says what is shown."""
        eyes: dict[str, dict[str, Eye]] = {}
        for source in self.sources.values():
            tells = frozenset(
                what for what in What for rule in source.rules if getattr(rule.then, what, None) is not None
            )
            certifies = any(isinstance(rule.then, SayCertified) for rule in source.rules)
            if source.kind in ("command", "report"):
                tells, certifies = frozenset(What), True
            for reading in source.readings:
                if (platform := self.platforms.get(reading.platform)) is not None:
                    view = f"{source.id}/{reading.surface}"
                    eyes.setdefault(platform.id, {})[view] = Eye(platform.display, tells, certifies)
        return eyes

    def channel(self, platform: str, kind: str) -> Channel | None:
        """How a request of this kind is handed in there; `None` where nobody knows."""
        if kind == "appeal":
            return self.channels.get(platform)
        told = self.manuals.get((platform, kind))
        known = self.platforms.get(platform)
        if told is not None or known is None:
            return told
        if known.certification is not None:
            return ManualChannel(known.certification.address, steps=(known.certification.route,))
        if kind == "removal" and known.appeal is not None and known.appeal.address:
            return ManualChannel(known.appeal.address, steps=(CREDIT_APPEAL,))
        return None

    @cached_property
    def official_hosts(self) -> dict[str, tuple[str, ...]]:
        """The hosts that each platform itself uses."""
        return {platform.id: platform.official_hosts for platform in self.platforms.values()}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All numbers in the order in which lists give them."""
        return tuple(sorted(self.numbers))

    @cached_property
    def visible(self) -> dict[NumberKind, tuple[str, ...]]:
        """The platforms that some source sees, for each kind of number."""
        return {kind: tuple(p for p in self.platforms if self._views[kind, p]) for kind in NumberKind}

    @cached_property
    def seen_numbers(self) -> dict[str, int]:
        """How many numbers each platform can be seen for."""
        kinds = Counter(owned.kind for owned in self.numbers.values())
        return {p: sum(n for kind, n in kinds.items() if p in self.visible[kind]) for p in self.platforms}

    @cached_property
    def platforms_seen(self) -> int:
        """How many platforms some source in use looks at for one of the numbers; the others are only known."""
        return sum(1 for numbers in self.seen_numbers.values() if numbers)

    def sources_for(self, owned: Owned) -> tuple[Source, ...]:
        """The sources that can look at this number."""
        return self._by_kind[owned.kind]

    def lone(self, owned: Owned, source: Source) -> bool:
        """Whether nobody but this source, and others that are asked only in doubt, looks by himself at one of its
        platforms for this number."""
        return (owned.kind, source.id) in self._lone

    def eyes(self, platform: str) -> Mapping[str, Eye]:
        """What is known of each view of a platform that some source in use has."""
        return self._eyes.get(platform, {})

    def verdict_of(self, platform: str) -> VerdictPolicy:
        """How a belief of this platform moves."""
        return self.verdicts.get(platform, self.verdict)

    def readers(self, owned: Owned, platform: str) -> tuple[str, ...]:
        """The sources that look at this number on this platform, those included that can only say "marked"."""
        each = self.sources_for(owned)
        return tuple(source.id for source in each if any(r.platform == platform for r in source.readings))

    def shown_from(self, platform: str, surface: str) -> int | None:
        """The count of marks from which a label is displayed; `None` where nobody knows one, and where the surface is
        a handset's own screen: what a person saw there is displayed, whatever is said of a threshold. Hearsay (grade
        D) hides nothing: a real label would be taken for a harmless one."""
        known = self.platforms.get(platform)
        if (
            known is None
            or known.shown_from_grade == "D"
            or (known.device_test is not None and surface in known.device_test.surfaces)
        ):
            return None
        return known.shown_from

    def views(self, owned: Owned, platform: str) -> tuple[str, ...]:
        """Every source/surface that can show this number to be without a label on this platform."""
        seen = self._views.get((owned.kind, platform), ())
        return tuple(view for view in seen if view.partition("/")[0] not in self._witnesses)

    def seen_views(self, owned: Owned, platform: str) -> tuple[str, ...]:
        """Every source/surface that looks at this number there, those included that can only say "marked"."""
        return self._views.get((owned.kind, platform), ())

    def country_of(self, platform: str) -> str:
        """The country in whose working days a platform's reviewers count."""
        known = self.platforms.get(platform)
        return "CN" if known is None or known.appeal is None else known.appeal.country

    def approval(self, owned: Owned, platform: str) -> bool:
        """Whether an appeal waits for `approve`: platform and group may each say, "ask" wins."""
        group = self.groups.get(owned.group)
        if platform in self.ask_approval or (group is not None and group.ask_approval):
            return True
        return self.ask_by_default and not (group is not None and group.ask_approval is False)

    def cadence_of(self, owned: Owned, source: Source) -> float:
        """Seconds between looks when nothing is going on: as the number says, else group, platform, source."""
        if owned.cadence is not None:
            return owned.cadence
        group = self.groups.get(owned.group)
        if group is not None and group.cadence is not None:
            return group.cadence
        at = [self.cadences[r.platform] for r in source.readings if r.platform in self.cadences]
        return min(at, default=source.cadence)

    def hours_of(self, owned: Owned, source: Source) -> tuple[str, ...]:
        """The hours in which alone this number is looked at through this source, beside those of all looks."""
        group = self.groups.get(owned.group)
        return source.hours, "" if group is None else group.hours

    def hours_said(self, owned: Owned, source: Source) -> str:
        """All of these hours in words; empty where it is looked at at any hour."""
        within = [text for text in (self.cadence.hours, *self.hours_of(owned, source)) if text]
        return f"only at {' and '.join(dict.fromkeys(within))} ({self.cadence.zone})" if within else ""
