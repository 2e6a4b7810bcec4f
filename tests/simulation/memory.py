"""What comes out the same in every run of a process is worked out once: reading an answer, and binding the settings.

Both are pure functions of production code over frozen values, and are called as they are for every argument that was
not seen before. Half of a run's answers repeat another one to the byte, and every restart and reload of all seeds binds
the same few requests. `seams` puts these in their places for the length of a run.
"""

import functools
from collections.abc import Callable
from typing import Any

from msgspec import structs

from numtrustd import build
from numtrustd.domain.number import Number
from numtrustd.domain.observation import Instant, Observation
from numtrustd.probes.extract import Words
from numtrustd.probes.extract import extract as _extract
from numtrustd.probes.spec import Source
from numtrustd.settings import Loaded
from numtrustd.wire.exchange import Outcome, Reply

KEPT = 20_000
"""Answers that are remembered; when there are more, all are forgotten."""

_read: dict[tuple[object, ...], tuple[Source, tuple[Observation, ...]]] = {}


def extract(
    source: Source, number: Number, outcome: Outcome, at: Instant, words: Words, sent_as: tuple[str, ...] = ()
) -> tuple[Observation, ...]:
    """`probes.extract.extract`; all that depends on the time is `at`."""
    if not isinstance(outcome, Reply):
        return _extract(source, number, outcome, at, words, sent_as)
    known = tuple(sorted((platform, tuple(sorted(own.items()))) for platform, own in words.items() if own))
    key = (id(source), number.canonical, outcome.status, outcome.headers, outcome.body, known, sent_as)
    found = _read.get(key)
    if found is None:
        if len(_read) >= KEPT:
            _read.clear()
        # The source is kept, too, or another one might come to have its id.
        found = _read[key] = source, _extract(source, number, outcome, at, words, sent_as)
        return found[1]
    return tuple(structs.replace(seen, at=at) for seen in found[1])


def _of_configuration(function: Callable[..., Any]) -> Callable[..., Any]:
    """Remember what comes of a configuration (`config.configured` makes one of each) and of names."""
    kept: dict[tuple[object, ...], tuple[Loaded, Any]] = {}

    @functools.wraps(function)
    def remembered(*args: Any, **named: Any) -> Any:
        loaded, *rest = args
        key = (id(loaded), *(rest[:1]))
        if key not in kept:
            if len(kept) >= 1_000:
                kept.clear()
            kept[key] = loaded, function(*args, **named)
        return kept[key][1]

    return remembered


BOUND = {
    name: _of_configuration(getattr(build, name))
    for name in ("look_template", "batch_templates", "call_templates", "private", "bound_sources", "bound_channels")
}
"""The functions of `build` that work on one configuration alone."""
