"""What the looks that disagree with a belief say so far: how many there are, how many it takes, and from when on the
next one counts. `explain`, the answer to a report and the task that asks for looks all say it in the same words.
"""

from msgspec import Struct

from numtrustd.actors.control.views import Sight, what_is_shown
from numtrustd.domain.observation import Instant
from numtrustd.domain.verdict import Verdict, VerdictPolicy, demanded
from numtrustd.events import duration_for_people, instant_for_people


class Leaning(Struct, frozen=True):
    """So many looks of those that it takes, in words, and from when on the last of them counts, if that is to come."""

    looks: int
    takes: int
    counts_from: Instant | None
    text: str


def leaning(sight: Sight, verdict: Verdict) -> Leaning | None:
    """What the looks lean to; `None` while none disagrees with what is believed."""
    run = verdict.run
    if run is None:
        return None
    policy, now = sight.context.verdict_of(verdict.platform), sight.now()
    need, spread = demanded(verdict, run, policy)
    so_far = f"{run.looks} looks say" if run.looks > 1 else "1 look says"
    of = f" of {policy.quorum} sources" if policy.quorum > 1 and run.shown.displayed else ""
    earliest = run.first_at + spread
    counts_from = earliest if spread and earliest > now else None
    text = f"{so_far} {what_is_shown(run.shown)}; it takes {need}{of}{_over(spread)} to be believed"
    return Leaning(run.looks, need, counts_from, text + not_before(counts_from))


def takes(policy: VerdictPolicy) -> str:
    """What it takes until a label, or its end, is believed, for whoever is asked to look."""
    return (
        f"a label takes {policy.confirm} looks{_over(policy.confirm_spread)} to be believed, and {policy.clear} clean "
        f"ones{_over(policy.clear_spread)} to be believed gone: who is needed again is asked again"
    )


def not_before(at: Instant | None) -> str:
    """From when on the last of some looks counts, behind what they have to be."""
    return "" if at is None else f", the last of them not before {instant_for_people(at)}"


def _over(spread: float) -> str:
    return f" over at least {duration_for_people(spread)}" if spread else ""
