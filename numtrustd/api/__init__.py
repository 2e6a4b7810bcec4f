"""What the control sockets offer, as types: both interfaces with every method, row and error, and no code
behind them.

`declare` says how it is written down, `rows` are the things that people look at, `errors` the refusals;
`status` looks and `control` tells and acts. The daemon binds handlers to these declarations,
`numtrustctl` decodes by them, and the text that Varlink clients introspect is generated from them. Names
here are a promise: add, do not rename.

Instants are RFC 3339 in UTC. What is not known is left out of a reply. Wherever a number is asked for,
any spelling does.
"""

from numtrustd.api.control import CONTROL
from numtrustd.api.declare import When, instant, when
from numtrustd.api.status import STATUS

__all__ = ["CONTROL", "STATUS", "When", "instant", "when"]
