"""Making the files: what was answered is made sure of with the checks of `numtrustd check`, and only then written."""

import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct, structs

from numtrustd import exit_status
from numtrustd.domain.owned import DEFAULT_GROUP
from numtrustd.init import text
from numtrustd.init.answers import Answers, faults
from numtrustd.init.sources import PACKS, Known, known
from numtrustd.settings import Loaded, Problem, document, load, numbers_csv, unseen
from numtrustd.settings.packs import shipped_dir
from numtrustd.settings.problem import Report, suggest
from numtrustd.settings.secret_files import CREDENTIALS

NUMBERS = "numbers.csv"
SHIPPED = {"numtrustd.toml": "numtrustd.toml", NUMBERS: "numbers.empty.csv"}
"""What a package puts there to begin with: name → the same text among the program's own files."""


class InitError(Exception):
    """Nothing was written; why, and the exit status."""

    def __init__(self, status: int, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.status = status
        self.lines = tuple(lines)


class Made(Struct, frozen=True):
    """What was written: the `files`, of which the `untouched` were there as the package brought them, the numbers' file
    that was `copied`, the `groups` that were taken from it, the sources that are `lacking` something, those that are on
    (`own`: by the person's packs alone), `warnings` of what was there before, and the `commands` to type next.
    """

    files: tuple[Path, ...]
    untouched: tuple[Path, ...]
    copied: Path | None
    groups: tuple[str, ...]
    enabled: tuple[str, ...]
    own: tuple[str, ...]
    lacking: dict[str, tuple[str, ...]]
    warnings: tuple[str, ...]
    commands: tuple[str, ...]


def known_sources(config: Path) -> dict[str, Known]:
    """All sources by id, for settings at `config`: the program's, and those of the packs beside it. Raises `InitError`
    where those are wrong.
    """
    found = known(config.absolute().parent)
    if isinstance(found, list):
        raise InitError(exit_status.CONFIG, [str(problem) for problem in found])
    return found


def untouched(file: Path) -> bool:
    """Whether a file is there and is, to the letter, what a package puts there: nobody has written anything into it."""
    name = SHIPPED.get(file.name)
    if name is None or not file.is_file() or file.is_symlink():
        return False
    try:
        return file.read_bytes() == (shipped_dir().parent / name).read_bytes()
    except OSError:
        return False  # what cannot be read is somebody's


def numbers_there(config: Path) -> bool:
    """Whether a file of numbers lies beside the settings that somebody has written something into."""
    beside = config.absolute().parent / NUMBERS
    return beside.exists() and not untouched(beside)


def refuse_to_replace(files: Sequence[Path]) -> None:
    """Raises `InitError` when one of them is there and is not what a package put there."""
    if there := [file for file in files if os.path.lexists(file) and not untouched(file)]:
        names = " and ".join(str(file) for file in there)
        raise InitError(exit_status.USAGE, [f"{names}: there already: replace with --force, or name another --config"])


def write(config: Path, answers: Answers, env: Mapping[str, str], *, force: bool = False) -> Made:
    """Write the settings to `config`, and numbers.csv beside it unless there are numbers already. A file that is there
    is only replaced by `force`, or if it is what a package put there; numbers.csv that somebody has written is used,
    unless numbers were given. A numbers' file that the service would not see is copied there. Raises `InitError`.
    """
    config = plain(config.absolute().parent) / config.name
    wrong = faults(answers)
    if config.name == NUMBERS:
        wrong.append(f"--config: {config}: is the name of the numbers: name the settings otherwise")
    if wrong:
        raise InitError(exit_status.USAGE, wrong)
    beside = config.parent / NUMBERS
    if answers.numbers_file is None and not answers.numbers and numbers_there(config):
        answers = structs.replace(answers, numbers_file=beside)
    if answers.numbers_file is None and not answers.numbers:
        raise InitError(
            exit_status.USAGE, ["there is not one number: give --number, for each of them, or --numbers FILE"]
        )
    copied = _unseen(config, answers.numbers_file)
    files = [beside, config] if answers.numbers_file is None or copied else [config]
    shipped = tuple(file for file in files if untouched(file))
    if not force:
        refuse_to_replace(files)
    sources = known_sources(config)
    answers = structs.replace(answers, enable=_resolved(answers.enable, sources), groups=_groups(config, answers))
    try:
        config.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".numtrustd-init-", dir=config.parent))
        try:
            _borrow(folder, config)
            lacking, doubts = _lacking(folder / config.name, _placed(answers, config.parent), env)
            path = NUMBERS
            if copied is not None:
                shutil.copyfile(copied, folder / NUMBERS)
            elif answers.numbers_file is not None:
                path = _beside(answers.numbers_file.absolute(), config.parent)
            (folder / config.name).write_text(text.settings(answers, path, lacking), encoding="utf-8")
            for file in files:
                os.replace(folder / file.name, file)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except PermissionError as error:
        raise InitError(exit_status.NO_PERMISSION, [f"{error.filename}: {error.strerror}: try it as root"]) from None
    except OSError as error:
        raise InitError(
            exit_status.IO, [f"{error.filename}: {error.strerror}: look at the disk, then try again"]
        ) from None
    enabled = tuple(source for source in answers.enable if source not in lacking)
    own = tuple(name for name, each in sources.items() if each.own and each.source.enabled and name not in enabled)
    if copied is not None:
        doubts = tuple(structs.replace(d, file=str(beside)) if d.file == str(copied) else d for d in doubts)
    warnings, commands = tuple(map(str, doubts)), _commands(config, answers)
    return Made(tuple(files), shipped, copied, answers.groups, enabled, own, lacking, warnings, commands)


