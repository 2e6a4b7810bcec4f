"""What platforms are called in the language that is spoken: one language in one output.

The daemon's rows carry the name in a platform's own language alone. The list of platforms has both, so it is asked for
once where names are to be shown; without it a platform goes by its id in any language but its own.
"""

from collections.abc import Iterable, Mapping

from numtrustd.api.rows import PlatformRow
from numtrustd.ctl.lang import spoken, tr

_known: Mapping[str, PlatformRow] | None = None


def use(rows: Iterable[PlatformRow] | None) -> None:
    """Call these platforms by the names in these rows, in this process from now on; `None` forgets them."""
    global _known
    _known = None if rows is None else {row.platform: row for row in rows}


def learned() -> bool:
    """Whether the names are known, even if there are none."""
    return _known is not None


def of_row(row: PlatformRow) -> str:
    """A platform's name; its id if it has none in this language."""
    return (row.name if spoken() == "zh" else row.name_en) or row.platform


def name(platform: str, own: str) -> str:
    """The name of a platform that is called `own` in its own language; a case of no platform is of all of them."""
    if not platform:
        return tr(own)
    if (row := (_known or {}).get(platform)) is not None:
        return of_row(row)
    return own if spoken() == "zh" or own.isascii() else platform


def known_by(own: str) -> str | None:
    """The name of the platform that is called so in its own language; `None` if no such is known."""
    return next((of_row(row) for row in (_known or {}).values() if own and own in (row.name, row.platform)), None)


def both(platform: str, own: str) -> str:
    """Name and id, which is what options take; one of them where they are the same."""
    said = name(platform, own)
    return said if said.casefold() == platform.casefold() else f"{said} ({platform})"
