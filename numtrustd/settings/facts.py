"""What is wrong with a pack's facts: names that no pack has, papers that do not exist, addresses that are nobody's.

`checks` looks at what the daemon acts on; these are the facts that people act on, so a wrong address here sends a
person to a stranger.
"""

from collections.abc import Iterator

from numtrustd.domain.display import What, as_shown
from numtrustd.domain.evidence import KINDS
from numtrustd.domain.platform import HandLook, Platform
from numtrustd.settings.checks import NAME, NAME_HELP, is_official
from numtrustd.settings.packs import Packs
from numtrustd.settings.problem import Path, Report, dotted, one_of, suggest

GRADES = ("A", "B", "C", "D")

Finding = tuple[Path, str, str]
"""Where, what is wrong, what would be right."""


def check_facts(packs: Packs, report: Report) -> None:
    """Every pack's facts, whether it is used or not."""
    names = frozenset(packs.by_id) if packs.whole else None
    for pack in packs.by_id.values():
        for path, what, remedy in _platform(pack.platform, names):
            report.add(pack.where(*path), dotted(path), what, remedy)


def _platform(platform: Platform, names: frozenset[str] | None) -> Iterator[Finding]:
    top: Path = ("platform",)
    if platform.grade not in GRADES:
        yield (*top, "grade"), f'is "{platform.grade}"', one_of(GRADES)
    if platform.shown_from_grade not in GRADES:
        yield (*top, "shown_from_grade"), f'is "{platform.shown_from_grade}"', one_of(GRADES)
    for i, name in enumerate(platform.appeal_at):
        at: Path = (*top, "appeal_at", i)
        if name == platform.id:
            yield at, "is the platform itself", "name the platforms that take its appeals, or leave it out"
        elif names is not None and name not in names:
            yield at, f'no pack of "{name}"', suggest(name, sorted(names))
    for i, quota in enumerate(platform.quotas):
        if quota.per is not None and quota.per <= 0:
            yield (*top, "quota", i, "per"), "is no time at all", "give a time such as 1d, or leave it out"
        if not quota.what:
            yield (*top, "quota", i, "what"), "is empty", "say what is limited, such as appeals of one number"
    yield from _display(top, platform)
    if (certified := platform.certification) is not None:
        at = (*top, "certification")
        if not certified.route:
            yield (*at, "route"), "is empty", "say how a name is certified there"
        if certified.grade not in GRADES:
            yield (*at, "grade"), f'is "{certified.grade}"', one_of(GRADES)
        for i, kind in enumerate(certified.papers):
            if kind not in KINDS:
                yield (*at, "papers", i), f'"{kind}" is no kind of evidence', suggest(kind, list(KINDS))
        yield from _address((*at, "address"), certified.address, platform)
    for key, look in (("device_test", platform.device_test), ("assisted", platform.assisted)):
        if look is not None:
            yield from _look((*top, key), look, platform, names)


def _display(top: Path, platform: Platform) -> Iterator[Finding]:
    """What each surface shows of an identity, and how it cuts it."""
    before: set[tuple[str, str]] = set()
    for i, rule in enumerate(platform.display):
        at: Path = (*top, "display", i)
        if rule.grade not in GRADES:
            yield (*at, "grade"), f'is "{rule.grade}"', one_of(GRADES)
        if rule.surface != "*" and not NAME.fullmatch(rule.surface):
            yield (*at, "surface"), f'"{rule.surface}" is no name', f'{NAME_HELP}, or "*" for all'
        if (rule.surface, rule.what) in before:
            yield (*at, "what"), f"is a second rule for the {rule.what} on {rule.surface}", "keep one of the two"
        before.add((rule.surface, rule.what))
        if rule.limited and not rule.shown:
            yield (*at, "shown"), "is false, and there is a limit for what is shown", "keep one of the two"
        if rule.limited and rule.what is What.LOGO:
            yield (*at, "what"), "is a logo, which nobody cuts", "leave out the limits"
        if rule.limited and as_shown("国" * 50, rule).rstrip("".join(rule.ellipsis)) == "" and not rule.keeps:
            yield (*at, "surface"), "leaves no room for one character of a name", "give larger limits"


def _look(at: Path, look: HandLook, platform: Platform, names: frozenset[str] | None) -> Iterator[Finding]:
    if not look.steps or not all(look.steps):
        yield (*at, "steps"), "says nothing", "write what the person does, one step a line"
    if len(set(look.surfaces)) < len(look.surfaces):
        yield (*at, "surfaces"), "names a place twice", "name each place once"
    for i, surface in enumerate(look.surfaces):
        if not NAME.fullmatch(surface):
            yield (*at, "surfaces", i), f'"{surface}" is no name', NAME_HELP
    for i, name in enumerate(look.reads):
        if name == platform.id or name in look.reads[:i]:
            yield (*at, "reads", i), f'"{name}" is there already', "name each other platform once"
        elif names is not None and name not in names:
            yield (*at, "reads", i), f'no pack of "{name}"', suggest(name, sorted(names))
    yield from _address((*at, "address"), look.address, platform)


def _address(at: Path, address: str, platform: Platform) -> Iterator[Finding]:
    if address and not is_official(address, platform.official_hosts):
        hosts = ", ".join(platform.official_hosts)
        remedy = f"use {hosts}, or add the host to official_hosts" if hosts else "list the host in official_hosts"
        yield at, f'"{address}" is on none of the official hosts', remedy