def _unseen(config: Path, numbers_file: Path | None) -> Path | None:
    """The numbers' file, if the settings are the service's and it is where the service cannot see it. Raises
    `InitError` for one that cannot be copied as numbers.csv.
    """
    if config != unseen.SYSTEM or numbers_file is None or numbers_file.absolute().is_relative_to(config.parent):
        return None
    where = unseen.below(numbers_file)
    if where is None or not numbers_file.exists():
        return None
    if numbers_file.suffix == ".toml":
        what = (
            f"--numbers: {numbers_file}: the service does not see what lies below {where}: put it into {config.parent}"
        )
        raise InitError(exit_status.USAGE, [what])
    return numbers_file.absolute()


def unfit(file: Path) -> list[str]:
    """What is wrong with a file of numbers by itself, each with its place; the checks of the whole may find more."""
    roll = numbers_csv.Roll({}, Report(), whole=False)
    if file.suffix != ".toml":  # which those checks read
        raw = document.read_bytes(file, roll.report, (str(file), 1), "", numbers_csv.MAX_BYTES)
        if raw is not None:
            numbers_csv.read_csv(raw, str(file), roll)
    return [str(problem) for problem in sorted(set(roll.report.problems))]


def _groups(config: Path, answers: Answers) -> tuple[str, ...]:
    """The groups that the numbers' file names and no drop-in beside the settings describes. What is wrong with either
    file the checks say.
    """
    if answers.numbers_file is None or answers.numbers_file.suffix == ".toml":
        return ()
    file, report = answers.numbers_file.absolute(), Report()
    raw = document.read_bytes(file, report, (str(file), 1), "", numbers_csv.MAX_BYTES)
    if raw is None:
        return ()
    roll = numbers_csv.Roll({}, report, whole=False)
    numbers_csv.read_csv(raw, str(file), roll)
    described = {DEFAULT_GROUP}
    for drop_in in document.toml_files(config.parent / f"{config.name}.d", report, (str(config), 1), ""):
        found = document.read(drop_in, report)
        tables = found.data.get("group") if found is not None else None
        described |= {str(table.get("name")) for table in tables or () if isinstance(table, dict)}
    named = dict.fromkeys(owned.group for owned in roll.rows.values())
    return tuple(group for group in named if group not in described)


def _borrow(folder: Path, config: Path) -> None:
    """Let settings in `folder` find what lies beside `config` and counts with it: packs, secrets and drop-ins."""
    for name in (PACKS, CREDENTIALS, f"{config.name}.d"):
        if (config.parent / name).is_dir():
            (folder / name).symlink_to(config.parent / name)


def _resolved(wanted: Sequence[str], sources: Mapping[str, Known]) -> tuple[str, ...]:
    """Ids of sources; a platform stands for the first source that looks at it."""
    first: dict[str, str] = {}
    for source in sources:
        first.setdefault(source.partition(".")[0], source)
    found, wrong = [], []
    for name in wanted:
        if name in sources or name in first:
            found.append(name if name in sources else first[name])
        else:
            wrong.append(f"--enable: there is no source or platform {name!r}: {suggest(name, [*first, *sources])}")
    if wrong:
        raise InitError(exit_status.USAGE, wrong)
    return tuple(dict.fromkeys(found))


