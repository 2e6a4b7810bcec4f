"""What befalls one simulated run: all of it is drawn from the run's seed before it begins.

Swarm testing: each seed gets its own subset of the kinds of fault, with its own intensities, because a run in which
everything goes wrong all the time hides what only goes wrong when most things go well. The last days are calm, so that
it can be seen whether everything comes to its end. `run` carries a plan out, `invariants` watches.
"""

from math import inf

from msgspec import Struct

from numtrustd.demo.stage import EVIDENCE
from numtrustd.domain.batch import BatchState
from numtrustd.domain.workflows import REGISTRY
from numtrustd.events import CaseMoved, CaseOpened, Event
from numtrustd.sim.script import Faults, Habits, Story
from numtrustd.sim.stories import DEMO_ORIGIN

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
ORIGIN = DEMO_ORIGIN
CALM = 3.3 * DAY
"""Seconds of calm at the end of each run."""
BUSY, BUSY_AT_NIGHT = (2.0 * DAY, 3.6 * DAY), (3 * DAY, 5.5 * DAY)
"""Seconds before that in which things go wrong, at least and at most: in runs of every commit, and in a night's."""

NETWORK = (
    "refuse",
    "lost",
    "late",
    "cut",
    "garbage",
    "error_before",
    "error_after",
    "limited",
    "slow",
    "listing_lag",
)
WEATHER = ("blocked", "maintenance", "outage", "flicker", "wrong_card", "empty", "down", "pending")
STORE = ("disk_full", "map_full")
CLOCK = ("clock_forward", "clock_back")
FAILPOINTS = ("pre_commit", "post_commit", "pre_send", "post_send", "pre_deliver")
DEATHS = (*(f"die_{where}" for where in FAILPOINTS), "die_step", "die_panic", "long_pause")
RELOADS = ("number_removed", "number_added", "reload", "source_changed")
ORDERS = ("hold", "advance", "withdraw", "reopen", "approve", "reject", "look", "park", "declare")
MAINTENANCES = ("", "", "routine", "major", "policy", "industry", "data_sync")
"""Kinds of maintenance that operators declare; often they do not say which."""
CLERK = ("clerk_late", "clerk_wrong", "clerk_twice", "clerk_absent", "clerk_stale")
BUGS = ("bug_start", "bug_before", "bug_after")
SOURCES = ("lie", "used_up")
BATCHES = ("batch_gone", "batch_never", "batch_late", "batch_twice")
BATCH_LEAVES = "batch leaves"
"""The moment after a request about a batch has left."""
BATCH_STATES = tuple(f"batch {state}" for state in BatchState if state is not BatchState.ENDED)
DRAWN = (*NETWORK, *WEATHER, *SOURCES, *STORE, *CLOCK, *DEATHS, *RELOADS, *ORDERS, "double_click", *CLERK, *BUGS)
"""Kinds of fault of which each seed gets its own."""
BACKUPS = ("restored",)
KINDS = (*DRAWN, *BACKUPS)
"""Every kind of fault, by the name that the coverage report gives it."""

RESTORED = 0.1
"""The share of seeds without batches in which a backup is put back."""
EVERY_COMMIT = 500
"""Seeds below this are run with every commit and have to be quick."""


TOURS = 0.02
"""The share of those in which cases of the lesser workflows are led through their states and beset by faults: such a
seed takes three to five times as long as another. Of the others every second one has such tours."""


AMERICAN = ("+14155552671", "+14155552672", "+12125550187")
CHINESE = ("+8613910000007", "+862151288801", "4008100001", "+8613910000014")
BATCH_SOURCE = "contract_aggregator.batch"
HANDSET = "xiaomi.device"
GIVE_UP = 10 * HOUR
"""Seconds after which a batch without an answer is given up."""
AT_AGGREGATOR = ("tencent", "baidu", "dianhuabang", "teddy")
SERVICES = ("telnyx", "contract_aggregator")
CONTROLS = {"telnyx": ("+14155552673", "+14155552674"), "contract_aggregator": ("+8613910000021", "+8613910000022")}
"""By service: a number that it has to show as marked, and one that it has to show as clean."""
NAME = "示例科技有限公司"
"""The name that is wanted to be shown, where one is."""
WRONG_NAMES = ("别家装修公司", "示例旧名有限公司")
FEE = 20.0
"""Yuan that a certification costs."""
INSPECTION = 30 * HOUR
"""Seconds that an inspection lasts at most."""
PAUSE = 8 * HOUR
"""Seconds that a certificate's pause usually lasts."""
NAMING = ("baidu", "dianhuabang")
"""Platforms whose simulated service shows names, and whose desk takes requests about them."""
PAPERS = (*EVIDENCE, "change_notice", "number_cancellation", "transfer_agreement", "right_information")
"""Every kind of paper that there is."""
TAGS = ("冰饮专线", "火锅专线", "年货专线")
"""Tags that an owner wants in their season."""
WRONG_TAGS = ("装修专线", "保险专线")
FORBIDDEN_TAGS = ("全国第一专线", "国家级热线", "最好的专线", "顶 级 专线")
"""Tags that nobody may be asked to show."""
FORBIDDEN = ("第一", "国家级", "最好", "顶级")
"""What makes them so, once nothing stands between the letters."""
TAG_FEE = 12.0
"""Yuan that a change of a tag costs once the free ones of the year are used."""
REASONS = ("renamed", "disused", "wrong_info", "company_closing", "staff_left", "transferred")
"""Why an owner has what is shown of a number deleted."""
EXPIRING = "apple"
"""A platform of the packs that nobody looks at, where what is shown expires by itself."""
WORDS = {
    "telnyx": ("Telemarketing", "Spam Likely", "Debt Collector"),
    "tencent": ("广告推销", "骚扰电话", "房产中介"),
    "baidu": ("广告营销", "骚扰电话", "房产中介"),
    "dianhuabang": ("广告推销", "骚扰电话", "房产中介"),
    "teddy": ("广告推销", "骚扰电话", "诈骗电话"),
}


