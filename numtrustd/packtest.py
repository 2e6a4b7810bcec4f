"""`numtrustd pack test`: a pack against recorded answers, as its author writes it. Touches no state, asks nobody.

Each answer must read as its fixture expects, say nothing of another number, and become no other verdict where it is cut
short. `look` records answers, `probes.fixture` reads them, `settings.pack_file` the pack.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from numtrustd.domain.number import Number
from numtrustd.exit_status import CONFIG, DATA
from numtrustd.log.guard import escape
from numtrustd.probes import fixture, lint
from numtrustd.probes.extract import Words, extract, trace
from numtrustd.probes.fixture import Fixture, FixtureError
from numtrustd.probes.spec import Source
from numtrustd.settings import render
from numtrustd.settings.pack_file import read_pack
from numtrustd.wire.template import compile_request, moment_values, number_values

SECRET = "0123456789abcdef"
"""Stands for every secret where an answer repeats a sealed number: fixtures are read without anybody's keys."""

TASK = "B17"
"""The task that every recorded answer of a source with batches is about."""

CUTS = 200
"""Places at which an answer is cut."""

FAILURES = ("blocked", "limited", "login", "empty", "wrong", "maintenance", "malformed", "error")
"""Ways to fail that every platform has; a fixture's name begins with the one that it shows."""

Echo = Callable[[str], None]


def run_pack_test(file: Path, fixtures: Path | None, echo: Echo) -> int:
    """Read every fixture with the pack and say how it went. Exit status 0, 65 (an answer) or 78 (the pack)."""
    checked = read_pack(file)
    if isinstance(checked, list):
        echo(render(checked).rstrip("\n"))
        return CONFIG
    pack = checked.pack
    if not pack.sources:
        echo(f"{file}: good; it has no source, so there is nothing to read")
        return 0
    home = file.with_suffix("") if fixtures is None else fixtures
    right = failed = 0
    hints: list[str] = []
    for source in pack.sources:
        directory = _directory(home, source, alone=len(pack.sources) == 1)
        found = fixture.read_all(directory)
        if not found:
            hints.append(
                f"{source.id}: no recorded answers in {directory}: "
                f"numtrustd look NUMBER --source {source.id} --record {directory / 'marked'}"
            )
        fit: list[Fixture] = []
        for each in found:
            if isinstance(each, FixtureError):
                faults = [str(each)]
            else:
                fit.append(each)
                faults = _faults(source, each, checked.words)
            right, failed = (right, failed + 1) if faults else (right + 1, failed)
            for fault in faults:
                echo(escape(fault))
        if fit:
            hints += _hints(source, fit)
        hints += [f"{source.id}: {line}" for line in lint.advice(source)]
    for hint in hints:
        echo(escape(f"hint: {hint}"))
    if right + failed:
        echo(f"{file}: {right} of {right + failed} recorded answers read as they should")
    else:
        echo(f"{file}: well formed, and nothing shows yet that it reads answers right")
    return DATA if failed or not right else 0


def sent_as(source: Source, number: Number) -> tuple[str, ...]:
    """What a source's request holds for a number where it is sealed, with `SECRET` for every secret; the task where it
    asks after a batch."""
    if source.request is None:
        return (TASK,)
    if not source.request.cipher:
        return ()
    template = compile_request(source.request)
    unknown = {name: SECRET for name in template.needs if ":" in name}
    return template.fill(number_values(number) | moment_values(0.0, "") | unknown).sent_as


def _directory(home: Path, source: Source, *, alone: bool) -> Path:
    """Where a source's fixtures lie: a directory of its name, or, for a pack's only source, all in one."""
    own = home / source.id
    return home if alone and not own.is_dir() else own


def _faults(source: Source, case: Fixture, words: Words) -> list[str]:
    sealed = sent_as(source, case.number)
    seen = extract(source, case.number, case.reply, 0.0, words, sealed)
    if wrong := fixture.differences(source, case, seen):
        return [f"{case.path}:", *(f"  {line}" for line in wrong), *_tried(source, case, sealed)]
    said = []
    other = fixture.other_number(case.number)
    strayed = extract(source, other, case.reply, 0.0, {}, sent_as(source, other))
    said += [
        f"{case.path}: read as {o.status} for {other.canonical} too, by rule {o.rule}: "
        "name in `echo` where the answer says whose it is"
        for o in strayed
        if o.known
    ]
    body = case.reply.body
    for place in sorted({len(body) * n // CUTS for n in range(CUTS)}):
        if turned := fixture.turned(source, case, body[:place], sent_as=sealed):
            before, after = turned[0]
            said.append(
                f"{case.path}: cut off after {place} bytes it is read as {after.status}, by rule {after.rule}, "
                f"and whole as {before.status}: let that rule hold on something that stands further behind"
            )
            break
    return said


def _tried(source: Source, case: Fixture, sealed: tuple[str, ...]) -> list[str]:
    lines = []
    for told in trace(source, case.number, case.reply, sealed):
        lines.append(f"  {told.platform}/{told.surface}:")
        for step in told.steps:
            lines.append(f"    {step.kind} {step.name}: {'matches' if step.held else 'no'}")
            lines += [f"        {why}" for why in step.why.splitlines()]
    return lines


def _hints(source: Source, cases: Sequence[Fixture]) -> list[str]:
    """What the fixtures do not show: rules that none of them reaches, failures that none of them is."""
    won = {o.rule for c in cases for o in extract(source, c.number, c.reply, 0.0, {}, sent_as(source, c.number))}
    idle = [rule.name for rule in (*source.guards, *source.rules) if rule.name not in won]
    unseen = [name for name in FAILURES if not any(c.name.startswith(name) for c in cases)]
    said = [f"{source.id}: no recorded answer reaches {', '.join(idle)}"] if idle else []
    if unseen:
        said.append(f"{source.id}: no recorded answer shows {', '.join(unseen)} (a name that begins so)")
    return said