def _lacking(
    file: Path, answers: Answers, env: Mapping[str, str]
) -> tuple[dict[str, tuple[str, ...]], tuple[Problem, ...]]:
    """What keeps each wanted source from being switched on, tried with a `file` of settings, and the warnings of what
    was there before. Raises `InitError` for what is wrong without any."""
    numbers = NUMBERS if answers.numbers_file is None else str(answers.numbers_file.absolute())
    if isinstance(whole := _loaded(file, answers, numbers, {}, env), Loaded):
        return {}, _doubts(whole, file)
    bare = _loaded(file, structs.replace(answers, enable=()), numbers, {}, env)
    if not isinstance(bare, Loaded):
        raise InitError(exit_status.CONFIG, [_line(problem, file) for problem in bare])
    lacking: dict[str, tuple[str, ...]] = {}
    for source in answers.enable:
        # Beside those that are right already: what two of them claim together is wrong only then.
        right = tuple(s for s in answers.enable[: answers.enable.index(source)] if s not in lacking)
        loaded = _loaded(file, structs.replace(answers, enable=(*right, source)), numbers, {}, env)
        if not isinstance(loaded, Loaded):
            lacking[source] = tuple(_line(problem, file) for problem in loaded)
    return lacking, _doubts(bare, file)


def _doubts(loaded: Loaded, file: Path) -> tuple[Problem, ...]:
    """The warnings of all but the files that are being made: what those leave open was asked for, or is told."""
    made = (str(file), str(file.parent / NUMBERS))
    return tuple(warning for warning in loaded.warnings if warning.file not in made)


def _placed(answers: Answers, home: Path) -> Answers:
    """With the directories where they will be, for the checks look at the file in another place."""

    def at(directory: str) -> str:
        return str(home / directory) if directory else ""

    return structs.replace(answers, state_dir=at(answers.state_dir), socket_dir=at(answers.socket_dir))


def _line(problem: Problem, file: Path) -> str:
    """What is wrong, with its place where that is not the file that is being made, but one that is there already."""
    said = str(problem)
    if problem.file in (str(file), str(file.parent / NUMBERS)):
        said = said.partition(f":{problem.line}: ")[2].removeprefix("-: ")
    return said.replace(f"{file.parent}{os.sep}", f"{file.parent.parent}{os.sep}")


def _loaded(
    file: Path, answers: Answers, numbers: str, lacking: Mapping[str, Sequence[str]], env: Mapping[str, str]
) -> Loaded | list[Problem]:
    (file.parent / NUMBERS).write_text(text.numbers(answers.numbers), encoding="utf-8")
    file.write_text(text.settings(answers, numbers, lacking), encoding="utf-8")
    return load(file, env)


def _beside(file: Path, folder: Path) -> str:
    """The path of a file as it is to be written into settings in that folder: below the folder it goes from there, else
    from the root.
    """
    file = plain(file)
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)


def plain(path: Path) -> Path:
    """The same place without `..`, and with the links by which it was named where that can be."""
    if ".." not in path.parts:
        return path
    short = Path(os.path.normpath(path))
    try:
        return short if short.samefile(path) else Path(os.path.realpath(path))
    except OSError:  # it is not there, or not all of it
        return Path(os.path.realpath(path))


def _commands(config: Path, answers: Answers) -> tuple[str, ...]:
    """What to type next, as it is to be typed."""
    name = shlex.quote(str(config))
    if config == unseen.SYSTEM:
        return (
            "numtrustd check",
            "systemctl start numtrustd-create-state",
            "systemctl enable --now numtrustd",
            "numtrustctl status",
        )
    sockets = str(config.parent / answers.socket_dir) if answers.socket_dir else ""
    return (
        *([f"mkdir -p {shlex.quote(sockets)}"] if sockets else []),
        f"numtrustd check --config {name}",
        f"numtrustd create-state --config {name}",
        f"numtrustd run --config {name} --log-format console",
        (f"NUMTRUSTD_SOCKET_DIR={shlex.quote(sockets)} " if sockets else "") + "numtrustctl status",
    )
