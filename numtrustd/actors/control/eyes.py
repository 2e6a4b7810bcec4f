"""What a person does next where only people can look: the task that asks for the look, or the line that tells it.

`hands` opens the tasks, `reports` takes in what is told; `explain_looks` says the same of the next look.
"""

from collections.abc import Iterable, Sequence

from numtrustd.actors.control.views import Sight
from numtrustd.domain.owned import Owned
from numtrustd.domain.task import Task
from numtrustd.probes.spec import Source

_SHOWN = 3
"""Tasks that are named when somebody would have the daemon look."""

ASKED = "a person was asked to look: type `numtrustctl task show {}`"


def asked(sight: Sight, number: str, sources: Iterable[Source]) -> tuple[Task, ...]:
    """The open tasks that ask for looks through these sources, in their order."""
    hands = sight.house.hands
    if hands is None:
        return ()
    return tuple(task for source in sources if (task := hands.asked(source.id, number)) is not None)


def who(sources: Sequence[Source]) -> str:
    """Who looks through these sources: daemon, people, or nobody."""
    if any(source.kind != "report" for source in sources):
        return "daemon"
    return "people" if sources else "nobody"


def tells(number: str, platform: str, sources: Iterable[Source]) -> str:
    """With which line a person who has looked tells what a platform shows of a number."""
    return f"whoever looks tells: {_line(number, platform, sources)}"


def _line(number: str, platform: str, sources: Iterable[Source]) -> str:
    surfaces = dict.fromkeys(r.surface for s in sources for r in s.readings if r.platform == platform)
    places = "|".join(surfaces)
    return f"`numtrustctl observe {number} --platform {platform} --surface {places} --status …`"


def refusal(sight: Sight, owned: Owned, platform: str | None, sources: Sequence[Source]) -> str:
    """Why the daemon cannot look there now, and what helps; `sources` are those in use that see it, of which it can ask
    none."""
    told = [source for source in sources if source.kind == "report"]
    if len(told) < len(sources):
        ids = ", ".join(source.id for source in sources if source.kind != "report")
        return f"what looks at this number by itself is parked ({ids}): see `numtrustctl sources` for why, then reload"
    if told:
        at = tuple(dict.fromkeys(r.platform for s in told for r in s.readings if platform in (None, r.platform)))
        only = f"only people can look at {', '.join(at)} for this number ({owned.kind})"
        if tasks := asked(sight, owned.number, told):
            shown, more = tasks[:_SHOWN], len(tasks) - _SHOWN
            rest = f" and {more} more in `numtrustctl tasks`" if more > 0 else ""
            each = ", ".join(f"`numtrustctl task show {task.id}`" for task in shown)
            return f"{only}: see {each}{rest}, which {'asks' if len(tasks) == 1 else 'ask'} for it"
        return f"{only}: look, then type {_line(owned.number, at[0], told)}"
    where = platform or "any platform"
    why = f"no source in use sees {where} for this number ({owned.kind})"
    if platform is not None and (off := idle(sight, owned, platform)) is not None:
        return f'{why}: put "{off}" into [platforms] enable, and reload; `numtrustd sources` says what it needs'
    return f"{why}: switch one on, `numtrustd sources` lists all"


def idle(sight: Sight, owned: Owned, platform: str) -> str | None:
    """The source that could look at a platform for a number, and is switched off: its own before those of others."""
    off = [s.id for s in sight.context.idle.values() if owned.kind in s.kinds and _speaks(s, platform)]
    return min(off, key=lambda source: not source.startswith(f"{platform}."), default=None)


def _speaks(source: Source, platform: str | None) -> bool:
    return any(platform in (None, reading.platform) for reading in source.readings)
