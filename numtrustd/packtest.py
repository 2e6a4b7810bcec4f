"""`numtrustd pack test`: a pack against recorded answers, as its author writes it. Touches no state, asks nobody.

Each answer must read as its fixture expects, say nothing of another number, and become no other verdict where it is
cut short. What people and programs tell is held to the same. `look` records answers, `probes.fixture` and `probes.told`
read them, `settings.pack_file` the pack.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from numtrustd.domain.number import Number
from numtrustd.exit_status import CONFIG, DATA
from numtrustd.log.guard import escape
from numtrustd.probes import fixture, lint, told
from numtrustd.probes.extract import Words, extract, trace
from numtrustd.probes.fixture import Fixture, FixtureError
from numtrustd.probes.spec import Source
from numtrustd.probes.told import Told
from numtrustd.settings import hand_looks, render
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

TOLD_FAILURES = ("blocked", "wrong", "malformed")
"""Ways in which people and programs fail to tell: it could not be seen, it is of something else, it is nonsense."""

Echo = Callable[[str], None]


def run_pack_test(file: Path, fixtures: Path | None, echo: Echo) -> int:
    """Read every fixture with the pack and say how it went. Exit status 0, 65 (an answer) or 78 (the pack)."""
    checked = read_pack(file)
    if isinstance(checked, list):
        echo(render(checked).rstrip("\n"))
        return CONFIG
    pack = checked.pack
    home = file.with_suffix("") if fixtures is None else fixtures
    tally = Tally(echo)
    for source in pack.sources:
        directory = _directory(home, source, alone=len(pack.sources) == 1)
        if source.kind in told.SUFFIX:
            tally.told(source, directory, checked.words)
        else:
            tally.answers(source, directory, checked.words)
        tally.hints += [f"{source.id}: {line}" for line in lint.advice(source)]
    for source in hand_looks.sources(pack):
        tally.told(source, _directory(home, source, alone=not pack.sources), checked.words)
    for hint in tally.hints:
        echo(escape(f"hint: {hint}"))
    if tally.right + tally.failed:
        echo(f"{file}: {tally.right} of {tally.right + tally.failed} recorded answers read as they should")
    elif not pack.sources:
        echo(f"{file}: good; it has no source of its own, so there is nothing that must be read")
        return 0
    else:
        echo(f"{file}: well formed, and nothing shows yet that it reads answers right")
    return DATA if tally.failed or not tally.right else 0


class Tally:
    """How many fixtures read as they should, how many do not, and what would be good to have."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo
        self.right = self.failed = 0
        self.hints: list[str] = []

    def answers(self, source: Source, directory: Path, words: Words) -> None:
        """Read every answer of a source that is asked."""
        found = fixture.read_all(directory)
        if not found:
            self.hints.append(
                f"{source.id}: no recorded answers in {directory}: "
                f"numtrustd look NUMBER --source {source.id} --record {directory / 'marked'}"
            )
        fit: list[Fixture] = []
        for each in found:
            if isinstance(each, FixtureError):
                self._count([str(each)])
            else:
                fit.append(each)
                self._count(_faults(source, each, words))
        if fit:
            self.hints += _hints(source, fit)

    def told(self, source: Source, directory: Path, words: Words) -> None:
        """Read everything that a person or a program told of a source."""
        found = told.read_all(directory, source)
        if not found:
            what = "a report as `numtrustctl observe` takes it on a line"
            what = what if source.kind == "report" else "the lines that the program writes"
            self.hints.append(
                f"{source.id}: nothing recorded in {directory}: put {what} into marked{told.SUFFIX[source.kind]}"
            )
        fit: list[Told] = []
        for each in found:
            if isinstance(each, FixtureError):
                self._count([str(each)])
            else:
                fit.append(each)
                self._count(told.faults(source, each, words))
        unseen = [name for name in TOLD_FAILURES if not any(case.name.startswith(name) for case in fit)]
        if fit and unseen:
            self.hints.append(f"{source.id}: nothing recorded shows {', '.join(unseen)} (a name that begins so)")

    def _count(self, faults: list[str]) -> None:
        self.right, self.failed = (self.right, self.failed + 1) if faults else (self.right + 1, self.failed)
        for fault in faults:
            self._echo(escape(fault))


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
    if wrong := fixture.differences(source, case.expect, seen):
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
    for reading in trace(source, case.number, case.reply, sealed):
        lines.append(f"  {reading.platform}/{reading.surface}:")
        for step in reading.steps:
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
