"""A day with the programs that a person sits at: a real daemon on simulated platforms, and terminals to ask it from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from numtrustd.clock import Clock
from numtrustd.sim.stories import DEMO_ORIGIN
from tests.multiplexer import Screen
from tests.processes import Process, daemon, platforms

SPEED = 7_200.0
NUMBERS = {"13900010007": "上海客服中心", "13900020014": "外呼 02", "021-51288888": "总机", "13900030021": "外呼 03"}

CONFIG = """
[clock]
speed = {speed}
origin = 2026-03-02T01:00:00Z
[daemon]
state_dir = "state"
[control]
status_socket = "status.sock"
control_socket = "control.sock"
group = ""
[cadence]
interval = "2h"
confirm_interval = "30m"
[source."so360.onebox"]
enabled = true
base_url = "{address}/so360"
interval = "1m"
[source."sogou.search"]
enabled = true
base_url = "{address}/sogou"
interval = "1m"
"""


Open = Callable[..., Screen]
"""Makes a terminal; `World.terminals` says of what."""


class World:
    """A daemon that can be stopped and started again, and a way to a terminal."""

    def __init__(self, place: Path) -> None:
        self.place = place
        base = Clock().monotonic()
        numbers = place / "numbers.csv"
        numbers.write_text("number,name\n" + "".join(f"{n},{name}\n" for n, name in NUMBERS.items()))
        # The world is five days older than the watch: some of the numbers are labelled by then.
        old = 5 * 86_400 / SPEED
        clock = [
            "--clock-base",
            repr(base - old),
            "--clock-origin",
            str(DEMO_ORIGIN - 5 * 86_400),
            "--speed",
            str(SPEED),
        ]
        rates = ["--label-rate", "0.4", "--reject-chance", "1"]
        self._world, address = platforms(
            "--seed", "11", "--numbers", str(numbers), *clock, *rates, "--exit-with-parent"
        )
        self._environ = {"NUMTRUSTD_CLOCK": f"{base!r} {DEMO_ORIGIN!r}"}
        self.config = place / "numtrustd.toml"
        self.config.write_text(CONFIG.format(speed=SPEED, address=address))
        self.daemon: Process | None = None

    def start(self) -> None:
        self.daemon = daemon(self.config, "--init", environ=self._environ)
        self.daemon.wait_for("daemon.ready")

    def stop(self) -> None:
        if self.daemon is not None:
            self.daemon.end()
            self.daemon.close()
            self.daemon = None

    def close(self) -> None:
        self.stop()
        self._world.close()

    @contextmanager
    def terminals(self, place: Path) -> Iterator[Open]:
        """What makes terminals of so many columns and lines, with a shell in each; all end with the block."""
        opened: list[Screen] = []

        def make(columns: int = 80, lines: int = 24, term: str = "screen-256color", **environ: str) -> Screen:
            own = place / str(len(opened))
            own.mkdir()
            here = {"NUMTRUSTD_SOCKET_DIR": str(self.place), "TZ": "Asia/Shanghai"}
            screen = Screen(own, {**here, **environ}, columns, lines, term)
            opened.append(screen)
            return screen

        try:
            yield make
        finally:
            for screen in opened:
                screen.close()


@contextmanager
def world_at(place: Path) -> Iterator[World]:
    """A world in which a case has been opened."""
    made = World(place)
    try:
        made.start()
        assert made.daemon is not None
        made.daemon.wait_for("case.opened")
        yield made
    finally:
        made.close()
