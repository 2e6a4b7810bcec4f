"""Replays scenario files and prints what differs; with --write, writes what is said into them, for a person to review.

python -m tests.scenarios [FILE …] [--write]
"""

import argparse
import difflib
import sys
from pathlib import Path

from tests.scenarios.play import SCENES, play, read, written


def main() -> int:
    """0 when every file says what is said."""
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="scenario files; all, where none is named")
    parser.add_argument("--write", action="store_true", help="write what is said into the files")
    asked = parser.parse_args()
    different = 0
    for file in asked.files or sorted(SCENES.glob("*.toml")):
        scenario = read(file)
        said = play(scenario)
        diff = list(
            difflib.unified_diff(scenario.expected.log.splitlines(), said, str(file), "replayed", lineterm="", n=2)
        )
        different += bool(diff)
        print("\n".join(diff) if diff else f"{file}: {len(said)} lines as written")
        if diff and asked.write:
            file.write_text(written(file.read_text(), said))
    return 1 if different and not asked.write else 0


if __name__ == "__main__":
    sys.exit(main())
