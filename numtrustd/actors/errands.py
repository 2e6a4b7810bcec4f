"""What a person is given who is to look: the way in Chinese and English, the numbers with what each is for, and the
lines that tell what was seen. `hands` beside this opens and closes these tasks.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from numtrustd.actors.context import Context
from numtrustd.domain import device_test as plan
from numtrustd.domain.device_test import Errand
from numtrustd.domain.last_steps import LAST_STEPS
from numtrustd.domain.number import NumberKind, from_canonical
from numtrustd.domain.observation import Instant
from numtrustd.domain.platform import HandLook, Platform
from numtrustd.domain.task import Packet, Task, TaskKind
from numtrustd.probes.spec import Source

RINGING = "incoming_call"
PHONE_STEPS = (
    "Take such a handset with its own caller identification on, a SIM that has nothing to do with the number, and the "
    "number in no contact list",
    "Call it from the number; take a screenshot while it rings",
    "Hang up, open the call log, take a screenshot of the entry",
)
PAGE_STEPS = (
    "Open the page, type the number, and pass its gate yourself: no program may",
    "Copy what the page says, word by word; take a screenshot",
)
AFTERWARDS = tuple(text for step in LAST_STEPS for text in step)
SAYS = {
    plan.Why.CONFIRM: "the latest look disagrees with what is believed",
    plan.Why.VERIFY: "a case waits for looks that show the label gone",
    plan.Why.DISAGREE: "what people saw and what other sources say differ",
    plan.Why.BLIND: "the other sources cannot see",
    plan.Why.FIRST: "nobody has looked yet",
    plan.Why.ROUTINE: "the last look is long ago",
    plan.Why.INSPECTION: "everything is looked at anew: the regular inspection",
}


def look_of(source: Source, context: Context) -> HandLook | None:
    """How a person looks for a source; `None` when it is no person whom we ask."""
    home, _, kind = source.id.partition(".")
    platform = context.platforms.get(home)
    if platform is None or source.report is None or not source.readings:
        return None
    return {plan.DEVICE: platform.device_test, plan.ASSISTED: platform.assisted}.get(kind)


def assisted(source: Source) -> bool:
    """Whether it is a page that is looked at, which is read as a whole; else each surface of a handset by itself."""
    return source.id.endswith(f".{plan.ASSISTED}")


def task(
    identity: str,
    source: Source,
    platform: Platform,
    look: HandLook,
    errand: Errand,
    now: Instant,
    hours: Mapping[str, str],
) -> Task:
    """The task with everything needed to do it. `hours` says of each number when alone to look, in words."""
    numbers = tuple(wish.number for wish in errand.wishes)
    return Task(
        id=identity,
        case="",
        number="",
        platform=platform.id,
        kind=TaskKind.ASSISTED_LOOK if assisted(source) else TaskKind.DEVICE_TEST,
        opened_at=now,
        due=errand.due,
        detail=(f"at {platform.name} ({platform.name_en or platform.id}), {len(numbers)} numbers",),
        packet=Packet(
            address=look.address,
            fields={
                _typed(wish.number): "; ".join(filter(None, (SAYS[wish.why], hours[wish.number])))
                for wish in errand.wishes
            },
            steps=(*look.steps, *_in_english(look), *AFTERWARDS),
            bring_back="; ".join(look.record),
            reports=tuple(
                line(source, number, reading.platform, reading.surface)
                for number in numbers
                for reading in (source.readings[:1] if assisted(source) else source.readings)
            ),
        ),
        numbers=numbers,
        source=source.id,
    )


def _typed(number: str) -> str:
    """The number as somebody types it: one of another country is only known by its country code."""
    parsed = from_canonical(number)
    return parsed.canonical if parsed.kind is NumberKind.FOREIGN else parsed.national


def _in_english(look: HandLook) -> tuple[str, ...]:
    """The same way in English, where the pack tells it in Chinese."""
    if all(step.isascii() for step in look.steps):
        return ()
    return PHONE_STEPS if RINGING in look.surfaces else PAGE_STEPS


def line(source: Source, number: str, platform: str, surface: str) -> str:
    """What to type for one look, with the words in capitals to be filled in. As it stands it is refused, so that nobody
    reports by pasting alone.
    """
    assert source.report is not None
    handset = ' --device "MODEL" --os "SYSTEM"' if source.report.handset else ""
    handset += ' --app "APP"' if source.id.startswith("apple.") else ""
    rest = f"{handset} --screenshot FILE --source {source.id}"
    return f"numtrustctl observe {_typed(number)} --platform {platform} --surface {surface} --status STATUS{rest}"


class Left(Struct, frozen=True):
    """What of a task is left to do: its detail, what is said of each number, the lines that report what is missing."""

    detail: tuple[str, ...]
    fields: dict[str, str]
    reports: tuple[str, ...]


def left(task: Task, source: Source, missing: Sequence[tuple[str, str, str]]) -> Left:
    """What is left of an open task, of which these looks (number, platform, surface) are missing."""
    assert task.packet is not None
    places: dict[str, list[str]] = {}
    for number, platform, surface in missing:
        places.setdefault(number, []).append(f"{platform}/{surface}")
    whole = 1 if assisted(source) else len(source.readings)
    fields = dict(task.packet.fields)
    for number in task.numbers:
        typed, lacks = _typed(number), places.get(number, [])
        if not lacks:
            fields[typed] = "reported"
        elif len(lacks) < whole:
            fields[typed] = f"reported, but for {', '.join(lacks)}"
    return Left(
        tuple(f"still to be reported: {number} on {platform}/{surface}" for number, platform, surface in missing),
        fields,
        tuple(line(source, number, platform, surface) for number, platform, surface in missing),
    )
