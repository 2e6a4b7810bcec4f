"""`python -m numtrustd.sim`: the simulated platforms as a process, for the demo and for kill tests."""

import csv
import os
import signal
from collections.abc import Callable
from pathlib import Path

import click
import msgspec
import trio

from numtrustd.clock import Clock
from numtrustd.sim.ground import canonical
from numtrustd.sim.script import Faults, Habits
from numtrustd.sim.server import StateFile, serve
from numtrustd.sim.service import Service
from numtrustd.sim.stories import DEMO_ORIGIN, STORIES
from numtrustd.sim.world import World


def read_numbers(path: Path) -> list[str]:
    """The numbers of a CSV file (its `number` column, else its first) or of a list, in canonical form.

    What is no number is passed over: `numtrustd check` is there to complain.
    """
    rows = [row for row in csv.reader(path.read_text("utf-8-sig").splitlines()) if row]
    header = [cell.strip().casefold() for cell in rows[0]] if rows else []
    column = header.index("number") if "number" in header else 0
    found = (canonical(row[column]) for row in rows if len(row) > column)
    return list(dict.fromkeys(number for number in found if number is not None))


def read_faults(lost: float, pairs: tuple[str, ...]) -> Faults | None:
    """The faults asked for on the command line, `None` if there are none."""
    values: dict[str, str | float] = {"lost": lost} if lost else {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        values[name] = value
    try:
        return msgspec.convert(values, Faults, strict=False) if values else None
    except msgspec.ValidationError as problem:
        raise click.BadParameter(str(problem), param_hint="--fault") from problem


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--port", default=0, help="TCP port on 127.0.0.1; 0 picks a free one.")
@click.option("--seed", default=1, help="Same seed, same world.")
@click.option("--speed", default=1.0, help="How many seconds of the world pass in a real one.")
@click.option("--clock-base", type=float, help="Monotonic instant of the scaled clock's origin [default: now].")
@click.option("--clock-origin", type=float, help="UTC epoch seconds of the scaled clock's origin.")
@click.option("--story", type=click.Choice(sorted(STORIES)), default="plain")
@click.option("--numbers", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV file.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="File to carry on from.")
@click.option("--lost", type=click.FloatRange(0, 1), default=0.0, help="Share of answers lost.")
@click.option("--fault", multiple=True, metavar="NAME=VALUE", help="Any other fault, such as late=0.02.")
@click.option("--label-rate", type=click.FloatRange(0), default=0.0, help="Labels/number/platform/day.")
@click.option("--return-chance", type=click.FloatRange(0, 1), default=0.0)
@click.option("--reject-chance", type=click.FloatRange(0, 1), default=0.0)
@click.option("--slow-chance", type=click.FloatRange(0, 1), default=0.0)
@click.option("--blind", is_flag=True, help="Take a second appeal while the first one is under review.")
@click.option("--exit-with-parent", is_flag=True, help="Stop when standard input ends, and not on SIGINT.")
def main(
    port: int,
    seed: int,
    speed: float,
    clock_base: float | None,
    clock_origin: float | None,
    story: str,
    numbers: Path | None,
    state: Path | None,
    lost: float,
    fault: tuple[str, ...],
    label_rate: float,
    return_chance: float,
    reject_chance: float,
    slow_chance: float,
    blind: bool,
    exit_with_parent: bool,
) -> None:
    """Simulated platforms over HTTP on loopback. Prints one line, `listening http://127.0.0.1:PORT`."""
    if clock_origin is None and (speed != 1.0 or story == "demo"):
        clock_origin = DEMO_ORIGIN
    clock = Clock(speed=speed, origin=clock_origin, base=clock_base)
    ours = read_numbers(numbers) if numbers else []
    file = StateFile(state) if state else None
    try:
        world = file.load() if file else None
    except ValueError as problem:
        raise click.ClickException(str(problem)) from problem
    if world is None:
        world = World.create(
            seed=seed,
            origin=clock.now() if clock_origin is None else clock_origin,
            numbers=ours,
            story=STORIES[story](ours),
            habits=Habits(label_rate, return_chance, reject_chance, slow_chance, not blind),
        )
    if (faults := read_faults(lost, fault)) is not None:
        world.inject(faults, clock.now())
    trio.run(run, Service(world), clock, port, file, exit_with_parent)


async def run(service: Service, clock: Clock, port: int, file: StateFile | None, exit_with_parent: bool) -> None:
    """Serve until a signal, or until the parent is gone."""
    signals = {signal.SIGTERM, signal.SIGINT}
    with trio.open_signal_receiver(*signals) as received:
        async with trio.open_nursery() as nursery:
            actual = await nursery.start(_serve, service, clock, port, file)
            print(f"listening http://127.0.0.1:{actual}", flush=True)
            if exit_with_parent:
                nursery.start_soon(_until_stdin_ends, nursery.cancel_scope.cancel)
            async for number in received:
                # Ctrl-C goes to the whole terminal: the parent still needs its platforms while it stops.
                if number == signal.SIGTERM or not exit_with_parent:
                    nursery.cancel_scope.cancel()


async def _serve(
    service: Service,
    clock: Clock,
    port: int,
    file: StateFile | None,
    *,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    await serve(service, clock, port=port, state=file, task_status=task_status)


async def _until_stdin_ends(then: Callable[[], None]) -> None:
    while await trio.to_thread.run_sync(os.read, 0, 1_024, abandon_on_cancel=True):
        pass
    then()


if __name__ == "__main__":
    main()
