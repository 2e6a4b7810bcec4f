"""What an owner asks for by order: a certification, the change of a tag, another name to be shown.

Methods of `io.numtrust.Control`, beside those in `control`.
"""

from numtrustd.api.declare import Params, Result, When
from numtrustd.api.status import Text


class CaseBegun(Result, frozen=True, kw_only=True):
    """The case that does what was asked for, and what happens next."""

    now: When
    case: str
    kind: str
    number: str
    platform: str
    state: str
    meaning: str
    then: str | None = None
    due: When | None = None


class Certify(Params[CaseBegun], frozen=True, kw_only=True):
    """Have the wanted name certified at a platform.

    held: it is certified already, and only to be kept: renewed before expires (YYYY-MM-DD), chased when it is paused.
    """

    number: Text
    platform: Text
    held: bool = False
    expires: Text | None = None
    author: Text | None = None


class ChangeTag(Params[CaseBegun], frozen=True, kw_only=True):
    """Ask a platform for the tag that is wanted now."""

    number: Text
    platform: Text
    author: Text | None = None


class IdentityChange(Result, frozen=True, kw_only=True):
    """What is wanted to be shown of a number from now on, the settings' own wishes included."""

    now: When
    number: str
    cases: int
    name: str | None = None
    logo: str | None = None
    tag: str | None = None


class SetIdentity(Params[IdentityChange], frozen=True, kw_only=True):
    """Another name, logo (its SHA-256) or tag is wanted of a number; what is left out stays. An empty text wants none.

    since and until (YYYY-MM-DD, the platforms' days) say when; it is kept until it is set again, beside the settings.
    """

    number: Text
    name: Text | None = None
    logo: Text | None = None
    tag: Text | None = None
    since: Text | None = None
    until: Text | None = None
    author: Text | None = None
