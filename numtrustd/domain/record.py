"""What is stored of one number beside its cases: verdicts, findings, and when each source last looked."""

from msgspec import Struct

from numtrustd.domain.finding import Finding
from numtrustd.domain.flaw import Flaw
from numtrustd.domain.identity import Wanted
from numtrustd.domain.leaving import Released, Scope
from numtrustd.domain.observation import Instant
from numtrustd.domain.report import Report
from numtrustd.domain.verdict import Verdict


class LookState(Struct, frozen=True, gc=False, omit_defaults=True):
    """One source's last look at this number; `failures` counts the looks in a row that saw nothing at all.

    `missed`: none was made at `at`, though one was due; `made_at` is when the last one was, 0 where none ever was.
    Of a source that takes batches: the id of the last one and what was `taken` of it, as `platform/surface`.
    """

    at: Instant
    failures: int = 0
    batch: str = ""
    taken: tuple[str, ...] = ()
    missed: bool = False
    made_at: Instant = 0.0

    @property
    def last_made(self) -> Instant | None:
        """When a look was last really made; `None` when none ever was."""
        return self.at if not self.missed else self.made_at or None


class CaseRef(Struct, frozen=True, gc=False):
    """The newest case of a workflow at one platform: enough to pace looks and to count, without reading the case.
    `displays` are the platforms that it is about beside its own, `sent_at` when its present attempt got there;
    `since` of an emergency, from when on its clock runs.
    """

    id: str
    state: str
    open: bool
    displays: tuple[str, ...] = ()
    sent_at: Instant | None = None
    since: Instant = 0.0

    @property
    def platform(self) -> str:
        """Where the case is."""
        return self.id.split("/")[1]


class NumberRecord(Struct, frozen=True, omit_defaults=True):
    """All that one number's actor knows. `seq` rises with every durable change, so that a stale record shows.

    `cases` names the newest appeal per platform, `tracks` the newest case of every other workflow by `case.track`;
    `wanted` is what was told over the control socket to be wanted, beside the settings. `counts` says how many cases
    there have been per platform, of all kinds. `findings` are of labels, `flaws` of names, logos and tags, both per
    platform. `reports` has the latest report of each view that people look through, `reported` the keys of the latest
    reports, the newest last. `leaving` says what is to be shown no longer, while the number is cancelled and for good
    once it was given up (`released`, which stands over what its row says). `complained` are the days (ISO) whose
    complaints were taken for an emergency already, as far as they are not long past.
    """

    number: str
    added_at: Instant
    seq: int = 0
    verdicts: dict[str, Verdict] = {}
    findings: dict[str, Finding] = {}
    looks: dict[str, LookState] = {}
    cases: dict[str, CaseRef] = {}
    counts: dict[str, int] = {}
    flaws: dict[str, tuple[Flaw, ...]] = {}
    reports: dict[str, Report] = {}
    reported: tuple[str, ...] = ()
    tracks: dict[str, CaseRef] = {}
    wanted: Wanted | None = None
    leaving: Scope | None = None
    released: Released | None = None
    complained: tuple[str, ...] = ()

    @property
    def every_case(self) -> tuple[CaseRef, ...]:
        """The newest case of each workflow at each platform."""
        return (*self.cases.values(), *self.tracks.values())


class Entry(Struct, frozen=True, omit_defaults=True):
    """One line of a number's history, kept for people: what happened, as the log said it."""

    at: Instant
    action: str
    platform: str = ""
    case: str = ""
    text: str = ""
    source: str = ""
    old: str = ""
    new: str = ""
    by: str = ""
