"""What is wrong with `[cancellation]`, and with what a pack says of removals alone.

`checks` looks at all other tables.
"""

from numtrustd.domain.calendar import COUNTRIES
from numtrustd.domain.evidence import KINDS
from numtrustd.domain.leaving import Reason
from numtrustd.domain.platform import WAYS
from numtrustd.settings.collect import Located
from numtrustd.settings.packs import Pack, Packs
from numtrustd.settings.problem import Path, Report, dotted, one_of, suggest
from numtrustd.settings.schema import Settings

NO_TIME = "is no time at all", "give more than 0 seconds"
NO_RANGE = "is no range of times", 'give ["7d", "15d"]: soonest and latest'


def check_leaving(settings: Settings, packs: Packs, place: Located, report: Report) -> None:
    """`[cancellation]`, and the removals of every pack, switched on or not."""

    def add(path: Path, what: str, remedy: str) -> None:
        at = ("cancellation", *path)
        report.add(place.where(at), dotted(at), what, remedy)

    rules = settings.cancellation
    for name in ("residual_after", "errand_deadline", "notice_deadline", "release_deadline", "remind_interval"):
        if getattr(rules, name) <= 0:
            add((name,), *NO_TIME)
    if rules.residual_after < rules.cache_wait:
        add(("residual_after",), "is over before cache_wait is", "give at least cache_wait")
    if rules.country not in COUNTRIES:
        add(("country",), f'the days of "{rules.country}" are not known', one_of(sorted(COUNTRIES)))
    for i, binding in enumerate(rules.bindings):
        if not binding.strip():
            add(("bindings", i), "is empty", "name the account, or leave it out")
    if packs.whole:
        for i, platform in enumerate(rules.platforms):
            if platform not in packs.by_id:
                add(("platforms", i), f'no pack of "{platform}"', suggest(platform, sorted(packs.by_id)))
    for reason in Reason:
        for i, kinds in enumerate(getattr(rules.papers, reason)):
            for kind in kinds.split("|"):
                if kind not in KINDS:
                    what = f'"{kind}" is no kind of evidence'
                    add(("papers", reason, i), what, f"{suggest(kind, list(KINDS))} ({one_of(KINDS)})")
    for name, table in settings.platform.items():
        told = table.removal.expires
        if told is None or (of := packs.by_id.get(name)) is None:
            continue
        path: Path = ("platform", name, "removal", "expires")
        way = of.platform.way("removal")
        if way is None or way.expires is None:
            what = f"by its pack {name} shows nothing that expires by itself"
            report.add(place.where(path), dotted(path), what, "remove it")
        elif told[0] > told[1]:
            report.add(place.where(path), dotted(path), *NO_RANGE)
    for pack in packs.by_id.values():
        _check_pack(pack, report)


def _check_pack(pack: Pack, report: Report) -> None:
    """Only what is shown of a number expires, and only its deletion has a receipt."""

    def add(path: Path, what: str, remedy: str) -> None:
        report.add(pack.where(*path), dotted(path), what, remedy)

    for kind in ("appeal", *WAYS):
        facts = pack.platform.appeal if kind == "appeal" else pack.platform.ways.get(kind)
        if facts is None:
            continue
        if kind != "removal":
            for key in ("expires", "receipt"):
                if getattr(facts, key) is not None:
                    add((kind, key), "is said of removals only", "move it to [removal], or leave it out")
        elif facts.expires is not None:
            soonest, latest = facts.expires
            if not 0 < soonest <= latest:
                add((kind, "expires"), *NO_RANGE)
            if facts.channel not in ("expires", "none"):
                add((kind, "expires"), f'stands with channel = "{facts.channel}"', "keep one of the two")
