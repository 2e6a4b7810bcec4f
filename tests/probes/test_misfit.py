"""What does not fit is told with its place and with what would fit; what is not understood is passed on as it came."""

import enum

import msgspec
import pytest
from msgspec import Struct

from numtrustd.domain.observation import Status, UnknownReason
from numtrustd.probes.misfit import misfit


class Hue(enum.StrEnum):
    RED = "red"


class Inner(Struct, forbid_unknown_fields=True):
    status: Status = Status.CLEAN
    reason: UnknownReason | None = None
    hue: Hue = Hue.RED
    marks: int = 0


class Outer(Struct, forbid_unknown_fields=True):
    expect: tuple[Inner, ...] = ()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"expect": [{}, {"status": "odd"}]}, 'expect[1].status: "odd" is none of marked, clean, certified, unknown'),
        ({"expect": [{"status": "o'`d"}]}, """expect[0].status: "o'`d" is none of marked, clean, certified, unknown"""),
        ({"expect": [{"reason": "x"}]}, 'expect[0].reason: "x" is none of ' + ", ".join(UnknownReason)),
        ({"expect": [{"hue": "blue"}]}, "Invalid enum value 'blue' - at `$.expect[0].hue`"),
        ({"expect": [{"marks": "1"}]}, "Expected `int`, got `str` - at `$.expect[0].marks`"),
        ({"expect": [{"a": 1}]}, "expect[0]: Object contains unknown field `a`; known here: status, reason"),
        ({"a": 1}, "Object contains unknown field `a`"),
    ],
)
def test_what_is_said(value: object, said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, Outer)
    assert misfit(caught.value, ("status", "reason")) == said
