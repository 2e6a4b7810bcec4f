"""What may stand in `numtrustd.toml`: one frozen struct per table, one field per key, every one with a
default.

These are the promises to operators; `config/numtrustd.toml` shows each with its meaning. Policies that
the domain already describes (`[verdict]`, `[cadence]`) are the domain's own structs. After loading,
every duration is in seconds.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from numtrustd.domain.benefit import BenefitPolicy
from numtrustd.domain.budget import Budget
from numtrustd.domain.cadence import CadencePolicy, Peak
from numtrustd.domain.cause import CausePolicy
from numtrustd.domain.device_test import HandPolicy
from numtrustd.domain.evidence import PaperPolicy
from numtrustd.domain.label import Category, Severity
from numtrustd.domain.leaving import LeavingPolicy
from numtrustd.domain.ledger import LedgerPolicy
from numtrustd.domain.maintenance import MaintenanceRules
from numtrustd.domain.owned import Watch
from numtrustd.domain.prevention import PreventionPolicy
from numtrustd.domain.season import SeasonPolicy
from numtrustd.domain.trust import Controls, TrustPolicy
from numtrustd.domain.verdict import VerdictPolicy
from numtrustd.domain.window import Window
from numtrustd.domain.wording_rules import WordingRules
from numtrustd.domain.workflows.inspection import InspectionPolicy

Duration = Annotated[float, Meta(ge=0, extra={"unit": "duration"})]
"""Seconds; in a file "90s", "15m", "6h", "3d", "1w", "1d12h" or a number of seconds."""
Interval = Annotated[float, Meta(gt=0, extra={"unit": "duration"})]
"""A duration that cannot be zero."""
Size = Annotated[int, Meta(gt=0, extra={"unit": "bytes"})]
"""Bytes; in a file "1 GiB", "256 KiB" or a number of bytes."""
Mode = Annotated[int, Meta(extra={"unit": "mode"})]
"""File permissions; in a file "0660"."""
Ratio = Annotated[float, Meta(ge=0, le=1, extra={"unit": "number"})]
Count = Annotated[int, Meta(ge=1)]
WorkingDays = Annotated[int, Meta(ge=0, le=366)]
MOST_AT_ONCE = 1_000
"""Requests of one source at a time; each has a task of its own, waiting or not."""
Text = Annotated[str, Meta(min_length=1)]
Approval = Literal["automatic", "ask"]


class _Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A TOML table."""


class DaemonTable(_Table, frozen=True):
    """[daemon]. An empty `state_dir` is $STATE_DIRECTORY, else /var/lib/numtrustd."""

    state_dir: str = ""
    map_size: Size = 1 << 30
    heartbeat: Interval = 300.0


class NumbersTable(_Table, frozen=True):
    """[numbers]: the files that hold the numbers, relative to the settings file."""

    files: tuple[Text, ...] = ("numbers.csv",)


class NumberTable(_Table, frozen=True):
    """[[number]]: one number in TOML instead of a CSV row."""

    number: Text
    name: str = ""
    group: str = ""
    accept: tuple[Category, ...] = ()
    note: str = ""
    watch: Watch = Watch.YES
    cadence: Interval | None = None
    since: date | None = None
    wanted_name: str = ""
    wanted_logo: str = ""
    wanted_tag: str = ""


class IdentityTable(_Table, frozen=True):
    """[[identity]]: what is to be shown of one number, of a group, or (neither given) of all numbers, from the day
    `since` on. `logo` is the SHA-256 of the picture or its beginning, `until` the last day of the tag. A text that is
    empty says that none is wanted from then on.
    """

    number: str = ""
    group: str = ""
    name: str | None = None
    logo: str | None = None
    tag: str | None = None
    since: date | None = None
    until: date | None = None


class SeverityTable(_Table, frozen=True):
    """[vocabulary.severity]: how bad a label is that is not right for its number."""

    fraud: Severity | None = None
    nuisance: Severity | None = None
    marketing: Severity | None = None
    finance: Severity | None = None
    agent: Severity | None = None
    service: Severity | None = None
    other: Severity | None = None


