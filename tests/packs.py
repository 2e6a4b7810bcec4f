"""The shipped packs for tests, read as the daemon reads them."""

from functools import lru_cache

from numtrustd.probes.spec import Source
from numtrustd.settings.packs import Pack, read_packs, shipped_dir
from numtrustd.settings.problem import Report

_DEFAULTS = {"cadence": 21_600.0, "limits": {}}


@lru_cache(maxsize=1)
def shipped() -> dict[str, Pack]:
    """All packs by platform id; fails with the problems if there are any."""
    report = Report()
    files = sorted(shipped_dir().glob("*.toml"))
    packs = read_packs([files], _DEFAULTS, report)
    assert not report.problems, "\n".join(map(str, report.problems))
    return packs.by_id


def sources() -> dict[str, Source]:
    """All shipped sources by id."""
    return {source.id: source for pack in shipped().values() for source in pack.sources}
