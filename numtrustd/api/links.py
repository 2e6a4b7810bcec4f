"""Whether a link, or a text with links in it, leads to a platform itself, as it is asked on the status socket."""

from typing import Annotated

from msgspec import Meta

from numtrustd.api.declare import Params, Result, When

Text = Annotated[str, Meta(max_length=1024)]
Pasted = Annotated[str, Meta(min_length=1, max_length=8192)]


class LinkRow(Result, frozen=True, kw_only=True):
    """One link: official, unknown or suspicious, and why. `url` is without user, query and fragment, `host` in
    punycode; `platform` is whose official host it is.
    """

    url: str
    standing: str
    why: tuple[str, ...]
    host: str | None = None
    platform: str | None = None


class LinkCheck(Result, frozen=True, kw_only=True):
    """What the text is as a whole: nothing (no link in it), official, unknown, suspicious or refused (it asks for what
    no platform asks for), with the reasons, the worst first, and what to do.
    """

    now: When
    standing: str
    official: bool
    why: tuple[str, ...]
    advice: str
    links: tuple[LinkRow, ...]


class CheckLink(Params[LinkCheck], frozen=True, kw_only=True):
    """Whether a link, or every link in a pasted text, leads to a platform's official hosts. Nothing is opened.

    platform: only its own official hosts will do; otherwise those of any platform.
    """

    text: Pasted
    platform: Text | None = None