class VocabularyTable(_Table, frozen=True):
    """[vocabulary]: label words of all platforms; those of one stand in [platform.ID.words]."""

    words: dict[str, Category] = {}
    severity: SeverityTable = SeverityTable()


class PlatformsTable(_Table, frozen=True):
    """[platforms]: directories with the operator's packs, and which sources to use beyond the packs' own
    defaults.
    """

    dirs: tuple[Text, ...] = ("platforms.d",)
    shipped: bool = True
    enable: tuple[Text, ...] = ()
    disable: tuple[Text, ...] = ()


class LimitsTable(_Table, frozen=True):
    """Bounds of one fetch, in real seconds and bytes; what is not given stays as the pack has it."""

    deadline: Interval | None = None
    connect: Interval | None = None
    max_bytes: Size | None = None
    max_header_bytes: Size | None = None
    max_chunks: Count | None = None


class PlatformAppealTable(_Table, frozen=True):
    """[platform.ID.appeal]: what differs from the pack's facts and from [appeal]. `agent` is through whom it goes."""

    approval: Approval | None = None
    max_attempts: Count | None = None
    review_days: WorkingDays | None = None
    cooldown: Duration | None = None
    propagation: Duration | None = None
    propagation_days: WorkingDays | None = None
    base_url: str = ""
    interval: Interval | None = None
    settle: Duration | None = None
    via: Text | None = None
    agent: str = ""
    limits: LimitsTable = LimitsTable()


class PlatformVerdictTable(_Table, frozen=True):
    """[platform.ID.verdict]: what differs from [verdict]."""

    quorum: Count | None = None
    confirm: Count | None = None
    clear: Count | None = None
    inconsistent_after: Interval | None = None


class PlatformWayTable(_Table, frozen=True):
    """[platform.ID.correction], .tag, .certification: what differs from the pack's facts."""

    review_days: WorkingDays | None = None
    cooldown: Duration | None = None
    propagation: Duration | None = None
    propagation_days: WorkingDays | None = None


class PlatformRemovalTable(PlatformWayTable, frozen=True):
    """[platform.ID.removal]: of a platform that takes nothing in, `expires` is when what it shows is gone by itself."""

    expires: tuple[Interval, Interval] | None = None


class PlatformTable(_Table, frozen=True):
    """[platform.ID]. `words` are label words of this platform alone, `shown_from` the count of marks from which it
    displays a label.
    """

    enabled: bool = True
    importance: Ratio | None = None
    cadence: Interval | None = None
    vars: dict[str, str] = {}
    shown_from: Count | None = None
    words: dict[str, Category] = {}
    verdict: PlatformVerdictTable = PlatformVerdictTable()
    appeal: PlatformAppealTable = PlatformAppealTable()
    correction: PlatformWayTable = PlatformWayTable()
    tag: PlatformWayTable = PlatformWayTable()
    certification: PlatformWayTable = PlatformWayTable()
    removal: PlatformRemovalTable = PlatformRemovalTable()


class BudgetTable(_Table, frozen=True):
    """[source."ID".budget]: looks and yuan; what is not given stays as the pack has it."""

    per_minute: Count | None = None
    per_day: Count | None = None
    per_month: Count | None = None
    price: Annotated[float, Meta(ge=0, extra={"unit": "number"})] | None = None
    money: Annotated[float, Meta(ge=0, extra={"unit": "number"})] | None = None
    zone: Text | None = None


class SourceTable(_Table, frozen=True):
    """[source."ID"]."""

    enabled: bool | None = None
    base_url: str = ""
    interval: Interval | None = None
    concurrency: Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)] | None = None
    cadence: Interval | None = None
    hours: str | None = None
    when: Literal["always", "doubt"] | None = None
    via: Text | None = None
    limits: LimitsTable = LimitsTable()
    controls: Controls = Controls()
    budget: BudgetTable = BudgetTable()


