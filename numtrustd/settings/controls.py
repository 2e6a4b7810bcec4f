"""The control numbers of sources, brought to their canonical form: as the settings give them, else as the pack does."""

from msgspec import structs

from numtrustd.domain import number as domain_number
from numtrustd.domain.trust import Controls
from numtrustd.probes.spec import Source
from numtrustd.settings.collect import Located
from numtrustd.settings.packs import Packs
from numtrustd.settings.problem import Path, Report, dotted


def canonical(controls: Controls, source: Source, place: Located, report: Report) -> Controls:
    """The controls of a source; what is wrong with those that the settings give is reported where it stands, with
    those of its pack by `check_pack_controls`."""
    if controls == Controls():
        return _canonical(source.controls, source, (), place, Report())
    return _canonical(controls, source, ("source", source.id, "controls"), place, report)


def check_pack_controls(packs: Packs, report: Report) -> None:
    """Every source's own, switched on or not."""
    for pack in packs.by_id.values():
        for i, source in enumerate(pack.sources):
            _canonical(source.controls, source, ("source", i, "controls"), pack.doc, report)


def _canonical(controls: Controls, source: Source, top: Path, place: Located, report: Report) -> Controls:
    said: dict[str, Path] = {}

    def each(key: str, texts: tuple[str, ...]) -> tuple[str, ...]:
        found = []
        for i, text in enumerate(texts):
            path: Path = (*top, key, i)
            parsed = domain_number.parse(text)
            if isinstance(parsed, domain_number.Problem):
                report.add(place.where(path), dotted(path), parsed.what, parsed.remedy)
                continue
            if parsed.kind not in source.kinds:
                kinds = ", ".join(source.kinds)
                what = f"{text} is a {parsed.kind} number, which {source.id} cannot look at"
                report.add(place.where(path), dotted(path), what, f"give one of these kinds: {kinds}")
            elif parsed.canonical in said:
                what = f"{text} is already {dotted(said[parsed.canonical])}"
                report.add(place.where(path), dotted(path), what, "a control is marked or clean: keep one of the two")
            else:
                found.append(parsed.canonical)
            said.setdefault(parsed.canonical, path)
        return tuple(found)

    return structs.replace(controls, marked=each("marked", controls.marked), clean=each("clean", controls.clean))
