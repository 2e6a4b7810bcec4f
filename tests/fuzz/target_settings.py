"""Configurations: a TOML file, a CSV file of numbers and a pack. Each is loaded, or everything wrong with it is said.

An input is the three texts with a line `%%%` between them; what is missing is the least that is right.
"""

import atexit
import pathlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from unittest import mock

from numtrustd.settings import Loaded, load, render
from numtrustd.settings.packs import shipped_dir
from tests.disk.scratch import in_memory
from tests.settings.settings_files import CSV, MAIN, PACK

SEPARATOR = b"\n%%%\n"
EXAMPLE = pathlib.Path(__file__).parents[2] / "config" / "numtrustd.toml"
DATA = pathlib.Path(__file__).parents[1] / "data" / "settings"

PLACE = pathlib.Path(tempfile.mkdtemp(prefix="numtrust-fuzz-", dir=in_memory()))
atexit.register(shutil.rmtree, PLACE, ignore_errors=True)
(PLACE / "platforms.d").mkdir()
(PLACE / "none").mkdir()
(PLACE / "secrets").mkdir()
(PLACE / "secrets" / "acme-key").write_text("s3cret\n")
FILES = ("numtrustd.toml", "numbers.csv", "platforms.d/acme.toml")

_LINE = re.compile(r"(?P<file>[^\n:]+):(?P<line>\d+): [^\n]+: [^\n]+\n")
_STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def seeds() -> Iterator[bytes]:
    """The example and the shipped packs as they are, and what the tests of loading load."""
    main, rows = MAIN.encode(), CSV.encode()
    secrets = main + b'[credentials]\ndir = "secrets"\n[company]\nname = "Example Ltd."\n'
    yield SEPARATOR.join((main, rows))
    yield SEPARATOR.join((secrets, rows, PACK.encode()))
    yield SEPARATOR.join((EXAMPLE.read_bytes(), b"number,name,group,accept,note,watch\n95588,a,default,,,no\n"))
    for pack in sorted(shipped_dir().glob("*.toml")):
        yield SEPARATOR.join((secrets, rows, pack.read_bytes()))
    for text in sorted(DATA.glob("*.txt")):
        yield SEPARATOR.join((text.read_bytes(), text.read_bytes(), text.read_bytes()))


def one(data: bytes) -> None:
    parts = data.split(SEPARATOR, 2)
    for name, default, part in zip(FILES, (MAIN.encode(), CSV.encode(), b""), [*parts, None, None], strict=False):
        file = PLACE / name
        if part is None and not default:
            file.unlink(missing_ok=True)
        else:
            file.write_bytes(default if part is None else part)
    # Thirty packs take half a second; one at a time is enough here.
    with mock.patch("numtrustd.settings.load.shipped_dir", return_value=PLACE / "none"):
        result = load(PLACE / FILES[0], {})
    problems = result.warnings if isinstance(result, Loaded) else result
    assert isinstance(result, Loaded) or problems, "refused without a reason"
    said = render(problems)
    assert "Traceback" not in said
    assert not _STEERS.search(said), "it may steer a terminal"
    for line in said.splitlines(keepends=True):
        found = _LINE.fullmatch(line)
        assert found, f"neither place nor remedy: {line!r}"
        assert int(found["line"]) >= 1
