"""`numtrustd demo`: the real daemon, as its own process, against simulated platforms in another, with a fast clock.

`stage` writes the configuration and starts both, `person` plays the people through the control socket, `tally` counts
what the event stream says. Nothing of the daemon is replaced but its clock's speed and the platforms' addresses.
"""

from numtrustd.demo.play import run_demo

__all__ = ["run_demo"]
"""The only thing that `cli` needs."""