class AppealTable(_Table, frozen=True):
    """[appeal]: the policy of all appeals. `purpose` is what the numbers are used for, as the letters tell
    it. `feeder_wait` is how long an appeal lets that at a platform which feeds this one go first,
    `core_wait` how long one at a platform that few people see lets those at core platforms.
    """

    approval: Approval = "automatic"
    max_attempts: Count = 3
    person_deadline: Interval = 172_800.0
    evidence_deadline: Interval = 432_000.0
    watch_period: Duration = 2_592_000.0
    verify_timeout: Interval = 864_000.0
    poll_interval: Interval = 21_600.0
    remind_interval: Interval = 86_400.0
    feeder_wait: Duration = 604_800.0
    core_wait: Duration = 172_800.0
    expedite_within: Interval = 43_200.0
    purpose: str = ""


class CertificationTable(_Table, frozen=True):
    """[certification]: whether a name that is missing is asked for, and how certificates are kept. What the provider's
    pack or a person says of one certificate counts more.
    """

    open: Literal["by_order", "ask", "automatic"] = "by_order"
    valid_for: Interval = 31_536_000.0
    renew_before: Duration = 2_592_000.0
    technical: Interval = 432_000.0
    policy_days: Annotated[int, Meta(ge=1, le=366)] = 8
    papers: Interval = 604_800.0
    complaints: Interval = 172_800.0


class IncidentTable(_Table, frozen=True):
    """[incident]: what makes an emergency, and its marks, counted from then on real hours."""

    open_on: tuple[Literal["label", "complaints", "name"], ...] = ("label", "complaints", "name")
    submit_within: Interval = 7_200.0
    follow_up_within: Interval = 86_400.0
    resolve_within: Interval = 172_800.0
    due_before: Interval = 1_800.0


class GroupTable(_Table, frozen=True):
    """[[group]]: what the numbers of one group share.

    `accept` are the label categories that are right for them (a courier's number may be labelled `service`);
    `owner` is the company in whose name their appeals are written, if it is not [company].
    """

    name: Text
    cadence: Interval | None = None
    hours: str = ""
    accept: tuple[Category, ...] = ()
    approval: Approval | None = None
    owner: str = ""


class EvidenceTable(_Table, frozen=True):
    """[[evidence]]: a paper on file. `digest` is the hex SHA-256 that its file must have, `agent` who signed it (of an
    NDA). It serves these platforms, kinds of cases and numbers; all, where none are named.
    """

    kind: Text
    path: Text
    expires: date | None = None
    digest: str = ""
    agent: str = ""
    platforms: tuple[Text, ...] = ()
    cases: tuple[Text, ...] = ()
    numbers: tuple[Text, ...] = ()


class LettersTable(_Table, frozen=True):
    """[letters]: the directory with the operator's own letters, one .txt file for each kind."""

    dir: str = ""


class CompanyTable(_Table, frozen=True):
    """[company]: who appeals."""

    name: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""
    licence_number: str = ""


class ControlTable(_Table, frozen=True):
    """[control]: the two sockets. Empty paths are status.sock and control.sock in $RUNTIME_DIRECTORY,
    else in /run/numtrustd."""

    status_socket: str = ""
    control_socket: str = ""
    status_mode: Mode = 0o666
    control_mode: Mode = 0o660
    group: str = "numtrustd-ctl"


class LogTable(_Table, frozen=True):
    """[log]."""

    level: Literal["debug", "info", "warn", "error"] = "info"
    format: Literal["json", "console"] = "json"
    mask_numbers: bool = False


class WayTable(_Table, frozen=True):
    """[http.ways.NAME]: a way out, through a proxy, from an address of this machine, or both.

    `proxy` is scheme://host:port, where the scheme is http, https or socks5. `password` is a secret's placeholder,
    `user` may be one.
    """

    proxy: str = ""
    user: str = ""
    password: str = ""
    source_address: str = ""


class HttpTable(_Table, frozen=True):
    """[http]: every fetch, unless a pack or an override says otherwise. `ca_file` is trusted beside the system's
    authorities; `via` is the name of a way out, or "direct".
    """

    ca_file: str = ""
    deadline: Interval | None = None
    max_bytes: Size | None = None
    via: Text = "direct"
    ways: dict[str, WayTable] = {}