class Knobs(Struct, frozen=True):
    """What an operator's configuration says, as far as plans differ in it. `platforms` are those that the aggregator is
    asked about, `papers` the kinds on file, `batch` whether it takes batches: "beside" its other source, or "instead",
    `hands` whether people look at handsets, `emergencies` what opens one. In `windows` (seconds from `ORIGIN`, by the
    daemon's clock) nothing is handed in, nor on the first `avoid_days` of a month. At the platforms `names`
    a name is wanted to be shown, and taken requests about; `budget` are the yuan of a month. `tags` are wanted beside
    the name: (text, since, until), `until` being 0 for ever; `free_tags` of their changes a year cost nothing. A
    removal is over with the platform's receipt only where `receipts` says so, what is shown `residual` seconds after
    the caches' time is no cache's. Every number is inspected on the day `inspect` of the month (0: never).
    """

    numbers: tuple[str, ...]
    platforms: tuple[str, ...] = AT_AGGREGATOR
    second_view: bool = False
    look_up: bool = True
    query: bool = True
    approval: bool = False
    cadence: float = 12 * HOUR
    interval: float = 1.0
    concurrency: int = 2
    channel_interval: float = 1.0
    papers: tuple[str, ...] = PAPERS
    max_attempts: int = 2
    review_days: int = 1
    cooldown: float = 6 * HOUR
    propagation: float = 12 * HOUR
    controls: bool = False
    turn_looks: int = 20
    per_day: int | None = None
    per_month: int | None = None
    batch: str = ""
    hands: bool = False
    emergencies: tuple[str, ...] = ()
    windows: tuple[tuple[float, float], ...] = ()
    avoid_days: int = 1
    names: tuple[str, ...] = ()
    budget: float = 30.0
    tags: tuple[tuple[str, float, float], ...] = ()
    free_tags: int = 3
    receipts: bool = False
    residual: float = DAY
    inspect: int = 0


class SetFaults(Struct, frozen=True):
    """The way to the platforms is so unreliable from now on."""

    faults: Faults


class Jump(Struct, frozen=True):
    """The wall clock is stepped."""

    by: float


class Reload(Struct, frozen=True):
    """The configuration changes and is read again: the members named here get these values; `number` comes or goes."""

    kind: str
    changes: dict[str, object] = {}
    number: str = ""


class Order(Struct, frozen=True):
    """An operator acts on some case: the one at `pick` (0 ≤ pick < 1) of those that there are; twice at once."""

    what: str
    pick: float
    twice: bool = False


class Wish(Struct, frozen=True):
    """The owner asks for something to be shown of a number at a platform: `what` is "certify", "held" (it is certified
    already, and is to be kept), "name" (another name is wanted from now on, which is the one that there was), "change"
    (the platform is asked for the tag that is wanted) or "tag" (this `text` is wanted as the tag from now on).
    """

    what: str
    number: str
    platform: str
    text: str = ""


class Leave(Struct, frozen=True):
    """The owner has what is shown of a number deleted, for a `reason`."""

    number: str
    reason: str


class GiveUp(Struct, frozen=True):
    """The owner gives a number up, with `force` whether that is safe or not."""

    number: str
    force: bool


class Complaint(Struct, frozen=True):
    """Somebody complains about a number: the one at `pick` (0 ≤ pick < 1) of those that there are."""

    pick: float


class Siege(Struct, frozen=True):
    """One case is beset by each of these kinds of fault in turn, for as long as it stays where it is."""

    kinds: tuple[str, ...]


class Tour(Struct, frozen=True):
    """A number's cases of some workflows are led from state to state and besieged in each, for so many `stays`.
    `reasons` are those for which the number may leave. A tour may want one state (as coverage names it) more than all
    others: the `turn`-th of those that do; with `stepped` the clock is stepped there, too.
    """

    number: str
    workflows: tuple[str, ...]
    stays: int
    reasons: tuple[str, ...] = REASONS
    wants: str = ""
    turn: int = 0
    stepped: bool = False


class Overtake(Struct, frozen=True):
    """What was just sent is on its way for long, such a fault befalls it at its end, and meanwhile the clock is stepped
    forward: the case gives it up before its answer is there.
    """

    kind: str


