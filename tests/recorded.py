"""The answers in tests/data, read as `numtrustd pack test` reads an operator's."""

import pathlib

from msgspec import Struct, to_builtins

from numtrustd.domain.number import Number
from numtrustd.domain.observation import Observation
from numtrustd.packtest import SECRET as SECRET
from numtrustd.packtest import TASK as TASK
from numtrustd.packtest import sent_as as sent_as
from numtrustd.probes import fixture
from numtrustd.probes.extract import extract
from numtrustd.probes.spec import Source
from numtrustd.wire.exchange import Reply

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
    found = fixture.read(path)
    expect = [{k: v for k, v in to_builtins(e).items() if v is not None} for e in found.expect]
    return Case(path.parent.name, found.name, found.number, found.reply, expect)


def cases(source: str = "*.*") -> list[Case]:
    """All cases of a source, or of all."""
    return [read(path) for path in sorted(DATA.glob(f"{source}/*.http"))]


def look(source: Source, number: Number, body: str) -> tuple[Observation, ...]:
    """What a source makes of a body with HTTP 200."""
    reply = Reply(200, (("content-type", "text/html; charset=utf-8"),), body.encode())
    return extract(source, number, reply, 0.0, {}, sent_as(source, number))