class CredentialsTable(_Table, frozen=True):
    """[credentials]: where secrets lie, one file each, named like the secret. Empty is
    $CREDENTIALS_DIRECTORY, else `credentials` beside the settings.

    `files` names single files elsewhere. The secrets themselves never stand in a settings file.
    """

    dir: str = ""
    files: dict[str, Text] = {}


class ClockTable(_Table, frozen=True):
    """[clock]: for rehearsals only. The wall clock starts at `origin` and runs `speed` times as fast as
    real time.
    """

    speed: Annotated[float, Meta(gt=0, le=1e6, extra={"unit": "number"})] = 1.0
    origin: Annotated[float, Meta(extra={"unit": "instant"})] | None = None


class Settings(_Table, frozen=True):
    """The whole file with its drop-ins."""

    daemon: DaemonTable = DaemonTable()
    numbers: NumbersTable = NumbersTable()
    number: tuple[NumberTable, ...] = ()
    platforms: PlatformsTable = PlatformsTable()
    platform: dict[str, PlatformTable] = {}
    source: dict[str, SourceTable] = {}
    cadence: CadencePolicy = CadencePolicy()
    verdict: VerdictPolicy = VerdictPolicy()
    trust: TrustPolicy = TrustPolicy()
    cause: CausePolicy = CausePolicy()
    device_tests: HandPolicy = HandPolicy()
    inspection: InspectionPolicy = InspectionPolicy()
    appeal: AppealTable = AppealTable()
    certification: CertificationTable = CertificationTable()
    incident: IncidentTable = IncidentTable()
    cancellation: LeavingPolicy = LeavingPolicy()
    group: tuple[GroupTable, ...] = ()
    identity: tuple[IdentityTable, ...] = ()
    vocabulary: VocabularyTable = VocabularyTable()
    evidence: tuple[EvidenceTable, ...] = ()
    papers: PaperPolicy = PaperPolicy()
    ledger: LedgerPolicy = LedgerPolicy()
    window: tuple[Window, ...] = ()
    calendar: SeasonPolicy = SeasonPolicy()
    maintenance: MaintenanceRules = MaintenanceRules()
    wording: WordingRules = WordingRules()
    prevention: PreventionPolicy = PreventionPolicy()
    benefit: BenefitPolicy = BenefitPolicy()
    company: CompanyTable = CompanyTable()
    letters: LettersTable = LettersTable()
    control: ControlTable = ControlTable()
    log: LogTable = LogTable()
    http: HttpTable = HttpTable()
    credentials: CredentialsTable = CredentialsTable()
    clock: ClockTable = ClockTable()

    def approval(self, platform: str, group: str) -> Approval:
        """Whether an appeal waits for `approve`. Platform and group each may say; "ask" wins, [appeal] is
        the default.
        """
        said = {
            self.platform[platform].appeal.approval if platform in self.platform else None,
            next((g.approval for g in self.group if g.name == group), None),
        }
        if "ask" in said:
            return "ask"
        return "automatic" if "automatic" in said else self.appeal.approval

    def source_via(self, source: str) -> str:
        """The name of the way out that a source's requests take."""
        own = self.source[source].via if source in self.source else None
        return self.http.via if own is None else own

    def channel_via(self, platform: str) -> str:
        """The name of the way out that the requests to a platform's appeal API take."""
        own = self.platform[platform].appeal.via if platform in self.platform else None
        return self.http.via if own is None else own

    def max_attempts(self, platform: str) -> int:
        """How many times an appeal to this platform is submitted before a person decides."""
        own = self.platform[platform].appeal.max_attempts if platform in self.platform else None
        return self.appeal.max_attempts if own is None else own


UNITS: Mapping[tuple[type, str], str] = {
    (CadencePolicy, "jitter"): "number",
    (CadencePolicy, "new_number_days"): "number",
    (CadencePolicy, "quiet_factor"): "number",
    (Peak, "factor"): "number",
    (TrustPolicy, "turn_share"): "number",
    (CausePolicy, "calls_a_day"): "number",
    (CausePolicy, "short_share"): "number",
    (CausePolicy, "off_hours_share"): "number",
    (CausePolicy, "rise"): "number",
    (Budget, "price"): "number",
    (Budget, "money"): "number",
}
"""The floats of the domain's policies that are not durations."""
