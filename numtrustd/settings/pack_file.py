"""One pack by itself, without a settings file: what its author checks while writing it.

`load` reads packs as the daemon uses them; this reads the file beside the shipped packs, because a pack may name other
platforms or extend one of them.
"""

import pathlib

from msgspec import Struct

from numtrustd.clock import Clock
from numtrustd.domain.cadence import CadencePolicy
from numtrustd.domain.label import Category
from numtrustd.settings import bounds, checks, controls, document, facts, kinds, lint, provenance, times
from numtrustd.settings.packs import Pack, read_packs, shipped_dir
from numtrustd.settings.problem import Problem, Report


class PackFile(Struct, frozen=True):
    """A pack that is whole, with every platform's own words by platform id: an answer may speak for several."""

    pack: Pack
    words: dict[str, dict[str, Category]]


def read_pack(file: pathlib.Path) -> PackFile | list[Problem]:
    """The pack in `file`, put over a shipped one of the same id; or everything that is wrong with it, in order.

    Other packs in its directory and the shipped ones may be named by it; what is wrong with them is not said.
    """
    report = Report()
    where = (str(file), 1)
    shipped, beside = (
        [other for other in document.toml_files(directory, report, where, "") if other.resolve() != file.resolve()]
        for directory in (shipped_dir(), file.parent)
    )
    if file.parent.resolve() == shipped_dir().resolve():
        beside = []
    own = _id_of(file)
    layers = [shipped, [*(other for other in beside if _id_of(other) not in ("", own)), file]]
    packs = read_packs(layers, {"cadence": CadencePolicy().interval, "limits": {}}, report)
    report.second_pass()
    checks.check_packs(packs, report)
    bounds.check_bounds(packs, report)
    times.check_pack_times(packs, report)
    facts.check_facts(packs, report)
    provenance.check_provenance(packs, Clock().now(), report)
    lint.check_rules(packs, report)
    controls.check_pack_controls(packs, report)
    kinds.check_pack_kinds(packs, report)
    if problems := [problem for problem in report.problems if problem.file == str(file)]:
        return sorted(set(problems))
    words = {name: pack.platform.words for name, pack in packs.by_id.items() if pack.platform.words}
    return PackFile(packs.by_id[_id_of(file)], words)


def _id_of(file: pathlib.Path) -> str:
    """The id of the platform whose pack a file is; empty for any other file."""
    found = document.read(file, Report())
    platform = None if found is None else found.data.get("platform")
    name = platform.get("id") if isinstance(platform, dict) else None
    return name if isinstance(name, str) else ""
