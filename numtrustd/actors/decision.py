"""Everything that one message leads to: what to store together, and what to say and do once it is stored."""

from msgspec import Struct

from numtrustd.actors.messages import Told
from numtrustd.domain.case import Action, Case
from numtrustd.domain.ledger import Charge
from numtrustd.domain.observation import Instant
from numtrustd.domain.record import Entry, NumberRecord
from numtrustd.domain.task import Task
from numtrustd.events import Event, LabelUnknownWord, payload, sentence


class NewWord(Struct, frozen=True):
    """A label word that is not in the table; `key` is what it is known again by."""

    key: str
    event: LabelUnknownWord


class Decision:
    """Filled while deciding; `number` turns it into one transaction and then into log lines, timers and actions.

    `durable` is false for "looked, nothing new", which may be lost in a crash. `timers` maps a case to its (old, new)
    deadline with the seq that set the new one. `answers` counts the readings that could be held against a belief,
    `turned` those that contradict it. `words` are those that nobody knows, to be said where they never were; `plan`
    asks all sources of the number for their next look. `wanted` are the cases that others want to be opened, as
    (kind, platform, why); `chase` has every request that is reviewed chased. `charges` are entries of the ledger, new
    or settled, by id.
    """

    __slots__ = (
        "actions",
        "answers",
        "cases",
        "charges",
        "chase",
        "done_actions",
        "durable",
        "entries",
        "events",
        "plan",
        "record",
        "tasks",
        "timers",
        "told",
        "turned",
        "wanted",
        "words",
    )

    def __init__(self) -> None:
        self.record: NumberRecord | None = None
        self.cases: dict[str, Case] = {}
        self.tasks: dict[str, Task] = {}
        self.charges: dict[str, Charge] = {}
        self.actions: list[Action] = []
        self.done_actions: list[str] = []
        self.timers: dict[str, tuple[Instant | None, Instant | None, int]] = {}
        self.events: list[Event] = []
        self.entries: list[Entry] = []
        self.told: Told | None = None
        self.durable = False
        self.answers = 0
        self.turned = 0
        self.words: list[NewWord] = []
        self.plan = False
        self.wanted: list[tuple[str, str, str]] = []
        self.chase = False

    def say(self, event: Event, at: Instant, by: str = "") -> None:
        """One log line, and one line of the number's history."""
        self.events.append(event)
        self.note(event, at, by)

    def note(self, event: Event, at: Instant, by: str = "") -> None:
        """One line of the number's history; the log hears of it from elsewhere."""
        self.entries.append(entry_of(event, at, by))

    def charge(self, charge: Charge) -> None:
        """Enter a charge into the ledger, or what has become of one."""
        self.charges[charge.id] = charge
        self.durable = True

    def set_timer(self, case: str, old: Instant | None, new: Instant | None, seq: int) -> None:
        """Remember that a case's one timer moves; several moves in one decision become one."""
        first = self.timers[case][0] if case in self.timers else old
        self.timers[case] = (first, new, seq)


def entry_of(event: Event, at: Instant, by: str = "") -> Entry:
    """An event as a line of a number's history."""
    fields = payload(event)
    return Entry(
        at=at,
        action=type(event).action,
        platform=str(fields.get("numtrust.platform", "")),
        case=str(fields.get("numtrust.case", "")),
        text=sentence(event),
        old=str(fields.get("numtrust.from", "")),
        new=str(fields.get("numtrust.to", "")),
        by=by,
    )
