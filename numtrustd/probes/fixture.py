"""Recorded answers: two files each, the answer and what must be read in it.

`NAME.http` is the answer: `HTTP <status>`, headers, an empty line, the body byte for byte. `NAME.toml` has the number
that was asked for, and one `[[expect]]` per reading of the source. `extract` reads the one, `differences` holds it
against the other. `told` beside this does the same with what people and programs told.
"""

import json
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, structs

from numtrustd.domain.label import Category
from numtrustd.domain.number import Number, parse
from numtrustd.domain.observation import Observation, Status, UnknownReason
from numtrustd.probes.extract import Words, extract
from numtrustd.probes.misfit import misfit
from numtrustd.probes.spec import Source
from numtrustd.wire.exchange import Reply

T = TypeVar("T")

MAX_BYTES = 16 << 20
KEPT_HEADERS = frozenset({"content-type", "content-length", "location", "retry-after", "server", "date"})
"""What is recorded of an answer's headers: the others hold cookies and traces of who asked."""


class FixtureError(Exception):
    """A fixture that cannot be used: which file, what is wrong, what would be right."""

    def __init__(self, file: Path, what: str, remedy: str) -> None:
        super().__init__(f"{file}: {what}: {remedy}")


class Expected(Struct, frozen=True, forbid_unknown_fields=True):
    """What one reading must say. A field that is not named must be absent, but for `detail` and `rule`, which are held
    only where they are named, and `surface`, which only a source with several readings of one platform needs.
    """

    platform: str
    status: Status
    surface: str | UnsetType = UNSET
    category: Category | None = None
    words: str | None = None
    marks: int | None = None
    name: str | None = None
    logo: str | None = None
    tag: str | None = None
    reason: UnknownReason | None = None
    detail: str | UnsetType = UNSET
    rule: str | UnsetType = UNSET

    @property
    def known(self) -> bool:
        return self.status is not Status.UNKNOWN


class Fixture(Struct, frozen=True):
    """One answer to one question, and what must be read in it."""

    path: Path
    number: Number
    reply: Reply
    expect: tuple[Expected, ...]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def known(self) -> bool:
        """Whether any reading is to say something."""
        return any(e.known for e in self.expect)


class _Told(Struct, frozen=True, forbid_unknown_fields=True):
    number: str
    expect: tuple[Expected, ...]


def read(path: Path) -> Fixture:
    """The fixture of a `.http` file. Raises `FixtureError`."""
    raw, told = read_pair(path, _Told, 'write number = "…" and one [[expect]] for each reading')
    return Fixture(path, number_of(path, told.number), _reply(path, raw), told.expect)


def read_pair(path: Path, kind: type[T], remedy: str) -> tuple[bytes, T]:
    """What was recorded, and what stands of it in the `.toml` beside it. Raises `FixtureError`."""
    beside = path.with_suffix(".toml")
    try:
        raw, text = path.read_bytes(), beside.read_text("utf-8")
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        file = beside if isinstance(error, UnicodeError) or not beside.exists() else path
        raise FixtureError(
            file, f"cannot be read ({why})", f"each answer is NAME{path.suffix} with NAME.toml beside it"
        ) from None
    try:
        return raw, msgspec.convert(tomllib.loads(text), kind)
    except msgspec.ValidationError as error:
        raise FixtureError(beside, misfit(error, Expected.__struct_fields__), remedy) from None
    except tomllib.TOMLDecodeError as error:
        raise FixtureError(beside, str(error), remedy) from None


def number_of(path: Path, text: str) -> Number:
    """The number that a fixture is about. Raises `FixtureError`."""
    number = parse(text)
    if not isinstance(number, Number):
        raise FixtureError(path.with_suffix(".toml"), f"number: {number.what}", number.remedy)
    return number


def _reply(path: Path, raw: bytes) -> Reply:
    head, blank, body = raw.partition(b"\n\n")
    first, *lines = head.decode("utf-8", "replace").splitlines() or [""]
    word, _, status = first.partition(" ")
    if word != "HTTP" or not status.isdigit() or not 100 <= int(status) <= 599:
        raise FixtureError(path, f"its first line is {first[:60]!r}", "write HTTP and the status: HTTP 200")
    if not blank:
        raise FixtureError(path, "no empty line ends its headers", "put one before the body, also before an empty one")
    headers = []
    for line in lines:
        name, colon, value = line.partition(": ")
        if not colon or name != name.lower():
            raise FixtureError(path, f"{line[:60]!r} is no header", "write content-type: text/html, in lower case")
        headers.append((name, value))
    return Reply(int(status), tuple(headers), body)


