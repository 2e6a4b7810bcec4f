"""The answers in tests/data: a small reader of `<case>.http` and `<case>.toml`."""

import pathlib
import tomllib

from msgspec import Struct

from numtrustd.domain.number import Number, parse
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
    head, _, body = path.read_bytes().partition(b"\n\n")
    first, *lines = head.decode().splitlines()
    headers = tuple((name, value) for name, _, value in (line.partition(": ") for line in lines))
    told = tomllib.loads(path.with_suffix(".toml").read_text("utf-8"))
    number = parse(told["number"])
    assert isinstance(number, Number), path
    reply = Reply(int(first.removeprefix("HTTP ")), headers, body)
    return Case(path.parent.name, path.stem, number, reply, told["expect"])


def cases(source: str = "*.*") -> list[Case]:
    """All cases of a source, or of all."""
    return [read(path) for path in sorted(DATA.glob(f"{source}/*.http"))]
