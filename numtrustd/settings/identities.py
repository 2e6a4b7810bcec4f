"""What is wanted to be shown, from `[[identity]]` tables and the numbers' own columns, as one `Wanted` per number.

Name, logo and tag are each taken from the nearest place that says anything of it: the number, its group, the company.
A row of the numbers is a version without a date; dated ones of the same number stand in `[[identity]]`.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from numtrustd.domain import number as domain_number
from numtrustd.domain.display import What
from numtrustd.domain.identity import Version, Wanted
from numtrustd.domain.observation import Instant
from numtrustd.domain.wording_rules import violations
from numtrustd.settings.collect import Located
from numtrustd.settings.document import Where
from numtrustd.settings.problem import Path, Report, dotted, suggest
from numtrustd.settings.schema import IdentityTable, Settings

ZONE = ZoneInfo("Asia/Shanghai")
"""Where a day begins from which something is wanted: that of the platforms, whose screens are in question."""

_DIGEST = re.compile(r"[0-9a-fA-F]{8,64}")
_DIGEST_HELP = "give 8 to 64 hex digits of the picture's SHA-256, as `sha256sum logo.png` prints it"

Scope = tuple[str, str]
"""("number", canonical), ("group", name) or ("", "") for the company."""

Own = tuple[str, str, str]
"""Name, logo and tag in a number's own row; empty where it says nothing."""

NOTHING: Own = ("", "", "")


def day(of: date) -> Instant:
    """When a day begins."""
    return datetime.combine(of, time(), ZONE).astimezone(UTC).timestamp()


class Identities:
    """All that is wanted, by scope; `wanted` gives a number's share, the same one to all that want the same."""

    def __init__(self, settings: Settings, place: Located, report: Report) -> None:
        self._versions: dict[tuple[Scope, What], dict[Instant, Version]] = {}
        self._made: dict[tuple[str, str, Own], Wanted | None] = {}
        self.numbers: dict[str, Path] = {}
        self._wording = settings.wording
        groups = {group.name for group in settings.group} | {"default"}
        for i, table in enumerate(settings.identity):
            at: Path = ("identity", i)
            if report.spoilt(place, *at):
                continue
            scope = self._scope(table, at, groups, place, report)
            if scope is not None:
                self._add(table, at, scope, place, report)

    def _scope(self, table: IdentityTable, at: Path, groups: set[str], place: Located, report: Report) -> Scope | None:
        def add(key: str, what: str, remedy: str) -> None:
            report.add(place.where((*at, key)), dotted((*at, key)), what, remedy)

        if table.number and table.group:
            add("group", "stands beside a number", "keep one of the two; leave both out for the whole company")
            return None
        if table.number:
            parsed = domain_number.parse(table.number)
            if isinstance(parsed, domain_number.Problem):
                add("number", parsed.what, parsed.remedy)
                return None
            self.numbers[parsed.canonical] = (*at, "number")
            return "number", parsed.canonical
        if table.group and table.group not in groups:
            remedy = f'add [[group]] with name = "{table.group}", or {suggest(table.group, sorted(groups))}'
            if report.spoilt(place, "group"):
                return None  # it may be one of those that could not be read
            add("group", f'no group "{table.group}" in the settings', remedy)
            return None
        return ("group", table.group) if table.group else ("", "")

    def _add(self, table: IdentityTable, at: Path, scope: Scope, place: Located, report: Report) -> None:
        def add(path: Path, what: str, remedy: str) -> None:
            report.add(place.where(path), dotted(path), what, remedy)

        said = {What.NAME: table.name, What.LOGO: table.logo, What.TAG: table.tag}
        if all(text is None for text in said.values()):
            add(at, "wants nothing", "give at least one of name, logo and tag")
        if table.logo and not _DIGEST.fullmatch(table.logo):
            add((*at, "logo"), f'"{table.logo}" is no digest', _DIGEST_HELP)
        if table.until is not None and not table.tag:
            add((*at, "until"), "ends a tag that is not given", "give the tag, or leave it out")
        if table.until is not None and table.since is not None and table.until < table.since:
            add((*at, "until"), "lies before since", "give the last day of the tag")
        since = 0.0 if table.since is None else day(table.since)
        for what, text in said.items():
            if text is None:
                continue
            key = (*at, what.value)
            self._check_words(what, text, place.where(key), dotted(key), report)
            until = None
            if what is What.TAG and table.until is not None and table.until < date.max:
                until = day(table.until + timedelta(days=1))  # its last day is one of its days
            versions = self._versions.setdefault((scope, what), {})
            if since in versions:
                add(key, f"is a second {what} from the same day on", "give each version a since of its own")
            versions[since] = Version(text.strip(), since, until)

    def wanted(self, canonical: str, group: str, own: Own = NOTHING) -> Wanted | None:
        """What is wanted of one number; `None` where nothing is."""
        number = canonical if canonical in self.numbers else ""
        if not self._versions and own == NOTHING:
            return None
        key = (number, group, own)
        if key not in self._made:
            parts = [self._of(what, number, group, text) for what, text in zip(What, own, strict=True)]
            self._made[key] = Wanted(*parts) if any(parts) else None
        return self._made[key]

    def _of(self, what: What, number: str, group: str, own: str) -> tuple[Version, ...]:
        dated = dict(self._versions.get((("number", number), what), {})) if number else {}
        if own:
            dated[0.0] = Version(own)
        for scope in (("group", group), ("", "")):
            dated = dated or self._versions.get((scope, what), {})
        return tuple(dated[since] for since in sorted(dated))

    def check_own(self, own: Own, where: Callable[[str], Where], key: Callable[[str], str], report: Report) -> None:
        """A number's own row."""
        for what, text in zip(What, own, strict=True):
            if text and what is not What.LOGO:
                column = f"wanted_{what.value}"
                self._check_words(what, text, where(column), key(column), report)
        if own[1] and not _DIGEST.fullmatch(own[1]):
            report.add(where("wanted_logo"), key("wanted_logo"), f'"{own[1]}" is no digest', _DIGEST_HELP)

    def _check_words(self, what: What, text: str, where: Where, key: str, report: Report) -> None:
        """A tag is the owner's own words. A name may be registered as it is, so there it is only said."""
        if what is What.LOGO:
            return
        for found in violations(text, self._wording):
            remedy = f'write another {what.value}, or add "{found.found}" to wording.allowed if it may stand'
            (report.add if what is What.TAG else report.warn)(where, key, found.why, remedy)

    def check_numbers(self, rows: Mapping[str, object], place: Located, report: Report) -> None:
        """The numbers that identities name are watched."""
        for canonical, at in self.numbers.items():
            if canonical not in rows:
                what = f"{canonical} is none of the numbers"
                report.warn(place.where(at), dotted(at), what, "add it to the numbers, or leave the table out")
