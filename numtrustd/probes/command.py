"""PURE: a source that is an operator's program: what it is told on its standard input, and what its lines say.

The program gets one JSON line a number and answers with JSON lines, one for each number, platform and surface. Nothing
of a run that failed is believed, and a number that has no line of its own is unknown. `program` beside this runs it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from numtrustd.domain.label import Category
from numtrustd.domain.number import Number, parse
from numtrustd.domain.observation import Instant, Observation, Status, UnknownReason
from numtrustd.probes.said import Said, contradiction, observation

PLACEHOLDER = re.compile(r"\{(var|secret):([A-Za-z0-9_.-]+)\}")
_BRACES = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

MOST_AT_ONCE = 1_000


class CommandSpec(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the program is run. Times are real seconds.

    `argv` is no shell's line: the program's absolute path and its arguments. `env` is its whole environment, and the
    only place for secrets. `at_most` numbers are given to one run, which is ended after `deadline`, harder after
    `grace`. `user` is whom it runs as when the daemon is root.
    """

    argv: tuple[str, ...]
    at_most: Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)] = 1
    deadline: Annotated[float, Meta(gt=0, le=86_400, extra={"unit": "duration"})] = 300.0
    grace: Annotated[float, Meta(ge=0, le=60, extra={"unit": "duration"})] = 5.0
    user: str = ""
    env: dict[str, str] = {}
    max_bytes: Annotated[int, Meta(ge=1, le=64 << 20, extra={"unit": "bytes"})] = 1 << 20
    max_lines: Annotated[int, Meta(ge=1, le=1_000_000)] = 10_000


class Place(Struct, frozen=True):
    """One place that is looked at."""

    platform: str
    surface: str


class Ended(Struct, frozen=True):
    """How a run came to its end. `reason` is `None` when it ended by itself, with status 0, inside all bounds."""

    output: bytes
    reason: UnknownReason | None = None
    detail: str = ""


class Heard(Struct, frozen=True):
    """What a run said: the observations of each number, in the order of the places, and what its lines had wrong."""

    seen: dict[str, tuple[Observation, ...]]
    problems: tuple[str, ...]


class _Question(Struct, frozen=True):
    number: str
    national: str
    kind: str
    looks: tuple[Place, ...]


class _Line(Said, frozen=True, forbid_unknown_fields=True, kw_only=True):
    number: str
    platform: str
    surface: str = "default"


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Line).decode


def question(numbers: Sequence[Number], places: Sequence[Place]) -> bytes:
    """The program's standard input."""
    looks = tuple(places)
    lines = (_encode(_Question(n.canonical, n.national, str(n.kind), looks)) + b"\n" for n in numbers)
    return b"".join(lines)


def hear(
    source: str,
    numbers: Sequence[Number],
    places: Sequence[Place],
    ended: Ended,
    at: Instant,
    words: Mapping[str, Mapping[str, Category]],
) -> Heard:
    """What a run says of each number that it was asked for."""
    if ended.reason is not None:
        failed, why = ended.reason, ended.detail
        return Heard(
            {n.canonical: tuple(_unknown(source, p, at, failed, why) for p in places) for n in numbers},
            (f"the run failed, so that nothing of it counts: {why}",),
        )
    asked = {n.canonical for n in numbers}
    said: dict[tuple[str, Place], _Line | None] = {}
    problems: list[str] = []
    garbled = foreign = False
    for n, raw in enumerate(ended.output.splitlines(), 1):
        if not raw.strip():
            continue
        line = _read(raw)
        if isinstance(line, str):
            problems.append(f"line {n}: {line}")
            garbled = True
            continue
        number = parse(line.number)
        if not isinstance(number, Number) or number.canonical not in asked:
            problems.append(f"line {n}: is about a number that it was not asked for")
            foreign = True
            continue
        place = Place(line.platform, line.surface)
        key = number.canonical, place
        if place not in places:
            known = ", ".join(f"{p.platform}/{p.surface}" for p in places)
            problems.append(f"line {n}: {line.platform}/{line.surface} is no place that it looks at; those are {known}")
            garbled = True
        elif (wrong := contradiction(line)) is not None:
            problems.append(f"line {n}: {wrong[0]} {wrong[1]}")
            said[key] = None
        elif key in said and said[key] != line:
            problems.append(f"line {n}: says otherwise of a number and place than a line before it")
            said[key] = None
        else:
            said[key] = line
    if garbled:
        missing = UnknownReason.BAD_SHAPE, "no line about it that could be read"
    elif foreign:
        missing = UnknownReason.WRONG_CARD, "no line about it, but some about other numbers"
    else:
        missing = UnknownReason.NO_CARD, "no line about it"
    seen: dict[str, tuple[Observation, ...]] = {}
    for canonical in asked:
        each: list[Observation] = []
        for place in places:
            key = canonical, place
            answer = said.get(key)
            if answer is not None:
                each.append(observation(answer, place.platform, source, place.surface, at, words))
            elif key in said:
                each.append(_unknown(source, place, at, UnknownReason.BAD_SHAPE, "its line contradicts itself"))
            else:
                each.append(_unknown(source, place, at, *missing))
        seen[canonical] = tuple(each)
    return Heard(seen, tuple(problems))


def _read(raw: bytes) -> _Line | str:
    try:
        return _decode(raw)
    except msgspec.ValidationError as error:
        return f"is not as agreed: {error}"
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "is no JSON"


def _unknown(source: str, place: Place, at: Instant, reason: UnknownReason, detail: str) -> Observation:
    return Observation(
        platform=place.platform,
        source=source,
        at=at,
        status=Status.UNKNOWN,
        surface=place.surface,
        reason=reason,
        detail=detail,
    )


# ----------------------------------------------------------------------------------------------- placeholders


def placeholders(spec: CommandSpec) -> frozenset[str]:
    """Every `var:NAME` and `secret:NAME` that it uses."""
    texts = (*spec.argv, *spec.env.values())
    return frozenset(f"{kind}:{name}" for text in texts for kind, name in PLACEHOLDER.findall(text))


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with its placeholders filled in. `KeyError` when one has no value."""
    return PLACEHOLDER.sub(lambda found: values[f"{found[1]}:{found[2]}"], text)


def lint(spec: CommandSpec) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """(path, what is wrong, what would be right) of each mistake."""
    if not spec.argv:
        yield ("argv",), "is empty", 'name the program, like ["/opt/handsets/look", "--quick"]'
    for i, text in enumerate(spec.argv):
        at = ("argv", i)
        if i == 0 and not text.startswith("/"):
            yield at, f'"{text}" is no absolute path', 'write it whole, like "/opt/handsets/look": no PATH is searched'
        if "{secret:" in text:
            yield at, "puts a secret on the command line, where every user sees it", "put it into [source.command.env]"
        yield from _braces(at, text)
    for name, text in spec.env.items():
        if not _NAME.fullmatch(name):
            yield ("env", name), f'"{name}" is no name of a variable', "write letters, digits and underscores"
        yield from _braces(("env", name), text)


def _braces(at: tuple[str | int, ...], text: str) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    for name in _BRACES.findall(text):
        if name.partition(":")[0] in ("var", "secret") and not PLACEHOLDER.fullmatch(f"{{{name}}}"):
            yield at, f"unknown placeholder {{{name}}}", "write {var:NAME} or {secret:NAME}"
        elif name in ("number", "national", "e164", "canonical"):
            yield at, f"{{{name}}} is not filled in here", "the numbers come on the program's standard input"
