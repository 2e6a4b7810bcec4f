"""What a signed request needs of now: its time, and a text that no other request has."""

from numtrustd.clock import Clock, Random
from numtrustd.wire.template import Template, moment_values


def moment(template: Template, clock: Clock, random: Random) -> dict[str, str]:
    """The values to fill a `timed` template with, beside the others; nothing for any other."""
    if not template.timed:
        return {}
    # Drawn only where it is wanted: elsewhere the draws of a seeded run stay as they were.
    nonce = f"{random.getrandbits(128):032x}" if "nonce" in template.needs else ""
    return moment_values(clock.now(), nonce)
