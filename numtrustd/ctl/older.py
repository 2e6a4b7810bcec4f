"""What to do where the daemon is older than this program and does not know what it is asked.

A parameter is sent only where it says something, so that a new one troubles nobody who does not use it. A daemon that
refuses one without which the answer only holds more than was asked for is asked again without it; never one that acts,
where a parameter may be what keeps something from happening.
"""

from typing import Any

import msgspec
from msgspec import Struct, structs

from numtrustd.varlink.client import ErrorReply

_SERVICE = "org.varlink.service"

_WITHOUT = frozenset({("History", "actions"), ("ListNumbers", "labelled"), ("ListCases", "by_deadline")})
"""Parameters that only pick or sort rows, which whoever asks with them does once more."""


def given(params: Struct) -> dict[str, Any]:
    """The parameters that say something else than what they say by themselves."""
    values = msgspec.to_builtins(params)
    return {
        field.encode_name: values[field.encode_name]
        for field in structs.fields(params)
        if field.encode_name in values and getattr(params, field.name) != field.default
    }


def without(params: Struct, sent: dict[str, Any], error: ErrorReply) -> dict[str, Any] | None:
    """What to ask instead of what was refused; `None` if there is nothing."""
    unknown = str(error.parameters.get("parameter", ""))
    if error.name != f"{_SERVICE}.InvalidParameter" or unknown not in sent:
        return None
    if (type(params).__name__, unknown) not in _WITHOUT:
        return None
    return {name: value for name, value in sent.items() if name != unknown}


def unknown(error: ErrorReply) -> str | None:
    """The method or parameter that the daemon does not know; `None` if that is not why it refused."""
    place, _, kind = error.name.rpartition(".")
    if place != _SERVICE or kind not in ("MethodNotFound", "InterfaceNotFound", "InvalidParameter"):
        return None
    return next((str(value) for value in error.parameters.values()), kind)
