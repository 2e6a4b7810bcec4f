"""A siege: one case is beset by one fault after the other while it stays where it is.

Most states of the lesser workflows are come to in a few runs of a hundred, and a fault meets them there by chance in
fewer still. A siege begins when a case comes to the state, brings about each fault in turn, and has the number looked
at, so that there is something for the fault to befall.
"""

from typing import TYPE_CHECKING

from msgspec import structs

from numtrustd.domain.case import number_of
from numtrustd.sim.ground import draw
from numtrustd.sim.script import Faults, Label, Weather, Window
from numtrustd.sim.traits import TRAITS
from numtrustd.store import records
from numtrustd.varlink.interface import CallError
from tests.simulation.plan import (
    AMERICAN,
    BUGS,
    CLERK,
    CLOCK,
    DEATHS,
    HOUR,
    NETWORK,
    SERVICES,
    STORE,
    WEATHER,
    WORDS,
    Death,
    Jump,
    Lie,
    Order,
    PutBack,
    Reload,
    SetFaults,
    Span,
)

if TYPE_CHECKING:
    from tests.simulation.run import Run

_get_case, _all_cases = records.get_case, records.all_cases  # before any mutant

LASTS = 90.0
"""Seconds that each fault lasts."""
MOST_BACKUPS = 8
"""So many backups are put back in a tour."""
DELIVERED = 4.5 * HOUR
"""Seconds within which an outcome comes, where something is under way."""
CHANGES: dict[str, dict[str, object]] = {"reload": {"query": True}, "source_changed": {"interval": 20.0}}


async def besiege(run: "Run", case: str, kinds: tuple[str, ...]) -> None:
    """Bring about each of the kinds, until the case has moved on."""
    assert run.store is not None
    if not case:
        await _beset_batch(run, kinds)
        return
    found = _get_case(run.store, case)
    state = None if found is None else found.snapshot.state
    for kind in kinds:
        now = _get_case(run.store, case)
        if now is None or now.snapshot.state != state or run.calm:
            return
        run.note(f"siege of {case}, {state}: {kind}")
        await _cause(run, case, kind)


async def _beset_batch(run: "Run", kinds: tuple[str, ...]) -> None:
    """A batch has just left: the process dies as it hands an outcome over, so one is brought about."""
    assert run.store is not None
    for kind in kinds:
        run.note(f"siege of a batch: {kind}")
        run.mishaps.plan_death(Death(run.elapsed, kind.removeprefix("die_"), 0, "", 5.0, channel=True))
    # The batch is on its slow way by now, and what is submitted after it comes back before it.
    await run.clock.sleep(2.0)
    run.world.inject(Faults(), run.now)
    await _hand_something_in(run)


async def _hand_something_in(run: "Run", but: str = "") -> None:
    """Let an appeal go out by itself: those that wait for it, or a new one."""
    assert run.store is not None
    cases = [c for c in sorted(_all_cases(run.store), key=lambda c: c.id) if c.platform == "telnyx" and c.id != but]
    ready = [case for case in cases if case.snapshot.state in ("held", "waiting", "cooling", "escalated")]
    for case in ready:
        await run.operator.order(Order("advance", 0.0), case.id)
        if but:
            await run.operator.order(Order("approve", 0.0), case.id)
    if not ready and but:
        for number in run.knobs.numbers:
            if number not in AMERICAN or f"{number}/telnyx" in but:
                continue
            run.world.inject(Label(number, "telnyx", WORDS["telnyx"][0], at=1.0, spreads=False), run.now)
            await run.clock.sleep(2.0)
            await _look(run, number)


async def _look(run: "Run", number: str) -> None:
    try:
        await run.ask("Look", number=number)
    except CallError as error:
        run.note(f"siege: {error}")


async def _cause(run: "Run", case: str, kind: str) -> None:
    number, place, _ = case.split("/")
    platform = place if place in TRAITS else ""
    before = run.world.state.faults
    if kind in NETWORK:
        run.agenda.undo.append(SetFaults(structs.replace(before)))
        run.world.inject(Faults(**{kind: 0.9}), run.now)
    elif kind in WEATHER:
        if platform:
            detail = "0.5" if kind == "flicker" else ""
            run.world.inject(Window(Weather(kind), platform, at=0.0, until=LASTS, detail=detail), run.now)
    elif kind == "lie":
        at = run.elapsed
        run.world.lies += tuple(Lie(service, at, at + LASTS) for service in SERVICES)
    elif kind == "clerk_stale":
        await run.clerk.clear_the_desk()
        run.clerk.put_aside(case)
    elif kind in CLERK:
        await run.clerk.attend(case, kind)
    elif kind == "restored":
        if run.backups.made < MOST_BACKUPS and not run.knobs.batch:  # see `restore`
            await run.back_up()
            rng = draw(run.plan.seed, "put back", run.backups.made)
            run.agenda.plan(rng.choice((0.5, 6.0)) * rng.uniform(0.5, 2.0) * HOUR, PutBack(rng.choice((600.0, HOUR))))
    elif kind in STORE:
        run.mishaps.short_of = (kind, max(run.mishaps.short_of[1], run.now + 0.5 * LASTS))
    elif kind in DEATHS:
        pause = 1_800.0 if kind == "long_pause" else 5.0
        where = "post_commit" if kind == "long_pause" else kind.removeprefix("die_")
        run.mishaps.plan_death(Death(run.elapsed, where, 0, "", pause, channel=False))
    elif kind in BUGS:
        run.mishaps.plan_bug(Span(run.elapsed, run.elapsed + LASTS, kind, number))
        if kind == "bug_start":  # an actor that crashes starts again
            run.mishaps.plan_bug(Span(run.elapsed, run.elapsed + 20.0, "bug_before", number))
    elif kind in CLOCK:
        by = HOUR if kind == "clock_forward" else -HOUR
        run.agenda.plan(0.0, Jump(by))
        run.agenda.plan(LASTS, Jump(-by))
    elif kind in ("reload", "source_changed", "number_removed", "number_added"):
        change = Reload(kind, CHANGES.get(kind, {}), number if kind.startswith("number") else "")
        if run.agenda.configure(change):
            if kind == "number_removed":
                run.agenda.undo.append(Reload("number_added", number=number))
            await run.agenda.reload()
    elif kind == "used_up":
        run.agenda.undo.append(Reload("source_changed", {"per_day": run.plan.knobs.per_day}))
        run.agenda.configure(Reload("source_changed", {"per_day": 1}))
        await run.agenda.reload()
    elif kind in ("declare", "park"):  # which last for hours
        run.agenda.meanwhile(run.operator.order, Order(kind, 0.0), case)
    elif kind == "double_click":
        await run.operator.order(Order("advance", 0.0, twice=True), case)
    else:
        await run.operator.order(Order(kind, 0.0), case)
    await _look(run, number_of(case))
    if kind == "die_pre_deliver":
        await _delivered(run, case)
    await run.clock.sleep(LASTS)
    await run.agenda.set_back()


async def _delivered(run: "Run", case: str) -> None:
    """What is submitted or asked anywhere is answered within some hours: only then is there something to hand over."""
    assert run.store is not None
    found = _get_case(run.store, case)
    for n in range(int(DELIVERED / LASTS)):
        if n % 10 == 0:
            await _hand_something_in(run, but=case)
        await run.clock.sleep(LASTS)
        now = _get_case(run.store, case)
        if found is None or now is None or now.snapshot.state != found.snapshot.state:
            return
