"""The demo's stage: a directory with a configuration that works as it stands, and the two processes on it.

The directory is an ordinary configuration: `numtrustd run --config demo-state/numtrustd.toml` goes on from it.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from numtrustd.clock import Clock
from numtrustd.domain.observation import Instant
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.store import Store, StoreError

SPEED = 17_280.0
"""A day in five seconds: twelve days of reviews and caches pass in a minute."""

SECRETS = ("telnyx-api-key", "contract-aggregator-key")
SECRET = "demo-key-of-the-simulated-platform"
EVIDENCE = (
    "licence",
    "number_ownership",
    "legal_person_id",
    "recordings",
    "order_screenshots",
    "call_records",
    "screenshots",
)
SOURCES = ("so360.onebox", "sogou.search", "contract_aggregator.query", "telnyx.reputation")


WRITTEN = "# Written by `numtrustd demo`."
"""How a settings file begins that the demo may write over."""


class StageError(Exception):
    """The demo cannot start, and what would help."""


def numbers(count: int) -> list[str]:
    """Rows of the numbers file: mobiles, landlines, a 400 and a 95 number, and two in the USA. All are fictitious."""
    rows = ["number,name,group,accept"]
    fixed = [
        ("021-51288801", "示例客服", "service", ""),
        ("010-51288802", "示例总机", "service", ""),
        ("400-810-0001", "示例热线", "service", ""),
        ("95001", "示例服务号", "service", ""),
        ("+1 415 555 2671", "Example Inc. sales", "default", ""),
        ("+1 212 555 0187", "Example Inc. support", "default", ""),
    ]
    rows += [",".join(row) for row in fixed]
    rows += [f"139{(1_000_7 * (n + 1)) % 100_000_000:08d},外呼 {n + 1:02d},default," for n in range(count - len(fixed))]
    return rows


class Stage(Struct, frozen=True):
    """Where everything of one demo lies, and its clock: `origin` in virtual time is `base` on the monotonic clock."""

    root: Path
    origin: Instant
    base: float

    @property
    def config(self) -> Path:
        return self.root / "numtrustd.toml"

    @property
    def control_socket(self) -> Path:
        return self.root / "run" / "control.sock"

    def clock(self) -> Clock:
        """The demo's clock, the same in all three processes."""
        return Clock(speed=SPEED, origin=self.origin, base=self.base)


def prepare(root: Path, count: int) -> Stage:
    """Make or take over the directory. Raises `StageError` when another demo runs on it."""
    root = root.absolute()
    origin = DEMO_ORIGIN
    config = root / "numtrustd.toml"
    try:
        if (root / "numbers.csv").exists() and not (config.exists() and config.read_text("utf-8").startswith(WRITTEN)):
            raise StageError(f"{root}: holds a configuration that is not the demo's: choose another --state")
        for name in ("run", "evidence", "credentials"):
            (root / name).mkdir(parents=True, exist_ok=True)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise StageError(f"{root}: cannot be used ({why}): choose another --state") from error
    if len(str(root / "run" / "control.sock")) > 100:
        raise StageError(f"{root}: the path is too long for a socket: choose a shorter --state")
    if (root / "state" / "data.mdb").exists():
        try:
            with Store.open(root / "state", init=False, map_size=1 << 28, now=origin) as store:
                origin = max(origin, store.high_water)
        except StoreError as error:
            raise StageError(f"{error} (remove {root} to start the demo afresh)") from error
    (root / "numbers.csv").write_text("\n".join(numbers(count)) + "\n", encoding="utf-8")
    for kind in EVIDENCE:
        (root / "evidence" / f"{kind}.txt").write_text(f"A stand-in for {kind}, for the demo only.\n")
    for name in SECRETS:
        secret = root / "credentials" / name
        secret.touch(mode=0o600)
        secret.chmod(0o600)  # one of an older demo
        secret.write_text(SECRET + "\n")
    return Stage(root, origin, Clock().monotonic())


def write_config(stage: Stage, address: str) -> None:
    """The settings file. Only the addresses, the pace and the clock differ from an operator's."""
    evidence = "\n".join(f'[[evidence]]\nkind = "{kind}"\npath = "evidence/{kind}.txt"\n' for kind in EVIDENCE)
    sources = "\n".join(
        f'[source."{source}"]\nenabled = true\nbase_url = "{address}/{source.split(".")[0]}"\n' for source in SOURCES
    )
    stage.config.write_text(
        f"""{WRITTEN} The platforms are simulated ones on this machine.

[clock]                      # for rehearsals only: the daemon's clock runs fast, and every record says so
speed = {SPEED:.1f}
origin = 2026-03-02T01:00:00Z     # a Monday without holidays near; the clock never falls behind what the state has seen

[daemon]
state_dir = "state"
heartbeat = "2d"

[control]
status_socket = "run/status.sock"
control_socket = "run/control.sock"
group = ""

[credentials]
dir = "credentials"

[company]
name = "示例科技有限公司"
licence_number = "91310000DEMO000000"
contact_name = "王小明"
contact_phone = "021-51288801"
contact_email = "trust@example.invalid"

[cadence]
interval = "6h"
new_number_interval = "6h"
confirm_interval = "1h"
verify_interval = "4h"

[[group]]
name = "service"

{sources}
[platform.contract_aggregator.vars]
host = "aggregator.example.invalid"

[platform.telnyx.vars]
enterprise_id = "6a09cdc3-8948-47f0-aa62-74ac943d6c58"
contact_email = "trust@example.invalid"

[platform.telnyx.appeal]
base_url = "{address}/telnyx"

{evidence}""",
        encoding="utf-8",
    )


def start_platforms(stage: Stage) -> tuple["subprocess.Popen[str]", str]:
    """The simulated platforms, and their address."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "numtrustd.sim",
            "--story",
            "demo",
            "--seed",
            "7",
            "--speed",
            str(SPEED),
            "--clock-base",
            repr(stage.base),
            "--clock-origin",
            repr(stage.origin),
            "--numbers",
            str(stage.root / "numbers.csv"),
            "--state",
            str(stage.root / "world.json"),
            "--exit-with-parent",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("listening "):
        raise StageError(f"the simulated platforms did not start (exit status {process.wait()})")
    return process, line.split()[1]


def start_daemon(stage: Stage, log_format: str, environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """The daemon, by its own command line, its log on our standard error. In a process group of its own: Ctrl-C
    reaches the demo, which stops the daemon in order."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "numtrustd",
            "run",
            "--config",
            str(stage.config),
            "--init",
            "--log-format",
            log_format,
        ],
        env={**environ, "NUMTRUSTD_CLOCK": f"{stage.base!r} {stage.origin!r}"},
        stdin=subprocess.DEVNULL,
        process_group=0,
    )


def stop(process: "subprocess.Popen[bytes] | subprocess.Popen[str]", seconds: float) -> int:
    """End a process that we started; hard if it does not go."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def environment() -> dict[str, str]:
    """What the daemon gets: not the supervisor's variables of whoever runs the demo."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("LISTEN_", "NOTIFY_", "WATCHDOG_"))}
