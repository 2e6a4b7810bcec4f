"""An instant as text. `observation.Instant` is its type; `numtrustd.clock` alone reads what time it is."""

import math
from datetime import UTC, datetime
from functools import lru_cache


def rfc3339(instant: float) -> str:
    """UTC with microseconds and `Z`. Raises `ValueError` or `OverflowError` for nan, inf and far years."""
    second = math.floor(instant)
    micros = round((instant - second) * 1_000_000)
    if micros == 1_000_000:
        second, micros = second + 1, 0
    return f"{_to_the_second(second)}.{micros:06d}Z"


@lru_cache(maxsize=64)  # log lines come many to a second
def _to_the_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
