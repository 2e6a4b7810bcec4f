"""The fuzzing process: atheris, with this project's modules instrumented as they are imported.

`python -m tests.fuzz.engine TARGET [libFuzzer's options and directories]`. `__main__` beside this starts it; it must
not have imported anything of the project before.
"""

import importlib
import sys
import time

import atheris

INSTRUMENTED = ["numtrustd", "tests.fuzz", "jmespath", "lmdb.verify"]


def main(arguments: list[str]) -> None:
    """Never returns: libFuzzer exits with 0, or with 77 for an input that raised."""
    name, *options = arguments
    began = time.perf_counter()
    with atheris.instrument_imports(include=INSTRUMENTED):
        target = importlib.import_module(f"tests.fuzz.target_{name}")
    print(f"instrumented in {time.perf_counter() - began:.1f} s", file=sys.stderr)
    atheris.Setup([f"tests.fuzz {name}", *options], target.one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
