"""What the service does not see although root does, so that what `check` finds good it cannot read.

`actors.walls` knows the walls of the service; settings elsewhere are nobody's business.
"""

import pathlib

from numtrustd.actors import walls
from numtrustd.settings.load import Loaded

SYSTEM = pathlib.Path("/etc/numtrustd/numtrustd.toml")
"""The settings of the service that systemd starts."""

PLACES = walls.PLACES


def below(path: pathlib.Path) -> pathlib.PurePath | None:
    """The place that the service does not see, or not as others do, in which `path` lies."""
    return walls.below(path.resolve(), PLACES)


def files(loaded: Loaded) -> dict[pathlib.Path, pathlib.PurePath]:
    """What settings of the service name, papers included, and it will not see: file → the place in which it lies."""
    if loaded.path.absolute() != SYSTEM:
        return {}
    named = (*loaded.files, *(pathlib.Path(paper.path) for paper in loaded.evidence))
    # What is seen with the settings themselves needs no word.
    others = [file for file in dict.fromkeys(named) if not file.absolute().is_relative_to(SYSTEM.parent)]
    return {file: place for file in others if (place := below(file)) is not None}
