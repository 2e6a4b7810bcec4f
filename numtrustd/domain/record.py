"""What is stored of one number beside its cases: verdicts, findings, and when each source last looked."""

from msgspec import Struct

from numtrustd.domain.finding import Finding
from numtrustd.domain.flaw import Flaw
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
    """The newest case at one platform: enough to pace looks and to count, without reading the case. `displays` are the
    platforms that it is about beside its own.
    """

    id: str
    state: str
    open: bool
    displays: tuple[str, ...] = ()


class NumberRecord(Struct, frozen=True, omit_defaults=True):
    """All that one number's actor knows. `seq` rises with every durable change, so that a stale record shows.

    `cases` names the newest case per platform, `counts` how many there have been. `findings` are of labels, `flaws` of
    names, logos and tags, both per platform. `reports` has the latest report of each view that people look through,
    `reported` the keys of the latest reports, the newest last.
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
