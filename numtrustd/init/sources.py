"""Which sources there are to choose from: the program's own, and those of the person's packs beside the settings.

They are told from the packs alone, so that they can be told before there are settings, and beside settings that are not
right yet. `shortlist` takes those out that a newcomer most likely wants; `rows` are lines of either.
"""

import pathlib
from collections.abc import Collection, Sequence

from msgspec import Struct

from numtrustd.domain.cadence import CadencePolicy
from numtrustd.domain.number import NumberKind
from numtrustd.probes.spec import Source
from numtrustd.settings import Problem, hand_looks
from numtrustd.settings.document import toml_files
from numtrustd.settings.packs import Pack, read_packs, shipped_dir
from numtrustd.settings.problem import Report

PACKS = "platforms.d"
"""Where a person's own packs lie, beside the settings."""

_WIDE = 28
_GOOD = frozenset("AB")


class Known(Struct, frozen=True):
    """A source, and whether a pack of the person's own speaks of it."""

    source: Source
    own: bool


def known(home: pathlib.Path) -> dict[str, Known] | list[Problem]:
    """Every source by id for settings in the directory `home`, the person's own first and what people report last; or
    what is wrong with his packs.
    """
    report = Report()
    where = (str(home / PACKS), 1)
    mine = toml_files(home / PACKS, report, where, "") if (home / PACKS).is_dir() else []
    layers = [toml_files(shipped_dir(), report, where, ""), mine]
    packs = read_packs(layers, {"cadence": CadencePolicy().interval, "limits": {}}, report)
    if report.problems:
        return sorted(set(report.problems))
    found = []
    for pack in packs.by_id.values():
        found += [Known(s, _in(mine, pack, "source", i, "id")) for i, s in enumerate(pack.sources)]
        found += [Known(source, _in(mine, pack, "platform", "id")) for source in hand_looks.sources(pack)]
    order = sorted(found, key=lambda each: (not each.own, each.source.report is not None))
    return {each.source.id: each for each in order}


def _in(mine: Collection[pathlib.Path], pack: Pack, *path: str | int) -> bool:
    return pathlib.Path(pack.where(*path)[0]) in mine


def shortlist(sources: Collection[Known], kinds: Collection[NumberKind]) -> list[Known]:
    """The person's own, and of the others those that look by themselves, are known well enough and answer for numbers
    of these kinds (for all kinds where there are none).
    """
    return [
        each
        for each in sources
        if each.own
        or (
            each.source.grade in _GOOD
            and each.source.report is None
            and each.source.when == "always"
            and (not kinds or set(kinds) & set(each.source.kinds))
        )
    ]


def rows(sources: Sequence[Known], *, whole: bool) -> list[str]:
    """A line for each: its id, and what it needs; `whole` also tells how good it is, and all that it needs."""
    return [f"{each.source.id:{_WIDE}} {_said(each, whole=whole)}" for each in sources]


def _said(each: Known, *, whole: bool) -> str:
    source = each.source
    needs = source.why_off if whole else source.why_off.partition(":")[0]
    if source.enabled:
        needs = f"{source.title}: on, unless the settings switch it off"
    elif not needs:
        needs = source.title
    return f"{source.grade}  {needs}" if whole else needs
