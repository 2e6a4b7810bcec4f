"""A target with a bug in it, to prove that the engine finds one: four bytes that nobody would guess at once."""

from collections.abc import Iterator


def seeds() -> Iterator[bytes]:
    yield b"nothing here"


def one(data: bytes) -> None:
    if data[:1] == b"N" and data[1:2] == b"u" and data[2:3] == b"m" and data[3:4] == b"!":
        raise RuntimeError("found what was planted")
