"""Appeals in a hurry: settings for the simulated Telnyx, and how it is started so that a double appeal would show.

For the tests that kill the daemon, as a process of their own or in a booted system.
"""

from pathlib import Path

from numtrustd.sim.stories import DEMO_ORIGIN

SETTINGS = """
[clock]
speed = {speed}
origin = 2026-03-02T01:00:00Z
[cadence]
interval = "4h"
confirm_interval = "1h"
verify_interval = "2h"
[source."telnyx.reputation"]
enabled = true
base_url = "{address}/telnyx"
interval = "1m"
[platform.telnyx.vars]
enterprise_id = "6a09cdc3-8948-47f0-aa62-74ac943d6c58"
contact_email = "trust@example.invalid"
[platform.telnyx.appeal]
base_url = "{address}/telnyx"
cooldown = "6h"
propagation = "12h"
max_attempts = 5
[[evidence]]
kind = "number_ownership"
path = "paper.txt"
"""


def simulated(*, base: float, speed: float, numbers: Path | str, label_rate: float) -> tuple[str, ...]:
    """Arguments of the simulator. It takes a second appeal while the first is under review (`--blind`), and loses some
    of its answers."""
    given = {
        "seed": 11,
        "speed": speed,
        "clock-base": repr(base),
        "clock-origin": repr(DEMO_ORIGIN),
        "numbers": numbers,
        "lost": 0.05,
        "label-rate": label_rate,
        "return-chance": 0.3,
        "reject-chance": 0.3,
    }
    return ("--blind", *(str(word) for name, value in given.items() for word in (f"--{name}", value)))