def read_all(directory: Path) -> list[Fixture | FixtureError]:
    """Every fixture of a directory, by name; in the place of one that cannot be used, why."""
    return read_each(directory, ".http", read)


def read_each(directory: Path, suffix: str, one: Callable[[Path], T]) -> list[T | FixtureError]:
    """Every file of a directory that ends so, by name, as `one` reads it; where it raises, the `FixtureError`."""
    found: list[T | FixtureError] = []
    for path in sorted(directory.glob(f"*{suffix}")):
        try:
            found.append(one(path))
        except FixtureError as error:
            found.append(error)
    answers = {path.with_suffix("") for path in directory.glob(f"*{suffix}")}
    lone = [path for path in sorted(directory.glob("*.toml")) if path.with_suffix("") not in answers]
    return [*found, *(FixtureError(p, "has no answer beside it", f"record one as {p.stem}{suffix}") for p in lone)]


def differences(source: Source, expect: Sequence[Expected], seen: Sequence[Observation]) -> list[str]:
    """What of `seen` is not as a fixture expects, a line each; empty when all is."""
    said: list[str] = []
    left = list(expect)
    for observation in seen:
        where = f"{observation.platform}/{observation.surface}"
        expected = next((e for e in left if _speaks_of(e, observation)), None)
        if expected is None:
            said.append(f"{where} has no [[expect]]: it reads {observation.status}")
            continue
        left.remove(expected)
        for field in structs.fields(Expected):
            want, got = getattr(expected, field.name), getattr(observation, field.name)
            if want is not UNSET and want != got:
                said.append(f"{where} {field.name}: expected {_plain(want)}, read {_plain(got)}")
    known = ", ".join(f"{r.platform}/{r.surface}" for r in source.readings)
    return [*said, *(f"an [[expect]] of {e.platform} is one too many: {source.id} reads {known}" for e in left)]


def _speaks_of(expected: Expected, observation: Observation) -> bool:
    return expected.platform == observation.platform and expected.surface in (UNSET, observation.surface)


def _plain(value: object) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)


def other_number(number: Number) -> Number:
    """A number that an answer about `number` says nothing of."""
    last = "8" if number.canonical.endswith("9") else "9"
    return structs.replace(number, canonical=number.canonical[:-1] + last)


def turned(
    source: Source, fixture: Fixture, body: bytes, words: Words | None = None, sent_as: tuple[str, ...] = ()
) -> list[tuple[Observation, Observation]]:
    """The readings that a damaged `body` turns: an unknown into a verdict, or a verdict into another."""

    def look(reply: Reply) -> tuple[Observation, ...]:
        return extract(source, fixture.number, reply, 0.0, words or {}, sent_as)

    before, after = look(fixture.reply), look(structs.replace(fixture.reply, body=body))
    return [(b, a) for b, a in zip(before, after, strict=True) if a.known and a.status is not b.status]


def write(path: Path, number: str, reply: Reply, seen: Sequence[Observation], recorded: str) -> None:
    """Record an answer with what is read in it now. Raises `FixtureError` when the fixture is there already, `OSError`.

    `path` is without a suffix, `number` as it was asked for, `recorded` says when and by what.
    """
    answer, beside = path.with_name(path.name + ".http"), path.with_name(path.name + ".toml")
    for file in (answer, beside):
        if file.exists():
            raise FixtureError(file, "is there already", "choose another name")
    headers = "".join(f"{n.lower()}: {v}\n" for n, v in reply.headers if n.lower() in KEPT_HEADERS)
    lines = [f"# {recorded} What was read then stands below: put right what is wrong.", f"number = {_plain(number)}"]
    for observation in seen:
        lines += ["", "[[expect]]"]
        for field in structs.fields(Expected):
            value = getattr(observation, field.name)
            if value is not None and field.name != "detail" and (field.name, value) != ("surface", "default"):
                lines.append(f"{field.name} = {_plain(value)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    answer.write_bytes(f"HTTP {reply.status}\n{headers}\n".encode() + reply.body)
    beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
