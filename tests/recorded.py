"""The answers in tests/data: a small reader of `<case>.http` and `<case>.toml`."""

import pathlib
import tomllib

from msgspec import Struct

from numtrustd.domain.number import Number, parse
from numtrustd.domain.observation import Observation
from numtrustd.probes.extract import extract
from numtrustd.probes.spec import Source
from numtrustd.wire.exchange import Reply
from numtrustd.wire.template import compile_request, moment_values, number_values

SECRET = "0123456789abcdef"
"""AES key, initialisation vector and everything else, in answers that repeat a sealed number."""

TASK = "B17"
"""The task that every recorded answer of a source with batches is about, or should be."""

DATA = pathlib.Path(__file__).parent / "data"


class Case(Struct, frozen=True):
    """One answer and what must be read in it; `expect` has the named fields of each observation."""

    source: str
    name: str
    number: Number
    reply: Reply
    expect: list[dict[str, object]]

    @property
    def known(self) -> bool:
        """Whether any reading says something."""
        return any(e["status"] != "unknown" for e in self.expect)


def read(path: pathlib.Path) -> Case:
    """The case of a `.http` file."""
    head, _, body = path.read_bytes().partition(b"\n\n")
    first, *lines = head.decode().splitlines()
    headers = tuple((name, value) for name, _, value in (line.partition(": ") for line in lines))
    told = tomllib.loads(path.with_suffix(".toml").read_text("utf-8"))
    number = parse(told["number"])
    assert isinstance(number, Number), path
    reply = Reply(int(first.removeprefix("HTTP ")), headers, body)
    return Case(path.parent.name, path.stem, number, reply, told["expect"])


def sent_as(source: Source, number: Number) -> tuple[str, ...]:
    """What a source's request holds for a number where it is sealed, with `SECRET` for every secret; the task where it
    asks after a batch."""
    if source.request is None:
        return (TASK,)
    template = compile_request(source.request)
    if not source.request.cipher:
        return ()
    unknown = {name: SECRET for name in template.needs if ":" in name}
    return template.fill(number_values(number) | moment_values(0.0, "") | unknown).sent_as


def cases(source: str = "*.*") -> list[Case]:
    """All cases of a source, or of all."""
    return [read(path) for path in sorted(DATA.glob(f"{source}/*.http"))]


def look(source: Source, number: Number, body: str) -> tuple[Observation, ...]:
    """What a source makes of a body with HTTP 200."""
    reply = Reply(200, (("content-type", "text/html; charset=utf-8"),), body.encode())
    return extract(source, number, reply, 0.0, {}, sent_as(source, number))
