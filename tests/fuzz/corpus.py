"""The inputs that fuzzing starts from, and that the suite tries each time: seeds made of fixtures, and a small corpus.

`tests/fuzz/corpus/TARGET` holds what once broke something and what reached code that no fixture reaches.
"""

import hashlib
import importlib
import os
import pathlib
import sys
from collections.abc import Callable, Iterable
from types import CodeType, FrameType
from typing import Any

HOME = pathlib.Path(__file__).with_name("corpus")
TARGETS = ("answer", "extract", "log", "settings", "store", "varlink")

SMALL = 2_048
"""Bytes up to which an input is kept: the corpus is read by people and stays in the repository."""

PACKAGE = f"{os.sep}numtrustd{os.sep}"

Arc = tuple[CodeType, int, int]


def stored(target: str) -> list[bytes]:
    """Seeds and corpus of a target."""
    module = importlib.import_module(f"tests.fuzz.target_{target}")
    seeds: Iterable[bytes] = module.seeds()
    return [*seeds, *(file.read_bytes() for file in sorted((HOME / target).glob("*")))]


def keep(target: str, one: Callable[[bytes], None], new: Iterable[bytes]) -> int:
    """Add those of `new` to the corpus that reach lines in an order that nothing before did; how many were added."""
    known: set[Arc] = set()
    for data in stored(target):
        known |= arcs(one, data)
    added = 0
    for data in sorted(new, key=len):
        if len(data) > SMALL or (reached := arcs(one, data)) <= known:
            continue
        known |= reached
        added += 1
        (HOME / target).mkdir(parents=True, exist_ok=True)
        (HOME / target / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    return added


def arcs(one: Callable[[bytes], None], data: bytes) -> set[Arc]:
    """The steps from line to line that an input takes in the package."""
    seen: set[Arc] = set()
    last: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if PACKAGE not in frame.f_code.co_filename:
            return None
        if event == "line":
            seen.add((frame.f_code, last.get(frame, 0), frame.f_lineno))
            last[frame] = frame.f_lineno
        elif event == "return":
            last.pop(frame, None)
        return trace

    sys.settrace(trace)
    try:
        one(data)
    finally:
        sys.settrace(None)
    return seen
