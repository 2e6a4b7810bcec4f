"""Recorded reports and runs: what a person, a relay or an operator's program told, and what must be read in it.

Two files each, like the answers of `fixture`: of a report source `NAME.json`, one object as `numtrustctl observe` takes
it on a line, of a command source `NAME.jsonl`, what the program writes on its output. `NAME.toml` has the number that
was looked at, and one `[[expect]]` for each reading, or `refused`, the field for which a report is not taken.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from numtrustd.domain.number import Number, parse
from numtrustd.domain.observation import Instant, Observation
from numtrustd.probes import command, fixture
from numtrustd.probes.extract import Words
from numtrustd.probes.fixture import Expected, FixtureError
from numtrustd.probes.misfit import misfit
from numtrustd.probes.report import Claim, weigh
from numtrustd.probes.said import Said, Shown
from numtrustd.probes.spec import Source

SUFFIX = {"report": ".json", "command": ".jsonl"}
"""How the recorded file ends, by the kind of source; those of others are answers (`fixture`)."""

LINE = "line"
"""The field that is refused where nothing of a report can be read."""

TELLER = "a tester"
"""Who says so where a report does not tell."""

_REMEDY = 'write number = "…" and one [[expect]] for each reading, or refused = "…", the field that is not taken'


class Told(Struct, frozen=True):
    """What was told of one number, and what must be read in it. `now` is when it comes in."""

    path: Path
    number: Number
    raw: bytes
    expect: tuple[Expected, ...]
    refused: str | None = None
    now: Instant | None = None

    @property
    def name(self) -> str:
        return self.path.stem


class _Beside(Struct, frozen=True, forbid_unknown_fields=True):
    number: str
    expect: tuple[Expected, ...] = ()
    refused: str | None = None
    now: Annotated[datetime, Meta(tz=True)] | None = None


class _Line(
    Said,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"logo": "logo_digest", "screenshot": "screenshot_digest", "by": "author"},
):
    """A report as it is handed in; the same keys as over the control socket."""

    number: str
    platform: str
    surface: str
    logo: Shown | None = None  # here once more, to be renamed
    by: str = TELLER
    at: Annotated[datetime, Meta(tz=True)] | None = None
    device: str = ""
    os: str = ""
    app: str = ""
    screenshot: str = ""
    evidence: str = ""
    source: str | None = None
    key: str = ""


_decode = msgspec.json.Decoder(_Line).decode

Heard = tuple[Observation, ...] | tuple[str, str]
"""What was told, or the field that is refused and why."""

_FIELDS = {"logo": "logo_digest"}
"""What a field of a claim is called as it is handed in, where that differs."""


def read(path: Path) -> Told:
    """The fixture of a `.json` or `.jsonl` file. Raises `FixtureError`."""
    raw, beside = fixture.read_pair(path, _Beside, _REMEDY)
    if bool(beside.expect) == (beside.refused is not None):
        raise FixtureError(path.with_suffix(".toml"), "wants one of expect and refused", _REMEDY)
    now = None if beside.now is None else beside.now.timestamp()
    return Told(path, fixture.number_of(path, beside.number), raw, beside.expect, beside.refused, now)


def read_all(directory: Path, source: Source) -> list[Told | FixtureError]:
    """Every fixture of a source through which somebody tells; in the place of one that cannot be used, why."""
    return fixture.read_each(directory, SUFFIX[source.kind], read)


def hear(source: Source, number: Number, raw: bytes, words: Words, now: Instant | None) -> Heard:
    """What is told of this number: the observations, or the field that is refused and why."""
    if source.command is not None:
        places = tuple(command.Place(r.platform, r.surface) for r in source.readings)
        heard = command.hear(source.id, (number,), places, command.Ended(raw), now or 0.0, words)
        return heard.seen[number.canonical]
    found = _report(source, number, raw, words, now)
    return found if isinstance(found, tuple) else (found,)


def _report(
    source: Source, number: Number, raw: bytes, words: Words, now: Instant | None
) -> Observation | tuple[str, str]:
    assert source.report is not None
    try:
        line = _decode(raw)
    except msgspec.ValidationError as error:
        return LINE, misfit(error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return LINE, "is no JSON"
    about = parse(line.number)
    if not isinstance(about, Number) or about.canonical != number.canonical:
        return "number", f'"{line.number}" is not the number that was looked at'
    if line.source not in (None, source.id):
        return "source", f'"{line.source}" is not {source.id}'
    if all(reading.platform != line.platform for reading in source.readings):
        return "platform", f'{source.id} tells nothing of "{line.platform}"'
    if all((r.platform, r.surface) != (line.platform, line.surface) for r in source.readings):
        known = ", ".join(r.surface for r in source.readings if r.platform == line.platform)
        return "surface", f'"{line.surface}" is none of {known}'
    at = None if line.at is None else line.at.timestamp()
    claim = Claim(
        status=line.status,
        reason=line.reason,
        words=line.words,
        marks=line.marks,
        name=line.name,
        logo=line.logo,
        tag=line.tag,
        by=line.by,
        at=at,
        device=line.device,
        os=line.os,
        app=line.app,
        screenshot=line.screenshot,
        evidence=line.evidence,
    )
    moment = now if now is not None else at or 0.0
    seen = weigh(claim, source.report, (source.id, line.platform, line.surface), moment, words)
    if not isinstance(seen, tuple):
        return seen
    field, why = seen[0]
    return _FIELDS.get(field, field), why


def faults(source: Source, case: Told, words: Words) -> list[str]:
    """What of a fixture does not read as it should, a line each; empty when all does."""
    heard = hear(source, case.number, case.raw, words, case.now)
    if refused(heard):
        field, why = heard[0], heard[1]
        if case.refused == field:
            return []
        wanted = f"refused for {case.refused}" if case.refused else "taken"
        return [f"{case.path}: refused for {field} ({why}), expected to be {wanted}"]
    seen = tuple(o for o in heard if isinstance(o, Observation))
    if case.refused is not None:
        said = ", ".join(str(o.status) for o in seen)
        return [f"{case.path}: read as {said}, expected to be refused for {case.refused}"]
    if wrong := fixture.differences(source, case.expect, seen):
        return [f"{case.path}:", *(f"  {line}" for line in wrong)]
    other = hear(source, fixture.other_number(case.number), case.raw, words, case.now)
    return [
        f"{case.path}: read as {o.status} for another number, too"
        for o in other
        if isinstance(o, Observation) and o.known
    ]


def refused(heard: Sequence[object]) -> bool:
    """Whether a report was not taken."""
    return bool(heard) and isinstance(heard[0], str)
