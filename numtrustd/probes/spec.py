"""A source as a pack declares it: which numbers, what request, how often, and the rules that read the answer."""

from typing import Literal

from msgspec import Struct

from numtrustd.domain.budget import Budget
from numtrustd.domain.label import Category
from numtrustd.domain.number import NumberKind
from numtrustd.domain.observation import UnknownReason
from numtrustd.domain.trust import Controls
from numtrustd.probes.batch import BatchSpec
from numtrustd.probes.command import CommandSpec
from numtrustd.probes.report import ReportSpec
from numtrustd.wire.exchange import Limits
from numtrustd.wire.spec import Condition, Jsonp, Locator, Pick, RequestSpec, View


class SayMarked(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="marked"):
    """The platform shows a label: its words, or a category where it gives a code instead of words."""

    words: Pick | None = None
    category: Category | None = None
    marks: Pick | None = None
    name: Pick | None = None


class SayClean(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="clean"):
    """The platform says, of this number, that it shows no label."""

    name: Pick | None = None


class SayCertified(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="certified"):
    """The platform shows the owner's certified name."""

    name: Pick | None = None
    logo: Pick | None = None
    tag: Pick | None = None


class SayUnknown(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="unknown"):
    """Nothing can be said, and why."""

    reason: UnknownReason


Say = SayMarked | SayClean | SayCertified | SayUnknown


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """When all conditions hold, this is what the answer says. The first rule that matches wins; after the last comes
    `unknown(bad_shape)`."""

    name: str
    when: tuple[Condition, ...]
    then: Say


class Reading(Struct, frozen=True, forbid_unknown_fields=True):
    """One platform (and surface) that the answer speaks for.

    `at` narrows `view` to a part of it (JSON by JMESPath, HTML by CSS), which rules reach as the view named `item`; of
    several parts the first that names the number (`Source.echo`) is taken.
    """

    platform: str
    surface: str = "default"
    view: str | None = None
    at: str | None = None


class Source(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A way to look. Times are seconds of the daemon's clock except `limits`, which are real ones.

    It has one of `request` (answers at once) and `batch` (takes many numbers, answers later).

    `guards` are rules tried before all others, for every reading (blocks, maintenance). `echo` are the places where
    the answer names the number: one of them must, or the answer is `wrong_card` (`no_card` where none is there).
    `hours` are those in which alone it is asked (`domain.hours`). `when` is "doubt" where a look is dear (a fresh
    answer beside a kept one): asked only while something is in doubt (`actors.pace`).
    `request`, `batch`, `command` and `report` are the ways to look; a source has one of them, and only a request's
    answer needs rules. Nobody looks through a `report` source by himself: it is told.
    """

    id: str
    title: str
    kinds: tuple[NumberKind, ...]
    readings: tuple[Reading, ...]
    request: RequestSpec | None = None
    batch: BatchSpec | None = None
    command: CommandSpec | None = None
    report: ReportSpec | None = None
    rules: tuple[Rule, ...] = ()
    guards: tuple[Rule, ...] = ()
    views: dict[str, View] = {}
    echo: tuple[Locator, ...] = ()
    enabled: bool = True
    why_off: str = ""
    grade: str = "D"
    checked: str = ""
    cadence: float = 21_600.0
    interval: float = 1.0
    concurrency: int = 1
    limits: Limits = Limits()
    trip: int = 3
    backoff: tuple[float, float] = (30.0, 3_600.0)
    controls: Controls = Controls()
    budget: Budget = Budget()
    hours: str = ""
    when: Literal["always", "doubt"] = "always"

    @property
    def kind(self) -> Literal["http", "batch", "command", "report"]:
        """Which of the ways to look it is."""
        if self.batch is not None:
            return "batch"
        if self.command is not None:
            return "command"
        return "http" if self.report is None else "report"

    @property
    def requests(self) -> tuple[tuple[tuple[str, ...], RequestSpec], ...]:
        """(path below the source, request) of every request that it makes."""
        own = () if self.request is None else ((("request",), self.request),)
        if self.batch is None:
            return own
        return (*own, *((("batch", name, "request"), request) for name, request in self.batch.requests))

    @property
    def pause(self) -> float:
        """The least seconds between two requests, by `interval` and by the budget's looks a minute."""
        per_minute = self.budget.per_minute
        return self.interval if per_minute is None else max(self.interval, 60.0 / per_minute)

    @property
    def clears(self) -> bool:
        """Whether an answer of this source can ever say that there is no label.

        One that only knows its platform's form for a label (no documented form for "no mark") is a witness: its label
        counts, and its silence proves nothing, so no case waits for a clean look of it.
        """
        if self.report is not None:
            return not self.report.witness
        if self.kind != "http":
            return True
        return any(isinstance(rule.then, SayClean | SayCertified) for rule in self.rules)

    @property
    def bound(self) -> bool:
        """Whether a JSONP callback made of the number ties each answer to its question."""
        steps = (step for view in self.views.values() for step in view.steps)
        return any(isinstance(step, Jsonp) and "{" in step.callback for step in steps)