class Copy(Struct, frozen=True):
    """A backup is made."""


class PutBack(Struct, frozen=True):
    """The disk is lost with the process, and `pause` seconds later the last backup is put back."""

    pause: float


class Shortage(Struct, frozen=True):
    """There is no room to write in, for so many seconds."""

    kind: str
    seconds: float


class Desk(Struct, frozen=True):
    """The clerk answers what was put aside."""


class Calm(Struct, frozen=True):
    """From now on nothing goes wrong, and people do what they are asked."""


Happening = (
    SetFaults
    | Jump
    | Reload
    | Order
    | Wish
    | Leave
    | GiveUp
    | Complaint
    | Siege
    | Tour
    | Overtake
    | Copy
    | PutBack
    | Shortage
    | Desk
    | Calm
)

ACTIONS = ("action.planned", "action.sent", "action.uncertain", "case.opened", "case.moved", "task.opened")


def state_of(workflow: str, state: str) -> str:
    """How coverage names a state: an appeal's by its own name, any other with its workflow's."""
    return state if workflow == "appeal" else f"{workflow} {state}"


SIMULATED = (
    "appeal",
    "incident",
    "correction",
    "tag",
    "certification",
    "certificate",
    "removal",
    "cancellation",
    "inspection",
)
"""Workflows that happen in runs; if there are others, they are declared in `coverage`."""
STATES = tuple(state_of(name, str(state)) for name in SIMULATED for state in REGISTRY[name].rows)
_EVERY_STATE = tuple(str(state) for table in REGISTRY.values() for state in table.rows)
FLEETING = ("gathering", "submitting", "uncertain", "looking_up", "asking")
BRIEFLY = tuple(f"state:{state}" for state in FLEETING)
MOMENTS = (*ACTIONS, *(f"state:{state}" for state in _EVERY_STATE), *2 * BRIEFLY)
"""After which something may happen at once, which is rare otherwise since some states last a moment or are seldom come
to: log lines of an action, or a case that comes to a state ("state:tag escalated" is one workflow's).
"""


def follows(moment: str, event: Event) -> bool:
    """Whether a log line is one of the moment's."""
    if moment.startswith("state:"):
        workflow, _, state = moment.removeprefix("state:").rpartition(" ")
        moved = isinstance(event, CaseMoved | CaseOpened) and event.to == state
        return moved and workflow in ("", getattr(event, "kind", ""))
    return event.action == moment


class Entry(Struct, frozen=True):
    """Something happens at `at`; or, with `after`, right after the first such moment from then on, before `until`."""

    at: float
    what: Happening
    after: str = ""
    until: float = inf


class Death(Struct, frozen=True):
    """The process dies, once, some time from `at` on: at the `skip`-th next hit of `where` (a failpoint, "step", or
    "panic": a commit that fails for good) after the first moment `after` (at once if that is empty), and starts again
    after `pause` seconds.

    `channel` lets only calls of a channel count as hits of a sending failpoint, `batch` only those of the source that
    takes batches.
    """

    at: float
    where: str
    skip: int
    after: str
    pause: float
    channel: bool
    batch: bool = False


class Span(Struct, frozen=True):
    """Something that lasts; with `after`, from the number's first such moment on that comes while it would last."""

    at: float
    until: float
    kind: str
    number: str = ""
    after: str = ""

    def holds(self, now: float) -> bool:
        return self.at <= now < self.until


class Lie(Struct, frozen=True):
    """A service shows the contrary of what is so, of every number."""

    service: str
    at: float
    until: float


class Clerk(Struct, frozen=True):
    """How the person works: seconds until a task is taken up; the chances of a wrong answer, of a second one, and of
    an answer that is put aside and given once the task is done already.
    """

    delay: tuple[float, float] = (0.0, HOUR)
    wrong: float = 0.0
    twice: float = 0.0
    stale: float = 0.0
    absent: tuple[Span, ...] = ()


class Plan(Struct, frozen=True):
    """Everything. Times are seconds from `ORIGIN`, in true time."""

    seed: int
    kinds: frozenset[str]
    length: float
    calm: float
    knobs: Knobs
    story: Story
    habits: Habits
    agenda: tuple[Entry, ...]
    deaths: tuple[Death, ...]
    bugs: tuple[Span, ...]
    clerk: Clerk
    lies: tuple[Lie, ...] = ()
    moods: tuple[Span, ...] = ()
    late_delivery: float = 0.5
    """The chance that a request which was on its way at a death arrives all the same."""

    def lines(self) -> list[str]:
        """For people who want to know what was planned."""
        numbers = ", ".join(self.knobs.numbers)
        return [
            f"seed {self.seed}: {self.length / DAY:.1f} days, calm from day {self.calm / DAY:.1f}; numbers {numbers}",
            f"kinds of fault: {', '.join(k for k in KINDS if k in self.kinds)}",
            f"{self.knobs}",
            *(f"{item}" for item in self.story.items),
            *(f"{what}" for what in (*self.lies, *self.moods, *self.deaths, *self.agenda, *self.bugs, self.clerk)),
        ]
