"""The control numbers of sources as the settings give them, brought to their canonical form."""

from msgspec import structs

from numtrustd.domain import number as domain_number
from numtrustd.domain.trust import Controls
from numtrustd.probes.spec import Source
from numtrustd.settings.collect import Located
from numtrustd.settings.problem import Path, Report, dotted


def canonical(controls: Controls, source: Source, place: Located, report: Report) -> Controls:
    """The controls that the settings give a source; what is wrong with them is reported where it stands."""
    said: dict[str, Path] = {}

    def each(key: str, texts: tuple[str, ...]) -> tuple[str, ...]:
        found = []
        for i, text in enumerate(texts):
            path: Path = ("source", source.id, "controls", key, i)
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
