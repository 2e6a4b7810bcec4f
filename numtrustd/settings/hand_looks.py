"""The report sources that a pack has without writing them down: one where it says how a person looks on a handset
(`[platform.device_test]`), one where it says how a person looks behind a gate (`[platform.assisted]`).

They are off like all others, until somebody has such a handset or the time to look.
"""

from collections.abc import Iterator

from numtrustd.domain.device_test import ASSISTED, DEVICE
from numtrustd.domain.number import NumberKind
from numtrustd.domain.platform import HandLook
from numtrustd.probes.report import ReportSpec
from numtrustd.probes.spec import Reading, Source
from numtrustd.settings.packs import Pack

RINGING = "incoming_call"
"""The surface that only a handset has: where it is one, the handset must be named."""

WHY_OFF = {
    DEVICE: "somebody must have such a handset and report what it shows; then enable it",
    ASSISTED: "somebody must look, at a page that is there for people, and report what it says; then enable it",
}


def sources(pack: Pack) -> Iterator[Source]:
    """Those that the pack does not write down itself, under the same id."""
    platform, own = pack.platform, {source.id for source in pack.sources}
    for kind, look in ((DEVICE, platform.device_test), (ASSISTED, platform.assisted)):
        identity = f"{platform.id}.{kind}"
        if look is not None and identity not in own:
            yield _source(identity, platform.id, kind, look, pack)


def _source(identity: str, platform: str, kind: str, look: HandLook, pack: Pack) -> Source:
    return Source(
        id=identity,
        title="what a handset shows" if kind == DEVICE else "what the page shows a person",
        kinds=tuple(NumberKind),
        readings=(
            *(Reading(platform, surface) for surface in look.surfaces or ("default",)),
            *(Reading(other, platform) for other in look.reads),
        ),
        report=ReportSpec(handset=RINGING in look.surfaces, witness=look.witness or bool(look.reads)),
        enabled=False,
        why_off=WHY_OFF[kind],
        grade=pack.platform.grade,
        checked=pack.platform.checked,
    )
